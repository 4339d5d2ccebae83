import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Reading } from '#contract/reading.ts'
import { readingStoreConformance, type StoreUnderTest } from './conformance.ts'
import { distinctReadings, sorted } from './conformance/any-readings.ts'
import { at, bad, counted, everything, power, register, value } from './conformance/sample-readings.ts'
import type { ReadingStore } from './port.ts'
import { openSqliteReadings } from './sqlite-readings.ts'

function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-readings-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

async function openUnderTest(ownThread: boolean): Promise<StoreUnderTest> {
  const { folder, remove } = temporaryFolder()
  const open = () => openSqliteReadings({ file: join(folder, 'readings.sqlite'), ownThread })
  return { store: await open(), reopen: open, cleanup: async () => remove() }
}

readingStoreConformance('SQLite', () => openUnderTest(false))
// A thread for each run of a property takes its time.
readingStoreConformance('SQLite on a thread of its own', () => openUnderTest(true), { runs: 2 })

test('of two values of one identity and quality the same one stays, in whatever order and however often they come', async () => {
  const [a, b] = [counted(2, 7, '0.01'), counted(2, 8, '0.1')]
  const causes = [bad(3), { ...bad(3), cause: 'frame-invalid' } as const]
  for (const order of [
    [a, b],
    [b, a],
    [a, b, a],
    [b, a, b],
    [value(1, 5), a, value(1, 4), b, value(1, 5)],
  ]) {
    const { folder, remove } = temporaryFolder()
    const store = await openSqliteReadings({ file: join(folder, 'readings.sqlite') })
    for (const reading of order) await store.append([reading])
    await store.append(order)
    for (const reading of [...causes, ...causes.toReversed()]) await store.append([reading])
    expect(await store.readings('m-1', register, everything)).toEqual([a])
    const powers = await store.readings('m-1', power, everything)
    expect(powers.filter(({ atMs }) => atMs === at(1))).toEqual(order.length < 5 ? [] : [value(1, 4)])
    expect(powers.at(-1)).toEqual(causes[1])
    await store.close()
    remove()
  }
})

test('a file that is not a database makes the store unavailable, with the file named', async () => {
  const { folder, remove } = temporaryFolder()
  const file = join(folder, 'readings.sqlite')
  writeFileSync(file, 'this is a diary, not a database. '.repeat(100))
  await expect(openSqliteReadings({ file })).rejects.toMatchObject({
    code: 'store-unavailable',
    place: { file },
  })
  remove()
})

async function withStore(work: (store: ReadingStore) => Promise<void>): Promise<void> {
  const { folder, remove } = temporaryFolder()
  const store = await openSqliteReadings({ file: join(folder, 'readings.sqlite') })
  try {
    await work(store)
  } finally {
    await store.close()
    remove()
  }
}

test('letting go of old readings leaves the newest usable one of each quantity, and all that is newer', () =>
  fc.assert(
    fc.asyncProperty(
      distinctReadings,
      fc.integer({ min: 0, max: 21 }),
      fc.integer({ min: 1, max: 7 }),
      (readings, index, limit) =>
        withStore(async (store) => {
          await store.append(readings)
          const { retention } = store
          if (retention?.by !== 'owner') throw new Error('SQLite lets go by itself')
          const ofMeter = readings.filter(({ meter }) => meter === 'm-1')
          const keptFromMs = (quantity: string): number =>
            Math.max(
              ...ofMeter
                .filter(
                  (each) => each.quantity === quantity && each.quality !== 'bad' && each.atMs < at(index),
                )
                .map(({ atMs }) => atMs),
            )
          const isKept = (reading: Reading): boolean => {
            const fromMs = keptFromMs(reading.quantity)
            return reading.atMs >= (Number.isFinite(fromMs) ? fromMs : at(index))
          }
          let deleted = 0
          for (let gone = -1; gone !== 0; deleted += gone) {
            gone = await retention.deleteWithin('m-1', { fromMs: 0, toMs: at(index) }, limit)
            expect(gone).toBeLessThanOrEqual(limit)
          }
          const expected = readings.filter((reading) => reading.meter !== 'm-1' || isKept(reading))
          expect(deleted).toBe(readings.length - expected.length)
          const left: Reading[] = []
          for (const meter of ['m-1', 'm-2', 'rolling-line-1'])
            for (const quantity of new Set(readings.map((each) => each.quantity)))
              left.push(...(await store.readings(meter, quantity, everything)))
          expect(sorted(left)).toEqual(sorted(expected))
        }),
    ),
    { numRuns: 20 },
  ))

test('a quantity given up long ago is still the latest of its kind, and brackets what comes', () =>
  withStore(async (store) => {
    await store.append([counted(0, 7)])
    await store.append(Array.from({ length: 2_000 }, (_, index) => value(1 + index * 3_600, index)))
    await store.append([bad(9_000_000, register)])
    expect(sorted(await store.latest(['m-1']))).toEqual(
      sorted([value(1 + 1_999 * 3_600, 1_999), bad(9_000_000, register)]),
    )
    const series = await store.registerSeries('m-1', register, { fromMs: at(9_000_001), toMs: at(9_000_002) })
    expect(series).toEqual({ before: counted(0, 7), within: [], after: undefined })
  }))

test('two processes that write the same moments agree', async () => {
  const { folder, remove } = temporaryFolder()
  const file = join(folder, 'readings.sqlite')
  const one = await openSqliteReadings({ file })
  const other = await openSqliteReadings({ file })
  for (let round = 0; round < 20; round += 1) {
    await one.append([value(round, 1), bad(round, 'voltage.l1')])
    await other.append([value(round, 2, 'voltage.l1'), counted(round, round)])
  }
  for (const store of [one, other]) {
    expect(await store.readings('m-1', 'activePower.total', everything)).toHaveLength(20)
    expect(await store.readings('m-1', 'voltage.l1', everything)).toEqual(
      Array.from({ length: 20 }, (_, round) => value(round, 2, 'voltage.l1')),
    )
    expect(sorted(await store.latest(['m-1']))).toEqual(
      sorted([value(19, 1), value(19, 2, 'voltage.l1'), counted(19, 19)]),
    )
    await store.close()
  }
  remove()
})
