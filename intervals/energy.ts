import { compare, subtract, sum } from '#contract/amount.ts'
import { SLOT_MS, slotsBetween, type Period } from '#contract/grid.ts'
import {
  worseOf,
  type Boundary,
  type Interval,
  type IntervalIdentity,
  type RegisterInterval,
  type RegisterPoint,
  type UndecidedAdvance,
} from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { RegisterReading, UsableQuality } from '#contract/reading.ts'
import type { RegisterSeries } from '#store/port.ts'
import { advanceOf, rulesOf, type MeterFacts, type RegisterRules } from './advance.ts'
import { ReadSlots } from './read-slots.ts'
import { placesOf, positionAt, type DecidedStretch, type PlacedReading } from './boundary.ts'

/** The time between two neighbouring readings. */
interface Stretch {
  readonly from: PlacedReading
  readonly to: PlacedReading
  readonly course: DecidedStretch | UndecidedAdvance
}

const isDecided = (course: DecidedStretch | UndecidedAdvance): course is DecidedStretch => 'advance' in course

/**
 * A register reading, or one that stands at a line before the moment at which it was read: the slot that it lies in begins
 * with it, and what flowed before it belongs before that slot (kept-series.ts).
 */
export interface PlaceableReading extends RegisterReading {
  readonly readAtMs?: number
}

/** What happened on the way to a reading, and whether the rating allows it, is told by when it was read. */
const pointOf = ({ atMs, readAtMs, value }: PlaceableReading): RegisterPoint => ({
  atMs: readAtMs ?? atMs,
  register: value,
})

const isInOrder = (readings: readonly RegisterReading[]): boolean =>
  readings.every((reading, index) => reading.atMs > (readings[index - 1]?.atMs ?? -Infinity))

/** All readings of a series in order of time, one for a moment; of two that contradict each other the lower one. */
function inOrder({ before, within, after }: RegisterSeries): PlaceableReading[] {
  const all = [before, ...within, after].filter((reading) => reading !== undefined)
  if (isInOrder(all)) return all
  return all
    .toSorted((a, b) => a.atMs - b.atMs || compare(a.value, b.value))
    .filter((reading, index, sorted) => reading.atMs !== sorted[index - 1]?.atMs)
}

function stretchesOf(
  readings: readonly PlaceableReading[],
  places: readonly number[],
  rules: RegisterRules,
): Stretch[] {
  const placed = readings.map((reading, index) => ({
    point: pointOf(reading),
    placedMs: places[index] ?? reading.atMs,
    quality: reading.quality,
  }))
  const stretches: Stretch[] = []
  for (const [index, to] of placed.entries()) {
    const from = placed[index - 1]
    if (from === undefined) continue
    const advance = advanceOf(from.point, to.point, rules)
    const course =
      advance.kind === 'undecided'
        ? { from: from.point, to: to.point, reason: advance.reason }
        : { from, to, advance }
    stretches.push({ from, to, course })
  }
  return stretches
}

const restsOn = (decided: readonly DecidedStretch[], quality: UsableQuality): boolean =>
  decided.some(({ from, to }) => from.quality === quality || to.quality === quality)

/** Part of a slot, as milliseconds, that a stretch takes. */
function overlapMs({ from, to }: DecidedStretch, slotMs: number): number {
  return Math.min(to.placedMs, slotMs + SLOT_MS) - Math.max(from.placedMs, slotMs)
}

type Known = Omit<RegisterInterval, keyof IntervalIdentity | 'undecided'>

/** What the decided stretches that overlap a slot make of it; undefined when there are none. */
function knownOf(decided: readonly DecidedStretch[], slotMs: number, gapSeconds: number): Known | undefined {
  let opening: Boundary | undefined
  let closing: Boundary | undefined
  let coveredMs = 0
  const parts = decided.map((stretch) => {
    const start = positionAt(stretch, slotMs)
    const end = positionAt(stretch, slotMs + SLOT_MS)
    opening ??= start.boundary
    closing = end.boundary
    if (stretch.to.point.atMs - stretch.from.point.atMs <= gapSeconds * 1_000) {
      coveredMs += overlapMs(stretch, slotMs)
    }
    return subtract(end.travelled, start.travelled)
  })
  const energy = sum(parts)
  if (energy === undefined || opening === undefined || closing === undefined) return undefined
  return {
    state: 'known',
    basis: 'register',
    energy,
    // How the register came about weighs more than where it was read.
    method: restsOn(decided, 'manual') ? 'manual' : worseOf(opening.method, closing.method),
    coverage: coveredMs / SLOT_MS,
    opening,
    closing,
    simulated: restsOn(decided, 'simulated'),
    uncertain: restsOn(decided, 'uncertain'),
  }
}

/**
 * Energy of a meter in every slot that overlaps a window, in order of time.
 *
 * Law of conservation, exact: the energies of all slots of a history add up to the sum of its decided advances, so
 * without undecided ones to the advance from the first to the last reading. A slot's value depends only on the readings
 * in it and the nearest ones before and after, so any series that holds these gives the same interval.
 *
 * @param series of whole slots: read for the window widened to the grid
 * @throws Fault `amount-overflow` where resolutions leave no count that can be held exactly
 */
export function energyOf(
  meter: MeterFacts,
  quantity: QuantityName,
  series: RegisterSeries,
  window: Period,
): Interval[] {
  const rules = rulesOf(meter, quantity)
  const readings = inOrder(series)
  const places = placesOf(readings.map(({ atMs }) => atMs))
  const readSlots = new ReadSlots(meter, quantity, rules)
  let stretches: Stretch[] | undefined
  let next = 0
  const slotOf = (slotMs: number): Interval => {
    stretches ??= stretchesOf(readings, places, rules)
    const decided: DecidedStretch[] = []
    const undecided: UndecidedAdvance[] = []
    for (let index = next; ; index += 1) {
      const stretch = stretches[index]
      if (stretch === undefined || stretch.from.placedMs >= slotMs + SLOT_MS) break
      if (stretch.to.placedMs <= slotMs + SLOT_MS) next = index + 1
      if (stretch.to.placedMs <= slotMs) continue
      if (isDecided(stretch.course)) decided.push(stretch.course)
      else undecided.push(stretch.course)
    }
    const identity = { meter: meter.id, quantity, slotMs }
    const known = knownOf(decided, slotMs, meter.gapSeconds)
    if (known !== undefined) return { ...identity, ...known, undecided }
    return {
      ...identity,
      state: 'missing',
      cause: undecided.length > 0 ? 'undecided' : 'no-readings',
      undecided,
    }
  }

  const intervals: Interval[] = []
  let reading = 0
  for (const slotMs of slotsBetween(window.fromMs, window.toMs)) {
    while ((places[reading] ?? Infinity) < slotMs) reading += 1
    const isRead =
      places[reading] === slotMs &&
      places[reading + 1] === slotMs + SLOT_MS &&
      readings[reading + 1]?.readAtMs === undefined
    const plain = isRead ? readSlots.slotOf(slotMs, readings[reading], readings[reading + 1]) : undefined
    intervals.push(plain ?? slotOf(slotMs))
  }
  return intervals
}
