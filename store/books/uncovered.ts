import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { SETTLE_MS, SLOT_MS, slotStart, type Period } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'

/** Which slots of a series no readings cover, or only in part. */

const slotRow = z.object({ slot_ms: z.number() })

/** Uncovered slots of the books. `note` belongs into a transaction of the caller. */
export function openUncovered(
  database: DatabaseSync,
  extentOf: (series: number) => { firstMs: number; lastMs: number } | undefined,
) {
  const insert = database.prepare('INSERT OR IGNORE INTO uncovered_slot VALUES (?, ?)')
  const remove = database.prepare(
    'DELETE FROM uncovered_slot WHERE series = ? AND slot_ms >= ? AND slot_ms < ?',
  )
  const slots = database.prepare('SELECT slot_ms FROM uncovered_slot WHERE series = ? ORDER BY slot_ms')
  /** What was answered of a series, so that one that did not change is not read again and again. */
  const answered = new Map<number, number>()

  return {
    /** Intervals of a series: covered ones that follow one another are one stretch, nearly always the whole day. */
    note(series: number, intervals: readonly Interval[]): void {
      let isChanged = false
      let covered: Period | undefined
      const close = (): void => {
        if (covered !== undefined && remove.run(series, covered.fromMs, covered.toMs).changes > 0)
          isChanged = true
        covered = undefined
      }
      for (const interval of intervals) {
        const { slotMs } = interval
        if (interval.state === 'known' && interval.coverage >= 1) {
          if (covered?.toMs !== slotMs) {
            close()
            covered = { fromMs: slotMs, toMs: slotMs }
          }
          covered = { fromMs: covered.fromMs, toMs: slotMs + SLOT_MS }
        } else {
          close()
          if (insert.run(series, slotMs).changes > 0) isChanged = true
        }
      }
      close()
      if (isChanged) answered.delete(series)
    },

    /**
     * The longest stretches of settled slots without full cover, in order; the last one may reach to now, also over slots
     * that were never computed. The first slot of a series is no gap: the meter came within it. `unchanged` where
     * nothing is new since the last answer.
     */
    runs(series: number, nowMs: number): Period[] | 'unchanged' {
      const extent = extentOf(series)
      if (extent === undefined) return []
      const { firstMs: first, lastMs: last } = extent
      // The first slot that is not settled.
      const endMs = slotStart(nowMs - SETTLE_MS)
      if (answered.get(series) === endMs) return 'unchanged'
      answered.set(series, endMs)
      const tailMs = Math.min(last + SLOT_MS, endMs)
      const tail = tailMs < endMs ? [{ fromMs: tailMs, toMs: endMs }] : []
      const runs: Period[] = []
      const found = z.array(slotRow).parse(slots.all(series))
      const periods = found
        .filter(({ slot_ms: slotMs }) => slotMs !== first && slotMs < endMs)
        .map(({ slot_ms: slotMs }) => ({ fromMs: slotMs, toMs: slotMs + SLOT_MS }))
      for (const period of [...periods, ...tail]) {
        const before = runs.at(-1)
        if (before !== undefined && before.toMs >= period.fromMs)
          runs[runs.length - 1] = { fromMs: before.fromMs, toMs: period.toMs }
        else runs.push(period)
      }
      return runs
    },
  }
}
