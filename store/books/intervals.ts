import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { isSettled, SLOT_MS, type Period } from '#contract/grid.ts'
import type { Interval, RecordedInterval } from '#contract/interval.ts'
import { intervalOf } from './interval-schema.ts'

/** Intervals and their revisions. Once its slot is settled, a revision is never changed or removed. */

const revisionRow = z.object({ revision: z.number(), content: z.string() })
const extentRow = z.object({ from: z.number().nullable(), to: z.number().nullable() })

function recorded(row: unknown): RecordedInterval {
  const { revision, content } = revisionRow.parse(row)
  return { ...intervalOf(content), revision }
}

export type IntervalBook = ReturnType<typeof openIntervals>

/** The intervals of the books. `revise` belongs into a transaction of the caller. */
export function openIntervals(database: DatabaseSync) {
  const newest = database.prepare(
    `SELECT revision, content FROM interval WHERE meter = ? AND quantity = ? AND slot_ms = ?
     ORDER BY revision DESC LIMIT 1`,
  )
  const insert = database.prepare('INSERT INTO interval VALUES (?, ?, ?, ?, ?)')
  const replace = database.prepare(
    'UPDATE interval SET content = ? WHERE meter = ? AND quantity = ? AND slot_ms = ? AND revision = ?',
  )
  // SQLite: beside a lone max(), other columns are those of the row that has the maximum.
  const inPeriod = database.prepare(
    `SELECT slot_ms, max(revision) AS revision, content FROM interval
     WHERE meter = ? AND quantity = ? AND slot_ms >= ? AND slot_ms < ? GROUP BY slot_ms ORDER BY slot_ms`,
  )
  const extent = database.prepare(
    'SELECT min(slot_ms) AS "from", max(slot_ms) AS "to" FROM interval WHERE meter = ?',
  )
  const ofSlot = database.prepare(
    'SELECT revision, content FROM interval WHERE meter = ? AND quantity = ? AND slot_ms = ? ORDER BY revision',
  )

  /**
   * Writes the next revision where the content (its canonical text) is new; in the place of the first one while its
   * slot is not settled. True when something was written.
   */
  function revise({ meter, quantity, slotMs }: Interval, content: string, nowMs: number): boolean {
    const last = revisionRow.optional().parse(newest.get(meter, quantity, slotMs))
    if (last?.content === content) return false
    // A later revision shows that it was settled before: the clock was set back, and what was final stays.
    if (last?.revision === 1 && !isSettled(slotMs, nowMs)) replace.run(content, meter, quantity, slotMs, 1)
    else insert.run(meter, quantity, slotMs, (last?.revision ?? 0) + 1, content)
    return true
  }

  /** From the first slot of a meter to the last moment of its newest one; undefined where nothing is recorded. */
  function extentOf(meter: string): Period | undefined {
    const { from, to } = extentRow.parse(extent.get(meter))
    return from === null || to === null ? undefined : { fromMs: from, toMs: to + SLOT_MS - 1 }
  }

  return {
    revise,
    extentOf,
    between: (meter: string, quantity: string, { fromMs, toMs }: Period) =>
      inPeriod.all(meter, quantity, fromMs, toMs).map(recorded),
    revisions: (meter: string, quantity: string, slotMs: number) =>
      ofSlot.all(meter, quantity, slotMs).map(recorded),
  }
}
