import { describe, expect, test } from 'vitest'
import { equal, sum, type Amount } from '#contract/amount.ts'
import { DAY_MS } from '#contract/duration.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { Fault } from '#contract/fault.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { RegisterReading } from '#contract/reading.ts'
import { MemoryBooks, memoryMeter, MemorySeries, MemoryStore } from './in-memory.test-support.ts'
import { CHUNK_MS, quantitiesOf, recompute, registerIntervals } from './recompute.ts'

const IMPORT = 'activeEnergyImport.total'
const EXPORT = 'activeEnergyExport.total'
const START_MS = Temporal.Instant.from('2025-03-10T00:00:00Z').epochMilliseconds

const register = (quantity: QuantityName, lines: readonly (readonly [atMs: number, count: number])[]) =>
  new MemorySeries(
    lines.map(([atMs, count]): RegisterReading => ({
      meter: 'm1',
      quantity,
      atMs,
      quality: 'good',
      value: { count, resolution: '0.01' },
    })),
  )

function total(books: MemoryBooks, fromMs: number, toMs: number, quantity: QuantityName = IMPORT) {
  const energies: Amount[] = []
  for (let slotMs = fromMs; slotMs < toMs; slotMs += SLOT_MS) {
    const interval = books.newest(quantity, slotMs)
    if (interval?.state === 'known') energies.push(interval.energy)
  }
  return sum(energies)
}

describe('the first reading after a long silence', () => {
  const endMs = START_MS + 100 * DAY_MS
  const store = new MemoryStore(
    new Map([
      [
        IMPORT,
        register(IMPORT, [
          [START_MS, 0],
          [endMs, 7_000_003],
        ]),
      ],
    ]),
  )
  const window = { meter: 'm1', fromMs: endMs, toMs: endMs }

  test('fills every slot of it, exactly, without ever reading more than one chunk', async () => {
    const books = new MemoryBooks()
    const written = await recompute(window, memoryMeter(), store, books)
    expect(written).toBe((100 * DAY_MS) / SLOT_MS + 1)
    expect(total(books, START_MS, endMs)).toEqual({ count: 7_000_003, resolution: '0.01' })
    expect(Math.max(...store.asked.map(({ fromMs, toMs }) => toMs - fromMs))).toBe(CHUNK_MS)
  })

  test('leaves the window dirty until its last piece is recorded', async () => {
    const books = new MemoryBooks()
    const calls: [isLast: boolean, intervals: number][] = []
    await recompute(window, memoryMeter(), store, {
      record: (given, intervals) => {
        calls.push([given.toMs >= given.fromMs, intervals.length])
        return books.record(given, intervals)
      },
    })
    expect(calls.length).toBe(15)
    expect(calls.map(([isLast]) => isLast)).toEqual([...Array.from({ length: 14 }, () => false), true])
    expect(Math.max(...calls.map(([, intervals]) => intervals))).toBe(CHUNK_MS / SLOT_MS)
    expect(books.cleared).toEqual([window])
  })
})

describe('a meter that is dead for weeks', () => {
  const nowMs = START_MS + 30 * DAY_MS + SLOT_MS / 3
  const window = { meter: 'm1', fromMs: nowMs, toMs: nowMs }
  const slotsWhere = async (
    lines: readonly (readonly [atMs: number, count: number])[],
    wasSilent?: (slotMs: number) => boolean,
  ): Promise<number> => {
    const store = new MemoryStore(new Map([[IMPORT, register(IMPORT, lines)]]))
    const pieces = await Array.fromAsync(registerIntervals(window, memoryMeter(), IMPORT, store, wasSilent))
    return pieces.flat().length
  }
  const outage = (30 * DAY_MS) / SLOT_MS + 1

  test('costs the slot of a failed read where the slot before is recorded without readings', async () => {
    expect(await slotsWhere([[START_MS, 0]], () => true)).toBe(1)
  })

  test('costs the whole outage where the slot before is not, and when it answers', async () => {
    expect(await slotsWhere([[START_MS, 0]], () => false)).toBe(outage)
    expect(
      await slotsWhere(
        [
          [START_MS, 0],
          [nowMs, 5],
        ],
        () => true,
      ),
    ).toBe(outage)
    expect(
      await slotsWhere(
        [
          [START_MS, 0],
          [nowMs + 1, 5],
        ],
        () => true,
      ),
    ).toBe(outage)
  })
})

describe('a window longer than a chunk', () => {
  const hours = Array.from({ length: 24 * 20 + 1 }, (_, hour): [number, number] => [
    START_MS + (hour * DAY_MS) / 24,
    hour * 1_000,
  ])
  const readings = register(IMPORT, hours)

  test('is read in chunks, and from the reading before it to the one after it', async () => {
    const store = new MemoryStore(new Map([[IMPORT, readings]]))
    const books = new MemoryBooks()
    const window = { meter: 'm1', fromMs: START_MS + 3 * DAY_MS, toMs: START_MS + 17 * DAY_MS }
    await recompute(window, memoryMeter(), store, books)
    const hourMs = DAY_MS / 24
    expect(total(books, START_MS, START_MS + 20 * DAY_MS)?.count).toBe((14 * 24 + 2) * 1_000 + 250)
    expect(books.newest(IMPORT, window.fromMs - hourMs)?.state).toBe('known')
    expect(books.newest(IMPORT, window.fromMs - hourMs - SLOT_MS)).toBeUndefined()
    expect(Math.max(...store.asked.map(({ fromMs, toMs }) => toMs - fromMs))).toBe(CHUNK_MS)
  })

  test('makes no slot dirty beyond its own where the nearest readings lie in these', async () => {
    const minuteMs = 60_000
    const fiveMinutes = Array.from({ length: 12 * 24 * 8 }, (_, index): [number, number] => [
      START_MS + index * 5 * minuteMs,
      index,
    ])
    const store = new MemoryStore(new Map([['steamMass', register('steamMass', fiveMinutes)]]))
    const books = new MemoryBooks()
    const fromMs = START_MS + SLOT_MS
    const toMs = fromMs + 7.5 * DAY_MS
    const window = { meter: 'm1', fromMs: fromMs + 5 * minuteMs, toMs: toMs - 10 * minuteMs }
    const written = await recompute(window, memoryMeter({ register: 'steamMass' }), store, books)
    expect(written).toBe((toMs - fromMs) / SLOT_MS)
    expect(books.newest('steamMass', fromMs)?.state).toBe('known')
    expect(books.newest('steamMass', toMs - SLOT_MS)?.state).toBe('known')
  })
})

describe('quantities', () => {
  const lines: [number, number][] = [
    [START_MS, 0],
    [START_MS + SLOT_MS, 1_000],
  ]
  const window = { meter: 'm1', fromMs: START_MS, toMs: START_MS + SLOT_MS }

  test('export is computed beside import where it is read', async () => {
    const books = new MemoryBooks()
    const store = new MemoryStore(
      new Map([
        [IMPORT, register(IMPORT, lines)],
        [EXPORT, register(EXPORT, lines)],
      ]),
    )
    await recompute(window, memoryMeter(), store, books)
    const exported = total(books, START_MS, START_MS + SLOT_MS, EXPORT)
    expect(exported && equal(exported, { count: 1_000, resolution: '0.01' })).toBe(true)
    expect(books.cleared).toEqual([window])
  })

  test('export is not recorded as missing where no meter reads it', async () => {
    const books = new MemoryBooks()
    await recompute(
      window,
      memoryMeter(),
      new MemoryStore(new Map([[IMPORT, register(IMPORT, lines)]])),
      books,
    )
    expect(books.quantities).toEqual(new Set([IMPORT]))
  })

  test('a meter whose register holds nothing usable is recorded as missing', async () => {
    const books = new MemoryBooks()
    await recompute(window, memoryMeter(), new MemoryStore(new Map()), books)
    expect(books.newest(IMPORT, START_MS)).toMatchObject({ state: 'missing', cause: 'no-readings' })
  })

  test('a meter of another carrier has its own register only', async () => {
    const books = new MemoryBooks()
    const store = new MemoryStore(
      new Map([
        ['steamMass', register('steamMass', lines)],
        [EXPORT, register(EXPORT, lines)],
      ]),
    )
    await recompute(window, memoryMeter({ carrier: 'steam', register: 'steamMass' }), store, books)
    expect(books.quantities).toEqual(new Set(['steamMass']))
  })
})

test('one read is enough where the nearest readings lie in the slots of the window', async () => {
  const lines = Array.from({ length: 90 }, (_, index): [number, number] => [START_MS + index * 10_000, index])
  const store = new MemoryStore(new Map([['steamMass', register('steamMass', lines)]]))
  const window = { meter: 'm1', fromMs: START_MS + 100_000, toMs: START_MS + 500_000 }
  await recompute(window, memoryMeter({ register: 'steamMass' }), store, new MemoryBooks())
  expect(store.asked).toEqual([{ fromMs: START_MS, toMs: START_MS + SLOT_MS }])
})

test('a store that cannot be reached leaves the window dirty', async () => {
  const books = new MemoryBooks()
  const store = {
    registerSeries: () => Promise.reject(new Fault('store-unavailable', 'The store does not answer.')),
  }
  const window = { meter: 'm1', fromMs: START_MS, toMs: START_MS }
  await expect(recompute(window, memoryMeter(), store, books)).rejects.toMatchObject({
    code: 'store-unavailable',
  })
  expect(books.cleared).toEqual([])
})

test('at a boundary reactive energy is computed beside import and export, and nowhere else', () => {
  expect(quantitiesOf({ register: IMPORT, role: 'boundary' })).toEqual([
    IMPORT,
    EXPORT,
    'reactiveEnergyImport.total',
    'reactiveEnergyExport.total',
  ])
  expect(quantitiesOf({ register: IMPORT, role: 'terminal' })).toEqual([IMPORT, EXPORT])
  expect(quantitiesOf({ register: EXPORT, role: 'boundary' })).toEqual([EXPORT])
})
