import { DAY_MS, MINUTE_MS } from '#contract/duration.ts'
import { dayOf } from '#contract/grid.ts'

/** Where a moment lies in the calendar of a zone. */
export interface WallTime {
  /** Local day, e.g. "2026-03-01". */
  readonly date: string
  /** 1 January … 12. */
  readonly month: number
  /** 1 Monday … 7 Sunday. */
  readonly weekday: number
  /** Of the day, by the time on the wall. */
  readonly minute: number
}

/**
 * Tells the time on the wall of moments, one conversion a day where they come in order: a year of slots is 35,000 of
 * them. On a day on which clocks are changed an hour is skipped or comes twice.
 */
export function wallClock(timeZone: string): (atMs: number) => WallTime {
  let day = { fromMs: 0, toMs: 0, date: '', month: 0, weekday: 0 }
  return (atMs) => {
    if (atMs < day.fromMs || atMs >= day.toMs) {
      const period = dayOf(atMs, timeZone)
      const start = Temporal.Instant.fromEpochMilliseconds(period.fromMs).toZonedDateTimeISO(timeZone)
      const date = start.toPlainDate()
      day = { ...period, date: date.toString(), month: date.month, weekday: date.dayOfWeek }
    }
    const { fromMs, toMs, date, month, weekday } = day
    if (toMs - fromMs === DAY_MS) {
      return { date, month, weekday, minute: Math.floor((atMs - fromMs) / MINUTE_MS) }
    }
    const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone)
    return { date, month, weekday, minute: hour * 60 + minute }
  }
}
