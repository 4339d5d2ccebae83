import { toDecimal } from '#contract/amount.ts'
import { join, sumOfSlot } from '#contract/energy-sum.ts'
import { isSettled, SLOT_MS, type Period } from '#contract/grid.ts'
import { intervalMethods, isPartial as hasPartMissing, type RecordedInterval } from '#contract/interval.ts'
import type { Meter } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import { partsOf, rollUp, type CalendarPart, type PartSum } from '#intervals/rollup.ts'
import type { MeterEnergy } from './api/shapes.ts'
import { expectedCount, expectedSlots, isPartial } from './energy.ts'
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

const knownOf = (intervals: readonly RecordedInterval[]) =>
  intervals.flatMap((interval) => (interval.state === 'known' ? [interval] : []))

/** Slots that have begun and are not settled, by their moments. */
export interface YoungSlots {
  /** Not known: too young to be called missing. */
  readonly pending: readonly number[]
  /** Known in part, and the rest is still to come. */
  readonly growing: readonly number[]
}

export function youngSlots(
  books: BooksView,
  meter: Meter,
  quantity: QuantityName,
  nowMs: number,
): YoungSlots {
  // Nothing older is not settled.
  const young = { fromMs: nowMs - 2 * SLOT_MS, toMs: nowMs }
  const known = knownOf(books.intervals(meter.id, quantity, young))
  const moments = new Set(known.map(({ slotMs }) => slotMs))
  return {
    pending: expectedSlots(meter, young, nowMs).filter(
      (slotMs) => !isSettled(slotMs, nowMs) && !moments.has(slotMs),
    ),
    growing: known.flatMap((interval) =>
      hasPartMissing(interval) && !isPartial(interval, nowMs) ? interval.slotMs : [],
    ),
  }
}

/** Slots of a part of the calendar that are settled: those that are known, and those of them of which a part is missing. */
export interface SettledSlots {
  readonly known: number
  readonly partial: number
}

/**
 * The settled slots of a meter's register, part by part: that a slot under way is known says nothing of those before it.
 *
 * @param parts in order of time
 * @param untilMs begin of the first slot that is not settled
 */
export function settledSlots(
  books: BooksView,
  meter: Meter,
  parts: readonly PartSum[],
  untilMs: number,
): SettledSlots[] {
  const [first, last] = [parts[0], parts.at(-1)]
  const open = { fromMs: Math.max(first?.fromMs ?? untilMs, untilMs), toMs: last?.toMs ?? untilMs }
  const underWay = open.fromMs < open.toMs ? knownOf(books.intervals(meter.id, meter.register, open)) : []
  const known = underWay.map(({ slotMs }) => slotMs)
  const partial = underWay.filter(hasPartMissing).map(({ slotMs }) => slotMs)
  return parts.map(({ sum, ...part }) => ({
    known: sum.known - countIn(known, part),
    partial: sum.partial - countIn(partial, part),
  }))
}

/** How many of these lie in a period. */
export function countIn(slots: readonly number[], { fromMs, toMs }: Period): number {
  return slots.filter((slotMs) => slotMs >= fromMs && slotMs < toMs).length
}

/** As it is published, with what should be there by now. */
export function energySumOf(
  meter: Meter,
  { fromMs, toMs, sum }: PartSum,
  young: YoungSlots,
  nowMs: number,
): MeterEnergy['whole'] {
  const pending = countIn(young.pending, { fromMs, toMs })
  const partial = sum.partial - countIn(young.growing, { fromMs, toMs })
  // Slots that were known before the date of installation was moved are not in what is expected.
  const expected = Math.max(expectedCount(meter, { fromMs, toMs }, nowMs), sum.known + pending)
  const missing = expected - sum.known - pending
  return {
    fromMs,
    toMs,
    total: sum.energy === undefined ? null : toDecimal(sum.energy),
    expected,
    known: sum.known,
    partial,
    missing,
    pending,
    complete: sum.known > 0 && missing === 0 && partial === 0,
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
