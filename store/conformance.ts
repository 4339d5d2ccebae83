import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Fault } from '#contract/fault.ts'
import type { Reading } from '#contract/reading.ts'
import { SampleBlocks } from '#contract/sample-block.ts'
import { distinctReadings, sorted } from './conformance/any-readings.ts'
import { commitRecordConformance } from './conformance/commit-records.ts'
import { blockOfReadings, isPlain } from './conformance/sample-blocks.ts'
import {
  at,
  bad,
  commitOf,
  counted,
  everything,
  power,
  register,
  value,
} from './conformance/sample-readings.ts'
import type { ReadingStore } from './port.ts'

/** A store of its own for one test: nothing in it, and removed afterwards. */
export interface StoreUnderTest {
  readonly store: ReadingStore
  /** Opens the same readings again, beside the first or after it was closed. */
  readonly reopen?: () => Promise<ReadingStore>
  readonly cleanup: () => Promise<void>
}

export interface ConformanceOptions {
  /** Runs of each property; every run has a store of its own. */
  readonly runs?: number
}

async function allOf(store: ReadingStore, like: readonly Reading[]): Promise<Reading[]> {
  const found: Reading[] = []
  const series = new Map(like.map((reading) => [`${reading.meter} ${reading.quantity}`, reading]))
  for (const { meter, quantity } of series.values()) {
    found.push(...(await store.readings(meter, quantity, everything)))
  }
  return sorted(found)
}

/**
 * What every ReadingStore promises, as tests. `open` gives an empty store for each.
 */
export function readingStoreConformance(
  name: string,
  open: () => Promise<StoreUnderTest>,
  { runs = 20 }: ConformanceOptions = {},
): void {
  describe(`${name} keeps the promises of a reading store`, () => {
    let opened: StoreUnderTest
    let store: ReadingStore

    beforeEach(async () => {
      opened = await open()
      store = opened.store
    })
    afterEach(async () => {
      await store.close()
      await opened.cleanup()
    })

    /** A property whose every run has an empty store. */
    async function law(check: (empty: ReadingStore, readings: Reading[]) => Promise<void>): Promise<void> {
      await fc.assert(
        fc.asyncProperty(distinctReadings, async (readings) => {
          const own = await open()
          try {
            await check(own.store, readings)
          } finally {
            await own.store.close()
            await own.cleanup()
          }
        }),
        { numRuns: runs },
      )
    }

    test('an empty store has nothing, and nothing is not zero', async () => {
      expect(await store.readings('m-1', power, everything)).toEqual([])
      expect(await store.latest(['m-1'])).toEqual([])
      expect(await store.latest([])).toEqual([])
      expect(await store.commitsSince(0)).toEqual([])
      expect(await store.registerSeries('m-1', register, everything)).toEqual({
        before: undefined,
        within: [],
        after: undefined,
      })
      expect(await store.append([])).toEqual({ stored: 0, refused: [] })
      await store.appendCommits([])
    })

    test('any readings come back as they were written, to the last bit', () =>
      law(async (empty, readings) => {
        expect(await empty.append(readings)).toEqual({ stored: readings.length, refused: [] })
        expect(await allOf(empty, readings)).toEqual(sorted(readings))
      }))

    test('writing twice is writing once, in any order and any pieces', () =>
      law(async (empty, readings) => {
        const middle = readings.length >> 1
        await empty.append(readings.slice(middle))
        await empty.append(readings.toReversed())
        await empty.append(readings.slice(0, middle))
        expect(await allOf(empty, readings)).toEqual(sorted(readings))
      }))

    test('blocks of samples are stored as their readings are, those that a block cannot follow too', () =>
      law(async (empty, readings) => {
        const plain = readings.filter(isPlain)
        const middle = plain.length >> 1
        const blocks = new SampleBlocks([plain.slice(0, middle), plain.slice(middle)].map(blockOfReadings))
        expect(await empty.append(blocks)).toEqual({ stored: plain.length, refused: [] })
        expect(await allOf(empty, plain)).toEqual(sorted(plain))
        // Every moment of it twice in one request.
        const twice = new SampleBlocks([...blocks.blocks, ...blocks.blocks])
        expect(await empty.append(twice)).toEqual({ stored: 2 * plain.length, refused: [] })
        expect(await allOf(empty, plain)).toEqual(sorted(plain))
      }))

    test('latest is the newest reading of each quantity, whatever the order of arrival', () =>
      law(async (empty, readings) => {
        const middle = readings.length >> 1
        await empty.append(readings.slice(middle))
        await empty.append(readings.slice(0, middle))
        const newest = new Map<string, Reading>()
        for (const reading of readings) {
          const series = `${reading.meter} ${reading.quantity}`
          if ((newest.get(series)?.atMs ?? -1) < reading.atMs) newest.set(series, reading)
        }
        const found = await empty.latest(['m-1', 'm-2', 'rolling-line-1', 'm-1', 'never-heard-of'])
        expect(sorted(found)).toEqual(sorted([...newest.values()]))
      }))

    test('readings are those of the half-open period, in order of time', async () => {
      await store.append([value(3, 30), value(1, 10), value(0, 0), value(2, 20)])
      const found = await store.readings('m-1', power, { fromMs: at(1), toMs: at(3) })
      expect(found).toEqual([value(1, 10), value(2, 20)])
    })

    test.each([0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 53 - 2])(
      'a count of %d is exact',
      async (count) => {
        await store.append([counted(0, count)])
        const { within } = await store.registerSeries('m-1', register, everything)
        expect(within).toEqual([counted(0, count)])
      },
    )

    test.each([0.1 + 0.2, 5e-324, Number.MAX_VALUE, -1e-7, 1e21, 123_456_789.123_456_79, 1 / 3])(
      'the number %d is bit for bit the same',
      async (number) => {
        await store.append([value(0, number)])
        expect(await store.readings('m-1', power, everything)).toEqual([value(0, number)])
      },
    )

    test('a bad reading is never a number, and a zero never bad', async () => {
      await store.append([value(0, 0), bad(1), bad(1, register), counted(2, 0)])
      expect(await store.readings('m-1', power, everything)).toEqual([value(0, 0), bad(1)])
      expect(await store.readings('m-1', register, everything)).toEqual([bad(1, register), counted(2, 0)])
      expect((await store.registerSeries('m-1', register, everything)).within).toEqual([counted(2, 0)])
      expect(sorted(await store.latest(['m-1']))).toEqual(sorted([bad(1), counted(2, 0)]))
    })

    test('qualities stay with their readings', async () => {
      const readings = (['good', 'uncertain', 'simulated', 'manual'] as const).map((quality, index) => ({
        ...value(index, index),
        quality,
      }))
      await store.append(readings)
      expect(await store.readings('m-1', power, everything)).toEqual(readings)
    })

    test('one identity is one reading: the stronger quality; of what persons enter the later', async () => {
      const entered = (count: number, resolution: string) =>
        ({ ...counted(2, count, resolution), quality: 'manual' }) as const
      await store.append([value(0, 1), bad(1), entered(8, '0.1')])
      await store.append([bad(0), value(1, 2), entered(7, '0.01')])
      await store.append([counted(2, 5, '0.01'), entered(9, '0.1')])
      await store.append([{ ...value(1, 3), quality: 'simulated' }, bad(1)])
      expect(await store.readings('m-1', power, everything)).toEqual([value(0, 1), value(1, 2)])
      expect(await store.readings('m-1', register, everything)).toEqual([entered(9, '0.1')])
      expect(sorted(await store.latest(['m-1']))).toEqual(sorted([value(1, 2), entered(9, '0.1')]))
    })

    test('quantities of one poll, one meter and one moment do not touch each other', async () => {
      const poll = [value(0, 230, 'voltage.l1'), value(0, 5), counted(0, 12), bad(0, 'current.l1')]
      await store.append(poll)
      await store.append([value(0, 231, 'voltage.l2')])
      expect(sorted(await store.latest(['m-1']))).toEqual(sorted([...poll, value(0, 231, 'voltage.l2')]))
    })

    test('a register series brackets its period with usable readings only', async () => {
      await store.append([
        counted(0, 100),
        counted(2, 120),
        bad(3, register),
        counted(5, 150),
        counted(6, 160),
        bad(7, register),
        counted(9, 190),
        counted(11, 210),
      ])
      expect(await store.registerSeries('m-1', register, { fromMs: at(4), toMs: at(7) })).toEqual({
        before: counted(2, 120),
        within: [counted(5, 150), counted(6, 160)],
        after: counted(9, 190),
      })
      expect(await store.registerSeries('m-1', register, { fromMs: at(5), toMs: at(9) })).toEqual({
        before: counted(2, 120),
        within: [counted(5, 150), counted(6, 160)],
        after: counted(9, 190),
      })
      expect(await store.registerSeries('m-1', register, { fromMs: at(12), toMs: at(13) })).toEqual({
        before: counted(11, 210),
        within: [],
        after: undefined,
      })
      expect((await store.registerSeries('m-2', register, everything)).within).toEqual([])
    })

    test('what cannot be stored is returned with its place, and its neighbours are stored', async () => {
      const result = await store.append([
        value(0, 1),
        value(1, Number.NaN),
        value(2, Number.POSITIVE_INFINITY),
        { ...counted(3, 1), quantity: power },
        counted(4, 2 ** 53),
        { ...value(5, 1), meter: "m'; DROP DATABASE x; --" },
        { ...value(6, 1), meter: '' },
        { ...value(7, 1), atMs: -1 },
        { ...value(8, 1), atMs: 1.5 },
        counted(9, 1, '0'),
        counted(10, 1),
      ])
      expect(result.stored).toBe(2)
      expect(result.refused.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
      expect(result.refused.every(({ fault }) => fault.code === 'store-refused')).toBe(true)
      expect(await store.readings('m-1', power, everything)).toEqual([value(0, 1)])
      expect(await store.readings('m-1', register, everything)).toEqual([counted(10, 1)])
    })

    test('a meter that is no identifier has no readings, whatever its text would do in a query', async () => {
      await store.append([value(0, 1)])
      expect(await store.readings("m-1' OR '1'='1", power, everything)).toEqual([])
      expect(await store.latest(['.*', "m-1' OR '1'='1", 'm-1|m-2'])).toEqual([])
    })

    test('a batch of 5,000 readings is stored whole', async () => {
      const readings = Array.from({ length: 5_000 }, (_, index) => counted(index, index * 10))
      expect(await store.append(readings)).toEqual({ stored: 5_000, refused: [] })
      expect(await store.readings('m-1', register, everything)).toEqual(readings)
    })

    test('appends that overlap are all stored', async () => {
      const batches = Array.from({ length: 16 }, (_, batch) =>
        Array.from({ length: 50 }, (_, index) => value(batch * 25 + index, batch * 25 + index)),
      )
      await Promise.all(batches.map((batch) => store.append(batch)))
      expect(await store.readings('m-1', power, everything)).toHaveLength(15 * 25 + 50)
    })

    commitRecordConformance(() => store)

    test('a probe is no reading and no commit record, however often', async () => {
      await store.append([value(0, 1)])
      for (let times = 0; times < 3; times += 1) await store.probe(at(0))
      expect(await store.readings('m-1', power, everything)).toEqual([value(0, 1)])
      expect(await store.latest(['m-1'])).toEqual([value(0, 1)])
      expect(await store.commitsSince(0)).toEqual([])
    })

    test('what was appended is there after opening again', async ({ skip }) => {
      const { reopen } = opened
      if (reopen === undefined) {
        skip()
        return
      }
      await store.append([value(0, 1), counted(0, 7), bad(1)])
      await store.appendCommits([commitOf(1)])
      await store.close()
      const again = await reopen()
      try {
        expect(await again.readings('m-1', power, everything)).toEqual([value(0, 1), bad(1)])
        expect(await again.commitsSince(0)).toEqual([commitOf(1)])
        await again.append([value(2, 2)])
        expect(sorted(await again.latest(['m-1']))).toEqual(sorted([value(2, 2), counted(0, 7)]))
      } finally {
        await again.close()
      }
    })

    test('closing waits for calls under way, may be repeated, and ends the store', async () => {
      const underWay = store.append(Array.from({ length: 2_000 }, (_, index) => value(index, index)))
      await store.close()
      await store.close()
      expect((await underWay).stored).toBe(2_000)
      const late = store.append([value(0, 1)])
      await expect(late).rejects.toBeInstanceOf(Fault)
      await expect(late).rejects.toMatchObject({ code: 'store-unavailable', retryable: true })
      await expect(store.probe(at(0))).rejects.toMatchObject({ code: 'store-unavailable' })
    })
  })
}
