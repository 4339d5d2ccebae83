import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { DAY_MS } from '#contract/duration.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Reading } from '#contract/reading.ts'
import { watchGaps } from '#ingest/gap-watch.ts'
import { testPark } from '#ingest/ingest.test-support.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { keepBooks } from './bookkeeping.ts'
import { checkRetention, Retention } from './retention.ts'

const T0 = Date.UTC(2026, 5, 1)
const register = 'activeEnergyImport.total'
const log = pino({ level: 'silent' })
const park = testPark()
const everything = { fromMs: 0, toMs: T0 * 2 }

let folder: string
let store: ReadingStore
let books: Books
let clock: ManualClock
let seq = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-retention-'))
  store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
  books = openBooks(join(folder, 'books.sqlite'))
  clock = new ManualClock(T0 + 12 * DAY_MS)
  seq = 0
})
afterEach(async () => {
  books.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

/** A reading every five minutes, whose register advances by one in each. */
const readingsOf = (fromMs: number, toMs: number): Reading[] =>
  Array.from({ length: (toMs - fromMs) / 300_000 }, (_, index) => {
    const atMs = fromMs + index * 300_000
    const count = (atMs - T0) / 300_000
    return {
      meter: 'meter-a',
      quantity: register,
      atMs,
      quality: 'good',
      value: { count, resolution: '0.01' },
    }
  })

async function arrive(readings: readonly Reading[], number = (seq += 1)): Promise<void> {
  await store.append(readings)
  const at = readings.map(({ atMs }) => atMs)
  const touched = [{ meter: 'meter-a', fromMs: Math.min(...at), toMs: Math.max(...at) }]
  const record = { gateway: 'gw-a', epoch: 'a'.repeat(32), refused: [], stored: readings.length }
  await store.appendCommits([
    {
      ...record,
      seq: number,
      digest: String(number).padStart(64, '0'),
      committedAtMs: clock.wallMs(),
      touched,
    },
  ])
}

const compute = (): Promise<void> =>
  keepBooks({ store, books, park, clock, log, signal: AbortSignal.abort(), onCommits: () => {} })
const intervals = () => books.intervals('meter-a', register, everything)
const stored = () => store.readings('meter-a', register, everything)
const sweep = (keepDays?: number): Promise<number> =>
  new Retention({ store, books, park, clock, log, keepDays }).sweep(new AbortController().signal)

describe('readings of an embedded store', () => {
  it('go after so many days, but for the newest before that; intervals stay as they are', async () => {
    await arrive(readingsOf(T0, clock.wallMs()))
    await compute()
    const before = intervals()
    const floorMs = clock.wallMs() - 5 * DAY_MS
    expect(await sweep(5)).toBe((7 * DAY_MS) / 300_000 - 1)
    expect((await stored()).map(({ atMs }) => atMs).slice(0, 2)).toEqual([floorMs - 300_000, floorMs])
    expect(books.keptFromMs('meter-a')).toBe(floorMs)
    expect(await sweep(5)).toBe(0)

    // Everything is computed again, by other rules: what rests on readings that are gone stands.
    books.useRules('meter-a', 'other rules')
    await compute()
    expect(intervals()).toEqual(before)
    expect(books.dirtyWindows(10)).toEqual([])
  })

  it('stay for ever unless told otherwise', async () => {
    await arrive(readingsOf(T0, clock.wallMs()))
    await compute()
    expect(await sweep()).toBe(0)
    expect(await stored()).toHaveLength((12 * DAY_MS) / 300_000)
  })

  it('stay while they are to be computed', async () => {
    await arrive(readingsOf(T0, clock.wallMs()))
    books.follow(await store.commitsSince(0), clock.wallMs())
    expect(await sweep(5)).toBe(0)
    await compute()
    expect(await sweep(5)).toBeGreaterThan(0)
  })

  it('stay while batches of their gateway are outstanding, and late ones find their neighbours', async () => {
    const gapMs = { fromMs: T0 + 2 * DAY_MS, toMs: T0 + 4 * DAY_MS }
    await arrive(readingsOf(T0, gapMs.fromMs))
    await arrive(readingsOf(gapMs.toMs, clock.wallMs()), 3)
    await compute()
    expect(await sweep(5)).toBe(0)
    await arrive(readingsOf(gapMs.fromMs, gapMs.toMs), 2)
    await compute()
    expect(intervals().every((each) => each.state === 'known' && each.method === 'measured')).toBe(true)
    expect(await sweep(5)).toBeGreaterThan(0)
  })

  it('go where a person has said that what is outstanding will not come', async () => {
    await arrive(readingsOf(T0, T0 + 2 * DAY_MS))
    await arrive(readingsOf(T0 + 2 * DAY_MS, clock.wallMs()), 3)
    await compute()
    clock.advance(600_000)
    watchGaps({ books, park }, clock.wallMs())
    const [gap] = books.unfilledGaps().filter(({ kind }) => kind === 'batches')
    expect(await sweep(5)).toBe(0)
    books.acceptGap(gap?.id ?? 0, { by: 'a person', reason: 'its disk is broken', atMs: clock.wallMs() })
    expect(await sweep(5)).toBeGreaterThan(0)
  })

  it('go although another quantity of the meter is read no more', async () => {
    await store.append([{ meter: 'meter-a', quantity: 'voltage.l1', atMs: T0, quality: 'good', value: 230 }])
    await arrive(readingsOf(T0, clock.wallMs()))
    await compute()
    expect(await sweep(5)).toBeGreaterThan(0)
    expect(books.keptFromMs('meter-a')).toBe(clock.wallMs() - 5 * DAY_MS)
  })

  it('stay from the last one of a silent meter on', async () => {
    await arrive(readingsOf(T0, T0 + 2 * DAY_MS + 600_000))
    await compute()
    await sweep(5)
    expect((await stored()).map(({ atMs }) => atMs)).toEqual([
      T0 + 2 * DAY_MS - 300_000,
      T0 + 2 * DAY_MS,
      T0 + 2 * DAY_MS + 300_000,
    ])
  })

  it('stay where a person may still decide what a register did', async () => {
    const fell = T0 + 3 * DAY_MS
    const after = readingsOf(fell, clock.wallMs()).map((reading) =>
      reading.quality === 'bad' || typeof reading.value === 'number'
        ? reading
        : { ...reading, value: { ...reading.value, count: reading.value.count - 800 } },
    )
    await arrive([...readingsOf(T0, fell), ...after])
    await compute()
    await sweep(5)
    expect(books.keptFromMs('meter-a')).toBeLessThanOrEqual(fell)
    expect((await stored()).at(0)?.atMs).toBeLessThan(fell - SLOT_MS)
    expect(books.keptFromMs('meter-a')).toBeGreaterThan(T0)
  })

  it('go up to the beginning of a long gap only, so that what fills it counts', async () => {
    const last = T0 + DAY_MS - 300_000
    await arrive([...readingsOf(T0, T0 + DAY_MS), ...readingsOf(T0 + 11 * DAY_MS, clock.wallMs())])
    await compute()
    const before = intervals()
    await sweep(5)
    expect(books.keptFromMs('meter-a')).toBe(T0 + DAY_MS - SLOT_MS)
    await arrive(readingsOf(T0 + 2 * DAY_MS, T0 + 3 * DAY_MS))
    await compute()
    const measured = intervals().filter((each) => each.state === 'known' && each.method === 'measured')
    expect(measured).toHaveLength(95 + 95 + 96)
    expect(intervals()).toEqual(
      expect.arrayContaining(before.filter(({ slotMs }) => slotMs + SLOT_MS < last)),
    )
  })

  it('that come late beside the first that is kept bend nothing, and what is let go is not the one that brackets it', async () => {
    // Read every five minutes, a minute after each of the lines.
    const beside = (from: number, to: number): Reading[] =>
      readingsOf(from, to).map((reading) => ({ ...reading, atMs: reading.atMs + 60_000 }))
    await arrive(beside(T0, clock.wallMs() - 300_000))
    await compute()
    const before = intervals()
    await sweep(5)
    const keptMs = books.keptFromMs('meter-a')
    const bracket = (await stored()).findLast(({ atMs }) => atMs < keptMs)
    const late = (atMs: number): Reading => ({
      meter: 'meter-a',
      quantity: register,
      atMs,
      quality: 'good',
      value: {
        count:
          (bracket?.quality === 'good' && typeof bracket.value !== 'number' ? bracket.value.count : 0) + 1,
        resolution: '0.01',
      },
    })
    await arrive([late((bracket?.atMs ?? 0) + 30_000), late(keptMs + 10_000)])
    await compute()
    expect(intervals()).toEqual(before)
    await sweep(5)
    expect(await stored()).toContainEqual(bracket)
    books.useRules('meter-a', 'other rules')
    await compute()
    expect(intervals()).toEqual(before)
  })

  it('of an older history that comes after all count up to where the intervals stand', async () => {
    const startMs = T0 + 3 * DAY_MS
    await arrive(readingsOf(startMs, clock.wallMs()))
    await compute()
    await sweep(5)
    const before = intervals()
    await arrive(readingsOf(T0, T0 + DAY_MS))
    await compute()
    const firstMs = before[0]?.slotMs ?? 0
    expect(intervals().filter(({ slotMs }) => slotMs >= firstMs)).toEqual(before)
    const energy = intervals().reduce(
      (sum, each) => sum + (each.state === 'known' ? each.energy.count : 0),
      0,
    )
    expect(energy).toBe((clock.wallMs() - 300_000 - T0) / 300_000)
    // Then they are let go as well, and stand.
    const whole = intervals()
    expect(await sweep(5)).toBeGreaterThan(200)
    books.useRules('meter-a', 'other rules')
    await compute()
    expect(intervals()).toEqual(whole)
  })

  it('of just before the first slot, which began to be read late, are judged by when the register was read', async () => {
    // 96 kW: what flowed until the first reading, ten minutes into its slot, is more than a minute can have brought.
    const lineMs = T0 + 3 * DAY_MS
    const heavy = (fromMs: number, toMs: number): Reading[] =>
      readingsOf(fromMs, toMs).map((reading) =>
        reading.quality === 'bad' || typeof reading.value === 'number'
          ? reading
          : { ...reading, value: { ...reading.value, count: reading.value.count * 800 } },
      )
    await arrive(heavy(lineMs + 600_000, clock.wallMs()))
    await compute()
    await sweep(5)
    const before = intervals()
    expect(before[0]?.slotMs).toBe(lineMs)
    await arrive(heavy(lineMs - 300_000, lineMs).map((each) => ({ ...each, atMs: lineMs - 60_000 })))
    await compute()
    expect(intervals().slice(1)).toEqual(before)
    expect(intervals()[0]).toMatchObject({
      slotMs: lineMs - SLOT_MS,
      energy: { count: 3 * 800 },
      undecided: [],
      method: 'interpolated',
      closing: { atMs: lineMs, after: { atMs: lineMs + 600_000 } },
    })
  })
})

describe('commit records of an embedded store', () => {
  const commits = (limit = 10_000) => store.commitsSince(0, limit)
  it('are packed after some days, whole, and go some days after their readings', async () => {
    for (let day = 0; day < 12; day += 1)
      for (let hour = 0; hour < 24; hour += 1) {
        clock.stepWall(T0 + day * DAY_MS + hour * 3_600_000)
        await arrive(readingsOf(clock.wallMs() - 3_600_000, clock.wallMs()))
      }
    await compute()
    const before = await commits()
    await sweep()
    expect(await commits()).toEqual(before)
    expect(await store.commitsSince(T0 + DAY_MS, 5)).toEqual(
      before.filter(({ committedAtMs }) => committedAtMs >= T0 + DAY_MS).slice(0, 5),
    )
    clock.stepWall(T0 + 12 * DAY_MS)
    await sweep(2)
    const keptMs = books.keptFromMs('meter-a')
    expect(keptMs).toBeGreaterThan(T0 + 9 * DAY_MS)
    const left = await commits()
    expect(left).toEqual(before.filter(({ committedAtMs }) => committedAtMs >= (left[0]?.committedAtMs ?? 0)))
    // Two days of readings, and a week beyond them.
    expect(left[0]?.committedAtMs).toBe(T0 + 3 * DAY_MS)
  })
})

describe('readings of a server that deletes by itself', () => {
  const parts = (keptMs: number | undefined, keepDays?: number) => ({
    store: {
      ...store,
      latest: (meters: readonly string[]) => store.latest(meters),
      retention: { by: 'server', keptMs: async () => keptMs },
    } as const,
    books,
    park,
    clock,
    log,
    keepDays,
  })

  it('must be kept for as long as is asked for', async () => {
    await expect(checkRetention(parts(30 * DAY_MS, 31))).rejects.toMatchObject({ code: 'retention-differs' })
    for (const [keptMs, keepDays] of [[30, 30], [400, 30], [Infinity, 30], [Infinity], [30]] as const) {
      await checkRetention(parts(keptMs * DAY_MS, keepDays))
    }
    await checkRetention(parts(undefined, 30))
  })

  it('are told of once where they are kept for less than is asked for since the start', async () => {
    const told: unknown[] = []
    const said = pino({ level: 'error' }, { write: (line: string) => told.push(JSON.parse(line)) })
    let keptMs = 40 * DAY_MS
    const server = { by: 'server', keptMs: async () => keptMs } as const
    const with30 = parts(keptMs, 30)
    const retention = new Retention({
      ...with30,
      store: { ...with30.store, retention: server },
      log: said,
    })
    const sweepOnce = () => retention.sweep(new AbortController().signal)
    await sweepOnce()
    expect(told).toEqual([])
    keptMs = 7 * DAY_MS
    await sweepOnce()
    await sweepOnce()
    expect(told).toMatchObject([{ code: 'retention-differs', asked: 30, kept: 'for 7 days' }])
    keptMs = 40 * DAY_MS
    await sweepOnce()
    keptMs = 7 * DAY_MS
    await sweepOnce()
    expect(told).toHaveLength(2)
  })

  it('that are gone leave their intervals as they are', async () => {
    await arrive(readingsOf(clock.wallMs() - 600_000, clock.wallMs() + 300_000))
    const sweepOnce = () => new Retention(parts(5 * DAY_MS)).sweep(new AbortController().signal)
    await sweepOnce()
    const goneMs = clock.wallMs() - 4 * DAY_MS
    expect(books.keptFromMs('meter-a')).toBe(goneMs)
    // A clock that is ahead for a while gives nothing up that is there.
    clock.stepWall(clock.wallMs() + 500 * DAY_MS)
    await sweepOnce()
    expect(books.keptFromMs('meter-a')).toBe(goneMs)
  })

  it('that are gone leave a slot under way as free as ever', async () => {
    const startMs = clock.wallMs()
    await arrive(readingsOf(startMs, startMs + 300_000))
    books.loseReadings('meter-a', startMs + 10 * DAY_MS)
    for (let minute = 1; minute <= 3; minute += 1) {
      clock.advance(300_000)
      await arrive(readingsOf(startMs + minute * 300_000, startMs + (minute + 1) * 300_000))
      await compute()
    }
    expect(books.intervals('meter-a', register, { fromMs: startMs, toMs: startMs + 1 })).toMatchObject([
      { state: 'known', energy: { count: 3 }, coverage: 1 },
    ])
  })
})
