import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { join, type EnergySum, type PlacedSum } from '#contract/energy-sum.ts'
import { monthOf, type Period } from '#contract/grid.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { DaySums } from './day-sums.ts'
import type { WrittenSlot } from './intervals.ts'
import { NOT_SUMMABLE, SumDamages, sumDamage, sumOfText, textOfMade } from './sum-text.ts'

/**
 * Sums over the months of the park's calendar. They follow from the days, and are kept because a year of 1,000 meters has
 * 365,000 of those.
 */

const dirtyRow = z.object({
  series: z.number(),
  month: z.string(),
  meter: z.string(),
  // Written by `openIntervals`, which takes a quantity's name.
  quantity: z.custom<QuantityName>((name) => typeof name === 'string'),
})
const keptRow = dirtyRow.extend({ content: z.string() })
const extentRow = z.object({ series: z.number(), from: z.number(), to: z.number() })

interface Month extends Period {
  /** "2026-03" */
  readonly name: string
}

/** The first whole month of a period, and the one that is no more of it. */
interface WholeMonths {
  readonly first: Month
  readonly end: Month
}

/** A row of `inPeriod`. Throws RangeError for another one. */
function rowOf(row: unknown): {
  readonly name: string
  readonly content: string | null
  readonly zone: string
} {
  const [name, content, zone]: readonly unknown[] = Array.isArray(row) ? row : []
  if (
    typeof name !== 'string' ||
    (content !== null && typeof content !== 'string') ||
    typeof zone !== 'string'
  )
    throw new RangeError('a row that is no sum of a month')
  return { name, content, zone }
}

/** Months whose bounds are remembered: some decades, to be found a million times. */
const KNOWN_MONTHS_MAX = 1_000

/** The month sums of the books. All but `between` belong into a transaction of the caller. */
export function openMonthSums(database: DatabaseSync, days: Pick<DaySums, 'between'>) {
  const daysZone = database.prepare('SELECT time_zone FROM calendar')
  const zone = database.prepare('SELECT time_zone FROM month_calendar')
  const setZone = database.prepare('UPDATE month_calendar SET time_zone = ?')
  const forget = database.prepare('DELETE FROM month_sum')
  const extents = database.prepare(
    'SELECT series, min(from_ms) AS "from", max(from_ms) AS "to" FROM day_sum GROUP BY series',
  )
  const markDirty = database.prepare(
    `INSERT INTO month_sum (series, month) VALUES (?, ?) ON CONFLICT DO UPDATE SET content = NULL
     WHERE content IS NOT NULL`,
  )
  // With the calendar of the days: another process may own the books, and have changed it.
  const inPeriod = database.prepare(
    `SELECT month, content, (SELECT time_zone FROM calendar) FROM month_sum
     WHERE series = (SELECT id FROM series WHERE meter = ? AND quantity = ?) AND month >= ? AND month < ?
     ORDER BY month`,
  )
  inPeriod.setReturnArrays(true)
  const dirty = database.prepare(
    `SELECT series, month, meter, quantity FROM month_sum JOIN series ON id = series
     WHERE content IS NULL AND month < ? ORDER BY month LIMIT ?`,
  )
  const kept = database.prepare(
    `SELECT series, month, meter, quantity, content FROM month_sum JOIN series ON id = series
     WHERE content IS NOT NULL ORDER BY series, month`,
  )
  const keep = database.prepare('UPDATE month_sum SET content = ? WHERE series = ? AND month = ?')

  let timeZone = String(zone.get()?.['time_zone'])
  const known = new Map<string, Month>()
  /** The month found last: slots come in order. */
  let last: Month = { name: '', fromMs: 0, toMs: 0 }

  function monthAt(atMs: number): Month {
    if (atMs >= last.fromMs && atMs < last.toMs) return last
    const period = monthOf(atMs, timeZone)
    const start = Temporal.Instant.fromEpochMilliseconds(period.fromMs).toZonedDateTimeISO(timeZone)
    last = { ...period, name: start.toPlainDate().toPlainYearMonth().toString() }
    if (known.size >= KNOWN_MONTHS_MAX) known.clear()
    known.set(last.name, last)
    return last
  }

  function monthNamed(name: string): Month {
    const found = known.get(name)
    if (found !== undefined) return found
    const start = Temporal.PlainYearMonth.from(name).toPlainDate({ day: 1 }).toZonedDateTime(timeZone)
    return monthAt(start.epochMilliseconds)
  }

  /** Adopts the calendar of the days, who have changed to it before; then all months are other ones. */
  function useCalendar(name: string): void {
    if (name === timeZone) return
    timeZone = name
    known.clear()
    last = { name: '', fromMs: 0, toMs: 0 }
    asked = { fromMs: 0, toMs: 0, whole: undefined }
    setZone.run(name)
    forget.run()
    for (const row of extents.all()) {
      const { series, from, to } = extentRow.parse(row)
      for (let month = monthAt(from); month.fromMs <= to; month = monthAt(month.toMs))
        markDirty.run(series, month.name)
    }
  }

  /** Slots have changed. They come in order, so most are of the month of the one before them. */
  function mark(changed: readonly WrittenSlot[]): void {
    if (timeZone === '') return
    let marked: { series: number; month: Month } | undefined
    for (const { series, interval } of changed) {
      const month = monthAt(interval.slotMs)
      if (marked?.series === series && marked.month === month) continue
      markDirty.run(series, month.name)
      marked = { series, month }
    }
  }

  const sumOfMonth = (meter: string, quantity: QuantityName, month: Period): EnergySum =>
    join(days.between(meter, quantity, month).map(({ sum }) => sum))

  /** Sums months that were over at a moment and have changed since they were summed, at most so many. How many it were. */
  function settle(nowMs: number, limit: number): number {
    if (timeZone === '') return 0
    const rows = dirty.all(monthAt(nowMs).name, limit).map((row) => dirtyRow.parse(row))
    for (const { series, month, meter, quantity } of rows) {
      const content = textOfMade(() => sumOfMonth(meter, quantity, monthNamed(month)))
      keep.run(content, series, month)
    }
    return rows.length
  }

  /** What was asked for last: a report asks each meter of a park for the same time. */
  let asked: { readonly fromMs: number; readonly toMs: number; readonly whole: WholeMonths | undefined } = {
    fromMs: 0,
    toMs: 0,
    whole: undefined,
  }

  /** The whole months in a period; undefined where there is none, or where months are not kept by the calendar of the days. */
  function wholeIn({ fromMs, toMs }: Period): WholeMonths | undefined {
    if (timeZone === '') return undefined
    if (asked.fromMs !== fromMs || asked.toMs !== toMs) {
      const begin = monthAt(fromMs)
      const first = begin.fromMs === fromMs ? begin : monthAt(begin.toMs)
      const end = monthAt(toMs)
      asked = { fromMs, toMs, whole: first.fromMs < end.fromMs ? { first, end } : undefined }
    }
    return asked.whole
  }

  /**
   * Sums that fill a period which begins and ends with days: its whole months, and the days before and after them. What
   * has changed since it was summed is summed now. Throws `amount-overflow` where one cannot be summed exactly.
   */
  function between(meter: string, quantity: QuantityName, period: Period): PlacedSum[] {
    const whole = wholeIn(period)
    if (whole === undefined) return days.between(meter, quantity, period)
    const [{ name: first, fromMs }, { name: end, fromMs: toMs }] = [whole.first, whole.end]
    const rows = inPeriod.all(meter, quantity, first, end).map((row) => rowOf(row))
    const daysAre = rows[0]?.zone ?? String(daysZone.get()?.['time_zone'])
    if (daysAre !== timeZone) return days.between(meter, quantity, period)
    const months = rows.map(({ name, content }) => {
      const month = monthNamed(name)
      const isKept = content !== null && content !== NOT_SUMMABLE
      return {
        fromMs: month.fromMs,
        sum: isKept ? sumOfText(content) : sumOfMonth(meter, quantity, month),
      }
    })
    return [
      ...(period.fromMs < fromMs
        ? days.between(meter, quantity, { fromMs: period.fromMs, toMs: fromMs })
        : []),
      ...months.filter(({ sum }) => sum.known + sum.missing > 0),
      ...(toMs < period.toMs ? days.between(meter, quantity, { fromMs: toMs, toMs: period.toMs }) : []),
    ]
  }

  /** Kept sums that are not those of their days, of all meters. */
  function damages(): string[] {
    const found = new SumDamages()
    if (timeZone === '') return []
    for (const row of kept.iterate()) {
      const { series, month, meter, quantity, content } = keptRow.parse(row)
      const why = sumDamage(content, () => sumOfMonth(meter, quantity, monthNamed(month)))
      if (why !== undefined)
        found.add(`${series}`, `the kept sum of ${meter} (${quantity}) of ${month} ${why}`)
    }
    return found.lines()
  }

  return { useCalendar, mark, settle, between, damages }
}
