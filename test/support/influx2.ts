import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { openInflux2Readings } from '#store/influx2-readings.ts'
import type { ReadingStore } from '#store/port.ts'
import { runInflux, type InfluxServer } from './influx.ts'
import { freePort, serverPath } from './servers.ts'

/** A real InfluxDB 2.x, set up with one organisation and a token that may do everything. */
export interface Influx2Server extends InfluxServer {
  readonly url: URL
  readonly org: string
  readonly token: string
  /** Makes a bucket that keeps for ever. */
  makeBucket(name: string): Promise<void>
  changeRetention(bucket: string, retentionSeconds: number): Promise<void>
  removeBucket(name: string): Promise<void>
  /** Line protocol, as somebody else writes it. */
  writeForeign(bucket: string, line: string): Promise<void>
  /** Maps a bucket to a database of the same name, for InfluxQL. */
  mapDatabase(bucket: string): Promise<void>
  /** What it answers to an InfluxQL query of a mapped bucket, times in milliseconds. */
  influxQl(bucket: string, query: string): Promise<unknown>
  openStore(
    bucket: string,
    over?: { readonly url?: URL; readonly requestTimeoutMs?: number },
  ): Promise<ReadingStore>
}

const named = z.object({ id: z.string(), name: z.string() })
const buckets = z.object({ buckets: z.array(named) })
const orgs = z.object({ orgs: z.array(named) })

/** Starts it, its folder within `parent`. The suite must be declared with `describeWith(['TANBIAO_TEST_INFLUXD2'], …)`. */
export async function startInflux2(parent = tmpdir()): Promise<Influx2Server> {
  const folder = mkdtempSync(join(parent, 'tanbiao-influx2-'))
  const port = await freePort()
  const server = await runInflux(
    folder,
    port,
    serverPath('TANBIAO_TEST_INFLUXD2'),
    [
      ['--bolt-path', join(folder, 'influxd.bolt')],
      ['--sqlite-path', join(folder, 'influxd.sqlite')],
      ['--engine-path', join(folder, 'engine')],
      ['--http-bind-address', `127.0.0.1:${port}`, '--reporting-disabled', '--log-level', 'error'],
    ].flat(),
  )
  const url = new URL(`http://127.0.0.1:${port}`)
  const [org, token] = ['park of tests', 'token-of-tests']

  async function ask(method: string, path: string, body?: object | string): Promise<unknown> {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Token ${token}` },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  const idOf = async (bucket: string): Promise<string> => {
    const found = buckets.parse(await ask('GET', `/api/v2/buckets?name=${encodeURIComponent(bucket)}`))
    const id = found.buckets.find(({ name }) => name === bucket)?.id
    if (id === undefined) throw new Error(`no bucket ${bucket}`)
    return id
  }

  await ask('POST', '/api/v2/setup', {
    username: 'tester',
    password: 'for tests alone',
    org,
    bucket: 'first',
    token,
  })
  const orgID = orgs.parse(await ask('GET', '/api/v2/orgs')).orgs.find(({ name }) => name === org)?.id
  return {
    ...server,
    url,
    org,
    token,
    makeBucket: async (name) =>
      void (await ask('POST', '/api/v2/buckets', { orgID, name, retentionRules: [] })),
    changeRetention: async (bucket, retentionSeconds) =>
      void (await ask('PATCH', `/api/v2/buckets/${await idOf(bucket)}`, {
        retentionRules: [{ type: 'expire', everySeconds: retentionSeconds }],
      })),
    removeBucket: async (name) => void (await ask('DELETE', `/api/v2/buckets/${await idOf(name)}`)),
    writeForeign: async (bucket, line) => {
      const search = new URLSearchParams({ org, bucket, precision: 'ns' }).toString()
      await ask('POST', `/api/v2/write?${search}`, line)
    },
    mapDatabase: async (bucket) =>
      void (await ask('POST', '/api/v2/dbrps', {
        orgID,
        bucketID: await idOf(bucket),
        database: bucket,
        retention_policy: 'autogen',
        default: true,
      })),
    influxQl: (db, q) => ask('GET', `/query?${new URLSearchParams({ db, q, epoch: 'ms' }).toString()}`),
    openStore: (bucket, over = {}) => openInflux2Readings({ url, org, bucket, token, ...over }),
  }
}
