import type { Amount } from '#contract/amount.ts'
import { clashesOf, type ClashingEvents } from '#contract/event-order.ts'
import type { RegisterPoint, UndecidedAdvance } from '#contract/interval.ts'
import { eventMs, type MeterEvent } from '#contract/park.ts'
import { advanceOf, rulesOf, type MeterFacts, type RegisterRules } from './advance.ts'

/** How a dated event stands to what was measured around it and to the other events of its meter. */
export type EventContradiction =
  /** Another event says otherwise. */
  | ({ readonly kind: 'event' } & ClashingEvents)
  /** From what was read before it to its final value, or from its initial value to what was read after it, it cannot have gone. */
  | {
      readonly kind: 'before' | 'after'
      readonly read: RegisterPoint
      readonly stated: Amount
      readonly reason: UndecidedAdvance['reason']
    }
  /** Each side is possible, both together are more than the rating allows. */
  | {
      readonly kind: 'stretch'
      readonly from: RegisterPoint
      readonly to: RegisterPoint
      readonly reason: UndecidedAdvance['reason']
    }
  /** A rollover, or a rise that is to be confirmed, where the readings around it need no such word. */
  | { readonly kind: 'explained'; readonly from: RegisterPoint; readonly to: RegisterPoint }
  /** A rise is to be confirmed where the register fell, or a rollover where it does not explain the fall. */
  | { readonly kind: 'unexplained'; readonly from: RegisterPoint; readonly to: RegisterPoint }
  /** Readings are to be ignored where there are none. */
  | { readonly kind: 'no-readings' }

/** What was read around an event: the nearest usable register before it, and at or after it. */
export interface Around {
  readonly before: RegisterPoint | undefined
  readonly after: RegisterPoint | undefined
  /** Whether there is a usable reading in the stretch of an `ignored`. */
  readonly hasReadings: boolean
}

type Change = Extract<MeterEvent, { readonly final: Amount }>

/** The course up to an event and from it on, each as far as there is a reading to compare with. */
function registerContradictions(
  event: Change,
  { before, after }: Around,
  without: RegisterRules,
  rules: RegisterRules,
): EventContradiction[] {
  const atMs = eventMs(event)
  const { final, initial } = event
  const found: EventContradiction[] = []
  const judge = (kind: 'before' | 'after', read: RegisterPoint | undefined, isAlone: boolean): void => {
    if (read === undefined) return
    const advance =
      kind === 'before'
        ? advanceOf(read, { atMs, register: final }, without)
        : advanceOf({ atMs, register: initial }, read, rules)
    // Of two sides the rating judges the whole, as the intervals do.
    if (advance.kind === 'undecided' && (isAlone || advance.reason === 'register-decreased'))
      found.push({ kind, read, stated: kind === 'before' ? final : initial, reason: advance.reason })
  }
  judge('before', before, after === undefined)
  judge('after', after, before === undefined)
  if (found.length > 0 || before === undefined || after === undefined) return found
  const whole = advanceOf(before, after, rules)
  return whole.kind === 'undecided'
    ? [{ kind: 'stretch', from: before, to: after, reason: whole.reason }]
    : []
}

/** What a person says of a stretch between two readings: whether it was needed, and whether it explains the stretch. */
function stretchContradictions(
  { before: from, after: to }: Around,
  without: RegisterRules,
  rules: RegisterRules,
): EventContradiction[] {
  if (from === undefined || to === undefined) return []
  if (advanceOf(from, to, without).kind !== 'undecided') return [{ kind: 'explained', from, to }]
  return advanceOf(from, to, rules).kind === 'undecided' ? [{ kind: 'unexplained', from, to }] : []
}

/**
 * What speaks against a dated event of a register, of a meter as it is without it: nothing, or everything that would
 * leave a stretch open, or add energy that nobody used. `around` is of the readings that count without the event.
 */
export function eventContradictions(
  event: MeterEvent,
  meter: MeterFacts,
  around: Around,
): EventContradiction[] {
  const events = [...meter.events, event]
  const clashes = clashesOf(events, meter.wrapsAt).filter(
    ({ earlier, later }) => earlier === event || later === event,
  )
  const found = clashes.map((each): EventContradiction => ({ kind: 'event', ...each }))
  const without = rulesOf(meter, event.quantity)
  const rules = rulesOf({ ...meter, events }, event.quantity)
  switch (event.kind) {
    case 'replacement':
    case 'reset':
    case 'ratio':
      // Of two events at one moment the intervals can follow only one: what was read says nothing more of it.
      return clashes.some(({ clash }) => clash.kind === 'same-moment')
        ? found
        : [...found, ...registerContradictions(event, around, without, rules)]
    case 'rollover':
    case 'confirmed':
      return [...found, ...stretchContradictions(around, without, rules)]
    case 'ignored':
      break
  }
  return around.hasReadings ? found : [...found, { kind: 'no-readings' }]
}
