import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { slotStart } from '#contract/grid.ts'
import type { RecordedInterval } from '#contract/interval.ts'
import { quantityName } from '#contract/quantities.ts'
import type { IntervalBook } from './intervals.ts'
import type { openLocks } from './locks.ts'

/** From when on the readings of each meter are kept. Every function belongs into a transaction of the caller. */

/** Intervals looked at in one go, in days. */
const STEP_MS = 30 * 86_400_000

const instant = z.object({ ms: z.number().nullable() })
const named = z.object({ quantity: quantityName })

/** A register that fell, or an advance beyond the rating: a person may still decide, and it is computed again. */
function isOpen(interval: RecordedInterval): boolean {
  if (interval.state === 'missing' && interval.cause === 'undecided') return true
  return 'undecided' in interval && interval.undecided.length > 0
}

export function openKeptFrom(
  database: DatabaseSync,
  { between, extentOf }: IntervalBook,
  { oldestLateMs }: Pick<ReturnType<typeof openLocks>, 'oldestLateMs'>,
) {
  const find = database.prepare('SELECT from_ms AS ms FROM kept_from WHERE meter = ?')
  const write = database.prepare(
    'INSERT INTO kept_from VALUES (?, ?) ON CONFLICT DO UPDATE SET from_ms = max(from_ms, excluded.from_ms)',
  )
  const oldestDirty = database.prepare('SELECT min(from_ms) AS ms FROM dirty_window WHERE meter = ?')
  const quantities = database.prepare('SELECT quantity FROM series WHERE meter = ?')
  /** Few enough to be kept, and asked for with every interval that is recorded. */
  const known = new Map<string, number>()

  function of(meter: string): number {
    const found = known.get(meter) ?? instant.optional().parse(find.get(meter))?.ms ?? 0
    known.set(meter, found)
    return found
  }

  function move(meter: string, toMs: number): number {
    const movedMs = Math.max(of(meter), toMs)
    write.run(meter, movedMs)
    // Read again after the transaction, which may yet fail.
    known.delete(meter)
    return movedMs
  }

  /** The first slot in a period of which a person may still decide something. */
  function firstOpen(meter: string, fromMs: number, toMs: number): number | undefined {
    const open = quantities
      .all(meter)
      .flatMap((row) => between(meter, named.parse(row).quantity, { fromMs, toMs }))
      .filter(isOpen)
      .map(({ slotMs }) => slotMs)
    return open.length === 0 ? undefined : Math.min(...open)
  }

  /** Moves on by at most a month towards an instant, and not beyond what must be computed again or may be. */
  function release(meter: string, beforeMs: number): number {
    const formerMs = of(meter)
    const startMs = formerMs === 0 ? (extentOf(meter)?.fromMs ?? beforeMs) : formerMs
    const dirtyMs = instant.parse(oldestDirty.get(meter)).ms ?? Infinity
    // What came late to a locked period is computed again once it is unlocked.
    const lateMs = oldestLateMs(meter) ?? Infinity
    const endMs = slotStart(Math.min(beforeMs, startMs + STEP_MS, dirtyMs, lateMs))
    if (endMs <= formerMs) return formerMs
    return move(meter, Math.min(endMs, firstOpen(meter, startMs, endMs) ?? Infinity))
  }

  return { of, move, release }
}
