import type { Clock } from '#contract/clock.ts'
import type { Fault } from '#contract/fault.ts'
import type { BadCause } from '#contract/reading.ts'
import type { ReadQuery } from './modbus/frame.ts'

/** The registers that were asked for, all of them; or why there are none. */
export type Answer =
  | { readonly words: Uint16Array; readonly cause?: never; readonly fault?: never }
  | { readonly words?: never; readonly cause: BadCause; readonly fault: Fault }

/**
 * A line to meters. Calls of `read` must not overlap: a Bus sees to it. A failure is an answer, given at the latest
 * after twice the timeout (once to connect, once to read); it rejects only when the signal is aborted.
 */
export interface Line {
  read(query: ReadQuery, timeoutMs: number, signal: AbortSignal): Promise<Answer>
  close(): void
}

/** How one meter wants to be asked. */
export interface Manner {
  readonly timeoutMs: number
  /** Quiet time that the meter needs between requests. */
  readonly pauseMs: number
}

/**
 * The one owner of a line: callers wait in the order in which they came, one request is on the line at a time.
 * The queue holds at most one request per caller, so it is bounded by the number of meters.
 */
export class Bus {
  readonly #line: Line
  readonly #clock: Clock
  readonly #quietUntilMs = new Map<number, number>()
  #tail: Promise<unknown> = Promise.resolve()

  constructor(line: Line, clock: Clock) {
    this.#line = line
    this.#clock = clock
  }

  /** Reads when it is this caller's turn. Rejects only when the signal is aborted. */
  read(query: ReadQuery, manner: Manner, signal: AbortSignal): Promise<Answer> {
    const turn = this.#tail.then(() => this.#readNow(query, manner, signal))
    // The next caller waits for the end of this one, whatever it is; its own caller sees the rejection.
    this.#tail = turn.catch(() => undefined)
    return turn
  }

  async #readNow(query: ReadQuery, manner: Manner, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    const quietMs = (this.#quietUntilMs.get(query.unit) ?? 0) - this.#clock.monotonicMs()
    if (quietMs > 0) await this.#clock.sleep(quietMs, signal)
    const answer = await this.#line.read(query, manner.timeoutMs, signal)
    if (manner.pauseMs > 0) this.#quietUntilMs.set(query.unit, this.#clock.monotonicMs() + manner.pauseMs)
    return answer
  }

  close(): void {
    this.#line.close()
  }
}
