import { connect, type Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault, type FaultCode } from '#contract/fault.ts'
import type { BadCause } from '#contract/reading.ts'
import type { Answer, Line } from '../bus.ts'
import { within } from '../deadline.ts'
import { backOffMs } from '../schedule.ts'
import { matchReply, nextFrame, requestFrame, type Frame, type ReadQuery } from './frame.ts'

/** Short at first, for a serial server that only restarts; at most 5 s, because no meter of it can be read meanwhile. */
const RECONNECT = { firstMs: 500, maxMs: 5_000 } as const
/** A connection on which nothing at all answered this often is taken for half-open and replaced. */
const SILENT_READS_MAX = 3
/** Idle time before the system probes the peer. */
const KEEP_ALIVE_MS = 30_000
/** A reply to one of this many earlier requests is late; any other number was never given out on this line. */
const LATE_TRANSACTIONS_MAX = 1_000
const TRANSACTIONS = 0x1_0000

export interface TcpLineOptions {
  readonly host: string
  readonly port: number
  readonly clock: Clock
  readonly log: Logger
  /** A number in [0, 1). */
  readonly random: () => number
}

interface Pending {
  readonly query: ReadQuery
  readonly settle: (answer: Answer) => void
}

/**
 * Modbus TCP, one connection and one request at a time. Strict: what is not exactly the answer is no answer, and when
 * the framing is in doubt the connection is given up, so that a wrong value cannot come out.
 */
export class ModbusTcpLine implements Line {
  readonly #options: TcpLineOptions
  readonly #path: string
  #socket: Socket | undefined
  #received: Uint8Array = new Uint8Array(0)
  #transaction = 0
  #pending: Pending | undefined
  #failedConnects = 0
  #connectNotBeforeMs = 0
  #silentReads = 0

  constructor(options: TcpLineOptions) {
    this.#options = options
    this.#path = `${options.host}:${options.port}`
  }

  async read(query: ReadQuery, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    const failure = this.#socket === undefined ? await this.#connect(timeoutMs, signal) : undefined
    const socket = this.#socket
    if (socket === undefined) return failure ?? this.#lost('The connection was closed.')
    this.#transaction = (this.#transaction + 1) % TRANSACTIONS
    try {
      const answer = await within<Answer>(this.#options.clock, timeoutMs, signal, (settle) => {
        this.#pending = { query, settle }
        socket.write(requestFrame(this.#transaction, query))
      })
      if (answer !== undefined) return answer
    } finally {
      this.#pending = undefined
    }
    this.#silentReads += 1
    if (this.#silentReads >= SILENT_READS_MAX) this.#drop(socket, 'nothing answers on it')
    return this.#failure(
      'bus-timeout',
      'timeout',
      `Unit ${query.unit} did not answer within ${timeoutMs} ms.`,
    )
  }

  /** Gives the connection up; a read under way ends as `disconnected`. */
  close(): void {
    this.#socket?.destroy()
  }

  #failure(code: FaultCode, cause: BadCause, what: string, from?: unknown): Answer {
    return { cause, fault: new Fault(code, what, { place: { path: this.#path }, cause: from }) }
  }

  #lost(what: string, from?: unknown): Answer {
    return this.#failure('bus-disconnected', 'disconnected', what, from)
  }

  /** Connects, unless the pause after an earlier failure still lasts. Returns what went wrong, if anything did. */
  async #connect(timeoutMs: number, signal: AbortSignal): Promise<Answer | undefined> {
    const { host, port, clock, random } = this.#options
    if (clock.monotonicMs() < this.#connectNotBeforeMs) {
      return this.#lost('No connection; the pause before the next attempt lasts.')
    }
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    })
    let refused: unknown
    try {
      const outcome = await within<'connected' | 'failed'>(clock, timeoutMs, signal, (settle) => {
        socket.once('connect', () => settle('connected'))
        socket.once('close', () => settle('failed'))
        socket.once('error', (error) => {
          refused = error
        })
      })
      if (outcome === 'connected') {
        this.#adopt(socket)
        return undefined
      }
    } catch (aborted) {
      socket.destroy()
      throw aborted
    }
    socket.destroy()
    this.#failedConnects += 1
    this.#connectNotBeforeMs = clock.monotonicMs() + backOffMs(this.#failedConnects, RECONNECT, random())
    return this.#lost('The connection could not be made.', refused)
  }

  #adopt(socket: Socket): void {
    this.#socket = socket
    this.#received = new Uint8Array(0)
    this.#failedConnects = 0
    this.#silentReads = 0
    let broken: unknown
    socket.on('error', (error) => {
      broken = error
    })
    socket.on('data', (chunk) => {
      // Text only comes after setEncoding, which nobody calls.
      if (typeof chunk !== 'string') this.#take(socket, chunk)
    })
    // The peer's half-close ends the connection: a meter that will not answer has no use for our requests.
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#pending?.settle(this.#lost('The connection was closed before the answer came.', broken))
    })
  }

  #take(socket: Socket, chunk: Uint8Array): void {
    if (this.#socket !== socket) return
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    while (this.#socket === socket) {
      const next = nextFrame(this.#received)
      if (next.kind === 'incomplete') return
      if (next.kind === 'broken') return this.#distrust(socket, next.reason)
      this.#received = next.rest
      this.#answer(socket, next.frame)
    }
  }

  #answer(socket: Socket, frame: Frame): void {
    const age = (this.#transaction - frame.transaction + TRANSACTIONS) % TRANSACTIONS
    const pending = this.#pending
    if (age > 0 || pending === undefined) {
      if (age > LATE_TRANSACTIONS_MAX) {
        return this.#distrust(socket, `transaction ${frame.transaction} was not asked`)
      }
      this.#silentReads = 0
      this.#options.log.debug({ line: this.#path, transaction: frame.transaction }, 'late reply discarded')
      return
    }
    const matched = matchReply(pending.query, frame)
    if (matched.kind === 'broken') return this.#distrust(socket, matched.reason)
    this.#silentReads = 0
    if (matched.kind === 'words') return pending.settle({ words: matched.words })
    pending.settle(
      this.#failure(
        'bus-exception',
        matched.cause,
        `Unit ${pending.query.unit} answers with exception ${matched.code} at ${pending.query.address}.`,
      ),
    )
  }

  #distrust(socket: Socket, reason: string): void {
    const pending = this.#pending
    this.#drop(socket, reason)
    pending?.settle(this.#failure('bus-frame-invalid', 'frame-invalid', `Faulty frame: ${reason}.`))
  }

  #drop(socket: Socket, reason: string): void {
    this.#options.log.warn(
      { line: this.#path, reason },
      'connection to the meters is given up and made again',
    )
    if (this.#socket === socket) this.#socket = undefined
    socket.destroy()
  }
}
