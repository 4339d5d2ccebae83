import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { amount, type Amount } from '#contract/amount.ts'
import {
  join,
  type EnergySum,
  type MethodShare,
  type PeriodSum,
  type PlacedSum,
} from '#contract/energy-sum.ts'
import { Fault } from '#contract/fault.ts'
import { dayOf, monthOf, type Period } from '#contract/grid.ts'
import { intervalMethods, type IntervalMethod } from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import { isResolution } from '../storable.ts'
import { DAY_MS } from './day-page.ts'
import type { KeptSlot, WrittenSlot } from './intervals.ts'
import { sumOfKept } from './page-sums.ts'

/**
 * Sums over the days and months of the park's calendar. They follow from the intervals, and are kept because a year has
 * 35,000 of them.
 */

/** As it is kept. A year of a park is 13,000 of them. */
const exact = z.object(amount.shape)
const sumText = z.object({
  energy: exact.optional(),
  known: z.int(),
  missing: z.int(),
  partial: z.int(),
  undecided: z.int(),
  simulated: z.int(),
  uncertain: z.int(),
  coveredMs: z.int(),
  methods: z.array(z.object({ method: z.enum(intervalMethods), slots: z.int(), energy: exact })),
})

function textOf({ methods, ...sum }: EnergySum): string {
  const shares = Object.entries(methods).map(([method, share]) => ({ method, ...share }))
  return JSON.stringify(sumText.parse({ ...sum, methods: shares }))
}

type SumText = z.output<typeof sumText>
const methodNames: ReadonlySet<unknown> = new Set(intervalMethods)

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null

function isAmount(value: unknown): value is Amount {
  return (
    isObject(value) &&
    Number.isSafeInteger(value['count']) &&
    typeof value['resolution'] === 'string' &&
    isResolution(value['resolution'])
  )
}

const isShare = (value: unknown): boolean =>
  isObject(value) &&
  methodNames.has(value['method']) &&
  Number.isSafeInteger(value['slots']) &&
  isAmount(value['energy'])

/** What the schema says, without building anything; what is not told apart here is left to it. */
function isUsual(value: unknown): value is SumText {
  if (!isObject(value)) return false
  const { energy, known, missing, partial, undecided, simulated, uncertain, coveredMs, methods } = value
  return (
    Number.isSafeInteger(known) &&
    Number.isSafeInteger(missing) &&
    Number.isSafeInteger(partial) &&
    Number.isSafeInteger(undecided) &&
    Number.isSafeInteger(simulated) &&
    Number.isSafeInteger(uncertain) &&
    Number.isSafeInteger(coveredMs) &&
    (energy === undefined || isAmount(energy)) &&
    Array.isArray(methods) &&
    methods.every(isShare)
  )
}

function sumOf(text: string): EnergySum {
  const given: unknown = JSON.parse(text)
  const { energy, methods, ...counts } = isUsual(given) ? given : sumText.parse(given)
  const shares: Partial<Record<IntervalMethod, MethodShare>> = {}
  for (const { method, slots, energy } of methods) shares[method] = { slots, energy }
  return { energy, ...counts, methods: shares }
}

/** Content of a day whose slots have no common count that can be held exactly. */
const NOT_SUMMABLE = ''

/** A month costs its days: so many at once take as long. */
const DAYS_OF_A_MONTH = 31

const dirtyRow = z.object({
  series: z.number(),
  from_ms: z.number(),
  meter: z.string(),
  // Written by `revise`, which takes a quantity's name.
  quantity: z.custom<QuantityName>((name) => typeof name === 'string'),
})
const extentRow = z.object({ series: z.number(), from: z.number(), to: z.number() })

/** Newest revisions of a series as they are kept: `openIntervals(…).keptBetween`. */
type SlotsBetween = (series: number, period: Period) => Iterable<KeptSlot>

export type DaySums = ReturnType<typeof openDaySums>

/** The day sums of the books. All but `between` belong into a transaction of the caller. */
export function openDaySums(database: DatabaseSync, slotsBetween: SlotsBetween) {
  const zone = database.prepare('SELECT time_zone FROM calendar')
  const setZone = database.prepare('UPDATE calendar SET time_zone = ?')
  const forget = ['day_sum', 'month_sum'].map((table) => database.prepare(`DELETE FROM ${table}`))
  const extents = database.prepare(
    `SELECT series, min(from_ms) AS "from", max(from_ms) + ${DAY_MS - 1} AS "to" FROM interval_day GROUP BY series`,
  )
  const markDirty = database.prepare(
    `INSERT INTO day_sum (series, from_ms) VALUES (?, ?) ON CONFLICT DO UPDATE SET content = NULL
     WHERE content IS NOT NULL`,
  )
  const markDirtyMonth = database.prepare(
    `INSERT INTO month_sum (series, from_ms) VALUES (?, ?) ON CONFLICT DO UPDATE SET content = NULL
     WHERE content IS NOT NULL`,
  )
  const anyMonth = database.prepare('SELECT 1 FROM month_sum LIMIT 1')
  const monthsInPeriod = database.prepare(
    `SELECT from_ms, content FROM month_sum
     WHERE series = (SELECT id FROM series WHERE meter = ? AND quantity = ?) AND from_ms >= ? AND from_ms < ?
       AND content IS NOT NULL ORDER BY from_ms`,
  )
  const dirtyMonths = database.prepare(
    `SELECT series, from_ms, meter, quantity FROM month_sum JOIN series ON id = series
     WHERE content IS NULL AND from_ms < ? ORDER BY from_ms LIMIT ?`,
  )
  const keepMonth = database.prepare('UPDATE month_sum SET content = ? WHERE series = ? AND from_ms = ?')
  const inPeriod = database.prepare(
    `SELECT series, from_ms, content FROM day_sum
     WHERE series = (SELECT id FROM series WHERE meter = ? AND quantity = ?) AND from_ms >= ? AND from_ms < ?
     ORDER BY from_ms`,
  )
  const dirty = database.prepare(
    `SELECT series, from_ms, meter, quantity FROM day_sum JOIN series ON id = series
     WHERE content IS NULL AND from_ms < ? ORDER BY from_ms LIMIT ?`,
  )
  const keep = database.prepare('UPDATE day_sum SET content = ? WHERE series = ? AND from_ms = ?')

  let timeZone = String(zone.get()?.['time_zone'])
  /** The day and the month found last: slots come in order. */
  let last: Period = { fromMs: 0, toMs: 0 }
  let lastMonth: Period = { fromMs: 0, toMs: 0 }
  /** Ends of months by their begin: a year of a park is read meter by meter, the same twelve for each. */
  const monthEnds = new Map<number, number>()

  function dayAt(atMs: number): Period {
    if (atMs < last.fromMs || atMs >= last.toMs) last = dayOf(atMs, timeZone)
    return last
  }

  function monthAt(atMs: number): Period {
    if (atMs < lastMonth.fromMs || atMs >= lastMonth.toMs) lastMonth = monthOf(atMs, timeZone)
    return lastMonth
  }

  function endOfMonth(fromMs: number): number {
    const toMs = monthEnds.get(fromMs) ?? monthOf(fromMs, timeZone).toMs
    monthEnds.set(fromMs, toMs)
    return toMs
  }

  const sumOfDay = (series: number, meter: string, quantity: QuantityName, day: Period): EnergySum =>
    sumOfKept({ meter, quantity }, slotsBetween(series, day))

  /** Changes the calendar; then all days and months are other ones. */
  function useCalendar(name: string): void {
    if (name === timeZone) {
      // Books of before there were months.
      if (anyMonth.get() === undefined) markAll(false)
      return
    }
    timeZone = name
    last = { fromMs: 0, toMs: 0 }
    lastMonth = last
    monthEnds.clear()
    setZone.run(name)
    for (const each of forget) each.run()
    markAll(true)
  }

  function markAll(withDays: boolean): void {
    for (const row of extents.all()) {
      const { series, from, to } = extentRow.parse(row)
      for (let month = monthAt(from); month.fromMs <= to; month = monthAt(month.toMs))
        markDirtyMonth.run(series, month.fromMs)
      if (!withDays) continue
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
      markDirtyMonth.run(series, monthAt(interval.slotMs).fromMs)
      marked = { series, fromMs }
    }
  }

  function contentOf(make: () => EnergySum): string {
    try {
      return textOf(make())
    } catch (error) {
      // One meter's day must not keep those of the others waiting: whoever asks for it is told.
      if (error instanceof Fault && error.code === 'amount-overflow') return NOT_SUMMABLE
      throw error
    }
  }

  /**
   * Sums days that were over at a moment and have changed since they were summed, at most so many; where there are none
   * left, months likewise. How many it were.
   */
  function settle(nowMs: number, limit: number): number {
    const rows = dirty.all(dayAt(nowMs).fromMs, limit).map((row) => dirtyRow.parse(row))
    for (const { series, from_ms: fromMs, meter, quantity } of rows) {
      const day = dayAt(fromMs)
      keep.run(
        contentOf(() => sumOfDay(series, meter, quantity, day)),
        series,
        fromMs,
      )
    }
    return rows.length > 0 ? rows.length : settleMonths(nowMs, Math.ceil(limit / DAYS_OF_A_MONTH))
  }

  function settleMonths(nowMs: number, limit: number): number {
    const rows = dirtyMonths.all(monthAt(nowMs).fromMs, limit).map((row) => dirtyRow.parse(row))
    for (const { series, from_ms: fromMs, meter, quantity } of rows) {
      const month = monthAt(fromMs)
      keepMonth.run(
        contentOf(() => join(between(meter, quantity, month).map(({ sum }) => sum))),
        series,
        fromMs,
      )
    }
    return rows.length
  }

  /** Months that begin in a period, as far as they are kept: one that has changed since is not among them. */
  function months(meter: string, quantity: QuantityName, { fromMs, toMs }: Period): PeriodSum[] {
    return monthsInPeriod.all(meter, quantity, fromMs, toMs).flatMap((row): PeriodSum[] => {
      const { from_ms: monthMs, content } = row
      if (typeof monthMs !== 'number' || typeof content !== 'string')
        throw new RangeError('a row that is no sum of a month')
      return content === NOT_SUMMABLE
        ? []
        : [{ fromMs: monthMs, toMs: endOfMonth(monthMs), sum: sumOf(content) }]
    })
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
        (content !== null && typeof content !== 'string')
      )
        throw new RangeError('a row that is no sum of a day')
      const isKept = content !== null && content !== NOT_SUMMABLE
      return {
        fromMs: dayMs,
        sum: isKept ? sumOf(content) : sumOfDay(series, meter, quantity, dayAt(dayMs)),
      }
    })
    // A new calendar makes a day of every date between the first and the last slot.
    return days.filter(({ sum }) => sum.known + sum.missing > 0)
  }

  return { useCalendar, mark, settle, between, months }
}
