import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { DAY_MS } from '#contract/duration.ts'
import type { Reading } from '#contract/reading.ts'
import { startInflux3, type Influx3Server } from '#test/support/influx3.ts'
import { describeWith } from '#test/support/servers.ts'
import { until } from '#test/support/until.ts'
import { sorted } from './conformance/any-readings.ts'
import { dyingServerConformance } from './conformance/dying-server.ts'
import { rowsOfOthers } from './conformance/rows-of-others.ts'
import { known, SLOT0, stretchOf, undecided } from './conformance/sample-intervals.ts'
import { commitOf, counted, everything, power, register, T0, value } from './conformance/sample-readings.ts'
import type { ReadingStore } from './port.ts'

/** What a real InfluxDB 3 does. */
describeWith(['TANBIAO_TEST_INFLUXDB3'], 'Readings in InfluxDB 3.x', () => {
  let server: Influx3Server
  let databases = 0

  beforeAll(async () => {
    server = await startInflux3()
  })
  afterAll(() => server.remove())

  /** 3 Core takes five databases, and a removed one counts until it is gone from its files: they are made one by one. */
  async function withStore(work: (store: ReadingStore, database: string) => Promise<void>): Promise<void> {
    const database = `park-${(databases += 1)}`
    const store = await server.openStore(database)
    try {
      await work(store, database)
    } finally {
      await store.close()
      await server.removeDatabase(database)
    }
  }

  test('against a column’s type are found and returned, all others are stored', () =>
    withStore(async (store, database) => {
      await server.writeForeign(
        database,
        `steam,meter=x,quantity=steamFlow,quality=good value="oops" ${T0}000000`,
      )
      const readings = Array.from({ length: 60 }, (_, index) =>
        index % 3 === 0 ? value(index, index, 'steamFlow') : counted(index, index),
      )
      const { stored, refused } = await store.append(readings)
      expect(stored).toBe(40)
      expect(refused.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, index) => index * 3))
      expect(refused[0]?.fault.code).toBe('store-refused')
      expect(refused[0]?.fault.message).toMatch(/invalid column type for column 'value'/)
      expect(await store.readings('m-1', register, everything)).toHaveLength(40)
    }))

  test('have nowhere to go without their database, in the server’s words', async () => {
    const store = await server.openStore('nowhere', { create: false })
    await expect(store.readings('m-1', power, everything)).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/404 .*not found/),
    })
    await store.close()
  })

  test('are no rows that somebody else wrote, and these stop nothing', () =>
    withStore(async (store, database) => {
      await store.append([value(0, 1), counted(0, 5)])
      await server.writeForeign(database, rowsOfOthers.join('\n'))
      expect(await store.readings('m-1', power, everything)).toEqual([value(0, 1)])
      expect(await store.readings('m-1', register, everything)).toEqual([counted(0, 5)])
      expect(sorted(await store.latest(['m-1']))).toEqual(sorted([value(0, 1), counted(0, 5)]))
    }))

  test('have their finished intervals beside them, of which the query of README.md shows the newest revisions', () =>
    withStore(async (store, database) => {
      await store.intervalCopy?.write([stretchOf(known(0, 1, 250), known(1, 1, 300), known(2, 1, 100))])
      await store.intervalCopy?.write([stretchOf(undecided(0, 2), known(1, 2, 310))])
      const q = `SELECT CAST(time AS BIGINT) / 1000000 AS at_ms, energy, state, revision FROM (SELECT *,
        ROW_NUMBER() OVER (PARTITION BY meter, quantity, time ORDER BY CAST(revision AS BIGINT) DESC) AS place
        FROM interval) AS newest WHERE place = 1 ORDER BY time`
      const response = await fetch(new URL('/api/v3/query_sql', server.url), {
        method: 'POST',
        body: JSON.stringify({ db: database, q, format: 'json' }),
      })
      const rows = z
        .array(
          z.object({
            at_ms: z.number(),
            energy: z.number().nullish(),
            state: z.string(),
            revision: z.string(),
          }),
        )
        .parse(await response.json())
      expect(
        rows.map(({ at_ms: atMs, energy, state, revision }) => [atMs, energy ?? null, state, revision]),
      ).toEqual([
        [SLOT0, null, 'undecided', '2'],
        [SLOT0 + 900_000, 3.1, 'known', '2'],
        [SLOT0 + 1_800_000, 1, 'known', '1'],
      ])
    }))

  test('beyond retention are returned, since the server would take and hide them; all others are stored', async () => {
    const database = `park-${(databases += 1)}`
    await server.makeDatabase(database, 30)
    const store = await server.openStore(database)
    try {
      const now = Date.now() - (Date.now() % 1_000)
      const fresh = (index: number) => ({ ...counted(index, index), atMs: now - index * 1_000 })
      const readings = Array.from({ length: 64 }, (_, index) =>
        index === 5 || index > 60
          ? { ...counted(index, index), atMs: now - 31 * DAY_MS - index }
          : fresh(index),
      )
      const { stored, refused } = await store.append(readings)
      expect(refused.map(({ index }) => index)).toEqual([5, 61, 62, 63])
      expect(refused[0]?.fault).toMatchObject({
        code: 'store-refused',
        message: expect.stringMatching(/beyond the retention of its database, 30 days/),
      })
      expect(stored).toBe(60)
      expect(await store.readings('m-1', register, everything)).toHaveLength(60)
      expect(store.retention?.by === 'server' && (await store.retention.keptMs())).toBe(30 * DAY_MS)
    } finally {
      await store.close()
      await server.removeDatabase(database)
    }
  })

  test('are kept for ever where the database says nothing', () =>
    withStore(async (store) => {
      expect(store.retention?.by === 'server' && (await store.retention.keptMs())).toBe(Infinity)
    }))

  dyingServerConformance(() => server, withStore)
})

describeWith(
  ['TANBIAO_TEST_INFLUXDB3'],
  'Readings in an InfluxDB 3.x that opens few files for a query',
  () => {
    /** A file a table and ten minutes; the log goes into files soon. */
    const FILE_MS = 600_000
    const LIMIT = 20
    let server: Influx3Server

    beforeAll(async () => {
      server = await startInflux3(undefined, ['--query-file-limit', `${LIMIT}`, '--wal-snapshot-size', '2'])
    })
    afterAll(() => server.remove())

    test('are found however far a question reaches', async () => {
      const nowMs = T0 + 3 * DAY_MS
      const store = await server.openStore('park', { wallMs: () => nowMs })
      const every = (meter: string, count: number): Reading[] =>
        Array.from({ length: count }, (_, index) => ({
          ...counted(0, index),
          meter,
          atMs: T0 + index * FILE_MS,
        }))
      const long = every('m-1', 150)
      const silent = every('m-2', 1)
      await store.append([...long, ...silent])
      const commits = Array.from({ length: 60 }, (_, index) =>
        commitOf(index + 1, { committedAtMs: T0 + index * FILE_MS }),
      )
      for (const record of commits) await store.appendCommits([record])
      // Until the server refuses a question that reaches over all of it.
      await until(async () => ((await wholeQuestion()) === 500 ? true : undefined), 20_000)
      expect(await store.readings('m-1', register, everything)).toEqual(long)
      const at = (index: number): number => T0 + index * FILE_MS
      expect(await store.registerSeries('m-1', register, { fromMs: at(100) - 1, toMs: at(140) })).toEqual({
        before: long[99],
        within: long.slice(100, 140),
        after: long[140],
      })
      expect(await store.registerSeries('m-2', register, { fromMs: at(140), toMs: at(141) })).toEqual({
        before: silent[0],
        within: [],
        after: undefined,
      })
      expect(sorted(await store.latest(['m-1', 'm-2', 'm-3']))).toEqual(
        sorted([long.at(-1), silent[0]].filter((reading) => reading !== undefined)),
      )
      expect(await store.commitsSince(0)).toEqual(commits)
      expect(await store.commitsSince(0, 7)).toEqual(commits.slice(0, 7))
      await store.close()
    })

    async function wholeQuestion(): Promise<number> {
      const body = JSON.stringify({ db: 'park', q: 'SELECT COUNT(*) FROM electricity', format: 'json' })
      const headers = { 'content-type': 'application/json' }
      return (await fetch(new URL('/api/v3/query_sql', server.url), { method: 'POST', headers, body })).status
    }
  },
)
