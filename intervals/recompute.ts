import { SLOT_MS, type Period } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import type { Meter } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Books, DirtyWindow, ReadingStore, RegisterSeries } from '#store/port.ts'
import { dirtyPeriod, slotsTouching } from './dirty.ts'
import { energyOf } from './energy.ts'
import { energyByFormula, type FollowedFormula } from './formula.ts'

/**
 * Most time whose readings are held at once: a week of one quantity every 10 s is some 60,000 readings.
 * The first reading after a year's silence makes a year of slots dirty; it is worked off in such pieces.
 */
export const CHUNK_MS = 7 * 24 * 3_600_000

const SLOTS_PER_RECORD = CHUNK_MS / SLOT_MS

/** Where intervals are recorded, with the window that they were computed for: `Books.record` at some moment. */
export interface IntervalBook {
  record(window: DirtyWindow, intervals: readonly Interval[]): number
}

type SeriesSource = Pick<ReadingStore, 'registerSeries'>

/**
 * The quantities that energy is computed of. A meter of import may count what flows back as well, and one at a boundary
 * the reactive energy that a bill's power factor is made of.
 */
export function quantitiesOf({ register, role }: Pick<Meter, 'register' | 'role'>): readonly QuantityName[] {
  if (register !== 'activeEnergyImport.total') return [register]
  const active: readonly QuantityName[] = [register, 'activeEnergyExport.total']
  return role === 'boundary' ? [...active, ...REACTIVE] : active
}

const REACTIVE: readonly QuantityName[] = ['reactiveEnergyImport.total', 'reactiveEnergyExport.total']

/** A period in pieces of a week, or of another length. */
export function* chunksOf({ fromMs, toMs }: Period, lengthMs = CHUNK_MS): Generator<Period> {
  for (let startMs = fromMs; startMs < toMs; startMs += lengthMs) {
    yield { fromMs: startMs, toMs: Math.min(startMs + lengthMs, toMs) }
  }
}

/** An empty window takes nothing out of the dirty ones. */
const nothingOf = ({ meter, fromMs }: DirtyWindow): DirtyWindow => ({ meter, fromMs, toMs: fromMs - 1 })

const isEmpty = ({ before, within, after }: RegisterSeries): boolean =>
  before === undefined && within.length === 0 && after === undefined

/**
 * No usable reading lies in the window or after it: what touched it were reads that failed, say.
 *
 * @param head of a period that begins with the window, and tail of one that ends with it
 */
function endsBefore(window: DirtyWindow, head: RegisterSeries, tail: RegisterSeries): boolean {
  const last = tail.within.at(-1) ?? tail.before ?? head.within.at(-1)
  return tail.after === undefined && (last === undefined || last.atMs < window.fromMs)
}

/**
 * Intervals of one quantity that a window can have changed, chunk by chunk.
 *
 * @param wasSilent whether a slot is recorded as one without readings. Where it was so just before a window without
 *   usable readings, nothing before the window can change: a meter that is dead for weeks costs a slot a look, not weeks
 */
export async function* registerIntervals(
  window: DirtyWindow,
  meter: Meter,
  quantity: QuantityName,
  store: SeriesSource,
  wasSilent: (slotMs: number) => boolean = () => false,
): AsyncGenerator<Interval[]> {
  const read = (period: Period): Promise<RegisterSeries> => store.registerSeries(meter.id, quantity, period)
  const touched = slotsTouching(window)
  const isShort = touched.toMs - touched.fromMs <= CHUNK_MS
  // Of a long window only the ends are read at first: they hold the nearest readings before and after it.
  const head = await read(isShort ? touched : { ...touched, toMs: touched.fromMs + SLOT_MS })
  const tail = isShort ? head : await read({ ...touched, fromMs: touched.toMs - SLOT_MS })
  if (quantity !== meter.register && isEmpty(head) && isEmpty(tail)) return
  const period =
    endsBefore(window, head, tail) && wasSilent(touched.fromMs - SLOT_MS)
      ? touched
      : dirtyPeriod(window, {
          before: head.before,
          within: isShort ? head.within : [...head.within, ...tail.within],
          after: tail.after,
        })
  for (const chunk of chunksOf(period)) {
    const isRead = isShort && chunk.fromMs >= touched.fromMs && chunk.toMs <= touched.toMs
    yield energyOf(meter, quantity, isRead ? head : await read(chunk), chunk)
  }
}

/**
 * Records intervals as they come, in pieces of a week. The window leaves the books with the last record only, so a crash
 * before that means computing again, to the same result.
 */
export async function recordInPieces(
  window: DirtyWindow,
  intervals: AsyncIterable<readonly Interval[]>,
  books: IntervalBook,
): Promise<number> {
  let written = 0
  let ready: Interval[] = []
  for await (const some of intervals) {
    if (ready.length + some.length > SLOTS_PER_RECORD && ready.length > 0) {
      written += books.record(nothingOf(window), ready)
      ready = []
    }
    ready.push(...some)
  }
  return written + books.record(window, ready)
}

/**
 * Computes again all intervals of a meter's registers that the readings of a dirty window can have changed, and records
 * them. Returns how many revisions were written.
 *
 * Throws what the store and the books throw, and `amount-overflow` for resolutions that cannot be summed exactly;
 * then the window stays dirty.
 */
export function recompute(
  window: DirtyWindow,
  meter: Meter,
  store: SeriesSource,
  books: IntervalBook,
): Promise<number> {
  async function* all(): AsyncGenerator<Interval[]> {
    for (const quantity of quantitiesOf(meter)) yield* registerIntervals(window, meter, quantity, store)
  }
  return recordInPieces(window, all(), books)
}

/**
 * Computes a meter with a formula again, in the slots that touch a dirty window, from the newest revisions of its inputs.
 * Returns and throws as `recompute`.
 */
export function recomputeByFormula(
  window: DirtyWindow,
  meter: Meter,
  formula: FollowedFormula,
  inputs: Pick<Books, 'intervals'>,
  books: IntervalBook,
): number {
  const chunks = [...chunksOf(slotsTouching(window))]
  let written = 0
  for (const [index, chunk] of chunks.entries()) {
    const isLast = index === chunks.length - 1
    const intervals = energyByFormula(meter, formula, (...asked) => inputs.intervals(...asked), chunk)
    written += books.record(isLast ? window : nothingOf(window), intervals)
  }
  return written
}
