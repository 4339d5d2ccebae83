import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startInflux2, type Influx2Server } from '#test/support/influx2.ts'
import {
  startRecordingServer,
  type Answer,
  type RecordedRequest,
  type RecordingServer,
} from '#test/support/recording-server.ts'
import { describeWith } from '#test/support/servers.ts'
import { readingStoreConformance } from './conformance.ts'
import { commitOf, counted, power, register, T0, value } from './conformance/sample-readings.ts'
import { openInflux2Readings } from './influx2-readings.ts'

const period = { fromMs: T0, toMs: T0 + 3_600_000 }

describeWith(['TANBIAO_TEST_INFLUXD2'], 'InfluxDB 2.x', () => {
  let server: Influx2Server

  beforeAll(async () => {
    server = await startInflux2()
  })
  afterAll(() => server.remove())

  async function freshBucket(): Promise<string> {
    const bucket = `tanbiao-${randomUUID()}`
    await server.makeBucket(bucket)
    return bucket
  }

  readingStoreConformance(
    'InfluxDB 2.x',
    async () => {
      const bucket = await freshBucket()
      const open = () => server.openStore(bucket)
      return { store: await open(), reopen: open, cleanup: () => server.removeBucket(bucket) }
    },
    { runs: 4 },
  )

  describe('what a real server does', () => {
    test('a token that may not write makes the store unavailable', async () => {
      const bucket = await freshBucket()
      const store = await openInflux2Readings({
        url: server.url,
        org: server.org,
        bucket,
        token: 'not-a-token',
      })
      await expect(store.append([value(0, 1)])).rejects.toMatchObject({
        code: 'store-unavailable',
        message: expect.stringMatching(/401/),
      })
      await expect(store.latest(['m-1'])).rejects.toMatchObject({
        code: 'store-unavailable',
        message: expect.stringMatching(/401/),
      })
      await store.close()
    })

    test('an interval that is known no longer shows no energy, and a later revision takes the place of the one before', async () => {
      const bucket = await freshBucket()
      await server.mapDatabase(bucket)
      const store = await server.openStore(bucket)
      const slotMs = T0 - (T0 % 900_000)
      const register_ = { count: 0, resolution: '0.01' }
      const point = { atMs: slotMs, register: register_ }
      const boundary = { ...point, method: 'measured', before: point, after: point } as const
      const known = (at: number, revision: number, count: number) =>
        ({
          meter: 'm-1',
          quantity: register,
          slotMs: at,
          revision,
          undecided: [],
          state: 'known',
          basis: 'register',
          energy: { count, resolution: '0.01' },
          method: 'measured',
          coverage: 1,
          opening: boundary,
          closing: boundary,
          simulated: false,
          uncertain: false,
        }) as const
      const stretch = { meter: 'm-1', quantity: register, mayReplace: false } as const
      await store.intervalCopy?.write([
        {
          ...stretch,
          intervals: [
            known(slotMs, 1, 250),
            known(slotMs + 900_000, 1, 300),
            known(slotMs + 1_800_000, 1, 100),
          ],
        },
      ])
      const missing = {
        meter: 'm-1',
        quantity: register,
        slotMs,
        state: 'missing',
        cause: 'undecided',
      } as const
      await store.intervalCopy?.write([
        {
          ...stretch,
          intervals: [{ ...missing, undecided: [], revision: 2 }, known(slotMs + 900_000, 2, 310)],
        },
      ])
      const values = [
        [slotMs, null, 'undecided', 2],
        [slotMs + 900_000, 3.1, 'known', 2],
        [slotMs + 1_800_000, 1, 'known', 1],
      ]
      expect(
        await server.influxQl(bucket, 'SELECT "energy", "state", "revision" FROM "interval"'),
      ).toMatchObject({ results: [{ series: [{ values }] }] })
      await store.close()
    })
  })
})

describe('InfluxDB 2.x as its interface describes it', () => {
  let server: RecordingServer | undefined

  afterEach(() => server?.close())

  async function storeThatAnswers(answer: (request: RecordedRequest) => Answer | undefined) {
    server = await startRecordingServer(answer)
    return openInflux2Readings({
      url: server.url,
      org: 'my org',
      bucket: 'park',
      token: 'secret',
      requestTimeoutMs: 2_000,
    })
  }

  test('a write is one request with exact nanoseconds and the token', async () => {
    const store = await storeThatAnswers(() => ({ status: 204 }))
    expect(await store.append([counted(0, 7), value(0, 1.5)])).toEqual({ stored: 2, refused: [] })
    expect(server?.requests).toHaveLength(1)
    const [request] = server?.requests ?? []
    expect(request?.target.pathname).toBe('/api/v2/write')
    expect(Object.fromEntries(request?.target.searchParams ?? [])).toEqual({
      org: 'my org',
      bucket: 'park',
      precision: 'ns',
    })
    expect(request?.headers.authorization).toBe('Token secret')
    expect(request?.body).toBe(
      `electricity,meter=m-1,quality=good ${register}=0.07,${register}.count=7i,` +
        `${register}.resolution="0.01",${power}=1.5 ${T0}000000`,
    )
    await store.close()
  })

  test.each([
    [200, 'ok'],
    [202, ''],
    [302, ''],
    [401, '{"code":"unauthorized","message":"unauthorized access"}'],
    [403, '{"code":"forbidden","message":"insufficient permissions"}'],
    [404, '{"code":"not found","message":"bucket \\"park\\" not found"}'],
    [429, '{"code":"too many requests","message":"org has exceeded limited_write plan limit"}'],
    [500, '{"code":"internal error","message":"hinted handoff queue not empty"}'],
    [503, '{"code":"unavailable","message":"service unavailable"}'],
  ])('only 204 is a success: %d is not, and its words are kept', async (status, body) => {
    const store = await storeThatAnswers(() => ({
      status,
      body,
      headers: { 'content-type': 'application/json' },
    }))
    const words = /"message":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1]?.replaceAll('\\"', '"') ?? body
    await expect(store.append([value(0, 1)])).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining(`${status} ${words}`.trim()),
    })
    // One request: nothing is tried again in secret, nothing waits in a buffer.
    expect(server?.requests).toHaveLength(1)
    await expect(store.appendCommits([commitOf(1)])).rejects.toMatchObject({ code: 'store-unavailable' })
    await store.close()
  })

  test.each([201, 400, 413, 422])(
    '%d is a request of which a part was not taken: that part is found',
    async (status) => {
      const store = await storeThatAnswers(({ body }) =>
        body.includes('=13 ') ? { status, body: '{"message":"no thirteens"}' } : { status: 204 },
      )
      const readings = Array.from({ length: 40 }, (_, index) => value(index, index))
      const { stored, refused } = await store.append(readings)
      expect(stored).toBe(39)
      expect(refused).toMatchObject([{ index: 13, fault: { code: 'store-refused' } }])
      expect(refused[0]?.fault.message).toContain('no thirteens')
      // Every other reading was in a request that was taken in full.
      const taken = (server?.requests ?? []).filter(({ body }) => !body.includes('=13 '))
      for (const { atMs } of readings.filter((_, index) => index !== 13)) {
        expect(taken.some(({ body }) => body.includes(`${atMs}000000`))).toBe(true)
      }
      await store.close()
    },
  )

  test('a commit record that is longer than a field may be is shortened, and keeps nobody waiting', async () => {
    // As 2.8 answers, by its source (tsdb/field_validator.go, http/write_handler.go).
    const tooLong =
      'failure writing points to database: partial write: input field "body" on measurement "commit" is too long, 2000400 > 1048576 dropped=1'
    const store = await storeThatAnswers(({ body }) =>
      body.split('\n').some((line) => line.length > 1_048_576)
        ? { status: 422, body: JSON.stringify({ code: 'unprocessable entity', message: tooLong }) }
        : { status: 204 },
    )
    const refused = [
      {
        code: 'message-undecodable',
        detail: '',
        encoding: 'base64',
        payload: 'A'.repeat(2_000_000),
      } as const,
    ]
    await store.appendCommits([commitOf(1), commitOf(2, { refused }), commitOf(3)])
    const taken = (server?.requests ?? [])
      .flatMap(({ body }) => body.split('\n'))
      .filter((line) => line.length <= 1_048_576)
    for (const seq of [1, 2, 3]) expect(taken.some((line) => line.includes(`,seq=${seq}i`))).toBe(true)
    expect(taken.join('')).toMatch(/of 2000000 characters the store took the first 262144 only/)
    await store.close()
  })

  test('no answer, or one that is cut, makes the store unavailable', async () => {
    const silent = await storeThatAnswers(() => undefined)
    await expect(silent.append([value(0, 1)])).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(silent.latest(['m-1'])).rejects.toMatchObject({ code: 'store-unavailable' })
    await server?.close()
    const dying = await storeThatAnswers(() => ({ status: 200, body: '#datatype,string', cut: true }))
    await expect(dying.readings('m-1', power, period)).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(dying.append([value(0, 1)])).rejects.toMatchObject({ code: 'store-unavailable' })
  })

  test('readings come out of annotated CSV, count and resolution joined', async () => {
    const head = ',result,table,_time,_value,_field,_measurement,meter,quality'
    const csv = [
      '#datatype,string,long,dateTime:RFC3339,long,string,string,string,string',
      '#group,false,false,false,false,true,true,true,true',
      '#default,_result,,,,,,,',
      head,
      `,,0,2026-09-21T14:13:20Z,9007199254740991,${register}.count,electricity,m-1,good`,
      '',
      '#datatype,string,long,dateTime:RFC3339,string,string,string,string,string',
      '#group,false,false,false,false,true,true,true,true',
      '#default,_result,,,,,,,',
      head,
      `,,1,2026-09-21T14:13:20Z,0.01,${register}.resolution,electricity,m-1,good`,
      '',
    ].join('\r\n')
    const store = await storeThatAnswers(() => ({
      status: 200,
      body: csv,
      headers: { 'content-type': 'text/csv' },
    }))
    expect((await store.registerSeries('m-1', register, period)).within).toEqual([
      { ...counted(0, Number.MAX_SAFE_INTEGER), atMs: Date.UTC(2026, 8, 21, 14, 13, 20) },
    ])
    await store.close()
  })

  test('an error after the first rows is not taken for the end of the rows', async () => {
    const csv = [
      '#datatype,string,long',
      '#group,true,true',
      '#default,,',
      ',error,reference',
      ',engine failed,897',
      '',
    ].join('\r\n')
    const store = await storeThatAnswers(() => ({
      status: 200,
      body: csv,
      headers: { 'content-type': 'text/csv' },
    }))
    await expect(store.readings('m-1', power, period)).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('engine failed'),
    })
    await store.close()
  })

  test('an interval that is known no longer is taken out before its slot is written again', async () => {
    const store = await storeThatAnswers(() => ({ status: 204 }))
    const slotMs = T0 - (T0 % 900_000)
    const undecided = {
      meter: 'm-1',
      quantity: register,
      slotMs,
      state: 'missing',
      cause: 'undecided',
    } as const
    const stretch = { meter: 'm-1', quantity: register, mayReplace: false } as const
    await store.intervalCopy?.write([
      { ...stretch, intervals: [{ ...undecided, undecided: [], revision: 1 }] },
      { ...stretch, intervals: [{ ...undecided, undecided: [], revision: 2 }] },
    ])
    const requests = server?.requests ?? []
    expect(requests.map(({ target }) => target.pathname)).toEqual(['/api/v2/delete', '/api/v2/write'])
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
      start: Temporal.Instant.fromEpochMilliseconds(slotMs).toString(),
      stop: Temporal.Instant.fromEpochMilliseconds(slotMs + 900_000 - 1).toString(),
      predicate: `_measurement="interval" AND meter="m-1" AND quantity="${register}"`,
    })
    expect(requests[1]?.body.split('\n')[1]).toBe(
      `interval,carrier=electricity,meter=m-1,quantity=${register} state="undecided",revision=2i,undecided=0i ${slotMs}000000`,
    )
    await store.close()
  })

  test('names stand in a query only as quoted text, and an empty period is an empty range', async () => {
    const store = await storeThatAnswers(() => ({ status: 200, body: '' }))
    await store.readings('m-1', power, { fromMs: T0, toMs: T0 })
    await store.readings('m-1") |> drop(columns: ["x', power, period)
    const queries = (server?.requests ?? []).map(({ body }) => body)
    expect(queries).toHaveLength(2)
    expect(queries[0]).toContain(String.raw`r.meter == \"m-1\"`)
    expect(queries[0]).toContain(
      String.raw`range(start: time(v: \"1969-12-31T23:59:59.999Z\"), stop: time(v: \"1970-01-01T00:00:00Z\"))`,
    )
    await store.close()
  })
})
