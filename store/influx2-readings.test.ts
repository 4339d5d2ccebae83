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
import { known, SLOT0, stretchOf, undecided } from './conformance/sample-intervals.ts'
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
  })
})

describe('InfluxDB 2.x as its interface describes it', () => {
  let server: RecordingServer | undefined

  afterEach(() => server?.close())

  const asked = (): RecordedRequest[] =>
    (server?.requests ?? []).filter(({ target }) => target.pathname !== '/ready')

  /** Of when it was started it says nothing. */
  async function storeThatAnswers(answer: (request: RecordedRequest) => Answer | undefined) {
    server = await startRecordingServer((request) =>
      request.target.pathname === '/ready' ? { status: 404 } : answer(request),
    )
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
    expect(asked()).toHaveLength(1)
    const [request] = asked()
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
    expect(asked()).toHaveLength(1)
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
      const taken = asked().filter(({ body }) => !body.includes('=13 '))
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
    const taken = asked()
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
    await store.intervalCopy?.write([stretchOf(undecided(0, 1)), stretchOf(undecided(0, 2))])
    const requests = asked()
    expect(requests.map(({ target }) => target.pathname)).toEqual(['/api/v2/delete', '/api/v2/write'])
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
      start: Temporal.Instant.fromEpochMilliseconds(SLOT0).toString(),
      stop: Temporal.Instant.fromEpochMilliseconds(SLOT0 + 900_000 - 1).toString(),
      predicate: `_measurement="interval" AND meter="m-1" AND quantity="${register}"`,
    })
    expect(requests[1]?.body.split('\n')[1]).toBe(
      `interval,carrier=electricity,meter=m-1,quantity=${register} state="undecided",revision=2i,undecided=0i ${SLOT0}000000`,
    )
    await store.close()
  })

  test('what it has taken and taken out is sent again, in this order, once it says that it was started anew', async () => {
    let started = '2026-11-29T08:00:00.123456789Z'
    server = await startRecordingServer(({ target }) =>
      target.pathname === '/ready'
        ? { status: 200, body: JSON.stringify({ status: 'ready', started, up: '1m' }) }
        : { status: 204, headers: { connection: 'close' } },
    )
    const store = await openInflux2Readings({ url: server.url, org: 'o', bucket: 'b', token: 't' })
    await store.append([counted(0, 1)])
    await store.intervalCopy?.write([stretchOf(known(0, 1, 250))])
    await store.intervalCopy?.write([stretchOf(undecided(0, 2))])
    const before = asked()
    expect(before.map(({ target }) => target.pathname)).toEqual([
      '/api/v2/write',
      '/api/v2/write',
      '/api/v2/delete',
      '/api/v2/write',
    ])
    started = '2026-11-29T09:00:00Z'
    await store.append([counted(1, 2)])
    const sent = asked().map(({ target, body }) => `${target.href} ${body}`)
    // All five again: the four of before, and the one behind which it was found out.
    expect(sent.slice(before.length + 1)).toEqual(sent.slice(0, before.length + 1))
    await store.append([counted(2, 3)])
    expect(asked()).toHaveLength(sent.length + 1)
    await store.close()
  })

  test.each([
    [200, '<html>'],
    [200, '{"status":"ready"}'],
    [401, '{"code":"unauthorized"}'],
  ])('where it says no longer when it was started (%d %s) nothing is sent again', async (status, body) => {
    let answer = { status: 200, body: '{"started":"2026-11-29T08:00:00Z"}' }
    server = await startRecordingServer(({ target }) =>
      target.pathname === '/ready' ? answer : { status: 204, headers: { connection: 'close' } },
    )
    const store = await openInflux2Readings({ url: server.url, org: 'o', bucket: 'b', token: 't' })
    await store.append([counted(0, 1)])
    answer = { status, body }
    await store.append([counted(1, 2)])
    await store.append([counted(2, 3)])
    expect(asked()).toHaveLength(3)
    await store.close()
  })

  test('names stand in a query only as quoted text, and an empty period is an empty range', async () => {
    const store = await storeThatAnswers(() => ({ status: 200, body: '' }))
    await store.readings('m-1', power, { fromMs: T0, toMs: T0 })
    await store.readings('m-1") |> drop(columns: ["x', power, period)
    const queries = asked().map(({ body }) => body)
    expect(queries).toHaveLength(2)
    expect(queries[0]).toContain(String.raw`r.meter == \"m-1\"`)
    expect(queries[0]).toContain(
      String.raw`range(start: time(v: \"1969-12-31T23:59:59.999Z\"), stop: time(v: \"1970-01-01T00:00:00Z\"))`,
    )
    await store.close()
  })
})
