import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import {
  startRecordingServer,
  type Answer,
  type RecordedRequest,
  type RecordingServer,
} from '#test/support/recording-server.ts'
import { readingStoreConformance } from './conformance.ts'
import { commitOf, counted, power, register, T0, value } from './conformance/sample-readings.ts'
import { openInflux2Readings } from './influx2-readings.ts'

const period = { fromMs: T0, toMs: T0 + 3_600_000 }

/**
 * A server 2.x to test against: TANBIAO_TEST_INFLUX2_URL, _TOKEN and _ORG. The token must be allowed to make buckets:
 * each test has one of its own.
 */
const real = {
  url: process.env['TANBIAO_TEST_INFLUX2_URL'] ?? '',
  token: process.env['TANBIAO_TEST_INFLUX2_TOKEN'] ?? '',
  org: process.env['TANBIAO_TEST_INFLUX2_ORG'] ?? '',
}

async function api(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(new URL(path, real.url), {
    method,
    headers: { authorization: `Token ${real.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.status === 204 ? undefined : response.json()
}

/** The first `id` in an answer of the server. */
function idIn(answer: unknown): string {
  const id = /"id":\s*"([0-9a-f]{16})"/.exec(JSON.stringify(answer))?.[1]
  if (id === undefined) throw new Error('no id in the answer')
  return id
}

async function freshBucket(retentionSeconds = 0) {
  const bucket = `tanbiao-${randomUUID()}`
  const orgID = idIn(await api('GET', `/api/v2/orgs?org=${encodeURIComponent(real.org)}`))
  const retentionRules = retentionSeconds === 0 ? [] : [{ type: 'expire', everySeconds: retentionSeconds }]
  const id = idIn(await api('POST', '/api/v2/buckets', { orgID, name: bucket, retentionRules }))
  const open = () => openInflux2Readings({ url: new URL(real.url), org: real.org, bucket, token: real.token })
  return { bucket, open, remove: async () => void (await api('DELETE', `/api/v2/buckets/${id}`)) }
}

const absent = real.url === ''

describe.skipIf(absent)(`InfluxDB 2.x${absent ? ' [needs TANBIAO_TEST_INFLUX2_URL]' : ''}`, () => {
  readingStoreConformance(
    'InfluxDB 2.x',
    async () => {
      const { open, remove } = await freshBucket()
      return { store: await open(), reopen: open, cleanup: remove }
    },
    { runs: 4 },
  )

  test('readings against a field type are found and returned, all others are stored', async () => {
    const { bucket, open, remove } = await freshBucket()
    const store = await open()
    await fetch(new URL(`/api/v2/write?org=${real.org}&bucket=${bucket}`, real.url), {
      method: 'POST',
      headers: { authorization: `Token ${real.token}` },
      body: `electricity,meter=x ${power}="oops" ${T0}000000`,
    })
    const readings = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0 ? value(index, index) : counted(index, index),
    )
    const { stored, refused } = await store.append(readings)
    expect(stored).toBe(40)
    expect(refused.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, index) => index * 3))
    expect(await store.readings('m-1', register, period)).toHaveLength(40)
    await store.close()
    await remove()
  })

  test('readings beyond retention are returned, all others are stored', async () => {
    const { open, remove } = await freshBucket(100 * 86_400)
    const store = await open()
    const now = Date.now()
    const readings = Array.from({ length: 20 }, (_, index) => ({
      ...counted(index, index),
      atMs: index === 7 ? index : now - index * 1_000,
    }))
    const { stored, refused } = await store.append(readings)
    expect(refused.map(({ index }) => index)).toEqual([7])
    expect(stored).toBe(19)
    await store.close()
    await remove()
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
