import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { DAY_MS } from '#contract/duration.ts'
import type { EnergySum, PlacedSum } from '#contract/energy-sum.ts'
import { dayOf, SLOT_MS, type Period } from '#contract/grid.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { KeptSlot, WrittenSlot } from './intervals.ts'
import { sumOfKept } from './page-sums.ts'
import { NOT_SUMMABLE, SumDamages, sumDamage, sumOfText, textOfMade } from './sum-text.ts'

/** Sums over the days of the park's calendar. They follow from the intervals, and are kept because a year has 35,000 of them. */

const dirtyRow = z.object({
  series: z.number(),
  from_ms: z.number(),
  meter: z.string(),
  // Written by `revise`, which takes a quantity's name.
  quantity: z.custom<QuantityName>((name) => typeof name === 'string'),
})
const keptRow = dirtyRow.extend({ content: z.string() })
const misplacedRow = z.object({ meter: z.string(), quantity: z.string() })
const extentRow = z.object({ series: z.number(), from: z.number(), to: z.number() })

/** Newest revisions of a series as they are kept: `openIntervals(…).keptBetween`. */
type SlotsBetween = (series: number, period: Period) => Iterable<KeptSlot>

export type DaySums = ReturnType<typeof openDaySums>

/** The day sums of the books. All but `between` belong into a transaction of the caller. */
export function openDaySums(database: DatabaseSync, slotsBetween: SlotsBetween) {
  const zone = database.prepare('SELECT time_zone FROM calendar')
  const setZone = database.prepare('UPDATE calendar SET time_zone = ?')
  const forget = database.prepare('DELETE FROM day_sum')
  const extents = database.prepare(
    `SELECT series, min(from_ms) AS "from", max(from_ms) + ${DAY_MS - 1} AS "to" FROM interval_day GROUP BY series`,
  )
  const markDirty = database.prepare(
    `INSERT INTO day_sum (series, from_ms) VALUES (?, ?) ON CONFLICT DO UPDATE SET content = NULL
     WHERE content IS NOT NULL`,
  )
  const inPeriod = database.prepare(
    `SELECT series, from_ms, content FROM day_sum
     WHERE series = (SELECT id FROM series WHERE meter = ? AND quantity = ?) AND from_ms >= ? AND from_ms < ?
     ORDER BY from_ms`,
  )
  const dirty = database.prepare(
    `SELECT series, from_ms, meter, quantity FROM day_sum JOIN series ON id = series
     WHERE content IS NULL AND from_ms < ? ORDER BY from_ms LIMIT ?`,
  )
  const kept = database.prepare(
    `SELECT series, from_ms, meter, quantity, content FROM day_sum JOIN series ON id = series
     WHERE content IS NOT NULL ORDER BY series, from_ms`,
  )
  const misplaced = database.prepare(
    `SELECT DISTINCT meter, quantity FROM interval_day JOIN series ON id = series WHERE from_ms % ${DAY_MS} <> 0`,
  )
  const keep = database.prepare('UPDATE day_sum SET content = ? WHERE series = ? AND from_ms = ?')

  let timeZone = String(zone.get()?.['time_zone'])
  /** The day found last: slots come in order. */
  let last: Period = { fromMs: 0, toMs: 0 }

  function dayAt(atMs: number): Period {
    if (atMs < last.fromMs || atMs >= last.toMs) last = dayOf(atMs, timeZone)
    return last
  }

  const sumOfDay = (series: number, meter: string, quantity: QuantityName, day: Period): EnergySum =>
    sumOfKept({ meter, quantity }, slotsBetween(series, day))

  /** Changes the calendar; then all days are other ones. */
  function useCalendar(name: string): void {
    if (name === timeZone) return
    timeZone = name
    last = { fromMs: 0, toMs: 0 }
    setZone.run(name)
    forget.run()
    for (const row of extents.all()) {
      const { series, from, to } = extentRow.parse(row)
      for (let day = dayAt(from); day.fromMs <= to; day = dayAt(day.toMs)) markDirty.run(series, day.fromMs)
    }
  }

  /** Slots have changed. They come in order, so most are of the day of the one before them. */
  function mark(changed: readonly WrittenSlot[]): void {
    let marked: { series: number; fromMs: number } | undefined
    for (const { series, interval } of changed) {
      const { fromMs } = dayAt(interval.slotMs)
      if (marked?.series === series && marked.fromMs === fromMs) continue
      markDirty.run(series, fromMs)
      marked = { series, fromMs }
    }
  }

  /** Sums days that were over at a moment and have changed since they were summed, at most so many. How many it were. */
  function settle(nowMs: number, limit: number): number {
    const rows = dirty.all(dayAt(nowMs).fromMs, limit).map((row) => dirtyRow.parse(row))
    for (const { series, from_ms: fromMs, meter, quantity } of rows) {
      const content = textOfMade(() => sumOfDay(series, meter, quantity, dayAt(fromMs)))
      keep.run(content, series, fromMs)
    }
    return rows.length
  }

  /**
   * Days that begin in a period; those that have changed since they were summed are summed now. Throws
   * `amount-overflow` where one cannot be summed exactly.
   */
  function between(meter: string, quantity: QuantityName, { fromMs, toMs }: Period): PlacedSum[] {
    const days = inPeriod.all(meter, quantity, fromMs, toMs).map((row): PlacedSum => {
      const { series, from_ms: dayMs, content } = row
      if (
        typeof series !== 'number' ||
        typeof dayMs !== 'number' ||
        // Days begin with a slot, whatever the calendar.
        dayMs % SLOT_MS !== 0 ||
        (content !== null && typeof content !== 'string')
      )
        throw new RangeError('a row that is no sum of a day')
      const isKept = content !== null && content !== NOT_SUMMABLE
      return {
        fromMs: dayMs,
        sum: isKept ? sumOfText(content) : sumOfDay(series, meter, quantity, dayAt(dayMs)),
      }
    })
    // A new calendar makes a day of every date between the first and the last slot.
    return days.filter(({ sum }) => sum.known + sum.missing > 0)
  }

  /** Kept sums that are not those of the intervals, of all meters. */
  function damages(): string[] {
    const found = new SumDamages()
    for (const row of kept.iterate()) {
      const { series, from_ms: fromMs, meter, quantity, content } = keptRow.parse(row)
      const day = dayAt(fromMs)
      const why =
        day.fromMs === fromMs
          ? sumDamage(content, () => sumOfDay(series, meter, quantity, day))
          : 'is of no day of the calendar'
      if (why === undefined) continue
      const when = Temporal.Instant.fromEpochMilliseconds(fromMs).toString()
      found.add(`${series}`, `the kept sum of ${meter} (${quantity}) of the day from ${when} ${why}`)
    }
    const pages = misplaced.all().map((row) => {
      const { meter, quantity } = misplacedRow.parse(row)
      return `intervals of ${meter} (${quantity}) are kept under a time that is no day's`
    })
    return [...found.lines(), ...pages]
  }

  return { useCalendar, mark, settle, between, damages }
}
