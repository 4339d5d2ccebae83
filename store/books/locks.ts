import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { LateAfterLock, LateRegister, LockRequest, PeriodLock } from '../port.ts'
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
  closing: z.number().nullable(),
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
const lateRegisterRow = z.object({
  lock: z.number(),
  meter: z.string(),
  quantity: z.custom<QuantityName>((name) => typeof name === 'string'),
  first_ms: z.number(),
  last_ms: z.number(),
  slots: z.number(),
  noted_ms: z.number(),
})
const idRow = z.object({ id: z.number() }).optional()
const oldestRow = z.object({ ms: z.number().nullable() })
const lockedPeriods = z.array(z.object({ id: z.number(), from_ms: z.number(), to_ms: z.number() }))

interface LockedPeriod {
  readonly id: number
  readonly from_ms: number
  readonly to_ms: number
}

/** The locks of the books. All that writes belongs into a transaction of the caller. */
export function openLocks(database: DatabaseSync) {
  const insert = database.prepare(
    'INSERT INTO period_lock (account, from_ms, to_ms, by, why, at_ms, closing) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id',
  )
  const insertMeter = database.prepare('INSERT OR IGNORE INTO period_lock_meter VALUES (?, ?)')
  const all = database.prepare('SELECT * FROM period_lock ORDER BY id')
  const meters = database.prepare('SELECT meter FROM period_lock_meter WHERE lock = ? ORDER BY meter')
  const exists = database.prepare('SELECT 1 FROM period_lock WHERE id = ?')
  const put = database.prepare('UPDATE period_lock SET released = ? WHERE id = ? AND released IS NULL')
  const ofMeter = database.prepare(
    `SELECT id, from_ms, to_ms FROM period_lock_meter JOIN period_lock ON id = lock
     WHERE meter = ? AND released IS NULL ORDER BY id`,
  )
  const note = database.prepare(
    `INSERT INTO late_after_lock VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
     SET lock = excluded.lock, content = excluded.content, noted_ms = excluded.noted_ms
     WHERE content <> excluded.content OR lock <> excluded.lock`,
  )
  const forget = database.prepare('DELETE FROM late_after_lock WHERE series = ? AND slot_ms = ?')
  const late = database.prepare(
    `SELECT lock, meter, quantity, slot_ms, content, noted_ms FROM late_after_lock JOIN series ON series.id = series
     WHERE lock = ? ORDER BY meter, quantity, slot_ms`,
  )
  const forgetLock = database.prepare('DELETE FROM late_after_lock WHERE lock = ?')
  const lateBySlot = database.prepare(
    `SELECT lock, meter, quantity, slot_ms, content, noted_ms FROM late_after_lock JOIN series ON series.id = series
     WHERE meter = ? AND quantity = ? AND slot_ms >= ? AND slot_ms < ? ORDER BY slot_ms`,
  )
  const lateByRegister = database.prepare(
    `SELECT lock, meter, quantity, min(slot_ms) AS first_ms, max(slot_ms) AS last_ms, count(*) AS slots,
       min(noted_ms) AS noted_ms
     FROM late_after_lock JOIN series ON series.id = series GROUP BY series, lock ORDER BY meter, quantity, first_ms`,
  )
  const oldestLate = database.prepare(
    'SELECT min(slot_ms) AS ms FROM late_after_lock JOIN series ON series.id = series WHERE meter = ?',
  )
  const ofClosing = database.prepare(
    'SELECT id FROM period_lock WHERE account = ? AND closing = ? AND released IS NULL',
  )

  function lock({ account, fromMs, toMs, meters, by, why, atMs, closing }: LockRequest): number {
    if (toMs <= fromMs) throw new Fault('request-invalid', 'A lock must end after it begins.')
    const id = Number(insert.get(account, fromMs, toMs, by, why, atMs, closing ?? null)?.['id'])
    for (const meter of meters) insertMeter.run(id, meter)
    return id
  }

  function list(): PeriodLock[] {
    return all.all().map((row) => {
      const { from_ms: fromMs, to_ms: toMs, at_ms: atMs, released, closing, ...said } = lockRow.parse(row)
      return {
        ...said,
        meters: meters.all(said.id).map((each) => String(each['meter'])),
        fromMs,
        toMs,
        atMs,
        closing: closing ?? undefined,
        released: released === null ? undefined : release.parse(JSON.parse(released)),
      }
    })
  }

  const lateOf = (row: unknown): Omit<LateAfterLock, 'kept'> => {
    const { lock, meter, quantity, slot_ms: slotMs, content, noted_ms: notedMs } = lateRow.parse(row)
    return { lock, computed: intervalOf({ meter, quantity, slotMs }, content), notedMs }
  }

  /** What came after a lock, newest state of each slot. `kept` is filled in by whoever has the intervals. */
  const lateAfter = (id: number): Omit<LateAfterLock, 'kept'>[] => late.all(id).map(lateOf)

  /** The same of a register, whatever locks it. */
  const lateSlots = (meter: string, quantity: string, { fromMs, toMs }: Period) =>
    lateBySlot.all(meter, quantity, fromMs, toMs).map(lateOf)

  function lateRegisters(): LateRegister[] {
    return lateByRegister.all().map((row) => {
      const { first_ms: fromMs, last_ms: lastMs, noted_ms: notedMs, ...said } = lateRegisterRow.parse(row)
      return { ...said, fromMs, toMs: lastMs + SLOT_MS, notedMs }
    })
  }

  /** The oldest slot of a meter that is to be computed again once its lock is released. */
  function oldestLateMs(meter: string): number | undefined {
    return oldestRow.parse(oldestLate.get(meter)).ms ?? undefined
  }

  /** The lock that a closing made, while it holds. */
  function lockOfClosing(account: string, closing: number): number | undefined {
    return idRow.parse(ofClosing.get(account, closing))?.id
  }

  /** Releases a lock. The stretches of what came after it, to be computed again. */
  function unlock(
    id: number,
    by: string,
    why: string,
    atMs: number,
  ): { meter: string; fromMs: number; toMs: number }[] {
    const { changes } = put.run(JSON.stringify({ by, why, atMs }), id)
    if (Number(changes) === 0 && exists.get(id) === undefined)
      throw new Fault('not-found', `The books have no lock ${id}.`)
    const stretches = lateAfter(id).map(({ computed: { meter, slotMs } }) => ({
      meter,
      fromMs: slotMs,
      toMs: slotMs + SLOT_MS - 1,
    }))
    forgetLock.run(id)
    return stretches
  }

  /**
   * Locks by meter and slot, read once for one piece of work.
   * @param onLate called for a slot whose late state has changed
   */
  function keeper(nowMs: number, onLate: (series: number, slotMs: number) => void) {
    const periods = new Map<string, readonly LockedPeriod[]>()
    const periodsOf = (meter: string): readonly LockedPeriod[] => {
      const known = periods.get(meter)
      if (known !== undefined) return known
      const found = lockedPeriods.parse(ofMeter.all(meter))
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
        const { changes } = note.run(series, interval.slotMs, lock, textOfContent(content), nowMs)
        if (changes !== 0) onLate(series, interval.slotMs)
        return true
      },
      /** What is computed for a locked slot is what is kept: nothing came late after all. */
      agrees: (series: number, { meter, slotMs }: { meter: string; slotMs: number }): void => {
        if (lockAt(meter, slotMs) !== undefined && forget.run(series, slotMs).changes !== 0)
          onLate(series, slotMs)
      },
    }
  }

  return { lock, unlock, list, lateAfter, lateSlots, lateRegisters, oldestLateMs, lockOfClosing, keeper }
}
