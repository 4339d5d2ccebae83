import { toDecimal } from '#contract/amount.ts'
import { join, sumOfSlot } from '#contract/energy-sum.ts'
import { isSettled, SLOT_MS, type Period } from '#contract/grid.ts'
import { intervalMethods } from '#contract/interval.ts'
import type { Meter } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import { partsOf, rollUp, type CalendarPart, type PartSum } from '#intervals/rollup.ts'
import type { MeterEnergy } from './api/shapes.ts'
import { expectedCount, expectedSlots } from './energy.ts'
import type { BooksView } from './sources.ts'

/** A meter's energy over parts of the calendar, read from the sums of the books. */

/** Sums of the parts of a period, which begins and ends with days. Hours are summed from slots, years from months. */
export function energyByPart(
  books: BooksView,
  meter: Meter,
  quantity: QuantityName,
  { part, period, timeZone }: { part: CalendarPart; period: Period; timeZone: string },
): PartSum[] {
  const smaller =
    part === 'hour'
      ? books
          .intervals(meter.id, quantity, period)
          .map((interval) => ({ fromMs: interval.slotMs, sum: sumOfSlot(interval) }))
      : part === 'day'
        ? books.daySums(meter.id, quantity, period)
        : books.sumsOver(meter.id, quantity, period)
  return rollUp(smaller, partsOf(part, period, timeZone))
}

/** The parts together. */
export function wholeOf(period: Period, parts: readonly PartSum[]): PartSum {
  return { ...period, sum: join(parts.map(({ sum }) => sum)) }
}

/** Slots that have begun but are not settled, and are not known either: too young to be called missing. */
export function pendingSlots(
  books: BooksView,
  meter: Meter,
  quantity: QuantityName,
  nowMs: number,
): number[] {
  // Nothing younger than this is settled, nothing older is not.
  const young = { fromMs: nowMs - 2 * SLOT_MS, toMs: nowMs }
  const known = new Set(
    books
      .intervals(meter.id, quantity, young)
      .flatMap(({ state, slotMs }) => (state === 'known' ? slotMs : [])),
  )
  return expectedSlots(meter, young, nowMs).filter(
    (slotMs) => !isSettled(slotMs, nowMs) && !known.has(slotMs),
  )
}

/** As it is published, with what should be there by now. */
export function energySumOf(
  meter: Meter,
  { fromMs, toMs, sum }: PartSum,
  pendingOfMeter: readonly number[],
  nowMs: number,
): MeterEnergy['whole'] {
  const pending = pendingOfMeter.filter((slotMs) => slotMs >= fromMs && slotMs < toMs).length
  // Slots that were known before the date of installation was moved are not in what is expected.
  const expected = Math.max(expectedCount(meter, { fromMs, toMs }, nowMs), sum.known + pending)
  const missing = expected - sum.known - pending
  return {
    fromMs,
    toMs,
    total: sum.energy === undefined ? null : toDecimal(sum.energy),
    expected,
    known: sum.known,
    partial: sum.partial,
    missing,
    pending,
    complete: sum.known > 0 && missing === 0 && sum.partial === 0,
    coverage: expected === 0 ? null : sum.coveredMs / (expected * SLOT_MS),
    undecided: sum.undecided,
    simulated: sum.simulated,
    uncertain: sum.uncertain,
    methods: intervalMethods.flatMap((method) => {
      const share = sum.methods[method]
      return share === undefined ? [] : { method, slots: share.slots, total: toDecimal(share.energy) }
    }),
  }
}
