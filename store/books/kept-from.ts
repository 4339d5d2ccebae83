import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { DAY_MS } from '#contract/duration.ts'
import { BOUNDARY_TOLERANCE_MS, SLOT_MS, slotStart, type Period } from '#contract/grid.ts'
import type { RecordedInterval } from '#contract/interval.ts'
import type { IntervalBook } from './intervals.ts'
import type { openLocks } from './locks.ts'

/** From when on the readings of each meter are kept. Every function belongs into a transaction of the caller. */

/** Intervals looked at in one go. */
const STEP_MS = 30 * DAY_MS

const instant = z.object({ ms: z.number().nullable() })
const keptRow = z.object({ first_ms: z.number(), from_ms: z.number() })

type Kept = z.output<typeof keptRow>

/** A register that fell, or an advance beyond the rating: a person may still decide, and it is computed again. */
function isOpen(interval: RecordedInterval): boolean {
  if (interval.state === 'missing' && interval.cause === 'undecided') return true
  return 'undecided' in interval && interval.undecided.length > 0
}

/**
 * Whether the end of a slot's last stretch can be told from where readings are kept: it was read at the line, or a little
 * before and after it. In the middle of a long gap it is a share, and what fills the gap would move it.
 */
function endsFirmly(interval: RecordedInterval, dirtyMs: number): boolean {
  if (interval.state === 'missing') return true
  const lineMs = interval.slotMs + SLOT_MS
  if (interval.basis === 'register') {
    const { atMs, method, after } = interval.closing
    return (
      atMs === lineMs &&
      method !== 'apportioned' &&
      Math.max(after.atMs, lineMs + BOUNDARY_TOLERANCE_MS) < dirtyMs
    )
  }
  if (interval.basis !== 'advances') return true
  const { fromMs, atMs } = interval.last
  // An advance that ends before the line is followed by nothing yet: what comes late would speak of both sides of it.
  return atMs === lineMs || (atMs > lineMs && atMs - fromMs <= SLOT_MS && atMs < dirtyMs)
}

/** From when on the readings are kept on which the end of a slot rests. */
function neededFromMs(interval: RecordedInterval | undefined): number {
  if (interval?.state !== 'known') return Infinity
  if (interval.basis === 'register') return interval.closing.before.atMs
  return interval.basis === 'advances' ? interval.last.fromMs - BOUNDARY_TOLERANCE_MS : Infinity
}

/** The reading with which the last stretch of a slot ends, as it was computed; one at its line may be a little behind it. */
function lastStretchEndMs(interval: RecordedInterval): number {
  if (interval.state !== 'known') return -Infinity
  if (interval.basis === 'advances') {
    const { atMs } = interval.last
    return atMs === interval.slotMs + SLOT_MS ? atMs + BOUNDARY_TOLERANCE_MS + 1 : atMs
  }
  return interval.basis === 'register' && interval.closing.method !== 'measured'
    ? interval.closing.after.atMs
    : -Infinity
}

export function openKeptFrom(
  database: DatabaseSync,
  { between, extentOf, seriesOfMeter }: IntervalBook,
  { oldestLateMs }: Pick<ReturnType<typeof openLocks>, 'oldestLateMs'>,
) {
  const find = database.prepare('SELECT first_ms, from_ms FROM kept_from WHERE meter = ?')
  const write = database.prepare(
    `INSERT INTO kept_from (meter, from_ms, first_ms) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET from_ms = excluded.from_ms, first_ms = excluded.first_ms`,
  )
  const oldestDirty = database.prepare('SELECT min(from_ms) AS ms FROM dirty_window WHERE meter = ?')
  /** Few enough to be kept, and asked for with every interval that is recorded. */
  const known = new Map<string, Kept>()

  function keptOf(meter: string): Kept {
    const found = known.get(meter) ?? keptRow.optional().parse(find.get(meter)) ?? { first_ms: 0, from_ms: 0 }
    known.set(meter, found)
    return found
  }

  const of = (meter: string): number => keptOf(meter).from_ms

  function put(meter: string, fromMs: number, firstMs: number): void {
    write.run(meter, fromMs, firstMs)
    // Read again after the transaction, which may yet fail.
    known.delete(meter)
  }

  /** The time whose readings may be gone; undefined where all are kept. */
  function standing(meter: string): Period | undefined {
    const { first_ms, from_ms } = keptOf(meter)
    if (from_ms === 0) return undefined
    const fromMs = first_ms > 0 ? first_ms : (extentOf(meter)?.fromMs ?? from_ms)
    return { fromMs: Math.min(fromMs, from_ms), toMs: from_ms }
  }

  /** True for a slot in that time. */
  function holds(meter: string, slotMs: number): boolean {
    const { first_ms, from_ms } = keptOf(meter)
    return slotMs >= first_ms && slotMs < from_ms
  }

  const dirtyMsOf = (meter: string): number => instant.parse(oldestDirty.get(meter)).ms ?? Infinity

  /** The slots of all registers of a meter in a period. */
  function slotsOf(meter: string, period: Period): RecordedInterval[] {
    return seriesOfMeter(meter).flatMap(({ quantity }) => between(meter, quantity, period))
  }

  /** True where something is known of the slots that end at a line, and all of it to the end. */
  const isFirm = (ending: readonly RecordedInterval[] | undefined, dirtyMs: number): boolean =>
    ending !== undefined &&
    ending.some(({ state }) => state === 'known') &&
    ending.every((interval) => endsFirmly(interval, dirtyMs))

  /** The last line in (fromMs, toMs] at which every register's slot ends firmly. */
  function firmLine(
    slots: readonly RecordedInterval[],
    { fromMs, toMs }: Period,
    dirtyMs: number,
  ): number | undefined {
    const ending = Map.groupBy(slots, ({ slotMs }) => slotMs + SLOT_MS)
    for (let lineMs = toMs; lineMs > fromMs; lineMs -= SLOT_MS)
      if (isFirm(ending.get(lineMs), dirtyMs)) return lineMs
    return undefined
  }

  /** Of what was recorded before the time that stands, a month stands too, as nothing of it is open. */
  function standEarlier(meter: string, { first_ms, from_ms }: Kept): void {
    const earliestMs = extentOf(meter)?.fromMs ?? Infinity
    if (first_ms === 0 || earliestMs >= first_ms || dirtyMsOf(meter) < from_ms) return
    const fromMs = Math.max(earliestMs, first_ms - STEP_MS)
    if (!slotsOf(meter, { fromMs, toMs: first_ms }).some(isOpen)) put(meter, from_ms, fromMs)
  }

  /** Moves on by about a month towards an instant, and not beyond what must be computed again or may be. */
  function release(meter: string, beforeMs: number): number {
    const kept = keptOf(meter)
    const formerMs = kept.from_ms
    const recordedMs = extentOf(meter)?.fromMs ?? Infinity
    standEarlier(meter, kept)
    const startMs = formerMs === 0 ? recordedMs : formerMs
    const dirtyMs = dirtyMsOf(meter)
    // What came late to a locked period is computed again once it is unlocked.
    const lateMs = oldestLateMs(meter) ?? Infinity
    const goalMs = slotStart(Math.min(beforeMs, dirtyMs, lateMs))
    if (startMs >= goalMs) return formerMs
    for (let endMs = Math.min(goalMs, slotStart(startMs + STEP_MS)); endMs > formerMs;) {
      const period = { fromMs: startMs, toMs: endMs }
      const slots = slotsOf(meter, period)
      const openMs = Math.min(...slots.filter(isOpen).map(({ slotMs }) => slotMs), Infinity)
      const lineMs = firmLine(slots, { fromMs: startMs, toMs: Math.min(endMs, openMs) }, dirtyMs)
      if (lineMs !== undefined) {
        const firstMs = formerMs === 0 ? recordedMs : keptOf(meter).first_ms
        put(meter, lineMs, firstMs)
        return lineMs
      }
      // A gap that is longer than what was looked at has no such line in it.
      if (openMs < endMs || endMs >= goalMs) return formerMs
      endMs = Math.min(goalMs, endMs + STEP_MS)
    }
    return formerMs
  }

  /**
   * The readings before an instant are gone: all that is known of their time stands, up to the next line, of a day, at
   * which what comes late moves nothing.
   */
  function lose(meter: string, beforeMs: number): void {
    if (beforeMs <= of(meter)) return
    const slots = slotsOf(meter, { fromMs: beforeMs - SLOT_MS, toMs: beforeMs + DAY_MS })
    const ending = Map.groupBy(slots, ({ slotMs }) => slotMs + SLOT_MS)
    for (let lineMs = beforeMs; lineMs <= beforeMs + DAY_MS; lineMs += SLOT_MS)
      if (isFirm(ending.get(lineMs), Infinity)) {
        put(meter, lineMs, 0)
        return
      }
    put(meter, beforeMs, 0)
  }

  /** The time whose readings may be deleted: what rests on them stands, and nobody needs them as neighbours. */
  function deletable(meter: string): Period {
    const { from_ms } = keptOf(meter)
    const stands = standing(meter)
    if (stands === undefined || dirtyMsOf(meter) < from_ms) return { fromMs: 0, toMs: 0 }
    const last = slotsOf(meter, { fromMs: from_ms - SLOT_MS, toMs: from_ms })
    return { fromMs: stands.fromMs, toMs: Math.min(from_ms, ...last.map(neededFromMs)) }
  }

  /**
   * The part of a stretch of readings that counts for nothing, because it came when readings of its time had been let go:
   * the standing time, and the stretch over its last line (intervals/kept-series.ts). undefined where all of it counts.
   */
  function lateWithin(meter: string, { fromMs, toMs }: Period): Period | undefined {
    // Asked of whatever arrives, which nearly always is newer.
    if (fromMs >= of(meter) + SLOT_MS) return undefined
    const stands = standing(meter)
    if (stands === undefined || toMs < stands.fromMs) return undefined
    const last = slotsOf(meter, { fromMs: stands.toMs - SLOT_MS, toMs: stands.toMs })
    const endMs = Math.max(stands.toMs, ...last.map((interval) => lastStretchEndMs(interval)))
    return fromMs < endMs
      ? { fromMs: Math.max(fromMs, stands.fromMs), toMs: Math.min(toMs, endMs - 1) }
      : undefined
  }

  return { of, standing, holds, release, lose, deletable, lateWithin }
}
