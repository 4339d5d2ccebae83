import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { SETTLE_MS, SLOT_MS, slotStart, type Period } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { OpenSlots } from '../port.ts'

/** Which slots of a series no readings cover, or only in part, and which wait for a person. */

const dayRow = z.object({ day_ms: z.number(), slots: z.string(), undecided: z.string() })
const textRow = z.object({ slots: z.string(), undecided: z.string() }).optional()

const slotsOf = (text: string): number[] => (text === '' ? [] : text.split(',').map(Number))
const textOf = (slots: ReadonlySet<number>): string => [...slots].sort((a, b) => a - b).join(',')

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

/** A register of which intervals are recorded. */
interface MeterSeries {
  readonly id: number
  readonly quantity: QuantityName
}

/** Slots, in order, as the longest stretches. */
function stretchesOf(slots: Iterable<Period>): Period[] {
  const stretches: Period[] = []
  for (const { fromMs, toMs } of slots) {
    const last = stretches.at(-1)
    if (last !== undefined && last.toMs >= fromMs) stretches.splice(-1, 1, { fromMs: last.fromMs, toMs })
    else stretches.push({ fromMs, toMs })
  }
  return stretches
}

/** Slots of the books of which something is open. `note` belongs into a transaction of the caller. */
export function openUncovered(
  database: DatabaseSync,
  extentOf: (series: number) => { firstMs: number; lastMs: number } | undefined,
) {
  const find = database.prepare('SELECT slots, undecided FROM uncovered_day WHERE series = ? AND day_ms = ?')
  const put = database.prepare(
    'INSERT OR REPLACE INTO uncovered_day (series, day_ms, slots, undecided) VALUES (?, ?, ?, ?)',
  )
  const remove = database.prepare('DELETE FROM uncovered_day WHERE series = ? AND day_ms = ?')
  const days = database.prepare(
    'SELECT day_ms, slots, undecided FROM uncovered_day WHERE series = ? ORDER BY day_ms',
  )
  /** What was answered of a series, so that one that did not change is not read again and again. */
  const answered = new Map<number, number>()

  return {
    /** Intervals of a series in one UTC day. A slot that waits for a person is not said to be uncovered as well. */
    note(series: number, dayMs: number, intervals: readonly Interval[]): void {
      const former = textRow.parse(find.get(series, dayMs)) ?? { slots: '', undecided: '' }
      const uncovered = new Set(slotsOf(former.slots))
      const undecided = new Set(slotsOf(former.undecided))
      for (const interval of intervals) {
        const slot = (interval.slotMs - dayMs) / SLOT_MS
        uncovered.delete(slot)
        undecided.delete(slot)
        if (interval.undecided.length > 0) undecided.add(slot)
        else if (!isWhole(interval)) uncovered.add(slot)
      }
      const now = { slots: textOf(uncovered), undecided: textOf(undecided) }
      if (now.slots === former.slots && now.undecided === former.undecided) return
      if (now.slots === '' && now.undecided === '') remove.run(series, dayMs)
      else put.run(series, dayMs, now.slots, now.undecided)
      answered.delete(series)
    },

    /**
     * What is open of a meter, in order: uncovered slots of one of its series, and undecided ones of all. The last uncovered
     * stretch may reach to now, also over slots that were never computed. The first slot of a series is not uncovered: the
     * meter came within it. `unchanged` where nothing is new since the last answer.
     *
     * @param own the series whose cover counts; undefined where nothing is recorded of it
     */
    open(own: number | undefined, all: readonly MeterSeries[], nowMs: number): OpenSlots | 'unchanged' {
      // The first slot that is not settled.
      const endMs = slotStart(nowMs - SETTLE_MS)
      if (all.every(({ id }) => answered.get(id) === endMs)) return 'unchanged'
      for (const { id } of all) answered.set(id, endMs)
      const settled = (id: number, which: 'slots' | 'undecided'): number[] =>
        z
          .array(dayRow)
          .parse(days.all(id))
          .flatMap((row) => slotsOf(row[which]).map((slot) => row.day_ms + slot * SLOT_MS))
          .filter((slotMs) => slotMs < endMs)
      const extent = own === undefined ? undefined : extentOf(own)
      const uncovered: Period[] = []
      if (own !== undefined && extent !== undefined) {
        const slots = settled(own, 'slots').filter((slotMs) => slotMs !== extent.firstMs)
        uncovered.push(...slots.map((fromMs) => ({ fromMs, toMs: fromMs + SLOT_MS })))
        const tailMs = Math.min(extent.lastMs + SLOT_MS, endMs)
        if (tailMs < endMs) uncovered.push({ fromMs: tailMs, toMs: endMs })
      }
      // Of two registers that wait in one slot the first is named.
      const undecided = new Map<number, QuantityName>()
      for (const { id, quantity } of all)
        for (const slotMs of settled(id, 'undecided'))
          undecided.set(slotMs, undecided.get(slotMs) ?? quantity)
      const inOrder = [...undecided.keys()].sort((a, b) => a - b)
      return {
        uncovered: stretchesOf(uncovered),
        undecided: stretchesOf(inOrder.map((fromMs) => ({ fromMs, toMs: fromMs + SLOT_MS }))).flatMap(
          (each) => {
            const quantity = undecided.get(each.fromMs)
            return quantity === undefined ? [] : [{ ...each, quantity }]
          },
        ),
      }
    },
  }
}
