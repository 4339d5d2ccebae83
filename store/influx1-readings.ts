import { randomUUID } from 'node:crypto'
import { InfluxDB, type IPoolOptions } from 'influx'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import type { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import { isQuantityName, quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'
import type { Readings } from '#contract/sample-block.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { CommitPlaces } from './commit-places.ts'
import { CommitReading } from './commit-reading.ts'
import { appendCommitsThrough } from './commit-writes.ts'
import { copyThrough, INTERVAL_MEASUREMENT } from './interval-copy.ts'
import { KeptWrites } from './kept-writes.ts'
import { encodeLine } from './line-protocol.ts'
import {
  appendThrough,
  bodyOf,
  refusedAnswer,
  serverWords,
  writeAll,
  type Lines,
  type WriteAnswer,
} from './partial-write.ts'
import {
  BAD_MEASUREMENT,
  badReadingOf,
  COMMIT_MEASUREMENT,
  fieldsOf,
  measurementOf,
  probePoint,
  readingMeasurements,
  usableReadingOf,
} from './points.ts'
import type { AppendResult, IntervalCopy, ReadingStore, RegisterSeries, StretchToCopy } from './port.ts'
import { boundMs, newestOf, noSeries, REQUEST_TIMEOUT_MS, seriesOf } from './read-back.ts'
import { RequestLength } from './request-length.ts'
import { ServerRequests } from './server-requests.ts'
import { isIdentifier, onePerMoment } from './storable.ts'

export interface Influx1Options {
  /** http://host:port, without a path. */
  readonly url: URL
  readonly database: string
  readonly user?: string
  readonly password?: string
  /** Creates the database if it does not exist. */
  readonly create?: boolean
  /** Longest time a request may take, 30 s by default: a server that needs longer is as good as away. */
  readonly requestTimeoutMs?: number
}

/** Readings in InfluxDB 1.x. Throws `store-unavailable` when the database is to be created and cannot be. */
export async function openInflux1Readings(options: Influx1Options): Promise<ReadingStore> {
  const store = new Influx1Readings(options)
  if (options.create === true) await store.createDatabase()
  return store
}

/**
 * The client takes a failed host out of use for up to ten seconds, and with its only host gone every call fails with
 * "No host available". A delay of zero keeps the host, so that a call works as soon as the server does.
 */
const withoutDelay: NonNullable<IPoolOptions['backoff']> = {
  getDelay: () => 0,
  next: () => withoutDelay,
  reset: () => withoutDelay,
}

const seriesSchema = z.object({
  // Without one where the statement is about the database.
  name: z.string().default(''),
  tags: z.record(z.string(), z.string()).default({}),
  columns: z.array(z.string()),
  values: z.array(z.array(z.unknown())).default([]),
  partial: z.boolean().default(false),
})
type Series = z.infer<typeof seriesSchema>

const responseSchema = z.object({
  results: z.array(
    z.object({
      error: z.string().optional(),
      series: z.array(seriesSchema).default([]),
      partial: z.boolean().default(false),
    }),
  ),
})

/** What a server says of itself under /debug/vars (services/httpd/handler.go, serveExpvar). */
const variablesSchema = z.object({ system: z.object({ started: z.string() }) })

/** No line of ours begins so. */
const DELETION = 'DELETE FROM'

/** Meters in the condition of one statement. */
const METERS_PER_STATEMENT = 200

const quoted = (name: string): string => `"${name}"`

function timeRange(fromMs: number, toMs: number): string {
  return `time >= ${boundMs(fromMs)}ms AND time < ${boundMs(toMs)}ms`
}

/** Fields and condition of a quantity's usable readings. Everything in it is checked: nothing else is ever quoted. */
function usableOf(meter: MeterId, quantity: QuantityName): string {
  const columns = fieldsOf(quantity).map(quoted).join(', ')
  return `SELECT ${columns} FROM ${quoted(measurementOf(quantity))} WHERE "meter" = '${meter}'`
}

class Influx1Readings implements ReadingStore {
  readonly #calls = new CallsUnderWay()
  readonly #commits = new CommitReading()
  readonly #requestLength = new RequestLength()
  readonly #places = new CommitPlaces(randomUUID())
  readonly #client: InfluxDB
  readonly #options: Influx1Options
  readonly #requests: ServerRequests
  readonly #timeoutMs: number
  readonly #writePath: string
  readonly #kept = new KeptWrites({
    serverStart: () => this.#serverStart(),
    writeAgain: async (body) => {
      if (body.indexOf(DELETION) === 0) await this.#query([body.toString()])
      // What is refused now was taken once, and is beyond retention since.
      else await this.#write(body)
    },
    monotonicMs: () => performance.now(),
  })
  readonly intervalCopy: IntervalCopy

  constructor(options: Influx1Options) {
    const { url, database, user, password } = options
    this.#options = options
    this.intervalCopy = {
      target: `influx1 ${url.host} ${database}`,
      write: (stretches) =>
        this.#calls.run(() =>
          copyThrough(stretches, {
            send: (lines) => this.#send(lines),
            takeOut: (...points) => this.#takeOut(...points),
          }),
        ),
    }
    this.#writePath = `/write?${new URLSearchParams({ db: database, precision: 'n' }).toString()}`
    this.#timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
    this.#client = new InfluxDB({
      host: url.hostname,
      port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
      protocol: url.protocol === 'https:' ? 'https' : 'http',
      database,
      ...(user === undefined ? {} : { username: user, password: password ?? '' }),
      // One repetition at once: a kept connection may have died with the server's last life. Reading twice is harmless.
      pool: { requestTimeout: this.#timeoutMs, maxRetries: 1, backoff: withoutDelay },
    })
    const key = Buffer.from(`${user ?? ''}:${password ?? ''}`).toString('base64')
    this.#requests = new ServerRequests({
      url,
      headers: user === undefined ? {} : { authorization: `Basic ${key}` },
      timeoutMs: this.#timeoutMs,
    })
  }

  async createDatabase(): Promise<void> {
    await this.#reach(this.#client.createDatabase(this.#options.database))
  }

  append(readings: Readings): Promise<AppendResult> {
    return this.#calls.run(() => appendThrough(readings, this.#requestLength, (lines) => this.#send(lines)))
  }

  appendCommits(records: readonly CommitRecord[]): Promise<void> {
    return this.#calls.run(() => appendCommitsThrough(records, this.#places, (lines) => this.#send(lines)))
  }

  commitsSince(fromMs: number, limit = 1_000): Promise<readonly CommitRecord[]> {
    return this.#calls.run(() =>
      this.#commits.earliest(limit, async (pointsMax) => {
        const [series = []] = await this.#query([
          `SELECT "body" FROM "${COMMIT_MEASUREMENT}" WHERE ${timeRange(fromMs, Infinity)} ORDER BY time ASC LIMIT ${pointsMax}`,
        ])
        return series.flatMap(({ values }) => values.map((row) => row[1]))
      }),
    )
  }

  readings(meter: MeterId, quantity: QuantityName, period: Period): Promise<readonly Reading[]> {
    return this.#calls.run(async () => {
      if (!isIdentifier(meter)) return []
      const range = timeRange(period.fromMs, period.toMs)
      const [usable = [], bad = []] = await this.#query([
        `${usableOf(meter, quantity)} AND ${range} GROUP BY "quality"`,
        `SELECT ${quoted(quantity)} FROM "${BAD_MEASUREMENT}" WHERE "meter" = '${meter}' AND ${range}`,
      ])
      return onePerMoment([
        ...usable.flatMap((series) => usableIn(series, meter, quantity)),
        ...bad.flatMap((series) => badIn(series, meter, quantity)),
      ])
    })
  }

  registerSeries(meter: MeterId, quantity: QuantityName, period: Period): Promise<RegisterSeries> {
    return this.#calls.run(async () => {
      if (!isIdentifier(meter) || quantityOf(quantity).kind !== 'cumulative') return noSeries
      const usable = usableOf(meter, quantity)
      const found = await this.#query([
        `${usable} AND ${timeRange(0, period.fromMs)} GROUP BY "quality" ORDER BY time DESC LIMIT 1`,
        `${usable} AND ${timeRange(period.fromMs, period.toMs)} GROUP BY "quality"`,
        `${usable} AND ${timeRange(period.toMs, Infinity)} GROUP BY "quality" ORDER BY time ASC LIMIT 1`,
      ])
      return seriesOf(found.map((series) => series.flatMap((each) => usableIn(each, meter, quantity))))
    })
  }

  latest(meters: readonly MeterId[]): Promise<readonly Reading[]> {
    return this.#calls.run(async () => {
      const known = [...new Set(meters.filter(isIdentifier))]
      if (known.length === 0) return []
      const found: Reading[][] = []
      const quantities = await this.#quantitiesInUse()
      for (let start = 0; start < known.length; start += METERS_PER_STATEMENT) {
        found.push(await this.#latestOf(known.slice(start, start + METERS_PER_STATEMENT), quantities))
      }
      return newestOf(found.flat())
    })
  }

  readonly retention = {
    by: 'server',
    keptMs: (): Promise<number | undefined> =>
      this.#calls.run(async () => {
        const [found = []] = await this.#query([`SHOW RETENTION POLICIES ON "${this.#options.database}"`])
        const rows = found.flatMap(({ columns, values }) =>
          values.map((row) => new Map(columns.map((column, index) => [column, row[index]]))),
        )
        return durationMs(rows.find((row) => row.get('default') === true)?.get('duration'))
      }),
  } as const

  probe(nowMs: number): Promise<void> {
    return this.#calls.run(() => writeAll([encodeLine(probePoint(nowMs))], (lines) => this.#send(lines)))
  }

  async close(): Promise<void> {
    if (await this.#calls.close()) this.#requests.close()
  }

  /** Quantities of which anything was ever written, from the index: reading it is cheap. */
  async #quantitiesInUse(): Promise<{ usable: QuantityName[]; bad: QuantityName[] }> {
    const [found = []] = await this.#query(['SHOW FIELD KEYS'])
    const named = (series: Series): QuantityName[] =>
      series.values.map(([field]) => String(field)).filter(isQuantityName)
    return {
      usable: found.filter(({ name }) => readingMeasurements.includes(name)).flatMap(named),
      bad: found.filter(({ name }) => name === BAD_MEASUREMENT).flatMap(named),
    }
  }

  async #latestOf(
    meters: readonly MeterId[],
    quantities: { usable: QuantityName[]; bad: QuantityName[] },
  ): Promise<Reading[]> {
    // A selector alone keeps the time of the point that it selects; so it is one statement a quantity.
    const where = `WHERE "meter" =~ /^(?:${meters.join('|')})$/`
    const usable = quantities.usable.map((quantity) => {
      const [first, ...others] = fieldsOf(quantity)
      const columns = [`last(${quoted(first)})`, ...others.map(quoted)].join(', ')
      return `SELECT ${columns} FROM ${quoted(measurementOf(quantity))} ${where} GROUP BY "meter", "quality"`
    })
    const bad = quantities.bad.map(
      (quantity) => `SELECT last(${quoted(quantity)}) FROM "${BAD_MEASUREMENT}" ${where} GROUP BY "meter"`,
    )
    if (usable.length + bad.length === 0) return []
    const results = await this.#query([...usable, ...bad])
    return results.flatMap((found, index) => {
      const quantity = [...quantities.usable, ...quantities.bad][index]
      if (quantity === undefined) return []
      return found.flatMap((series) =>
        index < usable.length
          ? usableIn(series, series.tags['meter'] ?? '', quantity)
          : badIn(series, series.tags['meter'] ?? '', quantity),
      )
    })
  }

  async #takeOut({ meter, quantity }: StretchToCopy, { fromMs, toMs }: Period): Promise<void> {
    // Nothing was written of a meter whose name cannot be quoted.
    if (!isIdentifier(meter)) return
    const statement = `${DELETION} "${INTERVAL_MEASUREMENT}" WHERE "meter" = '${meter}' AND "quantity" = '${quantity}' AND ${timeRange(fromMs, toMs)}`
    await this.#query([statement])
    // Else the energy that was taken out would be written again, and stay.
    await this.#kept.taken(Buffer.from(statement), this.#requests.connections)
  }

  /** Runs statements in one request. Throws `store-unavailable` with the server's words. */
  async #query(statements: readonly string[]): Promise<Series[][]> {
    const response: unknown = await this.#reach(
      this.#client.queryRaw(statements.join('; '), { precision: 'ms', method: 'POST' }),
    )
    const parsed = responseSchema.safeParse(response)
    if (!parsed.success) throw this.#unavailable(parsed.error)
    for (const { error, partial, series } of parsed.data.results) {
      // Of several statements the server names only those that it left out; alone, the first one tells the reason.
      if (error === 'not executed' && statements.length > 1) await this.#query(statements.slice(0, 1))
      if (error !== undefined) throw this.#unavailable(error)
      // max-row-limit cuts an answer short without an error.
      if (partial || series.some((each) => each.partial)) {
        throw this.#unavailable('the answer was cut short; set max-row-limit to 0')
      }
    }
    if (parsed.data.results.length !== statements.length) {
      throw this.#unavailable('an answer is missing')
    }
    return parsed.data.results.map(({ series }) => series)
  }

  /**
   * Waits for the client, but not for ever: when the server dies while it sends, the client's promise never settles.
   */
  async #reach<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(reject, this.#timeoutMs, new Error('no answer in time'))
    })
    try {
      return await Promise.race([answer, tooLate])
    } catch (cause) {
      throw this.#unavailable(cause)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Writes lines, and what was written before where the server was started again since. */
  async #send(lines: Lines): Promise<WriteAnswer> {
    const body = bodyOf(lines)
    const answer = await this.#write(body)
    if (answer.taken) await this.#kept.taken(body, this.#requests.connections)
    return answer
  }

  /**
   * Writes lines with nanosecond times. Not through the client: its write path alters integers and names, takes any
   * 2xx for success and throws away what a server says with a 5xx.
   */
  async #write(body: Buffer): Promise<WriteAnswer> {
    const { status, body: answer } = await this.#requests.post(this.#writePath, body)
    if (status === 204) return { taken: true }
    const words = serverWords(answer)
    if (status === 413 || (status === 400 && /partial write|unable to parse/.test(words))) {
      return refusedAnswer(words, status === 413)
    }
    throw this.#unavailable(`${status} ${words}`)
  }

  /** When the server was started, in its own words; `undefined` where it or a proxy before it does not say. */
  async #serverStart(): Promise<string | undefined> {
    const { status, body } = await this.#requests.get('/debug/vars')
    if (status !== 200) return undefined
    try {
      return variablesSchema.safeParse(JSON.parse(body)).data?.system.started
    } catch (error) {
      if (error instanceof SyntaxError) return undefined
      throw error
    }
  }

  #unavailable(cause: unknown): Fault {
    return this.#requests.unavailable(cause)
  }
}

/** The server writes hours, minutes and seconds, such as 168h0m0s; 0s is for ever. */
function durationMs(text: unknown): number | undefined {
  const [, hours, minutes, seconds] = /^(?:(\d+)h)?(?:(\d+)m)?(\d+)s$/.exec(String(text)) ?? []
  if (seconds === undefined) return undefined
  const ms = ((Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds)) * 1_000
  return ms === 0 ? Infinity : ms
}

function storedIn({ values, tags }: Series) {
  return values.map(([time, ...rest]) => ({ atMs: Number(time), quality: tags['quality'], values: rest }))
}

function usableIn(series: Series, meter: MeterId, quantity: QuantityName): Reading[] {
  return storedIn(series).flatMap((stored) => usableReadingOf(meter, quantity, stored) ?? [])
}

function badIn(series: Series, meter: MeterId, quantity: QuantityName): Reading[] {
  return storedIn(series).flatMap((stored) => badReadingOf(meter, quantity, stored) ?? [])
}
