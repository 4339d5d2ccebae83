import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { toNumber } from '#contract/amount.ts'
import { ManualClock } from '#contract/clock.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { RecordedInterval } from '#contract/interval.ts'
import { known, LATER, missing, newBooks, T0, touch } from '#store/books/books.test-support.ts'
import { openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { startInflux, type InfluxServer } from '#test/support/influx.ts'
import { describeWith } from '#test/support/servers.ts'
import { until } from '#test/support/until.ts'
import { IntervalCopying } from './interval-copying.ts'

const nothing = touch(1, 0)
const everything = { fromMs: 0, toMs: LATER * 2 }
const log = pino({ level: 'silent' })
const slots = 12

const answer = z.object({
  results: z.tuple([
    z.object({
      series: z
        .tuple([z.object({ columns: z.array(z.string()), values: z.array(z.array(z.unknown())) })])
        .optional(),
    }),
  ]),
})

/** A point as it must be; what a missing slot does not say is in none of its fields. */
const shown = (of: RecordedInterval): Record<string, unknown> => ({
  time: of.slotMs,
  carrier: 'electricity',
  meter: of.meter,
  quantity: of.quantity,
  state: of.state === 'known' ? 'known' : of.cause,
  revision: of.revision,
  undecided: of.undecided.length,
  ...(of.state === 'known'
    ? {
        energy: toNumber(of.energy),
        count: of.energy.count,
        resolution: of.energy.resolution,
        method: of.method,
        coverage: of.coverage,
        simulated: 0,
        uncertain: 0,
      }
    : {}),
})

describeWith(['influxd'], 'copies of finished intervals in a real InfluxDB 1.x', () => {
  let server: InfluxServer
  beforeAll(async () => {
    server = await startInflux()
  })
  afterAll(() => server.remove())

  const open = (database: string): Promise<ReadingStore> =>
    openReadingStore(`influx1://127.0.0.1:${server.port}/${database}?create=true`)

  /** All points, as a person would ask for them. */
  async function pointsIn(database: string): Promise<Record<string, unknown>[]> {
    const parameters = new URLSearchParams({ db: database, q: 'SELECT * FROM "interval"', epoch: 'ms' })
    const url = new URL(`/query?${parameters.toString()}`, `http://127.0.0.1:${server.port}`)
    const { results } = answer.parse(await (await fetch(url)).json())
    const [{ columns, values } = { columns: [], values: [] }] = results[0].series ?? []
    return values.map((row) =>
      Object.fromEntries(
        columns.map((column, index) => [column, row[index]]).filter(([, value]) => value !== null),
      ),
    )
  }

  const copying = (store: ReadingStore, books: Books, clock: ManualClock, wish: 'on' | 'again' = 'on') =>
    new IntervalCopying({ store, books, clock, log, wish })

  const all = (books: Books): Record<string, unknown>[] =>
    books.intervals('m-1', 'activeEnergyImport.total', everything).map(shown)

  async function drained(of: IntervalCopying): Promise<void> {
    while ((await of.step()) > 0);
  }

  test('whatever changes, in whatever order, fails or is cut off: what stands there is what the books say', async () => {
    const slot = fc.integer({ min: 0, max: slots - 1 })
    const change = fc.oneof(
      { weight: 4, arbitrary: fc.record({ slot, count: fc.option(fc.nat(50)) }) },
      { weight: 2, arbitrary: fc.constant('copy' as const) },
      // The write has happened, and the one who wrote it dies before it notes that.
      { weight: 1, arbitrary: fc.constant('cut off' as const) },
      { weight: 1, arbitrary: fc.constant('again' as const) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 3, maxLength: 25 }), async (changes) => {
        const { books, remove } = newBooks()
        const database = `copies-${randomUUID()}`
        const store = await open(database)
        try {
          const clock = new ManualClock(LATER)
          let copies = copying(store, books, clock)
          for (const each of changes) {
            if (each === 'copy') await copies.step()
            else if (each === 'again') copies = copying(store, books, clock, 'again')
            else if (each === 'cut off') await store.intervalCopy?.write(books.intervalsToCopy(LATER, 5))
            else {
              const slotMs = T0 + each.slot * SLOT_MS
              books.record(
                nothing,
                [each.count === null ? missing(slotMs) : known(slotMs, each.count)],
                LATER,
              )
            }
          }
          await drained(copies)
          expect(await pointsIn(database)).toEqual(all(books))
        } finally {
          await store.close()
          remove()
        }
      }),
      { numRuns: 12 },
    )
  })

  test('a server that is killed keeps the copies waiting, and they go on by themselves', async () => {
    const { books, remove } = newBooks()
    const database = `copies-${randomUUID()}`
    const store = await open(database)
    const clock = new ManualClock(LATER)
    const stop = new AbortController()
    books.record(nothing, [known(T0, 1)], LATER)
    const running = copying(store, books, clock).run(stop.signal)
    const isDone = (): true | undefined => {
      clock.advance(60_000)
      return books.counts().daysToCopy === 0 ? true : undefined
    }
    await until(isDone)
    await server.kill()
    // The books go on meanwhile.
    books.record(nothing, [known(T0, 2), known(T0 + SLOT_MS, 3)], LATER)
    await expect(store.intervalCopy?.write(books.intervalsToCopy(LATER, 5))).rejects.toMatchObject({
      code: 'store-unavailable',
    })
    expect(isDone()).toBeUndefined()
    await server.start()
    await until(isDone)
    expect(await pointsIn(database)).toEqual(all(books))
    stop.abort()
    await running
    await store.close()
    remove()
  })

  test('what the server no longer keeps is not sent, and holds nothing up', async () => {
    const { books, remove } = newBooks()
    const database = `copies-${randomUUID()}`
    const store = await open(database)
    await fetch(`http://127.0.0.1:${server.port}/query`, {
      method: 'POST',
      body: new URLSearchParams({
        q: `ALTER RETENTION POLICY "autogen" ON "${database}" DURATION 100d SHARD DURATION 1d`,
      }),
    })
    const nowMs = Date.now() - (Date.now() % SLOT_MS)
    const longAgoMs = nowMs - 200 * 86_400_000
    const clock = new ManualClock(nowMs)
    books.record(nothing, [known(longAgoMs, 1), known(nowMs - 10 * SLOT_MS, 2)], nowMs)
    await drained(copying(store, books, clock))
    expect(await pointsIn(database)).toMatchObject([{ time: nowMs - 10 * SLOT_MS, count: 2 }])
    expect(books.counts().daysToCopy).toBe(0)
    await store.close()
    remove()
  })
})

test('a store that nobody looks into but us has no copies', async () => {
  const { books, folder, remove } = newBooks()
  const store = await openReadingStore(`sqlite:${folder}/readings.sqlite`)
  const clock = new ManualClock(LATER)
  books.record(nothing, [known(T0, 1)], LATER)
  const copies = new IntervalCopying({ store, books, clock, log, wish: 'on' })
  expect(await copies.step()).toBe(0)
  await copies.run(new AbortController().signal)
  expect(books.counts().daysToCopy).toBe(0)
  await store.close()
  remove()
})
