import type { Clock } from '#contract/clock.ts'
import type { LineTiming } from './line-timing.ts'

/**
 * A serial line in time: one request at a time, each byte of request and reply at its character time, the meter's
 * turnaround and the silences between frames included. What happens is computed from instant to instant, and a timer
 * that fires late delays only what it delivers: the lateness of a delivery is taken off the arrival of the request
 * that answers to it, so that no error accumulates over a cycle of many reads: but never more than the bytes of that
 * request take, so that no reply comes sooner than a silence and its own bytes after it.
 */

/** Instants of one exchange, milliseconds of the monotonic clock. */
export interface LineExchange {
  readonly unit: number
  readonly requestBytes: number
  /** 0 where nobody answered. */
  readonly replyBytes: number
  /** The request is there, or waits behind another one. */
  readonly receivedMs: number
  readonly requestBeginsMs: number
  readonly requestEndsMs: number
  /** Equal to `requestEndsMs` where nobody answered. */
  readonly replyBeginsMs: number
  readonly replyEndsMs: number
  /** The silence after the last byte is over: the next request may begin. */
  readonly freeMs: number
}

/** What the meter does about a request, asked when the request has ended. */
export interface LineReply {
  readonly bytes: number
  /** From the end of the request; never less than the silence that ends a frame. */
  readonly turnaroundMs: number
  /** Called when its last byte is through; `endsMs` is when that was due. */
  deliver(endsMs: number): void
}

export interface LineRequest {
  readonly unit: number
  readonly bytes: number
  /** `undefined` for no reply. `beginsMs` is when the request's first byte was on the line. */
  answer(beginsMs: number): LineReply | undefined
}

/** What a line has carried so far. */
export interface LineLoad {
  readonly exchanges: number
  readonly unanswered: number
  readonly bytes: number
  /** Time in which the line could carry nothing else: frames, turnarounds and silences. */
  readonly busyMs: number
}

/** Moxa's Modbus gateways queue 32 requests a master; beyond that a client asks faster than any line can answer. */
const WAITING_MAX = 32

export interface PacedLineOptions {
  readonly timing: LineTiming
  readonly clock: Clock
  readonly signal: AbortSignal
  /**
   * True for a real serial port: the bytes of a request have taken their time when it is there, and those of the reply
   * take theirs when they are written.
   */
  readonly real?: boolean
  readonly onExchange?: (exchange: LineExchange) => void
}

export class PacedLine {
  readonly #options: PacedLineOptions
  readonly #waiting: { request: LineRequest; receivedMs: number }[] = []
  #running = false
  #freeMs = -Infinity
  #replyEndedMs = -Infinity
  #lateMs = 0
  #load: LineLoad = { exchanges: 0, unanswered: 0, bytes: 0, busyMs: 0 }

  constructor(options: PacedLineOptions) {
    this.#options = options
  }

  get load(): LineLoad {
    return this.#load
  }

  /** Puts a request on the line, behind those that wait. False when too many wait: it is not taken. */
  submit(request: LineRequest): boolean {
    if (this.#waiting.length >= WAITING_MAX) return false
    const { clock, timing } = this.#options
    const lateMs = Math.min(this.#lateMs, request.bytes * timing.characterMs)
    const receivedMs = Math.max(clock.monotonicMs() - lateMs, this.#replyEndedMs)
    this.#lateMs = 0
    this.#waiting.push({ request, receivedMs })
    if (!this.#running) void this.#run()
    return true
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        await this.#exchange(next.request, next.receivedMs)
      }
    } catch (error) {
      if (!this.#options.signal.aborted) throw error
    } finally {
      this.#running = false
    }
  }

  async #exchange(request: LineRequest, receivedMs: number): Promise<void> {
    const { timing, real = false, onExchange } = this.#options
    const requestMs = request.bytes * timing.characterMs
    const requestBeginsMs = real ? receivedMs - requestMs : Math.max(receivedMs, this.#freeMs)
    const requestEndsMs = requestBeginsMs + requestMs
    await this.#until(requestEndsMs)
    const reply = request.answer(requestBeginsMs)
    const replyBytes = reply?.bytes ?? 0
    const replyBeginsMs =
      reply === undefined ? requestEndsMs : requestEndsMs + Math.max(reply.turnaroundMs, timing.silenceMs)
    const replyEndsMs = replyBeginsMs + replyBytes * timing.characterMs
    const freeMs = replyEndsMs + timing.silenceMs
    this.#freeMs = freeMs
    const { exchanges, unanswered, bytes, busyMs } = this.#load
    this.#load = {
      exchanges: exchanges + 1,
      unanswered: unanswered + (reply === undefined ? 1 : 0),
      bytes: bytes + request.bytes + replyBytes,
      busyMs: busyMs + freeMs - requestBeginsMs,
    }
    if (reply !== undefined) {
      const dueMs = real ? replyBeginsMs : replyEndsMs
      await this.#until(dueMs)
      this.#replyEndedMs = real ? -Infinity : replyEndsMs
      this.#lateMs = real ? 0 : this.#options.clock.monotonicMs() - dueMs
      reply.deliver(replyEndsMs)
    }
    onExchange?.({
      unit: request.unit,
      requestBytes: request.bytes,
      replyBytes,
      receivedMs,
      requestBeginsMs,
      requestEndsMs,
      replyBeginsMs,
      replyEndsMs,
      freeMs,
    })
  }

  /** Timers know whole milliseconds and may fire a fraction early. */
  async #until(instantMs: number): Promise<void> {
    const { clock, signal } = this.#options
    for (let restMs = instantMs - clock.monotonicMs(); restMs > 0; restMs = instantMs - clock.monotonicMs()) {
      await clock.sleep(restMs, signal)
    }
    signal.throwIfAborted()
  }
}
