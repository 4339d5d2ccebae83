import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { DAY_MS } from '#contract/duration.ts'
import { SETTLE_MS, SLOT_MS, slotStart, type Period } from '#contract/grid.ts'
import type { RecordedInterval } from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { DayToCopy } from '../port.ts'
import type { WrittenSlot } from './intervals.ts'

/** Which intervals have changed since they were copied to where others look at them. */

const rowSchema = z.object({
  series: z.number(),
  day_ms: z.number(),
  first_ms: z.number(),
  last_ms: z.number(),
  version: z.number(),
  is_whole: z.number(),
  meter: z.string(),
  // Written by `openIntervals`, which takes a quantity's name.
  quantity: z.custom<QuantityName>((name) => typeof name === 'string'),
})
type Row = z.output<typeof rowSchema>

type IntervalsBetween = (meter: string, quantity: QuantityName, period: Period) => RecordedInterval[]

/** The copies of the books. All but `list` and `count` belong into a transaction of the caller. */
export function openIntervalCopies(database: DatabaseSync, between: IntervalsBetween) {
  const target = database.prepare('SELECT target FROM interval_copy')
  const setTarget = database.prepare('UPDATE interval_copy SET target = ?')
  const forget = database.prepare('DELETE FROM interval_to_copy')
  const markAll = database.prepare(
    `INSERT OR REPLACE INTO interval_to_copy
     SELECT series, from_ms, from_ms, from_ms + ${DAY_MS - SLOT_MS}, 1, 1 FROM interval_day`,
  )
  const touch = database.prepare(
    `INSERT INTO interval_to_copy VALUES (?, ?, ?, ?, 1, 0) ON CONFLICT DO UPDATE SET
     first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms), version = version + 1`,
  )
  // Newest first: who looks at a curve looks at today, while the years before it may take their time.
  const due = database.prepare(
    `SELECT interval_to_copy.*, meter, quantity FROM interval_to_copy JOIN series ON id = series
     WHERE first_ms <= ? ORDER BY day_ms DESC, series LIMIT ?`,
  )
  const remove = database.prepare(
    'DELETE FROM interval_to_copy WHERE series = ? AND day_ms = ? AND version = ?',
  )
  const goOn = database.prepare(
    'UPDATE interval_to_copy SET first_ms = ? WHERE series = ? AND day_ms = ? AND version = ?',
  )
  const count = database.prepare('SELECT count(*) AS days FROM interval_to_copy WHERE first_ms <= ?')
  /** The rows that days handed out stand for. */
  const handedOut = new WeakMap<DayToCopy, Row>()

  /** Slots up to here were settled when they were last looked for: later ones are not waiting yet. */
  let dueMs = -1
  let isCopied = String(target.get()?.['target']) !== ''

  /** `undefined` is nowhere. Another place, or `again`, has everything to be copied. */
  function useTarget(to: string | undefined, again: boolean): void {
    const name = to ?? ''
    isCopied = name !== ''
    if (!again && name === String(target.get()?.['target'])) return
    setTarget.run(name)
    forget.run()
    if (isCopied) markAll.run()
  }

  /** Slots were written. They come in order, so most are of the day of the one before them. */
  function mark(written: readonly WrittenSlot[]): void {
    if (!isCopied) return
    let open: { series: number; dayMs: number; firstMs: number; lastMs: number } | undefined
    const close = (): void => {
      if (open !== undefined) touch.run(open.series, open.dayMs, open.firstMs, open.lastMs)
    }
    for (const { series, interval } of written) {
      const { slotMs } = interval
      const dayMs = slotMs - (slotMs % DAY_MS)
      if (open?.series === series && open.dayMs === dayMs) {
        open.firstMs = Math.min(open.firstMs, slotMs)
        open.lastMs = Math.max(open.lastMs, slotMs)
        continue
      }
      close()
      open = { series, dayMs, firstMs: slotMs, lastMs: slotMs }
    }
    close()
  }

  /** Days with slots that have changed and are settled, newest first, with these slots. */
  function list(nowMs: number, limit: number): DayToCopy[] {
    const endMs = slotStart(nowMs - SETTLE_MS)
    dueMs = endMs - SLOT_MS
    return due.all(dueMs, Math.max(0, Math.trunc(limit))).map((found) => {
      const row = rowSchema.parse(found)
      const { meter, quantity, first_ms: fromMs, last_ms: lastMs, is_whole: isWhole } = row
      const toMs = Math.min(lastMs + SLOT_MS, endMs)
      const day = {
        meter,
        quantity,
        fromMs,
        toMs,
        mayReplace: isWhole === 1,
        intervals: between(meter, quantity, { fromMs, toMs }),
      }
      handedOut.set(day, row)
      return day
    })
  }

  /** They were copied: takes them out, but for slots that changed meanwhile or are not settled yet. */
  function done(days: readonly DayToCopy[]): void {
    for (const day of days) {
      const row = handedOut.get(day)
      if (row === undefined) continue
      const key = [row.series, row.day_ms, row.version] as const
      if (day.toMs > row.last_ms) remove.run(...key)
      else goOn.run(day.toMs, ...key)
    }
  }

  return { useTarget, mark, list, done, count: (): number => Number(count.get(dueMs)?.['days']) }
}
