import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault, type FaultCode } from '#contract/fault.ts'
import type { BadCause } from '#contract/reading.ts'
import type { Answer } from '../bus.ts'
import { within } from '../deadline.ts'
import { backOffMs } from '../schedule.ts'
import type { BytePipe, OpenPipe } from './pipe.ts'

/** Short at first, for a serial server that only restarts; at most 5 s, because no meter of it can be read meanwhile. */
const REOPEN = { firstMs: 500, maxMs: 5_000 } as const

/** What a line needs to reach its meters. */
export interface ConnectionOptions {
  /** Address or device, as an operator knows it. */
  readonly path: string
  readonly open: OpenPipe
  /** The fault of a line that cannot be opened or was lost. */
  readonly lostCode: Extract<FaultCode, 'bus-disconnected' | 'serial-device-unusable'>
  readonly clock: Clock
  readonly log: Logger
  /** A number in [0, 1). */
  readonly random: () => number
}

/** What a line does with its connection's news. */
export interface ConnectionListener {
  received(bytes: Uint8Array): void
  /** The connection ended; a request under way has no answer. Not called by `drop`. */
  lost(answer: Answer): void
}

/** A pipe that is opened when it is needed, and again after a growing pause when it fails. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #listener: ConnectionListener
  #pipe: BytePipe | undefined
  #closing: Promise<void> = Promise.resolve()
  #failedOpens = 0
  #openNotBeforeMs = 0

  constructor(options: ConnectionOptions, listener: ConnectionListener) {
    this.#options = options
    this.#listener = listener
  }

  get isOpen(): boolean {
    return this.#pipe !== undefined
  }

  /** Opens, unless the pause after an earlier failure still lasts. Returns what went wrong, if anything did. */
  async open(timeoutMs: number, signal: AbortSignal): Promise<Answer | undefined> {
    const { clock, random } = this.#options
    if (clock.monotonicMs() < this.#openNotBeforeMs) {
      return this.lost('No connection; the pause before the next attempt lasts.')
    }
    const attempt = new AbortController()
    let refused: unknown
    try {
      await within<void>(clock, timeoutMs, signal, (settle) => {
        this.#openPipe(attempt.signal).then(settle, (reason: unknown) => {
          refused = reason
          settle()
        })
      })
      if (this.isOpen) {
        this.#failedOpens = 0
        return undefined
      }
    } finally {
      attempt.abort()
    }
    this.#failedOpens += 1
    this.#openNotBeforeMs = clock.monotonicMs() + backOffMs(this.#failedOpens, REOPEN, random())
    const why = refused instanceof Error ? `: ${refused.message}` : ''
    return this.lost(`The connection could not be made${why}.`, refused)
  }

  async #openPipe(signal: AbortSignal): Promise<void> {
    await this.#closing
    signal.throwIfAborted()
    let self: BytePipe | undefined
    const pipe = await this.#options.open(
      {
        // A pipe that was given up has nothing to say any more.
        received: (bytes) => {
          if (self !== undefined && this.#pipe === self) this.#listener.received(bytes)
        },
        closed: (reason) => {
          if (self === undefined || this.#pipe !== self) return
          this.#pipe = undefined
          this.#listener.lost(this.lost('The connection was closed before the answer came.', reason))
        },
      },
      signal,
    )
    if (signal.aborted) {
      await pipe.close()
      signal.throwIfAborted()
    }
    self = pipe
    this.#pipe = pipe
  }

  write(bytes: Uint8Array): void {
    this.#pipe?.write(bytes)
  }

  /** Gives the connection up, because of doubt; the next read opens it again. */
  drop(reason: string): void {
    this.#options.log.warn(
      { line: this.#options.path, reason },
      'connection to the meters is given up and made again',
    )
    this.#end()
  }

  /** Gives the connection up; a read under way ends as `disconnected`. */
  close(): void {
    if (this.#pipe === undefined) return
    this.#end()
    this.#listener.lost(this.lost('The connection was closed.'))
  }

  #end(): void {
    const pipe = this.#pipe
    this.#pipe = undefined
    // A pipe that cannot be closed shows at the next opening, as a device that is held.
    if (pipe !== undefined) this.#closing = pipe.close().catch(() => undefined)
  }

  /** The answer of a line without connection. */
  lost(what: string, from?: unknown): Answer {
    return this.failure(this.#options.lostCode, 'disconnected', what, from)
  }

  /** An answer without registers, with this line as its place. */
  failure(code: FaultCode, cause: BadCause, what: string, from?: unknown): Answer {
    return { cause, fault: new Fault(code, what, { place: { path: this.#options.path }, cause: from }) }
  }
}
