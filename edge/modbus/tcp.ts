import type { Logger } from 'pino'
import { reasonOf, type Clock } from '#contract/clock.ts'
import type { Answer, Line } from '../bus.ts'
import { Deadline } from '../deadline.ts'
import { Connection } from './connection.ts'
import { hidesReply, matchReply, nextFrame, requestFrame, type Frame, type ReadQuery } from './frame.ts'
import type { OpenPipe } from './pipe.ts'
import { socketPipe } from './socket-pipe.ts'

/** A connection on which nothing at all answered this often is taken for half-open and replaced. */
const SILENT_READS_MAX = 3
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
  /** What carries the bytes; sockets to host and port by default. */
  readonly open?: OpenPipe
}

interface Pending {
  readonly query: ReadQuery
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: Error) => void
}

/**
 * Modbus TCP, one connection and one request at a time. Strict: what is not exactly the answer is no answer, and when
 * the framing is in doubt the connection is given up, so that a wrong value cannot come out.
 */
export class ModbusTcpLine implements Line {
  readonly #log: Logger
  readonly #path: string
  readonly #connection: Connection
  readonly #deadline: Deadline
  /** Signals that are listened to: each once, because a listener for each read would cost more than the read. */
  readonly #heeded = new WeakSet<AbortSignal>()
  #received: Uint8Array = new Uint8Array(0)
  #transaction = 0
  #pending: Pending | undefined
  #silentReads = 0

  constructor({ host, port, clock, log, random, open = socketPipe(host, port) }: TcpLineOptions) {
    this.#log = log
    this.#path = `${host}:${port}`
    this.#connection = new Connection(
      { path: this.#path, open, lostCode: 'bus-disconnected', clock, log, random },
      {
        received: (bytes) => this.#take(bytes),
        lost: (answer) => this.#settle(answer),
      },
    )
    this.#deadline = new Deadline(clock, () => this.#giveUp())
  }

  read(query: ReadQuery, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    return this.#connection.isOpen
      ? this.#ask(query, timeoutMs, signal)
      : this.#openAndAsk(query, timeoutMs, signal)
  }

  async #openAndAsk(query: ReadQuery, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    const failure = await this.#connection.open(timeoutMs, signal)
    if (failure !== undefined) return failure
    this.#received = new Uint8Array(0)
    this.#silentReads = 0
    return this.#ask(query, timeoutMs, signal)
  }

  #ask(query: ReadQuery, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(reasonOf(signal))
      this.#heed(signal)
      this.#transaction = (this.#transaction + 1) % TRANSACTIONS
      this.#pending = { query, timeoutMs, signal, resolve, reject }
      this.#deadline.set(timeoutMs)
      this.#connection.write(requestFrame(this.#transaction, query))
    })
  }

  #heed(signal: AbortSignal): void {
    if (this.#heeded.has(signal)) return
    this.#heeded.add(signal)
    const end = (): void => {
      if (this.#pending?.signal === signal) this.#end()?.reject(reasonOf(signal))
    }
    signal.addEventListener('abort', end, { once: true })
  }

  /** No answer came in time. */
  #giveUp(): void {
    const pending = this.#pending
    if (pending === undefined) return
    if (this.#received.length > 0) {
      const what = `only ${this.#received.length} bytes of an answer came`
      this.#connection.drop('a frame was not completed')
      return this.#settle(this.#invalid(what))
    }
    this.#silentReads += 1
    if (this.#silentReads >= SILENT_READS_MAX) this.#connection.drop('nothing answers on it')
    const what = `Unit ${pending.query.unit} did not answer within ${pending.timeoutMs} ms.`
    this.#settle(this.#connection.failure('bus-timeout', 'timeout', what))
  }

  /** The read under way is over. */
  #end(): Pending | undefined {
    const pending = this.#pending
    this.#pending = undefined
    this.#deadline.clear()
    return pending
  }

  #settle(answer: Answer): void {
    this.#end()?.resolve(answer)
  }

  /** Gives the connection up; a read under way ends as `disconnected`. */
  close(): void {
    this.#connection.close()
    if (this.#pending === undefined) this.#deadline.stop()
  }

  #take(chunk: Uint8Array): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    while (this.#connection.isOpen) {
      const next = nextFrame(this.#received)
      if (next.kind === 'incomplete') return
      if (next.kind === 'broken') return this.#distrust(next.reason)
      this.#received = next.rest
      this.#answer(next.frame, next.rest)
    }
  }

  #wasAsked(transaction: number): boolean {
    return this.#age(transaction) <= LATE_TRANSACTIONS_MAX
  }

  #age(transaction: number): number {
    return (this.#transaction - transaction + TRANSACTIONS) % TRANSACTIONS
  }

  #answer(frame: Frame, rest: Uint8Array): void {
    const pending = this.#pending
    if (this.#age(frame.transaction) > 0 || pending === undefined) {
      if (!this.#wasAsked(frame.transaction)) {
        return this.#distrust(`transaction ${frame.transaction} was not asked`)
      }
      this.#silentReads = 0
      this.#log.debug({ line: this.#path, transaction: frame.transaction }, 'late reply discarded')
      return
    }
    if (hidesReply(frame, (transaction) => this.#wasAsked(transaction))) {
      return this.#distrust('another reply begins inside the answer')
    }
    // Nothing has to follow an answer; what follows must be whole late replies, or the frames are not where they seem.
    if (rest.length > 0) {
      const after = nextFrame(rest)
      if (after.kind !== 'frame' || !this.#wasAsked(after.frame.transaction)) {
        return this.#distrust('the answer is followed by what is no reply')
      }
    }
    const matched = matchReply(pending.query, frame)
    if (matched.kind === 'broken') return this.#distrust(matched.reason)
    this.#silentReads = 0
    if (matched.kind === 'words') return this.#settle({ words: matched.words })
    this.#settle(
      this.#connection.failure(
        'bus-exception',
        matched.cause,
        `Unit ${pending.query.unit} answers with exception ${matched.code} at ${pending.query.address}.`,
      ),
    )
  }

  #invalid(reason: string): Answer {
    return this.#connection.failure('bus-frame-invalid', 'frame-invalid', `Faulty frame: ${reason}.`)
  }

  #distrust(reason: string): void {
    this.#connection.drop(reason)
    this.#settle(this.#invalid(reason))
  }
}
