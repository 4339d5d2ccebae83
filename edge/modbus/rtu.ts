import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import type { SerialSettings } from '#firmware-config/gateway.ts'
import type { Answer, Line } from '../bus.ts'
import { within } from '../deadline.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import type { ReadQuery } from './frame.ts'
import { OwedAnswers } from './owed.ts'
import { exchangeMs, matchEcho, matchRtu, rtuRequest, silenceMs, type RtuMatch } from './rtu-frame.ts'

/**
 * After doubt the line counts as silent when nothing came for this long. Through USB adapters bytes come in clumps 16 ms
 * apart, serial servers collect them for some 10 ms, so 3.5 characters cannot be seen there.
 */
const RESYNC_SILENCE_MS = 50
/**
 * A device of this machine is opened whatever a meter's timeout is: the first time, with its library loaded on a busy
 * machine, that took longer than a second.
 */
const OPEN_DEVICE_MS = 5_000
/** Timers know nothing shorter. */
const TIMER_MS = 1
/** A network connection on which not a byte came for this many reads is taken for half-open and replaced. */
const SILENT_READS_MAX = 3

export interface RtuLineOptions extends ConnectionOptions {
  readonly serial: SerialSettings
  /** How long after its timeout an answer may still come. */
  readonly lateMs: number
  /** The line is behind a network, which may hold bytes back for longer, but in order; closing must discard them. */
  readonly networked: boolean
}

interface Pending {
  readonly query: ReadQuery
  readonly askedMs: number
  readonly settle: (answer: Answer) => void
}

/**
 * Modbus RTU, one request at a time, over any pipe.
 *
 * An answer does not say which registers it brings, so a late one could be taken for the answer to the next request of
 * the same size. Therefore a unit that owes an answer is not asked again until the answer came, or until it cannot come
 * any more (`OwedAnswers`); such a read fails at once, without line time. While other units are asked, late answers are
 * told by their unit. After connecting the line is only listened to, for as long as an answer to anybody before could take.
 *
 * No value is wrong as long as a unit answers a request at most once and at the latest `lateMs` after its timeout (that
 * of the unit, also where a read waits for less), nobody else asks on the line, and damage shows in the CRC.
 */
export class RtuLine implements Line {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #path: string
  readonly #serial: SerialSettings
  readonly #lateMs: number
  readonly #networked: boolean
  readonly #connection: Connection
  readonly #owed: OwedAnswers
  #received: Uint8Array = new Uint8Array(0)
  /** The request, until its echo came or did not. */
  #echo: Uint8Array | undefined
  #pending: Pending | undefined
  /** Why what comes is thrown away until the line is silent. */
  #doubt: string | undefined
  /** The doubt of the read under way, also after the line was silent again. */
  #faulty: string | undefined
  #lastByteMs = Number.NEGATIVE_INFINITY
  #listenUntilMs = Number.NEGATIVE_INFINITY
  #silentReads = 0

  constructor(options: RtuLineOptions) {
    this.#clock = options.clock
    this.#log = options.log
    this.#path = options.path
    this.#serial = options.serial
    this.#lateMs = options.lateMs
    this.#networked = options.networked
    this.#owed = new OwedAnswers(options.networked)
    this.#connection = new Connection(options, {
      received: (bytes) => this.#take(bytes),
      lost: (answer) => this.#pending?.settle(answer),
    })
  }

  /**
   * Waits for the answer as long as the timeout and, added to it, the time of both frames on the line. The first read on
   * a new connection also waits until answers to anybody before it are over.
   * @param withinMs how long the unit may take to answer, where that is longer than the timeout of this read
   */
  async read(
    query: ReadQuery,
    timeoutMs: number,
    signal: AbortSignal,
    withinMs = timeoutMs,
  ): Promise<Answer> {
    const lastsMs = Math.max(timeoutMs, withinMs) + this.#lateMs
    if (this.#owed.standing(query.unit, this.#clock.monotonicMs()).kind === 'doubtful') {
      this.#connection.drop('an answer of before may still be on its way')
    }
    if (!this.#connection.isOpen) {
      const failure = await this.#connection.open(
        this.#networked ? timeoutMs : Math.max(timeoutMs, OPEN_DEVICE_MS),
        signal,
      )
      if (failure !== undefined) return failure
      this.#opened(lastsMs)
    }
    await this.#sleepUntil(this.#listenUntilMs, signal)
    const standing = this.#owed.standing(query.unit, this.#clock.monotonicMs())
    if (standing.kind !== 'free') return this.#owes(query.unit)
    if (!(await this.#silent(timeoutMs, signal))) {
      return this.#invalid('the line does not become silent')
    }
    if (!this.#connection.isOpen) return this.#connection.lost('The connection was closed.')
    return this.#ask(query, timeoutMs, signal, lastsMs)
  }

  /** Gives the connection up; a read under way ends as `disconnected`. */
  close(): void {
    this.#connection.close()
  }

  #opened(lastsMs: number): void {
    this.#silentReads = 0
    this.#owed.reconnected()
    this.#listenUntilMs = this.#clock.monotonicMs() + exchangeMs(this.#serial) + lastsMs
  }

  /** @param lastsMs for so long, beside the time on the line, its answer may come */
  async #ask(query: ReadQuery, timeoutMs: number, signal: AbortSignal, lastsMs: number): Promise<Answer> {
    const onLineMs = exchangeMs(this.#serial, query)
    const waitMs = timeoutMs + onLineMs
    const askedMs = this.#clock.monotonicMs()
    const request = rtuRequest(query)
    this.#received = new Uint8Array(0)
    this.#doubt = undefined
    this.#faulty = undefined
    this.#echo = request
    this.#owed.asked(query, askedMs, onLineMs + lastsMs)
    try {
      const answer = await within<Answer>(this.#clock, waitMs, signal, (settle) => {
        this.#pending = { query, askedMs, settle }
        this.#connection.write(request)
      })
      if (answer !== undefined) return answer
    } finally {
      this.#pending = undefined
    }
    if (this.#received.length > 0)
      return this.#invalid(`only ${this.#received.length} bytes of an answer came`)
    if (this.#faulty !== undefined) return this.#invalid(this.#faulty)
    this.#silentReads += 1
    if (this.#networked && this.#silentReads >= SILENT_READS_MAX) {
      this.#connection.drop('nothing answers on it')
    }
    const what = `Unit ${query.unit} did not answer within ${timeoutMs} ms.`
    return this.#connection.failure('bus-timeout', 'timeout', what)
  }

  #owes(unit: number): Answer {
    const what = `Unit ${unit} owes an earlier answer, which may still come; it is not asked before.`
    return this.#connection.failure('bus-timeout', 'timeout', what)
  }

  #invalid(reason: string): Answer {
    return this.#connection.failure('bus-frame-invalid', 'frame-invalid', `Faulty frame: ${reason}.`)
  }

  /** Waits for the silence before a request; false when bytes keep coming. */
  async #silent(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const giveUpMs = this.#clock.monotonicMs() + timeoutMs
    for (;;) {
      const inOrder = this.#doubt === undefined && this.#received.length === 0
      const quietMs = inOrder ? silenceMs(this.#serial) : RESYNC_SILENCE_MS
      const silentMs = this.#lastByteMs + quietMs
      if (silentMs <= this.#clock.monotonicMs()) return true
      if (silentMs > giveUpMs) return false
      await this.#sleepUntil(silentMs, signal)
    }
  }

  /** Timers count whole milliseconds and may be early; the rest is waited for in place, because it costs line time. */
  async #sleepUntil(untilMs: number, signal: AbortSignal): Promise<void> {
    const { standStill } = this.#clock
    for (;;) {
      const leftMs = untilMs - this.#clock.monotonicMs()
      if (leftMs <= 0) return
      if (standStill === undefined) await this.#clock.sleep(Math.ceil(leftMs), signal)
      else if (leftMs < TIMER_MS) standStill(untilMs)
      else await this.#clock.sleep(Math.floor(leftMs), signal)
    }
  }

  #take(chunk: Uint8Array): void {
    const nowMs = this.#clock.monotonicMs()
    const silentMs = nowMs - this.#lastByteMs
    this.#lastByteMs = nowMs
    this.#silentReads = 0
    if (nowMs < this.#listenUntilMs) return
    if (this.#doubt !== undefined) {
      if (silentMs < RESYNC_SILENCE_MS) return
      this.#doubt = undefined
    }
    this.#owed.expire(nowMs)
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    while (this.#received.length > 0 && this.#advance()) {
      // One step a frame, an echo or a byte of noise.
    }
  }

  /** Takes what stands first off the received bytes; false when more must come. */
  #advance(): boolean {
    const [first = 0] = this.#received
    // Where drivers are switched on and off, an idle line is read as 0x00 or 0xFF.
    if ((first === 0x00 || first === 0xff) && this.#owed.of(first) === undefined) return this.#skip(1)
    if (this.#echo !== undefined) {
      const echo = matchEcho(this.#echo, this.#received)
      if (echo === 'part') return false
      const { length } = this.#echo
      this.#echo = undefined
      if (echo === 'whole') return this.#skip(length)
    }
    const query = this.#owed.of(first)
    if (query === undefined) return this.#distrust(`unit ${first} was not asked`)
    const found = matchRtu(query, this.#received)
    const awaited = this.#pending?.query === query ? this.#pending : undefined
    if (found.kind === 'incomplete') return false
    if (found.kind === 'foreign') return this.#distrust(found.reason, awaited)
    if (found.kind === 'damaged') {
      // It was the answer, if nobody else could have sent it: then there is nothing more to wait for.
      if (found.whole && this.#owed.size === 1) this.#owed.paid(first)
      return this.#distrust('the CRC is wrong', awaited)
    }
    this.#owed.paid(first)
    this.#received = found.rest
    if (awaited !== undefined) this.#settle(awaited, found.matched)
    else this.#log.debug({ line: this.#path, unit: first }, 'late reply discarded')
    return true
  }

  #settle(
    { query, askedMs, settle }: Pending,
    matched: Extract<RtuMatch, { kind: 'reply' }>['matched'],
  ): void {
    this.#owed.proven(askedMs, this.#clock.monotonicMs())
    if (matched.kind === 'words') return settle({ words: matched.words })
    const what = `Unit ${query.unit} answers with exception ${matched.code} at ${query.address}.`
    settle(this.#connection.failure('bus-exception', matched.cause, what))
  }

  #skip(bytes: number): true {
    this.#received = this.#received.subarray(bytes)
    return true
  }

  /** Throws away what comes until the line is silent. A read that this was the answer to fails, others wait on. */
  #distrust(reason: string, failed?: Pending): false {
    this.#log.debug({ line: this.#path, reason }, 'bytes discarded until the line is silent')
    this.#received = new Uint8Array(0)
    this.#doubt = reason
    this.#faulty = reason
    failed?.settle(this.#invalid(reason))
    return false
  }
}
