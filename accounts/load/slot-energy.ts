import { isSettled, slotsBetween, SLOT_MS, type Period } from '#contract/grid.ts'
import { isPartial, type Interval, type RecordedInterval } from '#contract/interval.ts'
import type { Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import type { MeasuredTerm } from '../accounting-plan.ts'
import { decimal, ofAmount, type Decimal } from '../decimal.ts'

/** Energy in one slot of 15 minutes, of one meter or of several with their shares. */
export interface SlotEnergy {
  readonly slotMs: number
  /** Undefined where any part is missing. */
  readonly energy: Decimal | undefined
  /** Measured from line to line at every meter: only such a slot tells a demand. */
  readonly whole: boolean
}

/**
 * Read at both grid lines, or between them without a gap: then the slot's energy is all of the slot's own. What lies
 * between the lines does not matter to a mean.
 */
const isWhole = (interval: Interval): boolean =>
  interval.state === 'known' &&
  !isPartial(interval) &&
  (interval.method === 'measured' || (interval.method === 'interpolated' && interval.coverage === 1))

/**
 * Slots of a sum of meters, e.g. of an account's incomers: every slot from the day on which all of them are installed,
 * up to the last settled one. A slot never computed is there, without energy.
 */
export function slotEnergies(
  books: Pick<Books, 'intervals'>,
  park: Park,
  terms: readonly MeasuredTerm[],
  period: Period,
  nowMs: number,
): SlotEnergy[] {
  const parts = terms.flatMap(({ meter: id, quantity, share }) => {
    const meter = park.meters.get(id)
    return meter === undefined
      ? []
      : {
          installedMs: meter.installedMs,
          share: decimal(share),
          slots: bySlot(books.intervals(id, quantity ?? meter.register, period)),
        }
  })
  if (parts.length === 0 || parts.length < terms.length) return []
  const fromMs = Math.max(period.fromMs, ...parts.map(({ installedMs }) => installedMs))
  const slots: SlotEnergy[] = []
  for (const slotMs of slotsBetween(fromMs, period.toMs)) {
    if (slotMs < fromMs || slotMs + SLOT_MS > period.toMs) continue
    if (!isSettled(slotMs, nowMs)) break
    let energy: Decimal | undefined = decimal('0')
    let whole = true
    for (const { share, slots } of parts) {
      const interval = slots.get(slotMs)
      if (interval?.state !== 'known') {
        energy = undefined
        whole = false
        break
      }
      energy = energy.plus(share.times(ofAmount(interval.energy)))
      whole &&= isWhole(interval)
    }
    slots.push({ slotMs, energy, whole })
  }
  return slots
}

const bySlot = (intervals: readonly RecordedInterval[]): ReadonlyMap<number, RecordedInterval> =>
  new Map(intervals.map((interval) => [interval.slotMs, interval]))
