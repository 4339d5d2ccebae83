import type { Logger } from 'pino'
import { reasonOf, type Clock } from '#contract/clock.ts'
import type { Answer, Line } from '../bus.ts'
import { Deadline } from '../deadline.ts'
import { Connection } from './connection.ts'
import {
  hidesReply,
  matchReply,
  nextFrame,
  requestFrame,
  type Frame,
  type NextFrame,
  type ReadQuery,
} from './frame.ts'
import type { OpenPipe } from './pipe.ts'
import { socketPipe } from './socket-pipe.ts'
import { togetherInATurn } from './turn-writer.ts'

/** A connection on which nothing at all answered this often is taken for half-open and replaced. */
const SILENT_READS_MAX = 3
/** A reply to one of this many earlier requests is late; any other number was never given out on this line. */
const LATE_TRANSACTIONS_MAX = 1_000
const TRANSACTIONS = 0x1_0000

export interface TcpLineOptions {
  readonly host: string
  readonly port: number
  /** Reads that may overlap, each of another unit; 1 by default. */
  readonly requestsAtOnce?: number | undefined
  readonly clock: Clock
  readonly log: Logger
  /** A number in [0, 1). */
  readonly random: () => number
  /** What carries the bytes; sockets to host and port by default. */
  readonly open?: OpenPipe
}

interface Pending {
  readonly transaction: number
  readonly query: ReadQuery
  readonly askedMs: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: Error) => void
}

/**
 * Modbus TCP over one connection, with one request or several on their way. Strict: what is not exactly the answer is
 * no answer, and when the framing is in doubt the connection is given up, so that a wrong value cannot come out.
 */
export class ModbusTcpLine implements Line {
  readonly requestsAtOnce: number
  readonly #clock: Clock
  readonly #log: Logger
  readonly #path: string
  readonly #connection: Connection
  readonly #deadline: Deadline
  readonly #write: (bytes: Uint8Array) => void
  /** Signals that are listened to: each once, because a listener for each read would cost more than the read. */
  readonly #heeded = new WeakSet<AbortSignal>()
  /** By transaction, the oldest first. */
  readonly #pending = new Map<number, Pending>()
  #opening: Promise<void> | undefined
  #received: Uint8Array = NOTHING
  #transaction = 0
  #silentReads = 0
  #silentMs = Number.NEGATIVE_INFINITY

  constructor({ host, port, requestsAtOnce = 1, clock, log, random, open }: TcpLineOptions) {
    this.requestsAtOnce = requestsAtOnce
    this.#clock = clock
    this.#log = log
    this.#path = `${host}:${port}`
    this.#connection = new Connection(
      {
        path: this.#path,
        open: open ?? socketPipe(host, port),
        lostCode: 'bus-disconnected',
        clock,
        log,
        random,
      },
      {
        received: (bytes) => this.#take(bytes),
        lost: (answer) => this.#settleAll(answer),
      },
    )
    this.#deadline = new Deadline(clock, () => this.#giveUp())
    const write = (bytes: Uint8Array): void => this.#connection.write(bytes)
    this.#write = requestsAtOnce === 1 ? write : togetherInATurn(write)
  }

  read(query: ReadQuery, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    return this.#connection.isOpen
      ? this.#ask(query, timeoutMs, signal)
      : this.#openAndAsk(query, timeoutMs, signal)
  }

  async #openAndAsk(query: ReadQuery, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    // Another read may be opening it: what comes of that is seen afterwards.
    while (this.#opening !== undefined) await this.#opening
    if (!this.#connection.isOpen) {
      const failure = await this.#open(timeoutMs, signal)
      if (failure !== undefined) return failure
    }
    return this.#ask(query, timeoutMs, signal)
  }

  async #open(timeoutMs: number, signal: AbortSignal): Promise<Answer | undefined> {
    const opening = Promise.withResolvers<void>()
    this.#opening = opening.promise
    try {
      const failure = await this.#connection.open(timeoutMs, signal)
      if (failure === undefined) {
        this.#received = NOTHING
        this.#silentReads = 0
      }
      return failure
    } finally {
      this.#opening = undefined
      opening.resolve()
    }
  }

  #ask(query: ReadQuery, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(reasonOf(signal))
      this.#heed(signal)
      this.#transaction = (this.#transaction + 1) % TRANSACTIONS
      const transaction = this.#transaction
      const askedMs = this.#clock.monotonicMs()
      this.#pending.set(transaction, { transaction, query, askedMs, timeoutMs, signal, resolve, reject })
      this.#deadline.set(timeoutMs, askedMs)
      this.#write(requestFrame(transaction, query))
    })
  }

  #heed(signal: AbortSignal): void {
    if (this.#heeded.has(signal)) return
    this.#heeded.add(signal)
    const end = (): void => {
      for (const pending of this.#pending.values()) {
        if (pending.signal !== signal) continue
        this.#end(pending)
        pending.reject(reasonOf(signal))
      }
    }
    signal.addEventListener('abort', end, { once: true })
  }

  /** The time of some reads is over, or was that of reads that ended otherwise. */
  #giveUp(): void {
    const nowMs = this.#clock.monotonicMs()
    const over: Pending[] = []
    let nextMs = Number.POSITIVE_INFINITY
    for (const pending of this.#pending.values()) {
      const leftMs = pending.askedMs + pending.timeoutMs - nowMs
      if (leftMs <= 0) over.push(pending)
      else nextMs = Math.min(nextMs, leftMs)
    }
    const [first] = over
    if (first !== undefined && this.#received.length > 0) {
      const what = `only ${this.#received.length} bytes of an answer came`
      return this.#distrust('a frame was not completed', this.#invalid(what), over)
    }
    for (const pending of over) this.#noAnswer(pending, nowMs)
    if (nextMs < Number.POSITIVE_INFINITY) this.#deadline.set(nextMs, nowMs)
  }

  #noAnswer(pending: Pending, nowMs: number): void {
    // Reads that were under way together have waited for the same sign of life.
    if (pending.askedMs >= this.#silentMs) {
      this.#silentMs = nowMs
      this.#silentReads += 1
    }
    const what = `Unit ${pending.query.unit} did not answer within ${pending.timeoutMs} ms.`
    this.#settle(pending, this.#connection.failure('bus-timeout', 'timeout', what))
    if (this.#silentReads < SILENT_READS_MAX || !this.#connection.isOpen) return
    this.#connection.drop('nothing answers on it')
    this.#settleAll(this.#connection.lost('The connection was given up: nothing answers on it.'))
  }

  #end(pending: Pending): void {
    this.#pending.delete(pending.transaction)
    if (this.#pending.size === 0) this.#deadline.clear()
  }

  #settle(pending: Pending, answer: Answer): void {
    this.#end(pending)
    pending.resolve(answer)
  }

  #settleAll(answer: Answer): void {
    for (const pending of this.#pending.values()) this.#settle(pending, answer)
  }

  /** Gives the connection up; reads under way end as `disconnected`. */
  close(): void {
    this.#connection.close()
    if (this.#pending.size === 0) this.#deadline.stop()
  }

  #take(chunk: Uint8Array): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    let next = nextFrame(this.#received)
    while (this.#connection.isOpen && next.kind === 'frame') {
      const after = next.rest.length === 0 ? INCOMPLETE : nextFrame(next.rest)
      if (!this.#answer(next.frame, next.rest, after)) return
      this.#received = next.rest
      next = after
    }
    if (next.kind === 'broken' && this.#connection.isOpen) {
      this.#distrust(next.reason, this.#invalid(next.reason), [...this.#pending.values()])
    }
  }

  #wasAsked(transaction: number): boolean {
    const age = (this.#transaction - transaction + TRANSACTIONS) % TRANSACTIONS
    return age <= LATE_TRANSACTIONS_MAX
  }

  /** Takes a frame; false when it has to wait for what follows it, or the connection was given up. */
  #answer(frame: Frame, rest: Uint8Array, after: NextFrame): boolean {
    const { transaction } = frame
    const pending = this.#pending.get(transaction)
    if (pending === undefined) {
      if (!this.#wasAsked(transaction)) return this.#refuse(`transaction ${transaction} was not asked`)
      this.#silentReads = 0
      this.#log.debug({ line: this.#path, transaction }, 'late reply discarded')
      return true
    }
    if (hidesReply(frame, (other) => this.#wasAsked(other))) {
      return this.#refuse('another reply begins inside the answer', pending)
    }
    // What follows an answer must be whole replies, or the frames are not where they seem.
    if (rest.length > 0) {
      if (after.kind === 'incomplete' && this.#pending.size > 1) return false
      if (after.kind !== 'frame' || !this.#wasAsked(after.frame.transaction)) {
        return this.#refuse('the answer is followed by what is no reply', pending)
      }
    }
    const matched = matchReply(pending.query, frame)
    if (matched.kind === 'broken') return this.#refuse(matched.reason, pending)
    this.#silentReads = 0
    if (matched.kind === 'words') this.#settle(pending, { words: matched.words })
    else {
      const what = `Unit ${pending.query.unit} answers with exception ${matched.code} at ${pending.query.address}.`
      this.#settle(pending, this.#connection.failure('bus-exception', matched.cause, what))
    }
    return true
  }

  #invalid(reason: string): Answer {
    return this.#connection.failure('bus-frame-invalid', 'frame-invalid', `Faulty frame: ${reason}.`)
  }

  /** Whose answer a faulty frame was meant to be may not be known: then it is that of all. */
  #refuse(reason: string, meant?: Pending): false {
    this.#distrust(reason, this.#invalid(reason), meant === undefined ? [...this.#pending.values()] : [meant])
    return false
  }

  /** Gives up a connection whose framing is in doubt: `concerned` get the answer, other reads have lost their line. */
  #distrust(reason: string, answer: Answer, concerned: readonly Pending[]): void {
    this.#connection.drop(reason)
    for (const pending of concerned) this.#settle(pending, answer)
    this.#settleAll(this.#connection.lost(`The connection was given up: ${reason}.`))
  }
}

const NOTHING = new Uint8Array(0)
const INCOMPLETE: NextFrame = { kind: 'incomplete' }
