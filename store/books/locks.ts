import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { SLOT_MS } from '#contract/grid.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { LateAfterLock, LockRequest, PeriodLock } from '../port.ts'
import { intervalOf } from './interval-text.ts'
import type { Computed } from './intervals.ts'
import { textOfContent } from './slot-content.ts'

/** Periods whose figures are published: what is computed for them later is noted and changes nothing. */

const lockRow = z.object({
  id: z.number(),
  account: z.string(),
  from_ms: z.number(),
  to_ms: z.number(),
  by: z.string(),
  why: z.string(),
  at_ms: z.number(),
  released: z.string().nullable(),
})
const release = z.object({ by: z.string(), why: z.string(), atMs: z.number() })
const lateRow = z.object({
  lock: z.number(),
  meter: z.string(),
  // Written by `write`, which takes a quantity's name.
  quantity: z.custom<QuantityName>((name) => typeof name === 'string'),
  slot_ms: z.number(),
  content: z.string(),
  noted_ms: z.number(),
})

interface LockedPeriod {
  readonly id: number
  readonly from_ms: number
  readonly to_ms: number
}

/** The locks of the books. All that writes belongs into a transaction of the caller. */
export function openLocks(database: DatabaseSync) {
  const insert = database.prepare(
    'INSERT INTO period_lock (account, from_ms, to_ms, by, why, at_ms) VALUES (?, ?, ?, ?, ?, ?) RETURNING id',
  )
  const insertMeter = database.prepare('INSERT OR IGNORE INTO period_lock_meter VALUES (?, ?)')
  const all = database.prepare('SELECT * FROM period_lock ORDER BY id')
  const put = database.prepare('UPDATE period_lock SET released = ? WHERE id = ? AND released IS NULL')
  const ofMeter = database.prepare(
    `SELECT id, from_ms, to_ms FROM period_lock_meter JOIN period_lock ON id = lock
     WHERE meter = ? AND released IS NULL ORDER BY id`,
  )
  const note = database.prepare('INSERT OR REPLACE INTO late_after_lock VALUES (?, ?, ?, ?, ?)')
  const forget = database.prepare('DELETE FROM late_after_lock WHERE series = ? AND slot_ms = ?')
  const late = database.prepare(
    `SELECT lock, meter, quantity, slot_ms, content, noted_ms FROM late_after_lock JOIN series ON series.id = series
     WHERE lock = ? ORDER BY meter, quantity, slot_ms`,
  )
  const forgetLock = database.prepare('DELETE FROM late_after_lock WHERE lock = ?')

  function lock({ account, fromMs, toMs, meters, by, why, atMs }: LockRequest): number {
    const id = Number(insert.get(account, fromMs, toMs, by, why, atMs)?.['id'])
    for (const meter of meters) insertMeter.run(id, meter)
    return id
  }

  function list(): PeriodLock[] {
    return all.all().map((row) => {
      const { id, account, from_ms: fromMs, to_ms: toMs, by, why, at_ms: atMs, released } = lockRow.parse(row)
      return {
        id,
        account,
        fromMs,
        toMs,
        by,
        why,
        atMs,
        released: released === null ? undefined : release.parse(JSON.parse(released)),
      }
    })
  }

  /** What came after a lock, newest state of each slot. `kept` is filled in by whoever has the intervals. */
  function lateAfter(id: number): Omit<LateAfterLock, 'kept'>[] {
    return late.all(id).map((row) => {
      const { lock, meter, quantity, slot_ms: slotMs, content, noted_ms: notedMs } = lateRow.parse(row)
      return { lock, computed: intervalOf({ meter, quantity, slotMs }, content), notedMs }
    })
  }

  /** Releases a lock. The stretches of what came after it, to be computed again. */
  function unlock(
    id: number,
    by: string,
    why: string,
    atMs: number,
  ): { meter: string; fromMs: number; toMs: number }[] {
    put.run(JSON.stringify({ by, why, atMs }), id)
    const stretches = lateAfter(id).map(({ computed: { meter, slotMs } }) => ({
      meter,
      fromMs: slotMs,
      toMs: slotMs + SLOT_MS - 1,
    }))
    forgetLock.run(id)
    return stretches
  }

  /** Locks by meter and slot, read once for one piece of work. */
  function keeper(nowMs: number) {
    const periods = new Map<string, readonly LockedPeriod[]>()
    const periodsOf = (meter: string): readonly LockedPeriod[] => {
      const known = periods.get(meter)
      if (known !== undefined) return known
      const found = z
        .array(z.object({ id: z.number(), from_ms: z.number(), to_ms: z.number() }))
        .parse(ofMeter.all(meter))
      periods.set(meter, found)
      return found
    }
    const lockAt = (meter: string, slotMs: number): number | undefined =>
      periodsOf(meter).find((each) => slotMs >= each.from_ms && slotMs < each.to_ms)?.id

    return {
      /** True where a slot is locked; then what was computed is noted. */
      notes: (series: number, { interval, content }: Computed): boolean => {
        const lock = lockAt(interval.meter, interval.slotMs)
        if (lock === undefined) return false
        note.run(series, interval.slotMs, lock, textOfContent(content), nowMs)
        return true
      },
      /** What is computed for a locked slot is what is kept: nothing came late after all. */
      agrees: (series: number, { meter, slotMs }: { meter: string; slotMs: number }): void => {
        if (lockAt(meter, slotMs) !== undefined) forget.run(series, slotMs)
      },
    }
  }

  return { lock, unlock, list, lateAfter, keeper }
}
