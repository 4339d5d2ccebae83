import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { DAY_MS } from '#contract/duration.ts'
import { isSettled, SLOT_MS, type Period } from '#contract/grid.ts'
import type { Interval, IntervalIdentity, RecordedInterval } from '#contract/interval.ts'
import { quantityName, type QuantityName } from '#contract/quantities.ts'
import { emptyPage, pageBytes, pageOf, SLOTS_PER_DAY, type DayPage, type PageSlot } from './day-page.ts'
import { openPastRevisions } from './past-revisions.ts'
import { openSettledUntil } from './settled-until.ts'
import { intervalFrom, isSameContent, type SlotContent } from './slot-content.ts'

/**
 * Intervals and their revisions: the newest of each slot in pages of a UTC day, those before in pages of their own. Once
 * its slot is settled, a revision is never changed or removed.
 */

const seriesRow = z.object({ id: z.number() })
const namedSeries = z.array(z.object({ id: z.number(), quantity: quantityName }))
const pageRow = z.object({ from_ms: z.number(), content: z.instanceof(Uint8Array) })
const extentRow = z.object({ from: z.number().nullable(), to: z.number().nullable() })

/** A slot as it is kept, with its place. */
export interface KeptSlot extends PageSlot {
  readonly slotMs: number
}

/** An interval with what is kept of it. */
export interface Computed {
  readonly interval: Interval
  readonly content: SlotContent
}

/** Told of every slot of which something else was computed than is kept; where it notes that, the slot stays. */
export interface SlotKeeper {
  notes(series: number, computed: Computed): boolean
  agrees(series: number, interval: IntervalIdentity): void
}

export interface WrittenSlot {
  readonly series: number
  readonly interval: Interval
}

export type IntervalBook = ReturnType<typeof openIntervals>

const dayStart = (slotMs: number): number => slotMs - (slotMs % DAY_MS)

/**
 * The intervals of the books. `write` belongs into a transaction of the caller, and tells of every interval it is given,
 * a day of a register at a time.
 */
export function openIntervals(
  database: DatabaseSync,
  onGiven: (series: number, dayMs: number, intervals: readonly Interval[]) => void,
) {
  const findSeries = database.prepare('SELECT id FROM series WHERE meter = ? AND quantity = ?')
  const insertSeries = database.prepare('INSERT INTO series (meter, quantity) VALUES (?, ?) RETURNING id')
  const findPage = database.prepare(
    'SELECT from_ms, content FROM interval_day WHERE series = ? AND from_ms = ?',
  )
  const putPage = database.prepare('INSERT OR REPLACE INTO interval_day VALUES (?, ?, ?)')
  const past = openPastRevisions(database)
  const settled = openSettledUntil(database)
  const pages = database.prepare(
    'SELECT from_ms, content FROM interval_day WHERE series = ? AND from_ms >= ? AND from_ms < ? ORDER BY from_ms',
  )
  const days = database.prepare(
    'SELECT min(from_ms) AS "from", max(from_ms) AS "to" FROM interval_day WHERE series = ?',
  )
  const ofMeter = database.prepare('SELECT id, quantity FROM series WHERE meter = ? ORDER BY id')

  /** The number of a series; undefined where nothing was recorded of it. */
  function seriesOf(meter: string, quantity: QuantityName): number | undefined {
    return seriesRow.optional().parse(findSeries.get(meter, quantity))?.id
  }

  /** The registers of a meter of which something is recorded. */
  const seriesOfMeter = (meter: string) => namedSeries.parse(ofMeter.all(meter))

  /** The number of a series, which is made where there was none. */
  function madeSeries(meter: string, quantity: QuantityName): number {
    return seriesOf(meter, quantity) ?? seriesRow.parse(insertSeries.get(meter, quantity)).id
  }

  function pageAt(series: number, dayMs: number): DayPage {
    const row = pageRow.optional().parse(findPage.get(series, dayMs))
    return row === undefined ? emptyPage() : pageOf(row.content)
  }

  /**
   * True where a revision that has changed stays beside the next one: its slot is settled, or was before the clock was
   * set back.
   */
  const isFinal = ({ revision }: PageSlot, slotMs: number, nowMs: number, settledMs: number): boolean =>
    revision > 1 || slotMs < settledMs || isSettled(slotMs, nowMs)

  /** A day of a register while slots of it are written. */
  function openDay(series: number, dayMs: number) {
    const given: Interval[] = []
    return {
      series,
      dayMs,
      page: pageAt(series, dayMs),
      displaced: past.gather(series, dayMs),
      given,
      isChanged: false,
    }
  }

  /**
   * Writes the next revision of every slot whose content is new; in the place of the first one while the slot is not
   * settled. Returns what was written.
   */
  function write(computed: readonly Computed[], nowMs: number, keeper: SlotKeeper): WrittenSlot[] {
    const written: WrittenSlot[] = []
    let last: { meter: string; quantity: QuantityName; series: number } | undefined
    const newest = new Map<number, { readonly settledMs: number; slotMs: number }>()
    let open: ReturnType<typeof openDay> | undefined
    const close = (): void => {
      if (open === undefined) return
      onGiven(open.series, open.dayMs, open.given)
      if (!open.isChanged) return
      open.displaced.put()
      putPage.run(open.series, open.dayMs, pageBytes(open.page))
    }
    for (const each of computed) {
      const { meter, quantity, slotMs } = each.interval
      if (last?.meter !== meter || last.quantity !== quantity)
        last = { meter, quantity, series: madeSeries(meter, quantity) }
      const { series } = last
      const reached = newest.get(series) ?? { settledMs: settled.of(series), slotMs }
      reached.slotMs = Math.max(reached.slotMs, slotMs)
      newest.set(series, reached)
      const dayMs = dayStart(slotMs)
      if (open?.series !== series || open.dayMs !== dayMs) {
        close()
        open = openDay(series, dayMs)
      }
      open.given.push(each.interval)
      const index = (slotMs - dayMs) / SLOT_MS
      const kept = open.page[index]
      if (kept !== undefined && isSameContent(kept.content, each.content)) {
        keeper.agrees(series, each.interval)
        continue
      }
      if (keeper.notes(series, each)) continue
      const isKept = kept !== undefined && isFinal(kept, slotMs, nowMs, reached.settledMs)
      if (isKept) open.displaced.add(index, kept)
      open.page[index] = { revision: isKept ? kept.revision + 1 : 1, content: each.content }
      open.isChanged = true
      written.push({ series, interval: each.interval })
    }
    close()
    for (const [series, { slotMs }] of newest) settled.reach(series, slotMs, nowMs)
    return written
  }

  /** The newest revisions of a series' slots with fromMs ≤ slotMs < toMs, as they are kept, in order. */
  function* keptBetween(series: number, { fromMs, toMs }: Period): Generator<KeptSlot> {
    for (const row of pages.all(series, dayStart(Math.max(0, fromMs)), toMs)) {
      const { from_ms: dayMs, content } = pageRow.parse(row)
      const page = pageOf(content)
      const first = Math.max(0, Math.ceil((fromMs - dayMs) / SLOT_MS))
      const end = Math.min(SLOTS_PER_DAY, Math.ceil((toMs - dayMs) / SLOT_MS))
      for (let index = first; index < end; index += 1) {
        const slot = page[index]
        if (slot !== undefined)
          yield { slotMs: dayMs + index * SLOT_MS, revision: slot.revision, content: slot.content }
      }
    }
  }

  /** The first and the last recorded slot of a series; undefined where there is none. */
  function extentOfSeries(series: number): { firstMs: number; lastMs: number } | undefined {
    const { from, to } = extentRow.parse(days.get(series))
    if (from === null || to === null) return undefined
    const first = keptBetween(series, { fromMs: from, toMs: from + DAY_MS }).next().value
    const last = [...keptBetween(series, { fromMs: to, toMs: to + DAY_MS })].at(-1)
    return first === undefined || last === undefined
      ? undefined
      : { firstMs: first.slotMs, lastMs: last.slotMs }
  }

  /** From the first slot of a meter to the last moment of its newest one; undefined where nothing is recorded. */
  function extentOf(meter: string): Period | undefined {
    const extents = seriesOfMeter(meter).flatMap(({ id }) => extentOfSeries(id) ?? [])
    return extents.length === 0
      ? undefined
      : {
          fromMs: Math.min(...extents.map(({ firstMs }) => firstMs)),
          toMs: Math.max(...extents.map(({ lastMs }) => lastMs)) + SLOT_MS - 1,
        }
  }

  function between(meter: string, quantity: QuantityName, period: Period): RecordedInterval[] {
    const series = seriesOf(meter, quantity)
    if (series === undefined) return []
    const found: RecordedInterval[] = []
    for (const { slotMs, revision, content } of keptBetween(series, period)) {
      found.push({ ...intervalFrom({ meter, quantity, slotMs }, content), revision })
    }
    return found
  }

  function revisions(meter: string, quantity: QuantityName, slotMs: number): RecordedInterval[] {
    const series = seriesOf(meter, quantity)
    if (series === undefined) return []
    const identity: IntervalIdentity = { meter, quantity, slotMs }
    const before = past
      .of(series, slotMs)
      .map(({ revision, content }): RecordedInterval => ({ ...intervalFrom(identity, content), revision }))
    return [...before, ...between(meter, quantity, { fromMs: slotMs, toMs: slotMs + 1 })]
  }

  /** A revision of a slot before its newest one, as it is kept. */
  function revisionAt(series: number, slotMs: number, revision: number): KeptSlot | undefined {
    const found = past.of(series, slotMs).find((each) => each.revision === revision)
    return found === undefined ? undefined : { slotMs, ...found }
  }

  return {
    revisionAt,
    seriesOf,
    seriesOfMeter,
    write,
    keptBetween,
    extentOf,
    extentOfSeries,
    between,
    revisions,
  }
}
