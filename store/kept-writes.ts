import { BodyRing } from './body-ring.ts'

/**
 * What a server has taken lately, to be written again once it was started anew.
 *
 * InfluxDB 1.6 to 1.11 and 2.x lose acknowledged writes at their second crash (README.md, "What InfluxDB itself can lose"):
 * behind a torn entry of its log a server that was started again writes into a hole, and everything there is gone at the next
 * crash, unless its cache was put into a file before. Writing twice is writing once, so this writes again what may have
 * stood there.
 */

/**
 * A shard's cache is put into a file at 25 MB (`cache-snapshot-memory-size`), 16 bytes a value: some 1.5 million values,
 * which are as much text as this.
 */
const KEPT_BYTES_MAX = 64 * 1024 * 1024
/** A proxy keeps connections over a start of the server: so often it is asked whatever the connections say. */
const LOOK_MS = 1_000
/** A short write costs more than its bytes. */
const KEPT_WRITES_MAX = 50_000

export interface KeptWritesOptions {
  /** When the server was started, in its own words; `undefined` where it does not say. Throws where it cannot be asked. */
  readonly serverStart: () => Promise<string | undefined>
  /** Writes again. Throws where it is not known to be written. */
  readonly writeAgain: (body: Buffer) => Promise<void>
  readonly monotonicMs: () => number
  readonly bytesMax?: number
}

export class KeptWrites {
  readonly #options: KeptWritesOptions
  readonly #bodies: BodyRing
  #started: string | undefined
  /** How many connections had been made when the server was asked last: without a proxy a start is one more. */
  #connections = 0
  #lookedMs = -Infinity
  #look: Promise<void> | undefined

  constructor(options: KeptWritesOptions) {
    this.#options = options
    this.#bodies = new BodyRing(options.bytesMax ?? KEPT_BYTES_MAX, KEPT_WRITES_MAX)
  }

  /**
   * Called with what the server has taken, and waited for before anybody is told so: where it was started again since the
   * last look, what it had taken before is written again. The body is copied: its memory may be used again.
   *
   * @param connections made to the server so far
   */
  async taken(body: Buffer, connections: number): Promise<void> {
    this.#bodies.keep(body)
    while (this.#connections < connections || this.#options.monotonicMs() - this.#lookedMs >= LOOK_MS) {
      this.#look ??= this.#lookAgain(connections).finally(() => {
        this.#look = undefined
      })
      await this.#look
    }
  }

  async #lookAgain(connections: number): Promise<void> {
    const { serverStart, writeAgain, monotonicMs } = this.#options
    const started = await serverStart()
    if (started !== undefined) {
      const isAnother = this.#started !== undefined && this.#started !== started
      if (isAnother) await this.#writeAllAgain(writeAgain)
      this.#started = started
    }
    this.#connections = connections
    this.#lookedMs = monotonicMs()
  }

  /** In their order, and those too that are taken meanwhile: an older value would else be written over a newer one. */
  async #writeAllAgain(writeAgain: KeptWritesOptions['writeAgain']): Promise<void> {
    for (let kept = this.#bodies.next(); kept !== undefined; kept = this.#bodies.next(kept.number))
      await writeAgain(kept.body)
  }
}
