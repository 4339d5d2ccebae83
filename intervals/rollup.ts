import { join, type PeriodSum, type PlacedSum } from '#contract/energy-sum.ts'
import { dayOf, monthOf, yearOf, type Period } from '#contract/grid.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Books } from '#store/port.ts'

/** Parts of the park's calendar that energy is summed over. */
export const calendarParts = ['hour', 'day', 'month', 'year'] as const
export type CalendarPart = (typeof calendarParts)[number]

const HOUR_MS = 3_600_000

/** Hours count from the start of their day, which may have 23 or 25 of them. */
function hourOf(atMs: number, timeZone: string): Period {
  const day = dayOf(atMs, timeZone)
  const fromMs = atMs - ((atMs - day.fromMs) % HOUR_MS)
  return { fromMs, toMs: Math.min(fromMs + HOUR_MS, day.toMs) }
}

/** The part of the calendar that contains an instant. */
const partAt = { hour: hourOf, day: dayOf, month: monthOf, year: yearOf } as const satisfies Record<
  CalendarPart,
  (atMs: number, timeZone: string) => Period
>

/** The calendar parts of a period, in order; the first and the last one as far as they lie in it. */
export function* partsOf(part: CalendarPart, { fromMs, toMs }: Period, timeZone: string): Generator<Period> {
  for (let startMs = fromMs; startMs < toMs;) {
    const endMs = Math.min(partAt[part](startMs, timeZone).toMs, toMs)
    yield { fromMs: startMs, toMs: endMs }
    startMs = endMs
  }
}

/** A stretch of the calendar with its sum. */
export type PartSum = PeriodSum

/**
 * Puts smaller sums together over periods: each is counted in the one in which it begins, so the sums of periods that
 * leave no time out add up to that of the whole.
 *
 * @param smaller in order of time; none longer than the period in which it begins
 * @param periods in order of time, without overlap
 */
export function rollUp(smaller: readonly PlacedSum[], periods: Iterable<Period>): PartSum[] {
  let next = 0
  const rolled: PartSum[] = []
  for (const { fromMs, toMs } of periods) {
    while ((smaller[next]?.fromMs ?? fromMs) < fromMs) next += 1
    const first = next
    while ((smaller[next]?.fromMs ?? toMs) < toMs) next += 1
    rolled.push({ fromMs, toMs, sum: join(smaller.slice(first, next).map(({ sum }) => sum)) })
  }
  return rolled
}

/** What there is of a period beside the months that lie in it. */
function besides({ fromMs, toMs }: Period, months: readonly Period[]): Period[] {
  const left: Period[] = []
  let startMs = fromMs
  for (const month of months) {
    if (month.fromMs > startMs) left.push({ fromMs: startMs, toMs: month.fromMs })
    startMs = month.toMs
  }
  if (startMs < toMs) left.push({ fromMs: startMs, toMs })
  return left
}

/**
 * Sums of a meter over periods of whole days: of the months that are kept and lie in one as a whole, and of days for the
 * rest. A year is so read from twelve rows, not from 365.
 *
 * @param periods in order of time, without overlap
 */
export function sumsOver(
  books: Pick<Books, 'daySums' | 'monthSums'>,
  meter: string,
  quantity: QuantityName,
  periods: readonly Period[],
): PartSum[] {
  const whole = { fromMs: periods[0]?.fromMs ?? 0, toMs: periods.at(-1)?.toMs ?? 0 }
  const kept = books.monthSums(meter, quantity, whole)
  const monthsIn = periods.map(({ fromMs, toMs }) =>
    kept.filter((month) => month.fromMs >= fromMs && month.toMs <= toMs),
  )
  const rest: Period[] = []
  for (const [index, period] of periods.entries()) {
    for (const each of besides(period, monthsIn[index] ?? [])) {
      const before = rest.at(-1)
      // What follows without a break is asked for at once.
      if (before?.toMs === each.fromMs) rest[rest.length - 1] = { fromMs: before.fromMs, toMs: each.toMs }
      else rest.push(each)
    }
  }
  const days = rollUp(
    rest.flatMap((each) => books.daySums(meter, quantity, each)),
    periods,
  )
  return days.map(({ sum, ...period }, index) => ({
    ...period,
    sum: join([...(monthsIn[index] ?? []).map((month) => month.sum), sum]),
  }))
}
