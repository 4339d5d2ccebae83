import { startOfDay, type Period } from '#contract/grid.ts'

/** A month by its name, in the park's calendar. */
export interface AccountMonth extends Period {
  /** e.g. "2026-03" */
  readonly name: string
  /** First day, and the first day of the next month. */
  readonly from: string
  readonly to: string
  readonly year: number
}

/** The month of a name such as "2026-03". */
export function accountMonthOf(name: string, timeZone: string): AccountMonth {
  const first = Temporal.PlainYearMonth.from(name).toPlainDate({ day: 1 })
  const next = first.add({ months: 1 })
  return {
    name,
    from: first.toString(),
    to: next.toString(),
    year: first.year,
    fromMs: startOfDay(first, timeZone),
    toMs: startOfDay(next, timeZone),
  }
}

/** Name of the month that an instant lies in. */
export function monthNameAt(atMs: number, timeZone: string): string {
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone)
  return at.toPlainDate().toPlainYearMonth().toString()
}

/** How many months there are from one to another, both included; none where the second comes first. */
export function monthCount(from: string, to: string): number {
  const [first, last] = [Temporal.PlainYearMonth.from(from), Temporal.PlainYearMonth.from(to)]
  return Math.max(0, first.until(last, { largestUnit: 'months' }).months + 1)
}

/** Names of all months from one to another, both included. */
export function monthNames(from: string, to: string): string[] {
  // Counted, not compared as text: after "9999-12" comes "+010000-01", which text puts before it.
  const first = Temporal.PlainYearMonth.from(from)
  return Array.from({ length: monthCount(from, to) }, (_, months) => first.add({ months }).toString())
}
