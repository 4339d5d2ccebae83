/**
 * The time grid of energy statistics: 15-minute slots, and days and months of the park's calendar.
 * All instants are UTC milliseconds; a slot or period is named by its start (standards.md §0.9: stamp = period start).
 */

/** Length of a slot: 15 minutes, the real-time interval of the national monitoring system. */
export const SLOT_MS = 15 * 60 * 1000

/** Start of the slot that contains an instant. Every zone's offset since 1970 that we meet is a multiple of 15 min. */
export function slotStart(atMs: number): number {
  return Math.floor(atMs / SLOT_MS) * SLOT_MS
}

/**
 * A reading this close to a grid line counts as read at the line. Polls are aligned to the wall clock and stamped when
 * the answer arrives, a bus cycle or a retry later; 2 s is 1/450 of a slot, and what it moves from one slot to its
 * neighbour is not lost: both use the same value at the line.
 */
export const BOUNDARY_TOLERANCE_MS = 2_000

/** Time after its end within which a slot's last readings still travel and its energy is being computed. */
export const SETTLE_MS = 120_000

/** True from the moment on at which a slot's energy counts as final: later changes to it are corrections. */
export function isSettled(slotMs: number, nowMs: number): boolean {
  return nowMs >= slotMs + SLOT_MS + SETTLE_MS
}

/** Starts of all slots that overlap [fromMs, toMs); none where that is empty. */
export function* slotsBetween(fromMs: number, toMs: number): Generator<number> {
  if (fromMs >= toMs) return
  for (let startMs = slotStart(fromMs); startMs < toMs; startMs += SLOT_MS) yield startMs
}

/** A half-open stretch of time, [fromMs, toMs). */
export interface Period {
  readonly fromMs: number
  readonly toMs: number
}

/** The calendar day of an instant in a zone: 23, 24 or 25 hours long where the zone has summer time. */
export function dayOf(atMs: number, timeZone: string): Period {
  const start = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).startOfDay()
  return { fromMs: start.epochMilliseconds, toMs: start.add({ days: 1 }).startOfDay().epochMilliseconds }
}

/** The moment at which a day of the calendar begins in a zone, e.g. "2026-03-01". Throws RangeError for what is no day. */
export function startOfDay(day: string | Temporal.PlainDate, timeZone: string): number {
  return Temporal.PlainDate.from(day).toZonedDateTime(timeZone).epochMilliseconds
}

/** The last moment of such a day, to the millisecond. */
export function endOfDay(day: string, timeZone: string): number {
  return startOfDay(Temporal.PlainDate.from(day).add({ days: 1 }), timeZone) - 1
}

/** The calendar month of an instant in a zone. */
export function monthOf(atMs: number, timeZone: string): Period {
  const start = Temporal.Instant.fromEpochMilliseconds(atMs)
    .toZonedDateTimeISO(timeZone)
    .with({ day: 1 })
    .startOfDay()
  return { fromMs: start.epochMilliseconds, toMs: start.add({ months: 1 }).startOfDay().epochMilliseconds }
}

/** The calendar year of an instant in a zone. */
export function yearOf(atMs: number, timeZone: string): Period {
  const start = Temporal.Instant.fromEpochMilliseconds(atMs)
    .toZonedDateTimeISO(timeZone)
    .with({ month: 1, day: 1 })
    .startOfDay()
  return { fromMs: start.epochMilliseconds, toMs: start.add({ years: 1 }).startOfDay().epochMilliseconds }
}

/** True for the name of a zone that this runtime knows, e.g. "Asia/Shanghai". */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
