import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import { startRecordingServer, type Answer, type RecordingServer } from '#test/support/recording-server.ts'
import { readingStoreConformance } from './conformance.ts'
import {
  bad,
  commitOf,
  counted,
  everything,
  power,
  register,
  T0,
  value,
} from './conformance/sample-readings.ts'
import { rowsOfOthers } from './conformance/rows-of-others.ts'
import { openInflux3Readings } from './influx3-readings.ts'
import { startInflux3, type Influx3Server } from '#test/support/influx3.ts'
import { startStandIn, type StandIn } from '#test/support/influx3-stand-in.ts'
import { describeWith } from '#test/support/servers.ts'

describeWith(['TANBIAO_TEST_INFLUXDB3'], 'InfluxDB 3.x', () => {
  let server: Influx3Server

  beforeAll(async () => {
    server = await startInflux3()
  })
  afterAll(() => server.remove())

  readingStoreConformance(
    'InfluxDB 3.x',
    async () => {
      const database = `park-${randomUUID().slice(0, 8)}`
      const open = () => server.openStore(database)
      return {
        store: await open(),
        reopen: open,
        // 3 Core takes five databases.
        cleanup: () => server.removeDatabase(database),
      }
    },
    { runs: 1 },
  )
})

describe('InfluxDB 3.x as its interface describes it', () => {
  let standIn: StandIn
  let databases = 0

  beforeAll(async () => {
    standIn = await startStandIn([])
  })
  afterAll(() => standIn.close())
  afterEach(() => {
    standIn.instead = () => undefined
    standIn.keptMs = undefined
  })

  const openNew = () =>
    openInflux3Readings({ url: standIn.url, database: `park-${(databases += 1)}`, create: true, token: 't' })

  readingStoreConformance(
    'The adapter of InfluxDB 3.x',
    async () => {
      const database = `park-${(databases += 1)}`
      const open = () => openInflux3Readings({ url: standIn.url, database, create: true })
      return { store: await open(), reopen: open, cleanup: async () => {} }
    },
    { runs: 6 },
  )

  test('a write is one request in nanoseconds, acknowledged when it is in the log', async () => {
    const store = await openNew()
    await store.append([counted(0, 7), value(0, 1.5), bad(1)])
    const { target, headers, body } = standIn.requests.at(-1) ?? {}
    expect(target?.pathname).toBe('/api/v3/write_lp')
    expect(Object.fromEntries(target?.searchParams ?? [])).toEqual({
      db: `park-${databases}`,
      precision: 'nanosecond',
      accept_partial: 'true',
      no_sync: 'false',
    })
    expect(headers?.authorization).toBe('Bearer t')
    expect(body?.split('\n')).toEqual([
      `electricity,meter=m-1,quantity=${register},quality=good value=0.07,exact="7*0.01" ${T0}000000`,
      `electricity,meter=m-1,quantity=${power},quality=good value=1.5 ${T0}000000`,
      `bad,meter=m-1,quantity=${power} cause="timeout" ${T0 + 1_000}000000`,
    ])
    await store.close()
  })

  test('readings against a column’s type are found and returned, all others are stored', async () => {
    const store = await openNew()
    await store.append([value(0, 1)])
    await fetch(new URL(`/api/v3/write_lp?db=park-${databases}`, standIn.url), {
      method: 'POST',
      body: `steam,meter=x,quantity=steamFlow,quality=good value="oops" ${T0}000000`,
    })
    const readings = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0 ? value(index, index, 'steamFlow') : counted(index, index),
    )
    const { stored, refused } = await store.append(readings)
    expect(stored).toBe(40)
    expect(refused.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, index) => index * 3))
    expect(refused[0]?.fault.message).toMatch(/partial write .* invalid column type for column 'value'/)
    expect(await store.readings('m-1', register, everything)).toHaveLength(40)
    await store.close()
  })

  test('readings that the server would take and hide are returned, by its own clock; it is asked once a minute', async () => {
    standIn.keptMs = 30 * DAY_MS
    standIn.nowMs = T0 + 30 * DAY_MS
    // A clock that is far ahead of the server's.
    let nowMs = T0 + 400 * DAY_MS
    const store = await openInflux3Readings({
      url: standIn.url,
      database: `park-${(databases += 1)}`,
      create: true,
      wallMs: () => nowMs,
    })
    const first = standIn.requests.length
    const asked = (): number =>
      standIn.requests.slice(first).filter(({ body }) => body.includes('system.databases')).length
    expect(await store.append([counted(0, 1), counted(-1, 0), value(1, 2)])).toEqual({
      stored: 2,
      refused: [{ index: 1, fault: expect.objectContaining({ code: 'store-refused' }) }],
    })
    expect(await store.append([counted(2, 3)])).toMatchObject({ stored: 1 })
    expect(asked()).toBe(1)
    nowMs += 60_000
    standIn.keptMs = DAY_MS
    // What was known holds until it has answered.
    expect(await store.append([counted(61, 4)])).toMatchObject({ stored: 1 })
    await expect
      .poll(async () => (await store.append([counted(62, 5)])).refused.map(({ fault }) => fault.message))
      .toEqual([expect.stringMatching(/beyond the retention of its database, 1 days/)])
    expect(asked()).toBe(2)
    await store.close()
  })

  test.each([
    [401, '{"error":"the request was not authenticated"}'],
    [404, '{"error":"query error: database not found: _internal"}'],
    [
      500,
      "query error: error while planning query: Error during planning: table 'public.system.databases' not found",
    ],
  ])('a server that does not tell its retention takes everything: %d', async (status, body) => {
    const store = await openNew()
    standIn.instead = () => {
      const isAsked = standIn.requests.at(-1)?.body.includes('system.databases') === true
      return isAsked ? { status, body } : undefined
    }
    expect(await store.append([counted(0, 1)])).toEqual({ stored: 1, refused: [] })
    expect(store.retention?.by === 'server' && (await store.retention.keptMs())).toBeUndefined()
    await store.close()
  })

  test.each([
    [503, ''],
    [500, 'out of memory'],
    [200, '{"error":"x"}'],
  ])(
    'where it cannot be asked now nothing is taken, and what was known stays: %d %s',
    async (status, body) => {
      standIn.keptMs = 30 * DAY_MS
      standIn.nowMs = T0 + 30 * DAY_MS
      let nowMs = standIn.nowMs
      const store = await openInflux3Readings({
        url: standIn.url,
        database: `park-${(databases += 1)}`,
        create: true,
        wallMs: () => nowMs,
      })
      const failing = (): Answer | undefined => {
        const isAsked = standIn.requests.at(-1)?.body.includes('system.databases') === true
        return isAsked ? { status, body } : undefined
      }
      standIn.instead = failing
      await expect(store.append([counted(0, 1)])).rejects.toMatchObject({ code: 'store-unavailable' })
      standIn.instead = () => undefined
      expect(await store.append([counted(-1, 0)])).toMatchObject({ stored: 0 })
      standIn.instead = failing
      nowMs += DAY_MS
      for (let attempt = 0; attempt < 3; attempt += 1)
        expect(await store.append([counted(-1, 0)])).toMatchObject({ stored: 0 })
      await store.close()
    },
  )

  test('two commit records of one place are never mixed, however long they are', async () => {
    const [long, short] = [150_000, 10].map((length) =>
      commitOf(1, {
        digest: `${length}`.padStart(64, '0'),
        refused: [{ code: 'meter-unknown', detail: 'x', encoding: 'base64', payload: 'A'.repeat(length) }],
      }),
    )
    if (long === undefined || short === undefined) throw new Error('two records')
    for (const records of [
      [long, short],
      [short, long],
    ]) {
      const database = `park-${(databases += 1)}`
      // Two writers that know nothing of each other.
      for (const record of records) {
        const store = await openInflux3Readings({ url: standIn.url, database, create: true })
        await store.appendCommits([record])
        await store.close()
      }
      const store = await openInflux3Readings({ url: standIn.url, database })
      const digests = (await store.commitsSince(0)).map(({ digest }) => digest)
      expect(new Set(digests)).toEqual(new Set(records.map(({ digest }) => digest)))
      await store.close()
    }
  })

  test('a request that is too long for it is shortened, whatever the status', async () => {
    const store = await openNew()
    const payload = 'A'.repeat(400_000)
    const record = commitOf(1, { refused: [{ code: 'x', detail: 'x', encoding: 'base64', payload }] })
    standIn.instead = () => {
      const isTooLong = (standIn.requests.at(-1)?.body.length ?? 0) > 300_000
      return isTooLong ? { status: 500, body: 'max request size (300000 bytes) exceeded' } : undefined
    }
    await store.appendCommits([record])
    const [kept] = await store.commitsSince(0)
    expect(kept?.refused[0]?.detail).toMatch(/of 400000 characters the store took the first \d+ only/)
    await store.close()
  })

  test('each revision of an interval is a row of its own, because of two equal rows either may stay', async () => {
    const store = await openNew()
    const slotMs = T0 - (T0 % 900_000)
    const missing = {
      meter: 'm-1',
      quantity: register,
      slotMs,
      state: 'missing',
      cause: 'undecided',
    } as const
    const before = standIn.requests.length
    await store.intervalCopy?.write([
      {
        meter: 'm-1',
        quantity: register,
        mayReplace: true,
        intervals: [{ ...missing, undecided: [], revision: 2 }],
      },
    ])
    expect(standIn.requests.slice(before).map(({ target, body }) => [target.pathname, body])).toEqual([
      [
        '/api/v3/write_lp',
        `interval,carrier=electricity,meter=m-1,quantity=${register},revision=2 state="undecided",undecided=0i ${slotMs}000000`,
      ],
    ])
    expect(await store.latest(['m-1'])).toEqual([])
    await store.close()
  })

  test('meters are parameters of a query, not its text', async () => {
    const store = await openNew()
    await store.append([value(0, 1)])
    await store.readings('m-1', power, everything)
    const asked = standIn.requests.map(({ body }) => body).findLast((body) => body.includes('$meter'))
    const { q, params } = JSON.parse(asked ?? '{}')
    expect(q).toMatch(/WHERE meter = \$meter AND quantity = \$quantity AND "time" >= to_timestamp_nanos\(0\)/)
    expect(q).not.toContain('m-1')
    expect(params).toEqual({ meter: 'm-1', quantity: power })
    await store.close()
  })

  test('a row that somebody else wrote is no reading and stops nothing', async () => {
    const store = await openNew()
    await store.append([value(0, 1), counted(0, 5)])
    await fetch(new URL(`/api/v3/write_lp?db=park-${databases}`, standIn.url), {
      method: 'POST',
      body: rowsOfOthers.join('\n'),
    })
    expect(await store.readings('m-1', power, everything)).toEqual([value(0, 1)])
    expect(await store.readings('m-1', register, everything)).toEqual([counted(0, 5)])
    expect(await store.latest(['m-1'])).toHaveLength(2)
    await store.close()
  })
})

describe('InfluxDB 3.x that answers strangely', () => {
  let server: RecordingServer | undefined

  afterEach(() => server?.close())

  async function storeThatAnswers(answer: Answer | undefined) {
    // It says of no database how long it keeps.
    server = await startRecordingServer(({ body }) =>
      body.includes('system.databases') ? { status: 200, body: '[]' } : answer,
    )
    return openInflux3Readings({ url: server.url, database: 'park', requestTimeoutMs: 20_000 })
  }

  test.each([
    [200, ''],
    [201, ''],
    [302, ''],
    [400, 'serde error: missing field `db`'],
    [400, '{"error":"db name did not start with a number or letter","data":null}'],
    [401, '{"error":"the request was not authenticated"}'],
    [403, ''],
    [404, '{"error":"database not found: park"}'],
    [429, 'slow down'],
    [500, 'wal buffer error'],
    [503, ''],
  ])('only 204 is a success, and only lines named are refused: %d %s', async (status, body) => {
    const store = await storeThatAnswers({ status, body })
    await expect(store.append([value(0, 1)])).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining(String(status)),
    })
    await expect(store.appendCommits([commitOf(1)])).rejects.toMatchObject({ code: 'store-unavailable' })
    await store.close()
  })

  test('a limit of the server refuses the reading in its words', async () => {
    const words = 'Update to schema would exceed number of columns per table limit of 500 columns'
    const store = await storeThatAnswers({
      status: 422,
      body: JSON.stringify({
        error: 'partial write of line protocol occurred',
        data: [{ original_line: 'x', line_number: 1, error_message: words }],
      }),
    })
    const { refused } = await store.append([value(0, 1)])
    expect(refused.map(({ fault }) => fault.message)).toEqual([expect.stringContaining(words)])
    await store.close()
  })

  test.each([
    ['a connection that is cut', undefined],
    ['an answer cut short', { status: 200, body: '[{"body":"', cut: true }],
    ['an answer that is not JSON', { status: 200, body: '[{"table_name":"commit"' }],
    ['an answer of another shape', { status: 200, body: '{"error":"x"}' }],
    ['an error', { status: 500, body: 'datafusion error' }],
  ])('%s is never taken for all there is', async (_what, answer) => {
    const store = await storeThatAnswers(answer)
    await expect(store.commitsSince(0)).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(store.readings('m-1', power, everything)).rejects.toMatchObject({
      code: 'store-unavailable',
    })
    await store.close()
  })
})
