import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { SETTLE_MS, SLOT_MS, slotStart, type Period } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'

/** Which slots of a series no readings cover, or only in part. */

const dayRow = z.object({ day_ms: z.number(), slots: z.string() })

const slotsOf = (text: string): number[] => text.split(',').map(Number)

/**
 * Whether nothing of a slot is missing. Where registers are read by the quarter-hour, as load profiles and imported pasts
 * are, readings are further apart than those of a gateway and cover no time between them: a slot with a reading at both of
 * its edges and none between is whole. One that gateways read and lost has readings near an edge that it was cut at, so
 * its cover is a part, or its register at the edge is not measured.
 */
function isWhole(interval: Interval): boolean {
  if (interval.state !== 'known') return false
  if (interval.coverage >= 1) return true
  return interval.basis === 'register' && interval.coverage === 0 && interval.method === 'measured'
}

/** Uncovered slots of the books. `note` belongs into a transaction of the caller. */
export function openUncovered(
  database: DatabaseSync,
  extentOf: (series: number) => { firstMs: number; lastMs: number } | undefined,
) {
  const find = database.prepare('SELECT slots FROM uncovered_day WHERE series = ? AND day_ms = ?')
  const put = database.prepare('INSERT OR REPLACE INTO uncovered_day VALUES (?, ?, ?)')
  const remove = database.prepare('DELETE FROM uncovered_day WHERE series = ? AND day_ms = ?')
  const days = database.prepare('SELECT day_ms, slots FROM uncovered_day WHERE series = ? ORDER BY day_ms')
  /** What was answered of a series, so that one that did not change is not read again and again. */
  const answered = new Map<number, number>()

  return {
    /** Intervals of a series in one UTC day. */
    note(series: number, dayMs: number, intervals: readonly Interval[]): void {
      const text = find.get(series, dayMs)?.['slots']
      const former = typeof text === 'string' ? text : ''
      const uncovered = new Set(former === '' ? [] : slotsOf(former))
      for (const interval of intervals) {
        const slot = (interval.slotMs - dayMs) / SLOT_MS
        if (isWhole(interval)) uncovered.delete(slot)
        else uncovered.add(slot)
      }
      const now = [...uncovered].sort((a, b) => a - b).join(',')
      if (now === former) return
      if (now === '') remove.run(series, dayMs)
      else put.run(series, dayMs, now)
      answered.delete(series)
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
      const periods = z
        .array(dayRow)
        .parse(days.all(series))
        .flatMap(({ day_ms: dayMs, slots }) => slotsOf(slots).map((slot) => dayMs + slot * SLOT_MS))
        .filter((slotMs) => slotMs !== first && slotMs < endMs)
        .map((slotMs) => ({ fromMs: slotMs, toMs: slotMs + SLOT_MS }))
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
