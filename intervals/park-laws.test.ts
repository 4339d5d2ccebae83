import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add, equal, sum, toNumber, type Amount } from '#contract/amount.ts'
import { HOUR_MS, MINUTE_MS } from '#contract/duration.ts'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import type { MeterEntry } from '#contract/meter-entry.ts'
import type { MeterEvent } from '#contract/park.ts'
import type { Reading } from '#contract/reading.ts'
import { memoryMeter } from './in-memory.test-support.ts'
import { MemoryPark } from './memory-park.test-support.ts'

const QUANTITY = 'activeEnergyImport.total'

/** Around a change of summer time in Berlin, or somewhere in a year of Shanghai. */
const start = fc.constantFrom(
  { timeZone: 'Europe/Berlin', at: '2025-03-30T00:00:00Z' },
  { timeZone: 'Europe/Berlin', at: '2025-10-26T00:00:00Z' },
  { timeZone: 'Asia/Shanghai', at: '2025-03-10T00:00:00Z' },
)

type Line = {
  readonly minutes: number
  readonly step: number
  readonly manual: boolean
  readonly lot: number
}

const line: fc.Arbitrary<Line> = fc.record({
  minutes: fc.oneof(
    fc.constantFrom(5, 10, 15),
    fc.integer({ min: 1, max: 14 }),
    fc.integer({ min: 20, max: 180 }),
  ),
  // Now and then more than the rating allows.
  step: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 0, max: 200 }) },
    { weight: 1, arbitrary: fc.constant(90_000) },
  ),
  manual: fc.boolean(),
  lot: fc.integer({ min: 0, max: 3 }),
})

interface Arrival {
  readonly lot: number
  /** A person enters a thing once; readings come again. */
  readonly isEntry: boolean
  readonly take: (park: MemoryPark) => void
}

const meters = [
  memoryMeter({ id: 'a', gapSeconds: 900, estimate: { method: 'pro-rata', hoursMax: 12 } }),
  memoryMeter({ id: 'b', gapSeconds: 900, energyFrom: 'advances' }),
  memoryMeter({
    id: 'c',
    gapSeconds: 900,
    energyFrom: 'power',
    power: 'activePower.total',
    estimate: { method: 'weekday-profile', weeks: 2 },
  }),
  memoryMeter({ id: 'd', gapSeconds: 900 }),
  memoryMeter({ id: 'rest', gateway: undefined, formula: 'a - 0.35 * b' }),
  memoryMeter({ id: 'more', gateway: undefined, formula: '2 * rest + c' }),
]

/** What arrives of a whole park, each with the lot that it comes in. */
const history = fc
  .record({
    start,
    a: fc.array(line, { minLength: 2, maxLength: 14 }),
    b: fc.array(line, { minLength: 1, maxLength: 14 }),
    c: fc.array(line, { minLength: 2, maxLength: 14 }),
    d: fc.array(line, { minLength: 1, maxLength: 10 }),
    // A meter that does not answer any more is asked all the same.
    failed: fc.array(
      fc.record({ hours: fc.integer({ min: 0, max: 40 }), lot: fc.integer({ min: 0, max: 3 }) }),
      {
        maxLength: 8,
      },
    ),
    bill: fc.option(fc.integer({ min: 0, max: 5_000 }), { nil: undefined }),
    ignored: fc.option(fc.integer({ min: 0, max: 13 }), { nil: undefined }),
    ignoredLast: fc.boolean(),
    lots: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
  })
  .map(({ start: { timeZone, at }, a, b, c, d, failed, bill, ignored, ignoredLast, lots }) => {
    const startMs = Temporal.Instant.from(at).epochMilliseconds
    const arrivals: Arrival[] = []
    const times: number[] = []
    const read = (
      meter: string,
      lines: readonly Line[],
      valueOf: (line: Line) => number | Amount,
      weeks = 0,
    ): void => {
      let atMs = startMs + weeks * 7 * 24 * HOUR_MS
      for (const each of lines) {
        atMs += each.minutes * MINUTE_MS
        times.push(atMs)
        const value = valueOf(each)
        const reading: Reading = {
          meter,
          quantity: meter === 'c' ? 'activePower.total' : QUANTITY,
          atMs,
          quality: each.manual && meter === 'a' ? 'manual' : 'good',
          value,
        }
        arrivals.push({ lot: each.lot, isEntry: false, take: (park) => park.read([reading]) })
      }
    }
    let register = 0
    read('a', a, ({ step }) => {
      register += step
      return { count: register, resolution: '0.1' }
    })
    read('b', b, ({ step }) => ({ count: step, resolution: '0.1' }))
    read('c', c, ({ step }) => Math.min(step, 200) / 4)
    read('c', c, ({ step }) => Math.min(step, 100) / 3, 1)
    let other = 0
    read('d', d, ({ step }) => {
      other += step
      return { count: other, resolution: '0.1' }
    })
    for (const { hours, lot } of failed) {
      const failedMs = startMs + hours * HOUR_MS + MINUTE_MS / 2
      const reading: Reading = {
        meter: 'd',
        quantity: QUANTITY,
        atMs: failedMs,
        quality: 'bad',
        cause: 'timeout',
      }
      arrivals.push({ lot, isEntry: false, take: (park) => park.read([reading]) })
    }
    const enter = (lot: number, digest: string, entry: MeterEntry, touched: Period): void => {
      arrivals.push({ lot, isEntry: true, take: (park) => park.enter(digest, entry, touched) })
    }
    const who = { meter: 'a', by: 'somebody', why: 'a reason' }
    if (bill !== undefined) {
      const period = { fromMs: startMs, toMs: startMs + 6 * HOUR_MS }
      const energy = { count: bill, resolution: '0.1' }
      enter(lots[0], 'bill', { ...who, kind: 'energy', quantity: QUANTITY, ...period, energy }, period)
    }
    const atMs = ignored === undefined ? undefined : times[Math.min(ignored, a.length - 1)]
    if (atMs !== undefined) {
      const text = Temporal.Instant.fromEpochMilliseconds(atMs).toString()
      const event: MeterEvent = { kind: 'ignored', at: text, quantity: QUANTITY }
      enter(lots[1], 'ignored', { ...who, kind: 'event', event }, { fromMs: atMs, toMs: atMs })
    }
    const lastMs = startMs + d.reduce((total, { minutes }) => total + minutes * MINUTE_MS, 0)
    if (ignoredLast) {
      const text = Temporal.Instant.fromEpochMilliseconds(lastMs).toString()
      const event: MeterEvent = { kind: 'ignored', at: text, quantity: QUANTITY }
      const entry: MeterEntry = { ...who, meter: 'd', kind: 'event', event }
      enter(lots[1], 'ignored last', entry, { fromMs: lastMs, toMs: lastMs })
    }
    const whole = { fromMs: startMs, toMs: Math.max(...times) + 2 * HOUR_MS }
    return { timeZone, arrivals, whole, b, bill }
  })

async function parkAfter(timeZone: string, lots: readonly (readonly Arrival[])[]): Promise<MemoryPark> {
  const park = new MemoryPark(meters, timeZone)
  for (const lot of lots) {
    for (const { take } of lot) take(park)
    await park.settle()
  }
  return park
}

describe('a whole park', () => {
  test('says the same in whatever order and lots everything becomes known, and as often as it is computed', async () => {
    await fc.assert(
      fc.asyncProperty(
        history,
        fc.shuffledSubarray([0, 1, 2, 3, 1], { minLength: 5 }),
        async (given, order) => {
          const { timeZone, arrivals } = given
          const park = await parkAfter(timeZone, [arrivals])
          const seen = new Set<number>()
          const lots = order.map((lot) => {
            const isAgain = seen.has(lot)
            seen.add(lot)
            return arrivals.filter(({ lot: of, isEntry }) => of === lot && !(isAgain && isEntry))
          })
          const other = await parkAfter(timeZone, lots)
          expect(contentsWithin(other)).toEqual(contentsWithin(park))
          const before = contentsWithin(park)
          for (const meter of meters) park.touch(meter)
          await park.settle()
          expect(contentsWithin(park)).toEqual(before)
          for (const meter of meters) park.touch(meter)
          expect(await park.settle()).toBe(0)
        },
      ),
      { numRuns: 15 },
    )
  })

  test('conserves: what pulses counted, what a bill says, and every formula slot by slot', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ timeZone, arrivals, whole, b, bill }) => {
        const park = await parkAfter(timeZone, [arrivals])
        const energiesOf = (meter: string, period: Period): Amount[] =>
          park
            .intervals(meter, QUANTITY, period)
            .flatMap((each) => (each.state === 'known' ? [each.energy] : []))
        const everything = { fromMs: whole.fromMs - HOUR_MS, toMs: whole.toMs }
        const counted = b.reduce((total, { step }) => total + (step < 90_000 ? step : 0), 0)
        const pulses = sum(energiesOf('b', everything)) ?? { count: 0, resolution: '0.1' }
        expect(toNumber(pulses)).toBeLessThanOrEqual(counted / 10)
        const period = { fromMs: whole.fromMs, toMs: whole.fromMs + 6 * HOUR_MS }
        const slots = park.intervals('a', QUANTITY, period)
        if (bill !== undefined && slots.some((each) => each.state === 'known' && each.basis === 'manual')) {
          const energy = sum(energiesOf('a', period))
          expect(energy !== undefined && equal(energy, { count: bill, resolution: '0.1' })).toBe(true)
        }
        for (const interval of park.intervals('more', QUANTITY, everything)) {
          const slot = { fromMs: interval.slotMs, toMs: interval.slotMs + SLOT_MS }
          const [rest] = energiesOf('rest', slot)
          const [c] = energiesOf('c', slot)
          if (interval.state === 'missing') expect(rest === undefined || c === undefined).toBe(true)
          else
            expect(
              rest !== undefined && c !== undefined && equal(interval.energy, add(add(rest, rest), c)),
            ).toBe(true)
        }
      }),
      { numRuns: 15 },
    )
  })
})

/** Slots that are missing for want of readings may be there or not: nothing is known of them either way. */
const contentsWithin = (park: MemoryPark): unknown[] =>
  park
    .contents()
    .filter(
      (each) =>
        !JSON.stringify(each).includes('"no-readings"') && !JSON.stringify(each).includes('"input-missing"'),
    )
