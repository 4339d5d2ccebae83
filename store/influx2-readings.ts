import { randomUUID } from 'node:crypto'
import {
  flux,
  fluxDateTime,
  fluxExpression,
  fluxInteger,
  HttpError,
  InfluxDB,
  type ParameterizedQuery,
} from '@influxdata/influxdb-client'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import { isQuantityName, quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'
import type { Readings } from '#contract/sample-block.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { CommitPlaces } from './commit-places.ts'
import { CommitReading } from './commit-reading.ts'
import { appendCommitsThrough } from './commit-writes.ts'
import { Influx2Writes } from './influx2-writes.ts'
import { copyThrough, INTERVAL_MEASUREMENT } from './interval-copy.ts'
import { encodeLine } from './line-protocol.ts'
import { RequestLength } from './request-length.ts'
import { appendThrough, serverWords, writeAll } from './partial-write.ts'
import {
  BAD_MEASUREMENT,
  badReadingOf,
  COMMIT_MEASUREMENT,
  fieldsOf,
  measurementOf,
  probePoint,
  quantityOfField,
  usableReadingOf,
} from './points.ts'
import type { AppendResult, IntervalCopy, ReadingStore, RegisterSeries } from './port.ts'
import { boundMs, newestOf, noSeries, REQUEST_TIMEOUT_MS, seriesOf } from './read-back.ts'
import { isIdentifier, onePerMoment } from './storable.ts'

export interface Influx2Options {
  /** http://host:port, without a path. */
  readonly url: URL
  readonly org: string
  readonly bucket: string
  readonly token: string
  /** Longest time a request may take, 30 s by default: a server that needs longer is as good as away. */
  readonly requestTimeoutMs?: number
}

/** Readings in InfluxDB 2.x. The bucket must exist; nothing is asked of the server before the first call. */
export async function openInflux2Readings(options: Influx2Options): Promise<ReadingStore> {
  return new Influx2Readings(options)
}

const bucketsAnswer = z.object({
  buckets: z.array(z.object({ retentionRules: z.array(z.object({ everySeconds: z.number() })).default([]) })),
})

/** Meters in the condition of one query. */
const METERS_PER_QUERY = 100

/** A value that a query gave back, of whatever type its field has. */
interface Cell {
  readonly measurement: string
  readonly field: string
  readonly meter: string
  readonly quality: unknown
  readonly atMs: number
  readonly value: unknown
}

class Influx2Readings implements ReadingStore {
  readonly #calls = new CallsUnderWay()
  readonly #commits = new CommitReading()
  readonly #requestLength = new RequestLength()
  readonly #places = new CommitPlaces(randomUUID())
  readonly #client: InfluxDB
  readonly #options: Influx2Options
  readonly #writes: Influx2Writes
  readonly intervalCopy: IntervalCopy

  constructor(options: Influx2Options) {
    this.#options = options
    const { url, org, bucket, token, requestTimeoutMs: timeoutMs = REQUEST_TIMEOUT_MS } = options
    this.#writes = new Influx2Writes({ url, org, bucket, token, timeoutMs })
    this.intervalCopy = {
      target: `influx2 ${url.host} ${org} ${bucket}`,
      write: (stretches) =>
        this.#calls.run(() =>
          copyThrough(stretches, {
            send: (lines) => this.#writes.send(lines),
            takeOut: (...points) => this.#writes.takeOut(...points),
          }),
        ),
    }
    this.#client = new InfluxDB({ url: url.origin, token, timeout: timeoutMs })
  }

  append(readings: Readings): Promise<AppendResult> {
    return this.#calls.run(() =>
      appendThrough(readings, this.#requestLength, (lines) => this.#writes.send(lines)),
    )
  }

  appendCommits(records: readonly CommitRecord[]): Promise<void> {
    return this.#calls.run(() =>
      appendCommitsThrough(records, this.#places, (lines) => this.#writes.send(lines)),
    )
  }

  commitsSince(fromMs: number, limit = 1_000): Promise<readonly CommitRecord[]> {
    return this.#calls.run(() =>
      this.#commits.earliest(limit, async (pointsMax) => {
        const rows = await this.#query(
          flux`${this.#range(fromMs, Infinity)}
            |> filter(fn: (r) => r._measurement == ${COMMIT_MEASUREMENT} and r._field == "body")
            |> keep(columns: ["_time", "_value"]) |> group() |> sort(columns: ["_time"])
            |> limit(n: ${fluxInteger(pointsMax)})`,
        )
        return rows.map(({ value }) => value)
      }),
    )
  }

  readings(meter: MeterId, quantity: QuantityName, period: Period): Promise<readonly Reading[]> {
    return this.#calls.run(async () => {
      if (!isIdentifier(meter)) return []
      const range = this.#range(period.fromMs, period.toMs)
      const [usable, bad] = await Promise.all([
        this.#query(flux`${range} ${usableOf(meter, quantity)}`),
        this.#query(
          flux`${range} |> filter(fn: (r) => r._measurement == ${BAD_MEASUREMENT} and r.meter == ${meter} and r._field == ${quantity})`,
        ),
      ])
      return onePerMoment(readingsFrom([...usable, ...bad]))
    })
  }

  registerSeries(meter: MeterId, quantity: QuantityName, period: Period): Promise<RegisterSeries> {
    return this.#calls.run(async () => {
      if (!isIdentifier(meter) || quantityOf(quantity).kind !== 'cumulative') return noSeries
      const usable = usableOf(meter, quantity)
      // Count and resolution are written in one line, so the last of each is of one moment.
      const found = await Promise.all([
        this.#query(flux`${this.#range(0, period.fromMs)} ${usable} |> last()`),
        this.#query(flux`${this.#range(period.fromMs, period.toMs)} ${usable}`),
        this.#query(flux`${this.#range(period.toMs, Infinity)} ${usable} |> first()`),
      ])
      return seriesOf(found.map(readingsFrom))
    })
  }

  latest(meters: readonly MeterId[]): Promise<readonly Reading[]> {
    return this.#calls.run(async () => {
      const known = [...new Set(meters.filter(isIdentifier))]
      const found: Reading[][] = []
      for (let start = 0; start < known.length; start += METERS_PER_QUERY) {
        const any = known.slice(start, start + METERS_PER_QUERY).map((meter) => flux`r.meter == ${meter}`)
        const cells = await this.#query(
          flux`${this.#range(0, Infinity)}
            |> filter(fn: (r) => r._measurement != ${INTERVAL_MEASUREMENT} and (${fluxExpression(any.join(' or '))})) |> last()`,
        )
        found.push(readingsFrom(cells))
      }
      return newestOf(found.flat())
    })
  }

  readonly retention = {
    by: 'server',
    keptMs: (): Promise<number | undefined> => this.#calls.run(() => this.#bucketRetention()),
  } as const

  probe(nowMs: number): Promise<void> {
    return this.#calls.run(() =>
      writeAll([encodeLine(probePoint(nowMs))], (lines) => this.#writes.send(lines)),
    )
  }

  async close(): Promise<void> {
    if (await this.#calls.close()) this.#writes.close()
  }

  /** The bucket within [fromMs, toMs). An empty range is an error in Flux, so it becomes one before 1970. */
  #range(fromMs: number, toMs: number): ParameterizedQuery {
    const [from, to] = boundMs(fromMs) < boundMs(toMs) ? [boundMs(fromMs), boundMs(toMs)] : [-1, 0]
    const instant = (ms: number) => fluxDateTime(Temporal.Instant.fromEpochMilliseconds(ms).toString())
    return flux`from(bucket: ${this.#options.bucket}) |> range(start: ${instant(from)}, stop: ${instant(to)})`
  }

  /** Runs a query. Throws `store-unavailable` with the server's words. */
  async #query(query: ParameterizedQuery): Promise<Cell[]> {
    let rows: Record<string, unknown>[]
    try {
      rows = await this.#client.getQueryApi(this.#options.org).collectRows<Record<string, unknown>>(query)
    } catch (cause) {
      throw this.#unavailable(cause)
    }
    return rows.map((row) => {
      // An error that comes after the first rows is a table of its own, with status 200.
      if (typeof row['error'] === 'string') throw this.#unavailable(new Error(row['error']))
      return {
        measurement: String(row['_measurement']),
        field: String(row['_field']),
        meter: String(row['meter']),
        quality: row['quality'],
        atMs: Temporal.Instant.from(String(row['_time'])).epochMilliseconds,
        value: row['_value'],
      }
    })
  }

  /** What the bucket says; undefined where this token may not ask. */
  async #bucketRetention(): Promise<number | undefined> {
    const { org, bucket, url, token, requestTimeoutMs = REQUEST_TIMEOUT_MS } = this.#options
    const target = new URL('/api/v2/buckets', url)
    target.search = new URLSearchParams({ org, name: bucket }).toString()
    try {
      const answer = await fetch(target, {
        headers: { authorization: `Token ${token}` },
        signal: AbortSignal.timeout(requestTimeoutMs),
      })
      const rules = answer.ok ? bucketsAnswer.safeParse(await answer.json()).data?.buckets[0] : undefined
      if (rules === undefined) return undefined
      const seconds = rules.retentionRules.find(({ everySeconds }) => everySeconds > 0)?.everySeconds
      return seconds === undefined ? Infinity : seconds * 1_000
    } catch (cause) {
      throw this.#unavailable(cause)
    }
  }

  #unavailable(cause: unknown): Fault {
    const words =
      cause instanceof HttpError
        ? `${cause.statusCode} ${serverWords(cause.body ?? '')}`
        : cause instanceof Error
          ? cause.message
          : String(cause)
    return new Fault('store-unavailable', `InfluxDB at ${this.#options.url.host}: ${words}`, { cause })
  }
}

/** The filter of a quantity's usable readings. */
function usableOf(meter: MeterId, quantity: QuantityName): ParameterizedQuery {
  const fields = fieldsOf(quantity).map((field) => flux`r._field == ${field}`)
  return flux`|> filter(fn: (r) => r._measurement == ${measurementOf(quantity)} and r.meter == ${meter})
    |> filter(fn: (r) => ${fluxExpression(fields.join(' or '))})`
}

/** Readings out of cells: those of a register are in two, its count and its resolution. */
function readingsFrom(cells: readonly Cell[]): Reading[] {
  const moments = new Map<string, Cell & { readonly quantity: QuantityName; values: unknown[] }>()
  const readings: Reading[] = []
  for (const cell of cells) {
    const { measurement, field, meter, atMs, quality, value } = cell
    if (measurement === BAD_MEASUREMENT) {
      if (!isQuantityName(field)) continue
      readings.push(...present(badReadingOf(meter, field, { atMs, quality, values: [value] })))
      continue
    }
    const quantity = quantityOfField(field)
    if (quantity === undefined || measurementOf(quantity) !== measurement) continue
    const key = `${meter} ${quantity} ${String(quality)} ${atMs}`
    const found = moments.get(key) ?? { ...cell, quantity, values: [] }
    found.values[fieldsOf(quantity).indexOf(field)] = value
    moments.set(key, found)
  }
  for (const { meter, quantity, ...stored } of moments.values()) {
    readings.push(...present(usableReadingOf(meter, quantity, stored)))
  }
  return readings
}

function present<T>(found: T | undefined): T[] {
  return found === undefined ? [] : [found]
}
