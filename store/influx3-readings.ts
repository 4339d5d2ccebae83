import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import { DAY_MS } from '#contract/duration.ts'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import { usableQuality, type Reading } from '#contract/reading.ts'
import { readingsIn, type Readings } from '#contract/sample-block.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { inHalves, nearest, TooManyFiles } from './file-limited.ts'
import { Influx3Requests, type Row } from './influx3-requests.ts'
import { beyondRetention, Influx3Retention } from './influx3-retention.ts'
import { commitBodyOf, commitRow, intervalRow, readingOf, readingTables, rowsOf } from './influx3-rows.ts'
import { CommitPlaces } from './commit-places.ts'
import { CommitReading } from './commit-reading.ts'
import { appendCommitsThrough } from './commit-writes.ts'
import { copyThrough } from './interval-copy.ts'
import { encodeLine } from './line-protocol.ts'
import { appendAs, writeAll } from './partial-write.ts'
import { BAD_MEASUREMENT, COMMIT_MEASUREMENT, measurementOf, probePoint } from './points.ts'
import type { AppendResult, IntervalCopy, ReadingStore, RegisterSeries } from './port.ts'
import { boundMs, newestOf, noSeries, REQUEST_TIMEOUT_MS, seriesOf } from './read-back.ts'
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

const tableRow = z.object({ table_name: z.string() })
/**
 * Of a server that opens few files the last reading of a meter is looked for so far back: a meter that has never been read
 * would else have all files opened, again and again.
 */
const LATEST_WITHIN_MS = 30 * DAY_MS
/** Numbers of JSON are exact up to 2⁵³, which nanoseconds are beyond and milliseconds are not. */
const COLUMNS = '*, CAST("time" AS BIGINT) / 1000000 AS at_ms'

/** A period as a condition; both of its ends are numbers of ours. */
function during({ fromMs, toMs }: Period): string {
  const instant = (ms: number): string => `to_timestamp_nanos(${BigInt(ms) * 1_000_000n})`
  return `"time" >= ${instant(fromMs)} AND "time" < ${instant(toMs)}`
}

/** As far as the server's axis reaches. */
const onAxis = (fromMs: number, toMs: number): Period => ({ fromMs: boundMs(fromMs), toMs: boundMs(toMs) })

class Influx3Readings implements ReadingStore {
  readonly #calls = new CallsUnderWay()
  readonly #commits = new CommitReading()
  readonly #places = new CommitPlaces(randomUUID())
  readonly #wallMs: () => number
  readonly #requests: Influx3Requests
  readonly #retention: Influx3Retention
  /** Tables that were seen; they are made by the first write, and a query of one that is not there fails. */
  readonly #tables = new Set<string>()
  readonly intervalCopy: IntervalCopy

  constructor(options: Influx3Options) {
    const { token, url, database, wallMs = Date.now } = options
    this.#wallMs = wallMs
    this.intervalCopy = {
      target: `influx3 ${url.host} ${database}`,
      write: (stretches) =>
        this.#calls.run(() =>
          copyThrough(stretches, { send: (lines) => this.#requests.send(lines), layout: intervalRow }),
        ),
    }
    this.#requests = new Influx3Requests(database, {
      url,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      timeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    })
    this.#retention = new Influx3Retention(this.#requests, database, wallMs)
  }

  createDatabase(): Promise<void> {
    return this.#requests.createDatabase()
  }

  append(readings: Readings): Promise<AppendResult> {
    return this.#calls.run(async () => {
      const all = readingsIn(readings)
      const { keptMs, oldestMs } = await this.#retention.kept()
      const places = all.flatMap(({ atMs }, index) => (atMs < oldestMs ? [] : [index]))
      const { stored, refused } = await appendAs(
        (sound) => rowsOf(sound).map(encodeLine),
        places.length === all.length ? all : all.filter(({ atMs }) => !(atMs < oldestMs)),
        (lines) => this.#requests.send(lines),
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
      appendCommitsThrough(records, this.#places, (lines) => this.#requests.send(lines), commitRow),
    )
  }

  commitsSince(fromMs: number, limit = 1_000): Promise<readonly CommitRecord[]> {
    return this.#calls.run(() =>
      this.#commits.earliest(limit, async (pointsMax) => {
        const rows = await nearest(onAxis(fromMs, Infinity), {
          ask: (period) =>
            this.#select(
              COMMIT_MEASUREMENT,
              `SELECT * FROM "${COMMIT_MEASUREMENT}" WHERE ${during(period)} ORDER BY "time" LIMIT ${pointsMax}`,
            ),
          from: 'earliest',
          isEnough: (found) => found.length >= pointsMax,
        })
        return rows.slice(0, pointsMax).map(commitBodyOf)
      }),
    )
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
    keptMs: (): Promise<number | undefined> => this.#calls.run(() => this.#retention.keptMs()),
  } as const

  probe(nowMs: number): Promise<void> {
    return this.#calls.run(() =>
      writeAll([encodeLine(probePoint(nowMs))], (lines) => this.#requests.send(lines)),
    )
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
      const found = await this.#requests.query(
        `SELECT table_name FROM information_schema.tables WHERE table_schema = 'iox'`,
      )
      for (const row of found) {
        const parsed = tableRow.safeParse(row)
        if (!parsed.success) throw this.#requests.unavailable(parsed.error)
        this.#tables.add(parsed.data.table_name)
      }
      if (!this.#tables.has(table)) return []
    }
    return this.#requests.query(sql, params)
  }
}

/** Rows that one meter, quantity and moment may have: one a usable quality. */
const QUALITIES = usableQuality.options.length
/** So that rows of others do not take the places of those. */
const OURS = `quality IN (${usableQuality.options.map((quality) => `'${quality}'`).join(', ')})`
