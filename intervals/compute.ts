import { HOUR_MS } from '#contract/duration.ts'
import { isSettled, SLOT_MS, slotStart, type Period } from '#contract/grid.ts'
import type { Interval, RecordedInterval } from '#contract/interval.ts'
import type { RecordedEntry } from '#contract/meter-entry.ts'
import type { Meter, MeterEvent, Park } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Books, DirtyWindow, ReadingStore } from '#store/port.ts'
import { rulesOf } from './advance.ts'
import { slotsTouching } from './dirty.ts'
import { enteredEnergies, widenedBy, withEnteredEnergy, type EnteredEnergy } from './entered-energy.ts'
import { byProRata, byWeekdayProfile, neighboursOf } from './estimate.ts'
import { followed } from './formula.ts'
import { keptAdvances, keptSeries, standingAt, withStanding } from './kept-series.ts'
import { energyFromPower, powerReach } from './power.ts'
import { energyFromAdvances } from './pulses.ts'
import {
  chunksOf,
  quantitiesOf,
  recomputeByFormula,
  recordInPieces,
  registerIntervals,
  type IntervalBook,
} from './recompute.ts'
import { usableSeries } from './usable-series.ts'

/** Where a computation finds what it rests on. */
export interface Sources {
  readonly store: Pick<ReadingStore, 'registerSeries' | 'readings'>
  readonly books: Pick<Books, 'intervals' | 'meterEntries' | 'extentOf' | 'standing'>
  readonly park: Pick<Park, 'meters' | 'description'>
  /** Slots that are not settled at this moment are not estimated. */
  readonly nowMs: number
}

/** A day of power at a poll a second is 86,400 readings. */
const POWER_CHUNK_MS = 24 * 3_600_000

/** The events of a meter in the park file, and those that persons entered and did not take back. */
function withEnteredEvents(meter: Meter, entries: readonly RecordedEntry[]): Meter {
  const stands = (quantity: QuantityName, atMs: number): boolean =>
    entries.some(
      ({ entry, isWithdrawn }) =>
        entry.kind === 'reading' && entry.quantity === quantity && entry.atMs === atMs && !isWithdrawn,
    )
  const entered = entries.flatMap(({ entry, isWithdrawn }): MeterEvent[] => {
    if (entry.kind === 'event' && !isWithdrawn) return [entry.event]
    if (entry.kind !== 'reading' || !isWithdrawn || stands(entry.quantity, entry.atMs)) return []
    // A reading that was taken back is still in the store.
    const at = Temporal.Instant.fromEpochMilliseconds(entry.atMs).toString()
    return [{ kind: 'ignored', at, quantity: entry.quantity }]
  })
  return entered.length === 0 ? meter : { ...meter, events: [...meter.events, ...entered] }
}

/** What follows from readings alone, of all slots that those of a window can have changed. */
function measuredIntervals(
  window: DirtyWindow,
  meter: Meter,
  quantity: QuantityName,
  sources: Sources,
): AsyncGenerator<Interval[]> {
  const { books, nowMs } = sources
  const standing = standingAt(books, meter.id, nowMs)
  const computed = intervalsFrom(window, meter, quantity, sources, standing)
  return standing === undefined ? computed : withStanding(computed, books, standing)
}

async function* intervalsFrom(
  window: DirtyWindow,
  meter: Meter,
  quantity: QuantityName,
  { store, books }: Sources,
  standing: Period | undefined,
): AsyncGenerator<Interval[]> {
  const { power, energyFrom } = meter
  if (energyFrom === 'register' || energyFrom === 'manual') {
    const wasSilent = (slotMs: number): boolean =>
      books
        .intervals(meter.id, quantity, { fromMs: slotMs, toMs: slotMs + SLOT_MS })
        .some((interval) => interval.state === 'missing' && interval.cause === 'no-readings')
    const usable = usableSeries(store, meter)
    const series = standing === undefined ? usable : keptSeries(usable, meter, books, standing)
    yield* registerIntervals(window, meter, quantity, series, wasSilent)
    return
  }
  if (quantity !== meter.register) return
  const gapMs = meter.gapSeconds * 1_000
  // The time up to what is recorded already is computed as well: it is missing, and not just never looked at.
  const recorded = books.extentOf(meter.id) ?? { fromMs: Infinity, toMs: -Infinity }
  const reached = { fromMs: Math.max(0, window.fromMs - gapMs), toMs: window.toMs + gapMs }
  const touched = slotsTouching({
    fromMs: recorded.toMs > 0 ? Math.min(reached.fromMs, recorded.toMs) : reached.fromMs,
    toMs: recorded.fromMs < Infinity ? Math.max(reached.toMs, recorded.fromMs) : reached.toMs,
  })
  // A slot beyond that of which nothing is known was not asked for: it must not come to be by computing its neighbour.
  const asked = slotsTouching(window)
  const fromMs = Math.min(asked.fromMs, slotStart(recorded.fromMs))
  const toMs = Math.max(asked.toMs, recorded.toMs)
  const isMeant = (interval: Interval): boolean =>
    interval.state === 'known' ||
    interval.cause !== 'no-readings' ||
    (interval.slotMs >= fromMs && interval.slotMs < toMs)
  for (const chunk of chunksOf(touched, POWER_CHUNK_MS)) {
    const reach = powerReach(chunk, energyFrom === 'power' ? meter.gapSeconds : 2 * meter.gapSeconds)
    const isPower = energyFrom === 'power' && power !== undefined
    const read = await store.readings(meter.id, isPower ? power : quantity, reach)
    const computed = isPower
      ? energyFromPower(meter, quantity, power, read, chunk)
      : energyFromAdvances(meter, quantity, keptAdvances(read, meter.id, quantity, books, standing), chunk)
    yield computed.filter((interval) => isMeant(interval))
  }
}

const asWindow = (meter: string, { fromMs, toMs }: Period): DirtyWindow => ({ meter, fromMs, toMs: toMs - 1 })

/** Measured intervals, and what persons entered for a period in those that are missing. */
async function* enteredIntervals(
  window: DirtyWindow,
  meter: Meter,
  quantity: QuantityName,
  sources: Sources,
  entered: readonly EnteredEnergy[],
): AsyncGenerator<Interval[]> {
  if (entered.length === 0) {
    yield* measuredIntervals(window, meter, quantity, sources)
    return
  }
  // A share depends on all slots of its entry's period: these are computed together.
  let all: Interval[] = []
  for (let reached = window; ;) {
    all = (await Array.fromAsync(measuredIntervals(reached, meter, quantity, sources))).flat()
    const [first, last] = [all[0]?.slotMs, all.at(-1)?.slotMs]
    if (first === undefined || last === undefined) return
    const period = { fromMs: first, toMs: last + SLOT_MS }
    const wider = widenedBy(period, entered)
    if (wider.fromMs >= period.fromMs && wider.toMs <= period.toMs) break
    reached = asWindow(meter.id, wider)
  }
  const fromMs = all[0]?.slotMs ?? 0
  const toMs = (all.at(-1)?.slotMs ?? 0) + SLOT_MS
  yield withEnteredEnergy(
    all,
    entered.filter((entry) => entry.fromMs >= fromMs && entry.toMs <= toMs),
  )
}

/** Fills missing, settled slots by the method that the meter's configuration names. */
function withEstimates(computed: readonly Interval[], meter: Meter, sources: Sources): Interval[] {
  const { estimate } = meter
  const [first, last] = [computed[0], computed.at(-1)]
  if (estimate === undefined || first === undefined || last === undefined) return [...computed]
  const isOpen = (interval: Interval): boolean =>
    interval.state === 'missing' && isSettled(interval.slotMs, sources.nowMs)
  if (!computed.some(isOpen)) return [...computed]
  const recorded = (period: Period): Map<number, RecordedInterval> =>
    new Map(
      sources.books
        .intervals(meter.id, first.quantity, period)
        .map((interval) => [interval.slotMs, interval] as const),
    )
  if (estimate.method === 'weekday-profile') {
    const { timeZone } = sources.park.description
    const reachMs = (estimate.weeks * 7 + 1) * 24 * HOUR_MS
    const earlier = recorded({ fromMs: Math.max(0, first.slotMs - reachMs), toMs: last.slotMs })
    return computed.map((interval) =>
      isOpen(interval)
        ? (byWeekdayProfile(interval, estimate.weeks, timeZone, (slotMs) => earlier.get(slotMs)) ?? interval)
        : interval,
    )
  }
  const reachMs = estimate.hoursMax * HOUR_MS
  const around = recorded({
    fromMs: Math.max(0, first.slotMs - reachMs),
    toMs: last.slotMs + SLOT_MS + reachMs,
  })
  const own = new Map(computed.map((interval) => [interval.slotMs, interval]))
  const rules = rulesOf(meter, first.quantity)
  return computed.map((interval) => {
    if (!isOpen(interval)) return interval
    const neighbours = neighboursOf(
      interval.slotMs,
      reachMs,
      (slotMs) => own.get(slotMs) ?? around.get(slotMs),
    )
    return neighbours === undefined
      ? interval
      : (byProRata(interval, neighbours.before, neighbours.after, rules) ?? interval)
  })
}

async function* intervalsOf(window: DirtyWindow, meter: Meter, sources: Sources): AsyncGenerator<Interval[]> {
  const entries = sources.books.meterEntries(meter.id)
  const described = withEnteredEvents(meter, entries)
  for (const quantity of quantitiesOf(meter)) {
    const entered = enteredEnergies(entries, quantity)
    for await (const intervals of enteredIntervals(window, described, quantity, sources, entered))
      yield quantity === meter.register ? withEstimates(intervals, described, sources) : intervals
  }
}

/**
 * Computes again all intervals of a meter that a dirty window can have changed, whatever they rest on, and records them.
 * Returns how many revisions were written; of a formula that cannot be followed there are none. Throws as `recompute`.
 */
export async function computeWindow(
  window: DirtyWindow,
  meter: Meter,
  sources: Sources,
  record: IntervalBook,
): Promise<number | 'unfollowable'> {
  const formula = followed(meter, sources.park)
  if (formula === undefined) return recordInPieces(window, intervalsOf(window, meter, sources), record)
  if (formula !== 'unfollowable') return recomputeByFormula(window, meter, formula, sources.books, record)
  record.record(window, [])
  return formula
}

/** The stretch from a meter's last settled slot on whose slots an estimate may be due by now. */
export function estimatesDue(meter: Meter, fromMs: number, nowMs: number): DirtyWindow | undefined {
  if (meter.estimate === undefined) return undefined
  let toMs = slotStart(nowMs)
  while (toMs > fromMs && !isSettled(toMs - SLOT_MS, nowMs)) toMs -= SLOT_MS
  return toMs > fromMs ? asWindow(meter.id, { fromMs, toMs }) : undefined
}
