import { equal } from '#contract/amount.ts'
import { BOUNDARY_TOLERANCE_MS, isSettled, SLOT_MS, slotStart, type Period } from '#contract/grid.ts'
import type { Boundary, Interval, RegisterInterval, RegisterPoint } from '#contract/interval.ts'
import { eventMs } from '#contract/park.ts'
import type { MeterId } from '#contract/identity.ts'
import type { QuantityName } from '#contract/quantities.ts'
import {
  isRegisterReading,
  type Reading,
  type RegisterReading,
  type UsableQuality,
} from '#contract/reading.ts'
import type { Books } from '#store/port.ts'
import type { MeterFacts } from './advance.ts'
import type { PlaceableReading } from './energy.ts'
import type { SeriesSource } from './usable-series.ts'

/**
 * Where readings were let go the intervals stand, and what comes late for their time must not bend those beside them:
 * the register at the first and at the last line of the standing time is what it was when its slots were computed.
 */

type StandingBooks = Pick<Books, 'intervals' | 'standing'>

/** The standing time of a meter as of a moment: only what is settled stands. */
export function standingAt(books: StandingBooks, meter: MeterId, nowMs: number): Period | undefined {
  const standing = books.standing(meter)
  if (standing === undefined) return undefined
  let toMs = Math.min(standing.toMs, slotStart(nowMs))
  while (toMs > standing.fromMs && !isSettled(toMs - SLOT_MS, nowMs)) toMs -= SLOT_MS
  return toMs > standing.fromMs ? { fromMs: standing.fromMs, toMs } : undefined
}

/** How a register is fixed at the edges of a standing time. */
interface Edges extends Period {
  /** Points that are taken whatever is in the store, in order of time. */
  readonly fixed: readonly PlaceableReading[]
  /** Readings from here on are all taken. */
  readonly freeFromMs: number
  /** True for a reading that came late for the stretch over the last line. */
  readonly isLate: (atMs: number) => boolean
}

const after = async (
  source: SeriesSource,
  { id, quantity }: { readonly id: MeterId; readonly quantity: QuantityName },
  fromMs: number,
): Promise<RegisterReading | undefined> =>
  (await source.registerSeries(id, quantity, { fromMs: fromMs - 1, toMs: fromMs })).after

/** Of the stretch over a line as it was recorded: which readings beside those at its ends came later than that. */
function lateFor({ method, before, after: end }: Boundary, lineMs: number): (atMs: number) => boolean {
  if (method !== 'measured') return (atMs) => atMs > before.atMs && atMs < end.atMs
  const distance = Math.abs(before.atMs - lineMs)
  return (atMs) => atMs !== before.atMs && Math.abs(atMs - lineMs) < distance
}

/** A point of the register that is on record, as a reading; its quality is that of the stored one, while there is one. */
async function asReading(
  source: SeriesSource,
  { id, quantity }: { readonly id: MeterId; readonly quantity: QuantityName },
  { atMs, register }: RegisterPoint,
  otherwise: UsableQuality,
): Promise<RegisterReading> {
  const { within } = await source.registerSeries(id, quantity, { fromMs: atMs, toMs: atMs + 1 })
  const stored = within.find(({ value }) => equal(value, register))
  return stored ?? { meter: id, quantity, atMs, value: register, quality: otherwise }
}

async function edgesOf(
  source: SeriesSource,
  meter: MeterFacts,
  quantity: QuantityName,
  books: StandingBooks,
  standing: Period,
): Promise<Edges> {
  const { fromMs, toMs } = standing
  const { id } = meter
  const known = (slotMs: number) => {
    const [interval] = books.intervals(id, quantity, { fromMs: slotMs, toMs: slotMs + SLOT_MS })
    return interval?.state === 'known' && interval.basis === 'register' ? interval : undefined
  }
  const point = (atMs: number, value: RegisterReading['value'], quality: UsableQuality): RegisterReading => ({
    meter: id,
    quantity,
    atMs,
    value,
    quality,
  })
  /** A first reading in the middle of its slot stands at the line before it: the slot stays, and is not added to. */
  const startOf = ({ slotMs, opening }: RegisterInterval): PlaceableReading => {
    const start = point(slotMs, opening.register, 'good')
    return opening.atMs > slotMs ? { ...start, readAtMs: opening.after.atMs } : start
  }
  // A first reading just before a line stands at it, so that nothing is known of the slot that it lies in.
  const first = known(fromMs) ?? known(fromMs + SLOT_MS)
  const start = first === undefined ? [] : [startOf(first)]
  const last = known(toMs - SLOT_MS)
  const { closing } = last ?? {}
  if (last === undefined || closing?.atMs !== toMs)
    return { ...standing, fixed: start, freeFromMs: toMs, isLate: () => false }

  const quality = last.uncertain ? 'uncertain' : last.simulated ? 'simulated' : 'good'
  const isLate = lateFor(closing, toMs)
  const ends = [closing.before].filter(({ atMs }) => atMs < toMs)
  const fixed = await Promise.all(ends.map((each) => asReading(source, { id, quantity }, each, quality)))
  // An event's own point is no reading; any other end that is not there as it was read is stood in for by the line itself.
  let next = await after(source, { id, quantity }, toMs)
  while (next !== undefined && isLate(next.atMs)) next = await after(source, { id, quantity }, next.atMs + 1)
  const end = closing.after
  const isThere =
    end.atMs < toMs ||
    (next?.atMs === end.atMs && equal(next.value, end.register)) ||
    meter.events.some((event) => eventMs(event) === end.atMs)
  const line = isThere ? [] : [point(toMs, closing.register, 'uncertain')]
  const freeFromMs = Math.max(toMs + BOUNDARY_TOLERANCE_MS + 1, end.atMs)
  return { ...standing, fixed: [...start, ...fixed, ...line], freeFromMs, isLate }
}

/**
 * A source of register readings in which the standing time of a meter is as it was recorded: of it there are only the
 * points at its edges. Everything else is as in the source.
 */
export function keptSeries(
  source: SeriesSource,
  meter: MeterFacts,
  books: StandingBooks,
  standing: Period,
): SeriesSource {
  const known = new Map<QuantityName, Promise<Edges>>()

  return {
    registerSeries: async (id, quantity, period) => {
      const found = await source.registerSeries(id, quantity, period)
      const edges = known.get(quantity) ?? edgesOf(source, meter, quantity, books, standing)
      known.set(quantity, edges)
      const { fromMs, toMs, fixed, freeFromMs, isLate } = await edges
      if (found.before !== undefined && found.before.atMs >= freeFromMs) return found
      const isKept = ({ atMs }: RegisterReading): boolean =>
        (atMs < fromMs || atMs >= toMs) && !isLate(atMs) && !fixed.some((each) => each.atMs === atMs)
      const beforeOf = (): RegisterReading | undefined => {
        const own = found.before !== undefined && isKept(found.before) ? found.before : undefined
        const at = fixed.findLast(({ atMs }) => atMs < period.fromMs)
        return own !== undefined && own.atMs > (at?.atMs ?? -Infinity) ? own : at
      }
      const afterOf = async (): Promise<RegisterReading | undefined> => {
        let own = found.after
        while (own !== undefined && !isKept(own))
          own = await after(
            source,
            { id, quantity },
            own.atMs < toMs ? Math.max(toMs, own.atMs + 1) : own.atMs + 1,
          )
        const at = fixed.find(({ atMs }) => atMs >= period.toMs)
        return at !== undefined && at.atMs <= (own?.atMs ?? Infinity) ? at : own
      }
      const isWithin = ({ atMs }: RegisterReading): boolean => atMs >= period.fromMs && atMs < period.toMs
      return {
        before: beforeOf(),
        within: [...found.within.filter(isKept), ...fixed.filter(isWithin)].toSorted(
          (a, b) => a.atMs - b.atMs,
        ),
        after: await afterOf(),
      }
    },
  }
}

/**
 * The same of readings that are advances themselves: without what came late for the time of the one that crosses the
 * last line, or nearer to the line than the one that was placed at it.
 */
export function keptAdvances(
  readings: readonly Reading[],
  meter: MeterId,
  quantity: QuantityName,
  books: StandingBooks,
  standing: Period | undefined,
): readonly Reading[] {
  if (standing === undefined) return readings
  const { toMs } = standing
  const [last] = books.intervals(meter, quantity, { fromMs: toMs - SLOT_MS, toMs })
  if (last?.state !== 'known' || last.basis !== 'advances') return readings
  const { fromMs, atMs: endMs, advance } = last.last
  if (endMs > toMs) return readings.filter(({ atMs }) => atMs <= fromMs || atMs >= endMs)
  // Its place is on record, and not its own moment: it is known by what it says.
  const distances = readings
    .filter((reading) => isRegisterReading(reading) && equal(reading.value, advance))
    .flatMap(({ atMs }) => (atMs > fromMs ? [Math.abs(atMs - toMs)] : []))
  const distance = Math.min(...distances)
  if (distance > BOUNDARY_TOLERANCE_MS) return readings
  return readings.filter(({ atMs }) => Math.abs(atMs - toMs) >= distance)
}

/** Computed intervals with those that stand in the place of what is computed from the readings that are left. */
export async function* withStanding(
  computed: AsyncIterable<Interval[]>,
  books: StandingBooks,
  standing: Period,
): AsyncGenerator<Interval[]> {
  for await (const intervals of computed) {
    const [first, last] = [intervals[0], intervals.at(-1)]
    const fromMs = Math.max(standing.fromMs, first?.slotMs ?? Infinity)
    const toMs = Math.min(standing.toMs, (last?.slotMs ?? -Infinity) + SLOT_MS)
    if (first === undefined || fromMs >= toMs) {
      yield intervals
      continue
    }
    const kept = new Map(
      books.intervals(first.meter, first.quantity, { fromMs, toMs }).map((each) => [each.slotMs, each]),
    )
    yield intervals.map((interval) => {
      const recorded = kept.get(interval.slotMs)
      if (recorded?.state !== 'known') return interval
      const { revision, ...known } = recorded
      return revision > 0 ? known : interval
    })
  }
}
