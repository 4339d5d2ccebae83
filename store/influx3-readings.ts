import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import type { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'
import { readingsIn, type Readings } from '#contract/sample-block.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { intervalRow, readingOf, readingTables, rowsOf } from './influx3-rows.ts'
import { CommitPlaces } from './commit-places.ts'
import { appendCommitsThrough } from './commit-writes.ts'
import { copyThrough } from './interval-copy.ts'
import { encodeLine } from './line-protocol.ts'
import {
  appendAs,
  refusedAnswer,
  serverWords,
  textOf,
  writeAll,
  type Lines,
  type WriteAnswer,
} from './partial-write.ts'
import { BAD_MEASUREMENT, COMMIT_MEASUREMENT, commitsFrom, measurementOf, probePoint } from './points.ts'
import type { AppendResult, IntervalCopy, ReadingStore, RegisterSeries } from './port.ts'
import { boundMs, newestOf, noSeries, REQUEST_TIMEOUT_MS, seriesOf } from './read-back.ts'
import { ServerRequests, type ServerAnswer } from './server-requests.ts'
import { isIdentifier, onePerMoment } from './storable.ts'

export interface Influx3Options {
  /** http://host:port, without a path. */
  readonly url: URL
  readonly database: string
  /** None for a server that asks for none. */
  readonly token?: string
  /** Creates the database if it does not exist. */
  readonly create?: boolean
  /** Longest time a request may take, 30 s by default: a server that needs longer is as good as away. */
  readonly requestTimeoutMs?: number
}

/**
 * Readings in InfluxDB 3, by its HTTP interface alone: line protocol in, SQL out. Throws `store-unavailable` when the
 * database is to be created and cannot be.
 */
export async function openInflux3Readings(options: Influx3Options): Promise<ReadingStore> {
  const store = new Influx3Readings(options)
  if (options.create === true) await store.createDatabase()
  return store
}

/** Meters in the condition of one query. */
const METERS_PER_QUERY = 200

type Row = Readonly<Record<string, unknown>>
const rowsSchema = z.array(z.record(z.string(), z.unknown()))
const tableRow = z.object({ table_name: z.string() })

/** What the server says of a write of which it took only a part. */
const refusedLine = z.object({ error_message: z.string() })
const partialWrite = z.object({
  error: z.string(),
  data: z.union([z.array(refusedLine).min(1), refusedLine]),
})

/** Numbers of JSON are exact up to 2⁵³, which nanoseconds are beyond and milliseconds are not. */
const COLUMNS = '*, CAST("time" AS BIGINT) / 1000000 AS at_ms'

/** [fromMs, toMs) as a condition; both are numbers of ours. */
function during(fromMs: number, toMs: number): string {
  const instant = (ms: number): string => `to_timestamp_nanos(${BigInt(boundMs(ms)) * 1_000_000n})`
  return `"time" >= ${instant(fromMs)} AND "time" < ${instant(toMs)}`
}

class Influx3Readings implements ReadingStore {
  readonly #calls = new CallsUnderWay()
  readonly #places = new CommitPlaces(randomUUID())
  readonly #options: Influx3Options
  readonly #requests: ServerRequests
  /** Tables that were seen; they are made by the first write, and a query of one that is not there fails. */
  readonly #tables = new Set<string>()
  readonly intervalCopy: IntervalCopy

  constructor(options: Influx3Options) {
    this.#options = options
    const { token, url, database } = options
    this.intervalCopy = {
      target: `influx3 ${url.host} ${database}`,
      write: (stretches) =>
        this.#calls.run(() =>
          copyThrough(stretches, { send: (lines) => this.#send(lines), layout: intervalRow }),
        ),
    }
    this.#requests = new ServerRequests({
      url,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      timeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    })
  }

  async createDatabase(): Promise<void> {
    const db = this.#options.database
    const { status, body } = await this.#post(
      '/api/v3/configure/database',
      JSON.stringify({ db }),
      'application/json',
    )
    // 409: it is there already.
    if (status !== 200 && status !== 201 && status !== 409)
      throw this.#unavailable(`${status} ${serverWords(body)}`)
  }

  append(readings: Readings): Promise<AppendResult> {
    return this.#calls.run(() =>
      appendAs(
        (sound) => rowsOf(sound).map(encodeLine),
        readingsIn(readings),
        (lines) => this.#send(lines),
      ),
    )
  }

  appendCommits(records: readonly CommitRecord[]): Promise<void> {
    return this.#calls.run(() => appendCommitsThrough(records, this.#places, (lines) => this.#send(lines)))
  }

  commitsSince(fromMs: number, limit = 1_000): Promise<readonly CommitRecord[]> {
    return this.#calls.run(async () => {
      const rows = await this.#select(
        COMMIT_MEASUREMENT,
        `SELECT body FROM "${COMMIT_MEASUREMENT}" WHERE ${during(fromMs, Infinity)} ORDER BY "time" LIMIT ${Math.max(1, Math.trunc(limit))}`,
      )
      return commitsFrom(rows.map(({ body }) => body))
    })
  }

  readings(meter: MeterId, quantity: QuantityName, { fromMs, toMs }: Period): Promise<readonly Reading[]> {
    return this.#calls.run(async () => {
      if (!isIdentifier(meter)) return []
      const found = await Promise.all(
        [measurementOf(quantity), BAD_MEASUREMENT].map((table) =>
          this.#readings(table, meter, quantity, `${during(fromMs, toMs)} ORDER BY "time"`),
        ),
      )
      return onePerMoment(found.flat())
    })
  }

  registerSeries(meter: MeterId, quantity: QuantityName, { fromMs, toMs }: Period): Promise<RegisterSeries> {
    return this.#calls.run(async () => {
      if (!isIdentifier(meter) || quantityOf(quantity).kind !== 'cumulative') return noSeries
      // One moment may have a row of each quality.
      const nearest = `LIMIT ${QUALITIES}`
      const found = await Promise.all(
        [
          `${during(0, fromMs)} ORDER BY "time" DESC ${nearest}`,
          `${during(fromMs, toMs)} ORDER BY "time"`,
          `${during(toMs, Infinity)} ORDER BY "time" ${nearest}`,
        ].map((condition) => this.#readings(measurementOf(quantity), meter, quantity, condition)),
      )
      return seriesOf(found)
    })
  }

  latest(meters: readonly MeterId[]): Promise<readonly Reading[]> {
    return this.#calls.run(async () => {
      const known = [...new Set(meters.filter(isIdentifier))]
      const found: Reading[] = []
      for (let start = 0; start < known.length; start += METERS_PER_QUERY) {
        const any = known.slice(start, start + METERS_PER_QUERY).map((meter) => `'${meter}'`)
        for (const table of [...readingTables, BAD_MEASUREMENT]) {
          const rows = await this.#select(
            table,
            `SELECT * FROM (SELECT ${COLUMNS}, ROW_NUMBER() OVER (PARTITION BY meter, quantity ORDER BY "time" DESC) AS place FROM "${table}" WHERE meter IN (${any.join(', ')})) AS newest WHERE place <= ${QUALITIES}`,
          )
          found.push(...rows.flatMap((row) => readingOf(row) ?? []))
        }
      }
      return newestOf(found)
    })
  }

  /** Its documented interface does not tell how long a database keeps readings. */
  readonly retention = { by: 'server', keptMs: async (): Promise<number | undefined> => undefined } as const

  probe(nowMs: number): Promise<void> {
    return this.#calls.run(() => writeAll([encodeLine(probePoint(nowMs))], (lines) => this.#send(lines)))
  }

  async close(): Promise<void> {
    if (await this.#calls.close()) this.#requests.close()
  }

  async #readings(
    table: string,
    meter: MeterId,
    quantity: QuantityName,
    condition: string,
  ): Promise<Reading[]> {
    const sql = `SELECT ${COLUMNS} FROM "${table}" WHERE meter = $meter AND quantity = $quantity AND ${condition}`
    const rows = await this.#select(table, sql, { meter, quantity })
    return rows.flatMap((row) => readingOf(row) ?? [])
  }

  /** Rows of a table; none where the table was never written. */
  async #select(table: string, sql: string, params: Record<string, string> = {}): Promise<Row[]> {
    if (!this.#tables.has(table)) {
      const found = await this.#query(
        `SELECT table_name FROM information_schema.tables WHERE table_schema = 'iox'`,
      )
      for (const row of found) {
        const parsed = tableRow.safeParse(row)
        if (!parsed.success) throw this.#unavailable(parsed.error)
        this.#tables.add(parsed.data.table_name)
      }
      if (!this.#tables.has(table)) return []
    }
    return this.#query(sql, params)
  }

  /** Runs a query. Throws `store-unavailable` with the server's words. */
  async #query(q: string, params: Record<string, string> = {}): Promise<Row[]> {
    const query = JSON.stringify({ db: this.#options.database, q, params, format: 'json' })
    const { status, body } = await this.#post('/api/v3/query_sql', query, 'application/json')
    if (status !== 200) throw this.#unavailable(`${status} ${serverWords(body)}`)
    const parsed = rowsSchema.safeParse(jsonOf(body))
    if (!parsed.success) throw this.#unavailable('the answer is no list of rows')
    return parsed.data
  }

  /**
   * Writes lines with nanosecond times: never in a guessed precision, and acknowledged only when they are in the
   * server's log on its object store.
   */
  async #send(lines: Lines): Promise<WriteAnswer> {
    const search = new URLSearchParams({
      db: this.#options.database,
      precision: 'nanosecond',
      accept_partial: 'true',
      no_sync: 'false',
    }).toString()
    const { status, body } = await this.#post(
      `/api/v3/write_lp?${search}`,
      textOf(lines),
      'text/plain; charset=utf-8',
    )
    if (status === 204) return { taken: true }
    if (status === 413) return refusedAnswer(serverWords(body) || 'status 413', true)
    // 422 where a limit on tables or columns is reached, with the same body.
    const partial = status === 400 || status === 422 ? partialWrite.safeParse(jsonOf(body)).data : undefined
    if (partial === undefined) throw this.#unavailable(`${status} ${serverWords(body)}`)
    const refused = Array.isArray(partial.data) ? partial.data : [partial.data]
    const reason = serverWords(`${partial.error}: ${refused[0]?.error_message ?? ''}`)
    return { taken: false, reason, dropped: Array.isArray(partial.data) ? refused.length : undefined }
  }

  #post(path: string, body: string, type: string): Promise<ServerAnswer> {
    return this.#requests.post(path, body, { 'content-type': type, accept: 'application/json' })
  }

  #unavailable(cause: unknown): Fault {
    return this.#requests.unavailable(cause)
  }
}

/** Rows that one meter, quantity and moment may have: one a usable quality. */
const QUALITIES = 4

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // Cut short, or not from InfluxDB: no rows either way.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
