import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startInflux, type InfluxServer } from '#test/support/influx.ts'
import { startRecordingServer, type Answer, type RecordingServer } from '#test/support/recording-server.ts'
import { describeWith } from '#test/support/servers.ts'
import { readingStoreConformance } from './conformance.ts'
import { commitOf, counted, everything, power, register, T0, value } from './conformance/sample-readings.ts'
import { openInflux1Readings } from './influx1-readings.ts'

describeWith(['influxd'], 'InfluxDB 1.x', () => {
  let server: InfluxServer

  beforeAll(async () => {
    server = await startInflux()
  })
  afterAll(() => server.remove())

  const optionsOf = (database = `tanbiao-${randomUUID()}`) => ({
    url: new URL(`http://127.0.0.1:${server.port}`),
    database,
    create: true,
  })

  /** A statement put to the server directly, as an operator would. */
  async function tell(statement: string): Promise<unknown> {
    const response = await fetch(new URL('/query', `http://127.0.0.1:${server.port}`), {
      method: 'POST',
      body: new URLSearchParams({ q: statement }),
    })
    return response.json()
  }

  readingStoreConformance(
    'InfluxDB 1.x',
    async () => {
      const options = optionsOf()
      const open = () => openInflux1Readings(options)
      return {
        store: await open(),
        reopen: open,
        cleanup: async () => {
          await tell(`DROP DATABASE "${options.database}"`)
        },
      }
    },
    { runs: 4 },
  )

  test('people find the energy as a plain number in its canonical unit', async () => {
    const options = optionsOf()
    const store = await openInflux1Readings(options)
    await store.append([counted(0, 123_456)])
    const found = await tell(`SELECT "${register}" FROM "${options.database}".."electricity"`)
    expect(found).toMatchObject({ results: [{ series: [{ values: [[expect.any(String), 1234.56]] }] }] })
    await store.close()
  })
})

describe('InfluxDB 1.x that answers strangely', () => {
  let server: RecordingServer | undefined

  afterEach(() => server?.close())

  async function storeThatAnswers(answer: Answer | undefined) {
    server = await startRecordingServer(() => answer)
    return openInflux1Readings({ url: server.url, database: 'park', user: 'u', password: 'p:@' })
  }

  test('a write is one request with exact nanoseconds, and with the user’s name', async () => {
    const store = await storeThatAnswers({ status: 204 })
    expect(await store.append([counted(0, 7), value(0, 1.5)])).toEqual({ stored: 2, refused: [] })
    const requests = server?.requests.filter(({ target }) => target.pathname === '/write') ?? []
    expect(requests).toHaveLength(1)
    const [request] = requests
    expect(request?.target.search).toBe('?db=park&precision=n')
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('u:p:@').toString('base64')}`)
    expect(request?.body).toBe(
      `electricity,meter=m-1,quality=good ${register}=0.07,${register}.count=7i,` +
        `${register}.resolution="0.01",${power}=1.5 ${T0}000000`,
    )
    await store.close()
  })

  test.each([
    [200, 'ok'],
    [201, 'partly'],
    [302, ''],
    [400, '{"error":"database is required"}'],
    [401, '{"error":"authorization failed"}'],
    [403, '{"error":"\\"u\\" user is not authorized to write to database \\"park\\""}'],
    [404, '{"error":"database not found: \\"park\\""}'],
    [429, 'slow down'],
    [500, '{"error":"timeout"}'],
    [503, '{"error":"engine: cache maximum memory size exceeded"}'],
  ])('only 204 is a success: %d is not, and its words are kept', async (status, body) => {
    const store = await storeThatAnswers({ status, body })
    const words = /"error":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1]?.replaceAll('\\"', '"') ?? body
    await expect(store.append([value(0, 1)])).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining(`${status} ${words}`.trim()),
    })
    await expect(store.appendCommits([commitOf(1)])).rejects.toMatchObject({ code: 'store-unavailable' })
    await store.close()
  })

  test('a connection that is cut makes the store unavailable', async () => {
    const store = await storeThatAnswers(undefined)
    await expect(store.append([value(0, 1)])).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(store.latest(['m-1'])).rejects.toMatchObject({ code: 'store-unavailable' })
    await store.close()
  })

  test('a server that dies in the middle of an answer makes the store unavailable, and no call waits for ever', async () => {
    server = await startRecordingServer(() => ({ status: 200, body: '{"results":[', cut: true }))
    const store = await openInflux1Readings({ url: server.url, database: 'park', requestTimeoutMs: 300 })
    await expect(store.readings('m-1', power, everything)).rejects.toMatchObject({
      code: 'store-unavailable',
    })
    await expect(store.append([value(0, 1)])).rejects.toMatchObject({ code: 'store-unavailable' })
    await store.close()
  })

  test('a commit record that the server will not take is not passed over', async () => {
    const store = await storeThatAnswers({
      status: 400,
      body: '{"error":"partial write: points beyond retention policy dropped=1"}',
    })
    await expect(store.appendCommits([commitOf(1)])).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/beyond retention policy/),
    })
    await store.close()
  })

  test.each([
    [
      'an answer cut short by max-row-limit',
      '{"results":[{"series":[{"name":"electricity","columns":["time"],"values":[],"partial":true}]}]}',
    ],
    ['an error beside results', '{"results":[{"error":"query-timeout limit exceeded"}]}'],
    ['an answer of another shape', '{"hello":1}'],
    ['an answer that is not JSON', '<html>'],
  ])('%s is never taken for all there is', async (_name, body) => {
    const store = await storeThatAnswers({ status: 200, body })
    await expect(store.readings('m-1', power, everything)).rejects.toMatchObject({
      code: 'store-unavailable',
    })
    await expect(store.commitsSince(0)).rejects.toMatchObject({ code: 'store-unavailable' })
    await store.close()
  })
})
