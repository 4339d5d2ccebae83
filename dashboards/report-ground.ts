import { measuredFromBooks } from '#accounts/measured-energy.ts'
import { reportPeriod, type ReportPeriod } from '#accounts/report-period.ts'
import type { ReportGround } from '#accounts/report.ts'
import { DAY_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'

/** What reports are made from, and of what time they may be. */

/** What reports are made from beside the park: files, and the books. */
export interface ReportSources extends Omit<ReportGround, 'park' | 'records' | 'measured'> {
  readonly books: Pick<Books, 'sumsOver' | 'records'>
}

/** What every report is made from at this moment. */
export function groundOf({ books, ...files }: ReportSources, park: Park, nowMs: number): ReportGround {
  return {
    ...files,
    park,
    records: books.records({}).filter(({ replacedBy }) => replacedBy === undefined),
    measured: measuredFromBooks(books, nowMs),
  }
}

/** Days of one report: two years and the leap day. */
const DAYS_MAX = 732

/** The period that a request names. Throws `request-invalid` with the place of what is wrong. */
export function periodIn(period: string, timeZone: string): ReportPeriod {
  let found: ReportPeriod
  try {
    found = reportPeriod(period, timeZone)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw new Fault('request-invalid', `/period: ${error.message}`, { cause: error })
  }
  if (found.toMs - found.fromMs > DAYS_MAX * DAY_MS)
    throw new Fault('request-invalid', `/period: a report is of ${DAYS_MAX} days at most.`)
  // Before 1970 there are no moments, and after 9999 names of days are no longer in the order of time.
  if (found.fromMs < 0 || found.to.length > '9999-12-31'.length)
    throw new Fault('request-invalid', `/period: "${period}" lies outside of the calendar here.`)
  return found
}
