import type { ReportSchedule } from '#contract/report-schedule.ts'

/** Which reports of a schedule are due. Pure. */

/** Periods that are caught up at most: three years of months. */
const CAUGHT_UP_MAX = 36

const lengths = { month: { months: 1 }, quarter: { months: 3 }, year: { months: 12 } } as const

/** "2026-03", "2026-Q1" or "2026", of its first day. */
function nameOf(every: ReportSchedule['every'], { year, month }: Temporal.PlainDate): string {
  if (every === 'year') return String(year)
  return every === 'quarter'
    ? `${year}-Q${Math.ceil(month / 3)}`
    : `${year}-${String(month).padStart(2, '0')}`
}

/** The first day of the period that a day lies in. */
function startOf(every: ReportSchedule['every'], day: Temporal.PlainDate): Temporal.PlainDate {
  const { month } = day
  const first = every === 'year' ? 1 : every === 'quarter' ? month - ((month - 1) % 3) : month
  return day.with({ month: first, day: 1 })
}

export interface DuePeriod {
  readonly period: string
  /** The moment from which on it is made. */
  readonly dueMs: number
}

function dueOf({ every, day, at }: ReportSchedule, first: Temporal.PlainDate, timeZone: string): DuePeriod {
  const made = first.add(lengths[every]).add({ days: day - 1 })
  const dueMs = made.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(at) }).epochMilliseconds
  return { period: nameOf(every, first), dueMs }
}

/** When the next report of a schedule will be made. */
export function nextDue(schedule: ReportSchedule, timeZone: string, nowMs: number): DuePeriod {
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).toPlainDate()
  let first = startOf(schedule.every, today).subtract(lengths[schedule.every])
  for (;;) {
    const due = dueOf(schedule, first, timeZone)
    if (due.dueMs > nowMs) return due
    first = first.add(lengths[schedule.every])
  }
}

/**
 * The periods of a schedule that are due by now, oldest first: those that became due since it was first seen, or, where
 * it says from when on, those that begin on that day or later.
 */
export function duePeriods(
  schedule: ReportSchedule,
  timeZone: string,
  sinceMs: number,
  nowMs: number,
): DuePeriod[] {
  const { every, from } = schedule
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).toPlainDate()
  const found: DuePeriod[] = []
  let first = startOf(every, today)
  for (let back = 0; back < CAUGHT_UP_MAX; back += 1) {
    first = first.subtract(lengths[every])
    const due = dueOf(schedule, first, timeZone)
    const isWanted = from === undefined ? due.dueMs >= sinceMs : first.toString() >= from
    if (!isWanted) break
    if (due.dueMs <= nowMs) found.unshift(due)
  }
  return found
}
