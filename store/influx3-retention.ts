import { z } from 'zod'
import { DAY_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import type { Reading } from '#contract/reading.ts'
import { jsonOf, type Influx3Requests } from './influx3-requests.ts'
import { serverWords } from './partial-write.ts'

/**
 * How long a database of InfluxDB 3 keeps readings. It takes one that is older, says so to nobody and hides it from every
 * query: so what is beyond is refused here, by the server's own clock.
 */

/** Null, or not there, where a database keeps for ever. */
const retentionRow = z.object({ now_ms: z.number(), kept_ms: z.number().nullish() })

/** Its words where it has no such table or column, with various statuses. */
const NOT_THERE = /not found|No field named/

/** So long a retention that was asked for holds: it changes by hand. */
const RETENTION_KNOWN_MS = 60_000

/** What the server said of the database, and when it was asked by our clock. */
interface Retention {
  readonly told: z.infer<typeof retentionRow> | undefined
  readonly askedMs: number
}

/** From when on readings are kept. */
export interface Kept {
  readonly keptMs: number
  /** UTC ms by the clock that hides them, as it was when the server was asked last. */
  readonly oldestMs: number
}

const QUESTION =
  'SELECT CAST(now() AS BIGINT) / 1000000 AS now_ms, CAST(retention_period_ns / 1000000 AS BIGINT) AS kept_ms FROM system.databases WHERE database_name = $name AND NOT deleted'

export class Influx3Retention {
  readonly #requests: Influx3Requests
  readonly #database: string
  readonly #wallMs: () => number
  #known: Retention | undefined
  #asking: Promise<Retention> | undefined

  constructor(requests: Influx3Requests, database: string, wallMs: () => number) {
    this.#requests = requests
    this.#database = database
    this.#wallMs = wallMs
  }

  /** Infinity for ever; undefined where the server does not say. Throws `store-unavailable`. */
  async keptMs(): Promise<number | undefined> {
    const told = await this.#ask()
    return told === undefined ? undefined : (told.kept_ms ?? Infinity)
  }

  /** Up to a minute old. Throws `store-unavailable` where the server has never been asked and cannot be. */
  async kept(): Promise<Kept> {
    const { told } = await this.#lately()
    const keptMs = told?.kept_ms ?? Infinity
    return { keptMs, oldestMs: (told?.now_ms ?? 0) - keptMs }
  }

  /** What was known last: a server that is slow to tell it again holds up no write. The first time it is waited for. */
  async #lately(): Promise<Retention> {
    const nowMs = this.#wallMs()
    const known = this.#known
    if (known !== undefined && Math.abs(nowMs - known.askedMs) < RETENTION_KNOWN_MS) return known
    this.#asking ??= this.#ask()
      .then((told) => (this.#known = { told, askedMs: nowMs }))
      .finally(() => {
        this.#asking = undefined
      })
    if (known === undefined) return this.#asking
    // It is asked again with the next write.
    this.#asking.catch(() => {})
    return known
  }

  /**
   * How long the database keeps, and its server's time. Undefined where it does not say: before 3.2, and to a token that may
   * not ask. Throws `store-unavailable` for any other answer: without one it would hide what it took.
   */
  async #ask(): Promise<z.infer<typeof retentionRow> | undefined> {
    const { status, body } = await this.#requests.ask('_internal', QUESTION, { name: this.#database })
    if (status === 401 || status === 403 || (status !== 200 && NOT_THERE.test(body))) return undefined
    const rows = status === 200 ? z.array(retentionRow).safeParse(jsonOf(body)).data : undefined
    if (rows === undefined) throw this.#requests.unavailable(`${status} ${serverWords(body)}`)
    return rows[0]
  }
}

/** What becomes of a reading that is older. */
export function beyondRetention({ meter, quantity, atMs }: Reading, keptMs: number): Fault {
  const days = Math.round(keptMs / DAY_MS)
  return new Fault(
    'store-refused',
    `The store would not keep the reading: it is beyond the retention of its database, ${days} days.`,
    { place: { path: `${meter} ${quantity} ${atMs}` } },
  )
}
