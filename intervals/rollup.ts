import { HOUR_MS } from '#contract/duration.ts'
import { join, type EnergySum, type PlacedSum } from '#contract/energy-sum.ts'
import { dayOf, monthOf, yearOf, type Period } from '#contract/grid.ts'

/** Parts of the park's calendar that energy is summed over. */
export const calendarParts = ['hour', 'day', 'month', 'year'] as const
export type CalendarPart = (typeof calendarParts)[number]

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
export interface PartSum extends Period {
  readonly sum: EnergySum
}

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
