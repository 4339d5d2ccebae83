import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { equal, subtract, sum } from '#contract/amount.ts'
import { ManualClock } from '#contract/clock.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#contract/duration.ts'
import type { RecordedInterval, RegisterInterval } from '#contract/interval.ts'
import type { Park } from '#contract/park.ts'
import type { RegisterReading } from '#contract/reading.ts'
import { testPark } from '#ingest/ingest.test-support.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { keepBooks } from './bookkeeping.ts'
import { Retention } from './retention.ts'

/** Laws of what is left when readings are let go, over any histories of arrival and any moments of letting go. */

const T0 = Date.UTC(2026, 5, 1)
const quantity = 'activeEnergyImport.total'
const log = pino({ level: 'silent' })

/** What the rating, 100 kW, lets flow in a time, in hundredths of a kilowatt-hour. */
const possibleCount = (lengthMs: number): number => Math.ceil((10_000 * lengthMs) / HOUR_MS)

/** One reading: how long after the one before it, how far the register went, with which lot it arrives. */
const line = fc.record({
  pauseMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 30_000, max: 20 * MINUTE_MS }) },
    { weight: 2, arbitrary: fc.constant(15 * MINUTE_MS) },
    { weight: 2, arbitrary: fc.integer({ min: 14 * MINUTE_MS + 57_000, max: 15 * MINUTE_MS + 3_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: HOUR_MS, max: 12 * HOUR_MS }) },
  ),
  load: fc.double({ min: 0, max: 1, noNaN: true }),
  lot: fc.integer({ min: 0, max: 4 }),
})
const history = fc.array(line, { minLength: 30, maxLength: 160 }).map((lines) => {
  let atMs = T0
  let count = 0
  return lines.map(({ pauseMs, load, lot }) => {
    atMs += pauseMs
    count += Math.floor(load * possibleCount(pauseMs))
    const reading: RegisterReading = {
      meter: 'meter-a',
      quantity,
      atMs,
      quality: 'good',
      value: { count, resolution: '0.01' },
    }
    return { lot, reading }
  })
})

/** Late ones around the line up to which readings were let go: how far from it, and how far between their neighbours. */
const beside = fc.array(
  fc.record({
    offsetMs: fc.oneof(
      fc.integer({ min: -20 * MINUTE_MS, max: 20 * MINUTE_MS }),
      fc.integer({ min: -3_000, max: 3_000 }),
    ),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 4 },
)

/** A reading of a moment that fits between its neighbours and within the rating; undefined where it has none, or stands there. */
function between(all: readonly RegisterReading[], atMs: number, share: number): RegisterReading | undefined {
  const before = all.findLast((each) => each.atMs <= atMs)
  const after = all.find((each) => each.atMs > atMs)
  if (before === undefined || after === undefined || before.atMs === atMs) return undefined
  const { resolution } = before.value
  const least = Math.max(before.value.count, after.value.count - possibleCount(after.atMs - atMs))
  const most = Math.min(after.value.count, before.value.count + possibleCount(atMs - before.atMs))
  return { ...before, atMs, value: { count: least + Math.floor(share * (most - least)), resolution } }
}

interface Kept {
  readonly store: ReadingStore
  readonly books: Books
  readonly clock: ManualClock
  readonly park: Park
}

async function withStore(park: Park, work: (kept: Kept) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-retention-laws-'))
  const store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
  const books = openBooks(join(folder, 'books.sqlite'))
  try {
    await work({ store, books, park, clock: new ManualClock(T0) })
  } finally {
    books.close()
    await store.close()
    rmSync(folder, { recursive: true })
  }
}

let seq = 0
async function arrive({ store, clock }: Kept, readings: readonly RegisterReading[]): Promise<void> {
  if (readings.length === 0) return
  seq += 1
  await store.append(readings)
  const at = readings.map(({ atMs }) => atMs)
  await store.appendCommits([
    {
      gateway: 'import',
      epoch: null,
      seq: null,
      digest: String(seq).padStart(64, '0'),
      committedAtMs: clock.wallMs(),
      stored: readings.length,
      touched: [{ meter: 'meter-a', fromMs: Math.min(...at), toMs: Math.max(...at) }],
      refused: [],
    },
  ])
}

const compute = ({ store, books, park, clock }: Kept): Promise<void> =>
  keepBooks({ store, books, park, clock, log, signal: AbortSignal.abort(), onCommits: () => {} })
const sweep = (kept: Kept): Promise<number> =>
  new Retention({ ...kept, log, keepDays: 1 }).sweep(new AbortController().signal)

const recorded = ({ books }: Kept): readonly RecordedInterval[] =>
  books.intervals('meter-a', quantity, { fromMs: 0, toMs: T0 * 2 })
const known = (kept: Kept): RegisterInterval[] =>
  recorded(kept).flatMap((each) => (each.state === 'known' && each.basis === 'register' ? [each] : []))
const contents = (kept: Kept): unknown[] => recorded(kept).map((each) => ({ ...each, revision: 0 }))

/**
 * All slots add up to the advance of the register from where the first of them begins to the newest reading, and no
 * stretch is put to a person: nothing is beyond the rating, whenever it comes.
 */
function expectConserved(kept: Kept, newest: RegisterReading): void {
  const slots = known(kept)
  const first = slots[0]
  if (first === undefined) return
  expect(slots.every(({ energy }) => energy.count >= 0)).toBe(true)
  expect(recorded(kept).flatMap(({ undecided }) => undecided)).toEqual([])
  const total = sum(slots.map(({ energy }) => energy)) ?? { count: 0, resolution: '0.01' }
  const advance = subtract(newest.value, first.opening.register)
  expect({ total, isConserved: equal(total, advance) }).toEqual({ total: advance, isConserved: true })
}

const newestOf = (readings: readonly RegisterReading[]): RegisterReading =>
  readings.reduce((newest, each) => (each.atMs > newest.atMs ? each : newest))

test('whatever comes late after readings were let go, the slots add up to the advance of the register', async () => {
  const park = testPark()
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
      fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      beside,
      async (lines, order, sweeps, late) => {
        await withStore(park, async (kept) => {
          const lastMs = lines.at(-1)?.reading.atMs ?? T0
          kept.clock.advance(lastMs + DAY_MS / 2 - T0)
          const arrived: RegisterReading[] = []
          for (const [index, lot] of order.entries()) {
            const come = lines.flatMap((each) => (each.lot === lot ? [each.reading] : []))
            await arrive(kept, come)
            arrived.push(...come)
            if (sweeps[index] === true) await sweep(kept)
            await compute(kept)
            if (arrived.length > 0) expectConserved(kept, newestOf(arrived))
            await sweep(kept)
          }
          // All that there is of the meter, in order of time, with what is put between.
          const all = lines.map(({ reading }) => reading)
          const { toMs } = kept.books.standing('meter-a') ?? { toMs: T0 + DAY_MS }
          for (const { offsetMs, share } of late) {
            const reading = between(all, toMs + offsetMs, share)
            if (reading === undefined) continue
            all.splice(
              all.findIndex((each) => each.atMs > reading.atMs),
              0,
              reading,
            )
            await arrive(kept, [reading])
          }
          await compute(kept)
          expectConserved(kept, newestOf(all))
          await sweep(kept)
          const before = contents(kept)
          kept.books.useRules('meter-a', 'other rules')
          await compute(kept)
          expect(contents(kept)).toEqual(before)
        })
      },
    ),
    { numRuns: 6, endOnFailure: true },
  )
}, 120_000)

const withPulses = (park: Park): Park => ({
  ...park,
  meters: new Map(
    [...park.meters].map(([id, meter]) => [id, { ...meter, energyFrom: 'advances', gapSeconds: 1_800 }]),
  ),
})

/** Advances that the rating allows: one every minute or few, in lots, now and then with a long pause. */
const pulses = fc
  .array(
    fc.record({
      pauseMs: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: MINUTE_MS, max: 10 * MINUTE_MS }) },
        { weight: 2, arbitrary: fc.integer({ min: 10 * MINUTE_MS, max: 4 * HOUR_MS }) },
      ),
      // None like those that come late: of two equal ones beside a line nobody can tell which was there first.
      count: fc.constantFrom(0, 2, 3, 4, 5, 6, 7, 8, 9),
      lot: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 60, maxLength: 200 },
  )
  .map((lines) => {
    let atMs = T0
    return lines.map(({ pauseMs, count, lot }) => {
      atMs += pauseMs
      const value = { count, resolution: '0.01' }
      return { lot, reading: { meter: 'meter-a', quantity, atMs, quality: 'good', value } as const }
    })
  })

test('of a meter that sends advances each is in the slots, or the books say that it came too late', async () => {
  const park = withPulses(testPark())
  await fc.assert(
    fc.asyncProperty(
      pulses,
      fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
      // Each once: a moment that is sent again counts once.
      fc.uniqueArray(fc.integer({ min: 1, max: 2 * HOUR_MS }), { minLength: 2, maxLength: 6 }),
      async (lines, order, offsets) => {
        await withStore(park, async (kept) => {
          kept.clock.advance((lines.at(-1)?.reading.atMs ?? T0) + DAY_MS / 2 - T0)
          const total = (): number =>
            recorded(kept).reduce(
              (counts, each) => counts + (each.state === 'known' ? each.energy.count : 0),
              0,
            )
          /** What arrives must be in the slots afterwards, but for what the books name. */
          const arriveAndCount = async (readings: readonly RegisterReading[]): Promise<void> => {
            const before = total()
            await arrive(kept, readings)
            await compute(kept)
            const late = kept.books.gapEntries(100).filter(({ kind }) => kind === 'late')
            const isNamed = ({ atMs }: RegisterReading): boolean =>
              late.some(({ first, last }) => atMs >= first && atMs <= last)
            const sumOf = (some: readonly RegisterReading[]): number =>
              some.reduce((counts, { value }) => counts + value.count, 0)
            const grown = total() - before
            expect(grown).toBeLessThanOrEqual(sumOf(readings))
            expect(grown).toBeGreaterThanOrEqual(sumOf(readings.filter((each) => !isNamed(each))))
          }
          for (const lot of order) {
            await arriveAndCount(lines.flatMap((each) => (each.lot === lot ? [each.reading] : [])))
            await sweep(kept)
          }
          const { toMs } = kept.books.standing('meter-a') ?? { toMs: T0 + DAY_MS }
          for (const offsetMs of offsets)
            for (const atMs of [toMs - offsetMs, toMs + offsetMs]) {
              if (lines.some(({ reading }) => reading.atMs === atMs)) continue
              const value = { count: 1, resolution: '0.01' }
              await arriveAndCount([{ meter: 'meter-a', quantity, atMs, quality: 'good', value }])
            }
          const before = contents(kept)
          kept.books.useRules('meter-a', 'other rules')
          await compute(kept)
          expect(contents(kept)).toEqual(before)
        })
      },
    ),
    { numRuns: 10, endOnFailure: true },
  )
}, 120_000)

test('readings that are advances are not let go up to a line that lies in a gap: what fills it would be cut there', async () => {
  await withStore(withPulses(testPark()), async (kept) => {
    const lineMs = T0 + 12 * HOUR_MS
    const advance = (atMs: number): RegisterReading => {
      const value = { count: 9, resolution: '0.01' }
      return { meter: 'meter-a', quantity, atMs, quality: 'good', value }
    }
    const minutes = [...Array.from({ length: 71 }, (_, index) => 10 * index), 716, 840]
    kept.clock.advance(lineMs + DAY_MS - T0)
    await arrive(
      kept,
      minutes.map((minute) => advance(T0 + minute * MINUTE_MS)),
    )
    await compute(kept)
    await sweep(kept)
    expect(kept.books.standing('meter-a')?.toMs).toBeGreaterThan(T0)
    const total = (): number =>
      recorded(kept).reduce((counts, each) => counts + (each.state === 'known' ? each.energy.count : 0), 0)
    const before = total()
    await arrive(kept, [advance(lineMs + 10_000)])
    await compute(kept)
    expect(total() - before).toBe(9)
  })
})

test('an advance at the line up to which readings were let go counts once, whatever comes late nearer to it', async () => {
  await withStore(withPulses(testPark()), async (kept) => {
    const lineMs = T0 + 12 * HOUR_MS
    const advance = (atMs: number, count: number): RegisterReading => {
      const value = { count, resolution: '0.01' }
      return { meter: 'meter-a', quantity, atMs, quality: 'good', value }
    }
    kept.clock.advance(lineMs + DAY_MS - T0)
    await arrive(
      kept,
      Array.from({ length: 100 }, (_, index) => advance(T0 + 10 * index * MINUTE_MS + 847, 9)),
    )
    await compute(kept)
    await sweep(kept)
    expect(kept.books.standing('meter-a')?.toMs).toBe(lineMs)
    const before = contents(kept)
    await arrive(kept, [advance(lineMs - 22, 1), advance(lineMs + 100, 1)])
    await compute(kept)
    expect(contents(kept)).toEqual(before)
    expect(kept.books.gapEntries(9).map(({ kind, last }) => [kind, last >= lineMs + 100])).toContainEqual([
      'late',
      true,
    ])
  })
})
