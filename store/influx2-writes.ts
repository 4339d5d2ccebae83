import { z } from 'zod'
import type { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import { INTERVAL_MEASUREMENT } from './interval-copy.ts'
import { KeptWrites } from './kept-writes.ts'
import { bodyOf, refusedAnswer, serverWords, type Lines, type WriteAnswer } from './partial-write.ts'
import type { StretchToCopy } from './port.ts'
import { ServerRequests } from './server-requests.ts'
import { isIdentifier } from './storable.ts'

export interface Influx2WritesOptions {
  /** http://host:port, without a path. */
  readonly url: URL
  readonly org: string
  readonly bucket: string
  readonly token: string
  /** Longest time a request may take. */
  readonly timeoutMs: number
}

/** What a server says of itself under /ready, to everybody (http/ready.go). */
const readySchema = z.object({ started: z.string() })

/** A deletion is JSON, and no line of ours begins with a brace. */
const BRACE = 0x7b

/**
 * All that changes a bucket of InfluxDB 2.x. Not through the WriteApi of its client: that one keeps lines in memory, drops
 * them after some failures, and resolves before they are written.
 */
export class Influx2Writes {
  readonly #requests: ServerRequests
  readonly #writePath: string
  readonly #deletePath: string
  readonly #kept: KeptWrites

  constructor({ url, org, bucket, token, timeoutMs }: Influx2WritesOptions) {
    this.#requests = new ServerRequests({ url, timeoutMs, headers: { authorization: `Token ${token}` } })
    const place = { org, bucket }
    this.#writePath = `/api/v2/write?${new URLSearchParams({ ...place, precision: 'ns' }).toString()}`
    this.#deletePath = `/api/v2/delete?${new URLSearchParams(place).toString()}`
    this.#kept = new KeptWrites({
      serverStart: () => this.#serverStart(),
      writeAgain: (body) => this.#writeAgain(body),
      monotonicMs: () => performance.now(),
    })
  }

  /** Writes lines with nanosecond times, and what was written before where the server was started again since. */
  async send(lines: Lines): Promise<WriteAnswer> {
    const body = bodyOf(lines)
    const answer = await this.#write(body)
    if (answer.taken) await this.#kept.taken(body, this.#requests.connections)
    return answer
  }

  /** Takes out the finished intervals of a meter's quantity in a period. */
  async takeOut({ meter, quantity }: StretchToCopy, { fromMs, toMs }: Period): Promise<void> {
    // Nothing was written of a meter whose name cannot be quoted.
    if (!isIdentifier(meter)) return
    const instant = (ms: number): string => Temporal.Instant.fromEpochMilliseconds(ms).toString()
    const body = Buffer.from(
      JSON.stringify({
        start: instant(fromMs),
        // Before the next slot, whether the server counts the end in or not.
        stop: instant(toMs - 1),
        predicate: `_measurement="${INTERVAL_MEASUREMENT}" AND meter="${meter}" AND quantity="${quantity}"`,
      }),
    )
    await this.#delete(body)
    // Else the energy that was taken out would be written again, and stay.
    await this.#kept.taken(body, this.#requests.connections)
  }

  close(): void {
    this.#requests.close()
  }

  async #write(body: Buffer): Promise<WriteAnswer> {
    const { status, body: answer } = await this.#requests.post(this.#writePath, body, {
      'content-type': 'text/plain; charset=utf-8',
    })
    if (status === 204) return { taken: true }
    const words = serverWords(answer)
    // 422: some lines dropped. 400: some unreadable. 201: InfluxDB 3 says so when it took only a part. 413: too long.
    if (status === 422 || status === 400 || status === 201 || status === 413) {
      return refusedAnswer(words === '' ? `status ${status}` : words, status === 413)
    }
    throw this.#unavailable(status, words)
  }

  async #delete(body: Buffer): Promise<void> {
    const { status, body: answer } = await this.#requests.post(this.#deletePath, body, {
      'content-type': 'application/json',
    })
    if (status !== 204) throw this.#unavailable(status, serverWords(answer))
  }

  /** What it took once it takes again, or its retention does not any more. */
  async #writeAgain(body: Buffer): Promise<void> {
    if (body[0] === BRACE) await this.#delete(body)
    else await this.#write(body)
  }

  /** When the server was started, in its own words; `undefined` where it or a proxy before it does not say. */
  async #serverStart(): Promise<string | undefined> {
    const { status, body } = await this.#requests.get('/ready')
    if (status !== 200) return undefined
    try {
      return readySchema.safeParse(JSON.parse(body)).data?.started
    } catch (error) {
      if (error instanceof SyntaxError) return undefined
      throw error
    }
  }

  #unavailable(status: number, words: string): Fault {
    return this.#requests.unavailable(`${status} ${words}`)
  }
}
