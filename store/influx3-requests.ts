import { z } from 'zod'
import type { Fault } from '#contract/fault.ts'
import { TooManyFiles } from './file-limited.ts'
import { refusedAnswer, serverWords, textOf, type Lines, type WriteAnswer } from './partial-write.ts'
import { ServerRequests, type ServerAnswer, type ServerRequestsOptions } from './server-requests.ts'

/** The HTTP interface of InfluxDB 3: line protocol in, SQL out, and what its statuses and words mean. */

export type Row = Readonly<Record<string, unknown>>
const rowsSchema = z.array(z.record(z.string(), z.unknown()))

/** Its words for a request that is longer than it takes, 10 MiB unless told otherwise. */
const TOO_LONG = /max request size/
/** Its words for a query of more files than it opens for one. */
const TOO_MANY_FILES = /exceed file limit/
/** What the server says of a write of which it took only a part. */
const refusedLine = z.object({ error_message: z.string() })
const partialWrite = z.object({
  error: z.string(),
  data: z.union([z.array(refusedLine).min(1), refusedLine]),
})

export class Influx3Requests {
  readonly #requests: ServerRequests
  readonly #database: string

  constructor(database: string, options: ServerRequestsOptions) {
    this.#database = database
    this.#requests = new ServerRequests(options)
  }

  async createDatabase(): Promise<void> {
    const db = this.#database
    const { status, body } = await this.#post(
      '/api/v3/configure/database',
      JSON.stringify({ db }),
      'application/json',
    )
    // 409: it is there already.
    if (status !== 200 && status !== 201 && status !== 409)
      throw this.unavailable(`${status} ${serverWords(body)}`)
  }

  /** Runs a query of its database. Throws `store-unavailable` with the server's words. */
  async query(q: string, params: Readonly<Record<string, string>> = {}): Promise<Row[]> {
    const { status, body } = await this.ask(this.#database, q, params)
    if (status !== 200) {
      const fault = this.unavailable(`${status} ${serverWords(body)}`)
      throw TOO_MANY_FILES.test(body) ? new TooManyFiles(fault.message) : fault
    }
    const parsed = rowsSchema.safeParse(jsonOf(body))
    if (!parsed.success) throw this.unavailable('the answer is no list of rows')
    return parsed.data
  }

  /** Runs a query of a database, and gives whatever is answered. */
  ask(db: string, q: string, params: Readonly<Record<string, string>>): Promise<ServerAnswer> {
    return this.#post(
      '/api/v3/query_sql',
      JSON.stringify({ db, q, params, format: 'json' }),
      'application/json',
    )
  }

  /**
   * Writes lines with nanosecond times: never in a guessed precision, and acknowledged only when they are in the
   * server's log on its object store.
   */
  async send(lines: Lines): Promise<WriteAnswer> {
    const search = new URLSearchParams({
      db: this.#database,
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
    if (partial === undefined) throw this.unavailable(`${status} ${serverWords(body)}`)
    const refused = Array.isArray(partial.data) ? partial.data : [partial.data]
    const reason = serverWords(`${partial.error}: ${refused[0]?.error_message ?? ''}`)
    return { taken: false, reason, dropped: Array.isArray(partial.data) ? refused.length : undefined }
  }

  unavailable(cause: unknown): Fault {
    return this.#requests.unavailable(cause)
  }

  /** Lets go of the kept connections. */
  close(): void {
    this.#requests.close()
  }

  #post(path: string, body: string, type: string): Promise<ServerAnswer> {
    return this.#requests.post(path, body, { 'content-type': type, accept: 'application/json' })
  }
}

/** What a text of JSON says; undefined for any other: cut short, or not from InfluxDB. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
