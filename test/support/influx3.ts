import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openInflux3Readings, type Influx3Options } from '#store/influx3-readings.ts'
import type { ReadingStore } from '#store/port.ts'
import { runInflux, type InfluxServer } from './influx.ts'
import { freePort, serverPath } from './servers.ts'

/** A real InfluxDB 3 Core, without tokens, its objects in files. */
export interface Influx3Server extends InfluxServer {
  readonly url: URL
  /** Opens a database, which is made where it is not there. */
  openStore(database: string, over?: Partial<Influx3Options>): Promise<ReadingStore>
  /** Line protocol, as somebody else writes it. */
  writeForeign(database: string, line: string): Promise<void>
  /** Makes a database that keeps so long, or for ever. */
  makeDatabase(database: string, days?: number): Promise<void>
  changeRetention(database: string, days: number): Promise<void>
  removeDatabase(database: string): Promise<void>
  /** What it answers to an InfluxQL query, times in milliseconds. */
  influxQl(database: string, query: string): Promise<unknown>
}

/** Starts it, its folder within `parent`, with further options of its own. The suite must be declared with `describeWith(['TANBIAO_TEST_INFLUXDB3'], …)`. */
export async function startInflux3(
  parent = tmpdir(),
  options: readonly string[] = [],
): Promise<Influx3Server> {
  const folder = mkdtempSync(join(parent, 'tanbiao-influx3-'))
  const port = await freePort()
  const plugins = join(folder, 'plugins')
  mkdirSync(plugins)
  const server = await runInflux(
    folder,
    port,
    serverPath('TANBIAO_TEST_INFLUXDB3'),
    [
      ['serve', '--node-id', 'tests', '--object-store', 'file', '--data-dir', join(folder, 'data')],
      ['--http-bind', `127.0.0.1:${port}`, '--without-auth', '--disable-telemetry-upload'],
      // An acknowledgement waits for the next flush of the log.
      ['--plugin-dir', plugins, '--wal-flush-interval', '10ms', ...options],
    ].flat(),
  )
  const url = new URL(`http://127.0.0.1:${port}`)

  async function ask(method: string, path: string, body?: string): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const given = body === undefined ? {} : { headers, body }
    const response = await fetch(new URL(path, url), { method, ...given })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  }

  return {
    ...server,
    url,
    openStore: (database, over = {}) => openInflux3Readings({ url, database, create: true, ...over }),
    writeForeign: (database, line) =>
      ask('POST', `/api/v3/write_lp?db=${database}&precision=nanosecond`, line),
    makeDatabase: (db, days) =>
      ask(
        'POST',
        '/api/v3/configure/database',
        JSON.stringify({ db, ...(days === undefined ? {} : { retention_period: `${days}d` }) }),
      ),
    changeRetention: (db, days) =>
      ask('POST', `/api/v3/configure/database/retention_period?db=${db}&duration=${days}d`),
    influxQl: async (db, q) => {
      const search = new URLSearchParams({ db, q, epoch: 'ms' }).toString()
      return (await fetch(new URL(`/query?${search}`, url))).json()
    },
    removeDatabase: (database) => ask('DELETE', `/api/v3/configure/database?db=${database}`),
  }
}
