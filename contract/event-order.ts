import { compare, type Amount } from './amount.ts'
import { eventMs, type MeterEvent } from './park.ts'

/** What of two dated events of one register cannot both be true. */
export type EventClash =
  /** Both say what the register showed at this very moment. */
  | { readonly kind: 'same-moment' }
  /** The factor that the earlier one leaves is not the one from which the later one starts. */
  | { readonly kind: 'ratio'; readonly left: string; readonly found: string }
  /** The register fell between them, and nothing says that it started again. */
  | { readonly kind: 'fell'; readonly from: Amount; readonly to: Amount }

export interface ClashingEvents {
  readonly earlier: MeterEvent
  readonly later: MeterEvent
  readonly clash: EventClash
}

type Change = Extract<MeterEvent, { readonly final: Amount }>

const isChange = (event: MeterEvent): event is Change => 'final' in event

/**
 * Events that contradict each other, in order of time of the later one.
 *
 * @param wrapsAt of the meter: a register that may have started again has not fallen
 */
export function clashesOf(events: readonly MeterEvent[], wrapsAt: Amount | undefined): ClashingEvents[] {
  const found: ClashingEvents[] = []
  const lastRatio = new Map<string, Change & { readonly kind: 'ratio' }>()
  const lastChange = new Map<string, Change>()
  const hasWrapped = new Set<string>()
  for (const later of events.toSorted((a, b) => eventMs(a) - eventMs(b))) {
    const { quantity } = later
    if (later.kind === 'rollover') hasWrapped.add(quantity)
    if (!isChange(later)) continue
    const earlier = lastChange.get(quantity)
    const ratio = lastRatio.get(quantity)
    const say = (of: MeterEvent, clash: EventClash): void => {
      found.push({ earlier: of, later, clash })
    }
    if (earlier !== undefined && eventMs(earlier) === eventMs(later)) say(earlier, { kind: 'same-moment' })
    else if (
      earlier !== undefined &&
      wrapsAt === undefined &&
      !hasWrapped.has(quantity) &&
      compare(later.final, earlier.initial) < 0
    )
      say(earlier, { kind: 'fell', from: earlier.initial, to: later.final })
    if (later.kind === 'ratio') {
      if (ratio !== undefined && ratio.after !== later.before)
        say(ratio, { kind: 'ratio', left: ratio.after, found: later.before })
      lastRatio.set(quantity, later)
    }
    lastChange.set(quantity, later)
    hasWrapped.delete(quantity)
  }
  return found
}
