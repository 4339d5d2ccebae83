import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import { DAY_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import { usableQuality, type Reading } from '#contract/reading.ts'
import { readingsIn, type Readings } from '#contract/sample-block.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { inHalves, nearest, TooManyFiles } from './file-limited.ts'
import { commitBodyOf, commitRow, intervalRow, readingOf, readingTables, rowsOf } from './influx3-rows.ts'
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
  /** UTC ms; the clock of the system by default. */
  readonly wallMs?: () => number
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
/** Null, or not there, where a database keeps for ever. */
const retentionRow = z.object({ now_ms: z.number(), kept_ms: z.number().nullish() })

/** Its words for a request that is longer than it takes, 10 MiB unless told otherwise. */
const TOO_LONG = /max request size/
/** Its words where it has no such table or column, with various statuses. */
const NOT_THERE = /not found|No field named/

/** Its words for a query of more files than it opens for one. */
const TOO_MANY_FILES = /exceed file limit/
/**
 * Of a server that opens few files the last reading of a meter is looked for so far back: a meter that has never been read
 * would else have all files opened, again and again.
 */
const LATEST_WITHIN_MS = 30 * DAY_MS
/** So long a retention that was asked for holds: it changes by hand. */
const RETENTION_KNOWN_MS = 60_000

/** What the server says of a write of which it took only a part. */
const refusedLine = z.object({ error_message: z.string() })
const partialWrite = z.object({
  error: z.string(),
  data: z.union([z.array(refusedLine).min(1), refusedLine]),
})

/** Numbers of JSON are exact up to 2⁵³, which nanoseconds are beyond and milliseconds are not. */
const COLUMNS = '*, CAST("time" AS BIGINT) / 1000000 AS at_ms'

/** What the server said of the database, and when it was asked by our clock. */
interface Retention {
  readonly told: z.infer<typeof retentionRow> | undefined
  readonly askedMs: number
}

/** A period as a condition; both of its ends are numbers of ours. */
function during({ fromMs, toMs }: Period): string {
  const instant = (ms: number): string => `to_timestamp_nanos(${BigInt(ms) * 1_000_000n})`
  return `"time" >= ${instant(fromMs)} AND "time" < ${instant(toMs)}`
}

/** As far as the server's axis reaches. */
const onAxis = (fromMs: number, toMs: number): Period => ({ fromMs: boundMs(fromMs), toMs: boundMs(toMs) })

class Influx3Readings implements ReadingStore {
  readonly #calls = new CallsUnderWay()
  readonly #places = new CommitPlaces(randomUUID())
  readonly #options: Influx3Options
  readonly #requests: ServerRequests
  /** Tables that were seen; they are made by the first write, and a query of one that is not there fails. */
  readonly #tables = new Set<string>()
  #retention: Retention | undefined
  #asking: Promise<Retention> | undefined
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
    return this.#calls.run(async () => {
      const all = readingsIn(readings)
      const { told } = await this.#knownRetention()
      const keptMs = told?.kept_ms ?? Infinity
      // By the clock that hides them, as it was up to a minute ago.
      const oldestMs = (told?.now_ms ?? 0) - keptMs
      const places = all.flatMap(({ atMs }, index) => (atMs < oldestMs ? [] : [index]))
      const { stored, refused } = await appendAs(
        (sound) => rowsOf(sound).map(encodeLine),
        places.length === all.length ? all : all.filter(({ atMs }) => !(atMs < oldestMs)),
        (lines) => this.#send(lines),
      )
      const tooOld = all.flatMap((reading, index) =>
        reading.atMs < oldestMs ? [{ index, fault: beyondRetention(reading, keptMs) }] : [],
      )
      const others = refused.map(({ index, fault }) => ({ index: places[index] ?? index, fault }))
      return { stored, refused: [...tooOld, ...others].toSorted((a, b) => a.index - b.index) }
    })
  }

  appendCommits(records: readonly CommitRecord[]): Promise<void> {
    return this.#calls.run(() =>
      appendCommitsThrough(records, this.#places, (lines) => this.#send(lines), commitRow),
    )
  }

  commitsSince(fromMs: number, limit = 1_000): Promise<readonly CommitRecord[]> {
    return this.#calls.run(async () => {
      const most = Math.max(1, Math.trunc(limit))
      const rows = await nearest(onAxis(fromMs, Infinity), {
        ask: (period) =>
          this.#select(
            COMMIT_MEASUREMENT,
            `SELECT * FROM "${COMMIT_MEASUREMENT}" WHERE ${during(period)} ORDER BY "time" LIMIT ${most}`,
          ),
        from: 'earliest',
        isEnough: (found) => found.length >= most,
      })
      return commitsFrom(rows.slice(0, most).map(commitBodyOf))
    })
  }

  readings(meter: MeterId, quantity: QuantityName, { fromMs, toMs }: Period): Promise<readonly Reading[]> {
    return this.#calls.run(async () => {
      if (!isIdentifier(meter)) return []
      const found = await Promise.all(
        [measurementOf(quantity), BAD_MEASUREMENT].map((table) =>
          inHalves(onAxis(fromMs, toMs), {
            ask: (period) => this.#readings(table, meter, quantity, `${during(period)} ORDER BY "time"`),
            from: 'earliest',
          }),
        ),
      )
      return onePerMoment(found.flat())
    })
  }

  registerSeries(meter: MeterId, quantity: QuantityName, { fromMs, toMs }: Period): Promise<RegisterSeries> {
    return this.#calls.run(async () => {
      if (!isIdentifier(meter) || quantityOf(quantity).kind !== 'cumulative') return noSeries
      const ask = (order: string) => (period: Period) =>
        this.#readings(
          measurementOf(quantity),
          meter,
          quantity,
          `${during(period)} AND ${OURS} ORDER BY "time" ${order}`,
        )
      const isEnough = (found: readonly Reading[]): boolean => found.length > 0
      const found = await Promise.all([
        nearest(onAxis(0, fromMs), { ask: ask(`DESC LIMIT ${QUALITIES}`), from: 'latest', isEnough }),
        inHalves(onAxis(fromMs, toMs), { ask: ask(''), from: 'earliest' }),
        nearest(onAxis(toMs, Infinity), { ask: ask(`LIMIT ${QUALITIES}`), from: 'earliest', isEnough }),
      ])
      return seriesOf(found)
    })
  }

  latest(meters: readonly MeterId[]): Promise<readonly Reading[]> {
    return this.#calls.run(async () => {
      const known = [...new Set(meters.filter(isIdentifier))]
      const found: Reading[] = []
      for (let start = 0; start < known.length; start += METERS_PER_QUERY)
        found.push(...(await this.#latestOf(known.slice(start, start + METERS_PER_QUERY))))
      return newestOf(found)
    })
  }

  readonly retention = {
    by: 'server',
    keptMs: (): Promise<number | undefined> =>
      this.#calls.run(async () => {
        const told = await this.#askRetention()
        return told === undefined ? undefined : (told.kept_ms ?? Infinity)
      }),
  } as const

  probe(nowMs: number): Promise<void> {
    return this.#calls.run(() => writeAll([encodeLine(probePoint(nowMs))], (lines) => this.#send(lines)))
  }

  async close(): Promise<void> {
    if (await this.#calls.close()) this.#requests.close()
  }

  async #latestOf(meters: readonly MeterId[]): Promise<Reading[]> {
    const missing = new Set(meters)
    const all = onAxis(0, Infinity)
    try {
      return await this.#latestWithin(missing, all)
    } catch (error) {
      if (!(error instanceof TooManyFiles)) throw error
    }
    const found: Reading[] = []
    const nowMs = boundMs(this.#wallMs())
    const [oldestMs, newestMs] = [boundMs(nowMs - LATEST_WITHIN_MS), boundMs(nowMs - DAY_MS)]
    const periods = [
      { fromMs: newestMs, toMs: all.toMs },
      { fromMs: oldestMs, toMs: newestMs },
    ]
    for (const period of periods) {
      if (missing.size === 0) break
      found.push(
        ...(await inHalves(period, {
          ask: (part) => this.#latestWithin(missing, part),
          from: 'latest',
        })),
      )
      for (const { meter } of found) missing.delete(meter)
    }
    return found
  }

  /** The newest readings of some meters in a period, of each quantity some. */
  async #latestWithin(meters: ReadonlySet<MeterId>, period: Period): Promise<Reading[]> {
    const any = [...meters].map((meter) => `'${meter}'`)
    const found: Reading[] = []
    for (const table of [...readingTables, BAD_MEASUREMENT]) {
      const rows = await this.#select(
        table,
        `SELECT * FROM (SELECT ${COLUMNS}, ROW_NUMBER() OVER (PARTITION BY meter, quantity ORDER BY "time" DESC) AS place FROM "${table}" WHERE meter IN (${any.join(', ')}) AND ${during(period)}) AS newest WHERE place <= ${QUALITIES}`,
      )
      found.push(...rows.flatMap((row) => readingOf(row) ?? []))
    }
    return found
  }

  #wallMs(): number {
    return (this.#options.wallMs ?? Date.now)()
  }

  /**
   * How long the database keeps, and its server's time. Undefined where it does not say: before 3.2, and to a token that may
   * not ask. Throws `store-unavailable` for any other answer: without one it would hide what it took.
   */
  async #askRetention(): Promise<z.infer<typeof retentionRow> | undefined> {
    const { status, body } = await this.#post(
      '/api/v3/query_sql',
      JSON.stringify({
        db: '_internal',
        q: 'SELECT CAST(now() AS BIGINT) / 1000000 AS now_ms, CAST(retention_period_ns / 1000000 AS BIGINT) AS kept_ms FROM system.databases WHERE database_name = $name AND NOT deleted',
        params: { name: this.#options.database },
        format: 'json',
      }),
      'application/json',
    )
    if (status === 401 || status === 403 || (status !== 200 && NOT_THERE.test(body))) return undefined
    const rows = status === 200 ? z.array(retentionRow).safeParse(jsonOf(body)).data : undefined
    if (rows === undefined) throw this.#unavailable(`${status} ${serverWords(body)}`)
    return rows[0]
  }

  /** What was known last: a server that is slow to tell it again holds up no write. The first time it is waited for. */
  async #knownRetention(): Promise<Retention> {
    const nowMs = this.#wallMs()
    const known = this.#retention
    if (known !== undefined && Math.abs(nowMs - known.askedMs) < RETENTION_KNOWN_MS) return known
    this.#asking ??= this.#askRetention()
      .then((told) => (this.#retention = { told, askedMs: nowMs }))
      .finally(() => {
        this.#asking = undefined
      })
    if (known === undefined) return this.#asking
    // It is asked again with the next write.
    this.#asking.catch(() => {})
    return known
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
    if (status !== 200) {
      const fault = this.#unavailable(`${status} ${serverWords(body)}`)
      throw TOO_MANY_FILES.test(body) ? new TooManyFiles(fault.message) : fault
    }
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
    // 3.6 says 500 with these words.
    if (status === 413 || TOO_LONG.test(body)) return refusedAnswer(serverWords(body) || 'status 413', true)
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
const QUALITIES = usableQuality.options.length
/** So that rows of others do not take the places of those. */
const OURS = `quality IN (${usableQuality.options.map((quality) => `'${quality}'`).join(', ')})`

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // Cut short, or not from InfluxDB: no rows either way.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** InfluxDB 3 takes a reading that is older than it keeps, says so to nobody and hides it from every query. */
function beyondRetention({ meter, quantity, atMs }: Reading, keptMs: number): Fault {
  const days = Math.round(keptMs / DAY_MS)
  return new Fault(
    'store-refused',
    `The store would not keep the reading: it is beyond the retention of its database, ${days} days.`,
    { place: { path: `${meter} ${quantity} ${atMs}` } },
  )
}
