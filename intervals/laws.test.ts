import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add, compare, equal, subtract, sum, type Amount } from '#contract/amount.ts'
import { HOUR_MS } from '#contract/duration.ts'
import { BOUNDARY_TOLERANCE_MS, SLOT_MS, type Period } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import { eventMs, type MeterEvent } from '#contract/park.ts'
import type { RegisterReading } from '#contract/reading.ts'
import type { DirtyWindow } from '#store/port.ts'
import { advanceOf, rulesOf, type MeterFacts } from './advance.ts'
import { dirtyPeriod, slotsTouching } from './dirty.ts'
import { energyOf } from './energy.ts'
import { MemoryBooks, MemorySeries, MemoryStore, memoryMeter } from './in-memory.test-support.ts'
import { recompute } from './recompute.ts'
import { QUANTITY, START_MS, WRAP, RATING_KW, fine, history } from './histories.test-support.ts'

function spanOf(readings: readonly RegisterReading[]): Period {
  const times = readings.map(({ atMs }) => atMs)
  const touching = slotsTouching({ fromMs: Math.min(...times), toMs: Math.max(...times) })
  // A slot more on either side: a reading just beside a line can stand for it.
  return { fromMs: touching.fromMs - SLOT_MS, toMs: touching.toMs + SLOT_MS }
}

function fully(meter: MeterFacts, readings: readonly RegisterReading[]): Interval[] {
  const span = spanOf(readings)
  return energyOf(meter, QUANTITY, new MemorySeries(readings).series(span), span)
}

const energies = (intervals: readonly Interval[]): Amount =>
  sum(intervals.flatMap((each) => (each.state === 'known' ? [each.energy] : []))) ?? fine(0)

const storeOf = (series: MemorySeries): MemoryStore => new MemoryStore(new Map([[QUANTITY, series]]))

function windowOf(readings: readonly RegisterReading[]): DirtyWindow {
  const times = readings.map(({ atMs }) => atMs)
  return { meter: 'm1', fromMs: Math.min(...times), toMs: Math.max(...times) }
}

describe('conservation', () => {
  test('the slots of a history add up to exactly what flowed in its explained stretches', () => {
    fc.assert(
      fc.property(history, ({ meter, readings, explained }) => {
        expect(equal(energies(fully(meter, readings)), fine(explained))).toBe(true)
      }),
      { numRuns: 400 },
    )
  })

  test('without unexplained stretches and events the slots add up to last − first, and once the wrap for each rollover', () => {
    const calm = history.filter(({ meter, unexplained }) => unexplained === 0 && meter.events.length === 0)
    fc.assert(
      fc.property(calm, ({ meter, readings }) => {
        const first = readings[0]?.value ?? fine(0)
        const last = readings.at(-1)?.value ?? fine(0)
        const rollovers = readings.filter(
          ({ value }, index) => compare(value, readings[index - 1]?.value ?? value) < 0,
        ).length
        const expected = add(subtract(last, first), fine(rollovers * WRAP))
        expect(equal(energies(fully(meter, readings)), expected)).toBe(true)
      }),
    )
  })

  test('for any readings whatever, the slots add up to the sum of the decided advances', () => {
    const anyReading = fc.record({
      atMs: fc.integer({ min: START_MS, max: START_MS + 6 * HOUR_MS }),
      count: fc.integer({ min: 0, max: 2_000 }),
      resolution: fc.constantFrom('0.01', '0.1', '0.025', '1'),
    })
    fc.assert(
      fc.property(fc.array(anyReading, { minLength: 2, maxLength: 60 }), (lines) => {
        const readings = lines.map(({ atMs, ...value }): RegisterReading => ({
          meter: 'm1',
          quantity: QUANTITY,
          atMs,
          quality: 'good',
          value,
        }))
        const meter = memoryMeter({ wrapsAt: fine(WRAP), ratingPerHour: RATING_KW })
        const span = spanOf(readings)
        const { within } = new MemorySeries(readings).series(span)
        let decided = fine(0)
        for (const [index, to] of within.entries()) {
          const from = within[index - 1]
          if (from === undefined) continue
          const advance = advanceOf(
            { atMs: from.atMs, register: from.value },
            { atMs: to.atMs, register: to.value },
            rulesOf(meter, QUANTITY),
          )
          if (advance.kind !== 'undecided') decided = add(decided, advance.total)
        }
        expect(equal(energies(fully(meter, readings)), decided)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('a series handed over in any order and with duplicates gives the same slots', () => {
    const mixed = history.chain((given) =>
      fc
        .shuffledSubarray([...given.readings, ...given.readings], { minLength: 2 * given.readings.length })
        .map((within) => ({ ...given, within })),
    )
    fc.assert(
      fc.property(mixed, ({ meter, readings, within }) => {
        const series = { before: undefined, within, after: undefined }
        expect(energyOf(meter, QUANTITY, series, spanOf(readings))).toEqual(fully(meter, readings))
      }),
    )
  })

  test('of two values of one moment the same one is taken in whatever order they come', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 50 }), ({ meter, readings }, more) => {
        const doubled = readings.flatMap((reading) => [
          reading,
          { ...reading, value: { ...reading.value, count: reading.value.count + more } },
        ])
        const window = spanOf(readings)
        const computed = (within: readonly RegisterReading[]): Interval[] =>
          energyOf(meter, QUANTITY, { before: undefined, within, after: undefined }, window)
        expect(computed(doubled.toReversed())).toEqual(computed(doubled))
      }),
      { numRuns: 50 },
    )
  })
})

describe('every slot', () => {
  test('of a history is there once, in order, with no negative energy and a coverage from 0 to 1', () => {
    fc.assert(
      fc.property(history, ({ meter, readings }) => {
        const span = spanOf(readings)
        const intervals = fully(meter, readings)
        expect(intervals.map(({ slotMs }) => slotMs)).toEqual(
          Array.from({ length: intervals.length }, (_, index) => span.fromMs + index * SLOT_MS),
        )
        expect(intervals.length * SLOT_MS).toBe(span.toMs - span.fromMs)
        for (const interval of intervals) {
          if (interval.state === 'missing' || interval.basis !== 'register') continue
          expect(interval.energy.count).toBeGreaterThanOrEqual(0)
          expect(interval.coverage).toBeGreaterThanOrEqual(0)
          expect(interval.coverage).toBeLessThanOrEqual(1)
          expect(interval.opening.atMs).toBeLessThan(interval.closing.atMs)
          expect(interval.opening.atMs).toBeGreaterThanOrEqual(interval.slotMs)
          expect(interval.closing.atMs).toBeLessThanOrEqual(interval.slotMs + SLOT_MS)
        }
      }),
    )
  })

  test('shares its boundary with its neighbour unless an undecided stretch lies between', () => {
    fc.assert(
      fc.property(history, ({ meter, readings }) => {
        const intervals = fully(meter, readings)
        const torn = intervals.filter((after, index) => {
          const before = intervals[index - 1]
          if (before?.state !== 'known' || after.state !== 'known') return false
          if (before.basis !== 'register' || after.basis !== 'register') return false
          if (before.closing.atMs === after.slotMs && after.opening.atMs === after.slotMs) {
            return JSON.stringify(before.closing) !== JSON.stringify(after.opening)
          }
          return before.undecided.length + after.undecided.length === 0
        })
        expect(torn).toEqual([])
      }),
    )
  })

  test('between the first and the last reading is missing only where a stretch is undecided', () => {
    fc.assert(
      fc.property(history, ({ meter, readings }) => {
        const { fromMs, toMs } = windowOf(readings)
        const isInside = ({ slotMs }: Interval): boolean =>
          slotMs + SLOT_MS > fromMs + BOUNDARY_TOLERANCE_MS && slotMs < toMs - BOUNDARY_TOLERANCE_MS
        const unexplained = fully(meter, readings).filter(
          (interval) =>
            interval.state === 'missing' &&
            isInside(interval) &&
            (interval.cause !== 'undecided' || interval.undecided.length === 0),
        )
        expect(unexplained).toEqual([])
      }),
    )
  })

  test('depends on the readings in it and the nearest ones around it only', () => {
    fc.assert(
      fc.property(history, ({ meter, readings }) => {
        const source = new MemorySeries(readings)
        for (const interval of fully(meter, readings)) {
          const slot = { fromMs: interval.slotMs, toMs: interval.slotMs + SLOT_MS }
          expect(energyOf(meter, QUANTITY, source.series(slot), slot)).toEqual([interval])
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('recomputing only what is dirty', () => {
  const arrivals = history.chain((given) =>
    fc
      .record({
        lots: fc.array(fc.integer({ min: 0, max: 7 }), {
          minLength: given.readings.length,
          maxLength: given.readings.length,
        }),
        order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 3, 5], { minLength: 10 }),
      })
      .map(({ lots, order }) => ({
        ...given,
        batches: order
          .map((lot) => given.readings.filter((_, index) => lots[index] === lot))
          .filter((batch) => batch.length > 0),
      })),
  )

  test('equals a full computation, whatever the order in which batches arrive and repeat', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, async ({ meter, readings, batches }) => {
        const series = new MemorySeries()
        const books = new MemoryBooks()
        for (const batch of batches) {
          series.add(batch)
          await recompute(windowOf(batch), meter, storeOf(series), books)
        }
        const all = fully(meter, readings)
        const recorded = all.map(
          ({ slotMs }): Interval =>
            books.newest(QUANTITY, slotMs) ?? {
              meter: 'm1',
              quantity: QUANTITY,
              slotMs,
              state: 'missing',
              cause: 'no-readings',
              undecided: [],
            },
        )
        expect(recorded).toEqual(all)
      }),
      { numRuns: 200 },
    )
  })

  test('twice writes no second revision', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ meter, readings }) => {
        const store = storeOf(new MemorySeries(readings))
        const books = new MemoryBooks()
        const window = windowOf(readings)
        expect(await recompute(window, meter, store, books)).toBeGreaterThan(0)
        expect(await recompute(window, meter, store, books)).toBe(0)
        expect(books.cleared).toEqual([window, window])
      }),
      { numRuns: 50 },
    )
  })

  test('is enough around the date of an event that is added or taken away', () => {
    // A ratio event rules all time up to the next one.
    const isOfAMoment = ({ kind }: MeterEvent): boolean => kind !== 'ratio'
    const withEvent = history.filter(({ meter }) => meter.events.some(isOfAMoment))
    fc.assert(
      fc.property(withEvent, ({ meter, readings }) => {
        const event = meter.events.find(isOfAMoment)
        if (event === undefined) return
        const others = meter.events.filter((each) => each !== event)
        const touched = { fromMs: eventMs(event), toMs: eventMs(event) }
        const dirty = dirtyPeriod(touched, new MemorySeries(readings).series(slotsTouching(touched)))
        const outside = (intervals: readonly Interval[]): Interval[] =>
          intervals.filter(({ slotMs }) => slotMs < dirty.fromMs || slotMs >= dirty.toMs)
        expect(outside(fully({ ...meter, events: others }, readings))).toEqual(
          outside(fully(meter, readings)),
        )
      }),
    )
  })
})
