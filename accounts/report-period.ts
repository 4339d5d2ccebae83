import { Fault } from '#contract/fault.ts'
import { startOfDay, type Period } from '#contract/grid.ts'

/** What a report speaks of: whole days of the park's calendar, by name. */
export interface ReportPeriod extends Period {
  /** e.g. "2026-03", "2026-Q1", "2026", or "2026-03-01..2026-03-14". */
  readonly name: string
  /** First day, e.g. "2026-03-01". */
  readonly from: string
  /** The first day that it no longer speaks of. */
  readonly to: string
}

/** The period between two days of the calendar; the second is the first day no more. */
function between(
  name: string,
  from: Temporal.PlainDate,
  to: Temporal.PlainDate,
  timeZone: string,
): ReportPeriod {
  const [fromMs, toMs] = [startOfDay(from, timeZone), startOfDay(to, timeZone)]
  return { name, from: from.toString(), to: to.toString(), fromMs, toMs }
}

/**
 * The period that a text names: a month ("2026-03"), a quarter ("2026-Q1"), a year ("2026"), or whole days, both
 * included ("2026-03-01..2026-03-14"). Throws `request-invalid`.
 */
export function reportPeriod(name: string, timeZone: string): ReportPeriod {
  try {
    // Temporal takes other calendars too ("20260301[u-ca=roc]"), whose months are not ours.
    const [, first, last] = /^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$/.exec(name) ?? []
    if (first !== undefined && last !== undefined) {
      const [from, end] = [Temporal.PlainDate.from(first), Temporal.PlainDate.from(last)]
      if (Temporal.PlainDate.compare(from, end) <= 0)
        return between(name, from, end.add({ days: 1 }), timeZone)
    }
    const [, year = '', part] = /^(\d{4})(?:-(Q[1-4]|\d{2}))?$/.exec(name) ?? []
    if (year !== '') {
      const quarter = part?.startsWith('Q') === true ? Number(part.slice(1)) : undefined
      const month = quarter === undefined ? Number(part ?? '1') : quarter * 3 - 2
      const months = part === undefined ? 12 : quarter === undefined ? 1 : 3
      const from = Temporal.PlainDate.from({ year: Number(year), month, day: 1 }, { overflow: 'reject' })
      return between(name, from, from.add({ months }), timeZone)
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
  }
  throw new Fault('request-invalid', `"${name}" is no month, quarter, year or stretch of days.`)
}

/**
 * The days of a period, cut where a month begins and at further days ("2026-03-15"): within a piece all coefficients
 * and heating values are the same.
 */
export function piecesOf(
  period: ReportPeriod,
  timeZone: string,
  cuts: readonly string[] = [],
): ReportPeriod[] {
  const days = new Set<string>()
  const end = Temporal.PlainDate.from(period.to)
  for (
    let day = Temporal.PlainDate.from(period.from);
    Temporal.PlainDate.compare(day, end) < 0;
    day = day.with({ day: 1 }).add({ months: 1 })
  ) {
    days.add(day.toString())
  }
  for (const cut of cuts) if (period.from < cut && cut < period.to) days.add(cut)
  const starts = [...days].toSorted()
  return starts.map((from, index) => {
    const to = starts[index + 1] ?? period.to
    return between(`${from}..`, Temporal.PlainDate.from(from), Temporal.PlainDate.from(to), timeZone)
  })
}
/** The same period a year earlier, and the one just before it of the same length in months or days. */
export function comparedPeriods(
  { name, from, to }: ReportPeriod,
  timeZone: string,
): { readonly previous: ReportPeriod; readonly yearBefore: ReportPeriod } {
  const [first, end] = [Temporal.PlainDate.from(from), Temporal.PlainDate.from(to)]
  const { months, days } = first.until(end, { largestUnit: 'months' })
  const isWholeMonths = first.day === 1 && days === 0
  const length = isWholeMonths ? { months } : { days: first.until(end).days }
  return {
    previous: named(first.subtract(length), first, timeZone),
    yearBefore: named(first.subtract({ years: 1 }), end.subtract({ years: 1 }), timeZone, name),
  }
}

function named(
  from: Temporal.PlainDate,
  to: Temporal.PlainDate,
  timeZone: string,
  like?: string,
): ReportPeriod {
  const last = to.subtract({ days: 1 })
  const yearBefore = like === undefined ? undefined : like.replace(/^\d{4}/, String(from.year))
  const name =
    yearBefore !== undefined && !yearBefore.includes('..')
      ? yearBefore
      : `${from.toString()}..${last.toString()}`
  return between(name, from, to, timeZone)
}
