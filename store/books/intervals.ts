import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { isSettled, SLOT_MS, type Period } from '#contract/grid.ts'
import type { Interval, IntervalIdentity, RecordedInterval } from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import { intervalOf } from './interval-text.ts'

/** Intervals and their revisions. Once its slot is settled, a revision is never changed or removed. */

const seriesRow = z.object({ id: z.number() })
const revisionRow = z.object({ revision: z.number(), content: z.string() })
const slotRow = z.object({ slot_ms: z.number(), revision: z.number(), content: z.string() })
const extentRow = z.object({ from: z.number().nullable(), to: z.number().nullable() })

function recorded(
  identity: IntervalIdentity,
  { revision, content }: z.output<typeof revisionRow>,
): RecordedInterval {
  return { ...intervalOf(identity, content), revision }
}

export type IntervalBook = ReturnType<typeof openIntervals>

/**
 * The intervals of the books. `revise` belongs into a transaction of the caller, and tells of every slot it changes,
 * and of every one it is given.
 */
export function openIntervals(
  database: DatabaseSync,
  onChange: (series: number, slotMs: number, nowMs: number) => void,
  onRevise: (series: number, interval: Interval) => void,
) {
  const findSeries = database.prepare('SELECT id FROM series WHERE meter = ? AND quantity = ?')
  const insertSeries = database.prepare('INSERT INTO series (meter, quantity) VALUES (?, ?) RETURNING id')
  const newest = database.prepare(
    'SELECT revision, content FROM interval WHERE series = ? AND slot_ms = ? ORDER BY revision DESC LIMIT 1',
  )
  const insert = database.prepare('INSERT INTO interval VALUES (?, ?, ?, ?)')
  const replace = database.prepare(
    'UPDATE interval SET content = ? WHERE series = ? AND slot_ms = ? AND revision = ?',
  )
  // SQLite: beside a lone max(), other columns are those of the row that has the maximum.
  const inPeriod = database.prepare(
    `SELECT slot_ms, max(revision) AS revision, content FROM interval
     WHERE series = ? AND slot_ms >= ? AND slot_ms < ? GROUP BY slot_ms ORDER BY slot_ms`,
  )
  const extent = database.prepare(
    `SELECT min(slot_ms) AS "from", max(slot_ms) AS "to" FROM interval
     WHERE series IN (SELECT id FROM series WHERE meter = ?)`,
  )
  const ofSlot = database.prepare(
    'SELECT revision, content FROM interval WHERE series = ? AND slot_ms = ? ORDER BY revision',
  )

  /** The number of a series; undefined where nothing was recorded of it. */
  function seriesOf(meter: string, quantity: QuantityName): number | undefined {
    return seriesRow.optional().parse(findSeries.get(meter, quantity))?.id
  }

  /**
   * Writes the next revision where the content (its text) is new; in the place of the first one while its slot is not
   * settled. True when something was written.
   */
  function revise(interval: Interval, content: string, nowMs: number): boolean {
    const { meter, quantity, slotMs } = interval
    const series = seriesOf(meter, quantity) ?? seriesRow.parse(insertSeries.get(meter, quantity)).id
    onRevise(series, interval)
    const last = revisionRow.optional().parse(newest.get(series, slotMs))
    if (last?.content === content) return false
    // A later revision shows that it was settled before: the clock was set back, and what was final stays.
    if (last?.revision === 1 && !isSettled(slotMs, nowMs)) replace.run(content, series, slotMs, 1)
    else insert.run(series, slotMs, (last?.revision ?? 0) + 1, content)
    onChange(series, slotMs, nowMs)
    return true
  }

  /** From the first slot of a meter to the last moment of its newest one; undefined where nothing is recorded. */
  function extentOf(meter: string): Period | undefined {
    const { from, to } = extentRow.parse(extent.get(meter))
    return from === null || to === null ? undefined : { fromMs: from, toMs: to + SLOT_MS - 1 }
  }

  function between(meter: string, quantity: QuantityName, { fromMs, toMs }: Period): RecordedInterval[] {
    const series = seriesOf(meter, quantity)
    if (series === undefined) return []
    return inPeriod.all(series, fromMs, toMs).map((row) => {
      const { slot_ms: slotMs, ...revision } = slotRow.parse(row)
      return recorded({ meter, quantity, slotMs }, revision)
    })
  }

  function revisions(meter: string, quantity: QuantityName, slotMs: number): RecordedInterval[] {
    const series = seriesOf(meter, quantity)
    if (series === undefined) return []
    return ofSlot
      .all(series, slotMs)
      .map((row) => recorded({ meter, quantity, slotMs }, revisionRow.parse(row)))
  }

  return { seriesOf, revise, extentOf, between, revisions }
}
