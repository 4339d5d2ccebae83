import type { Clock } from '#contract/clock.ts'
import type { BusDescription } from '#firmware-config/gateway.ts'
import type { Answer, Line } from '../bus.ts'
import type { ReadQuery } from '#edge/modbus/frame.ts'

export interface Asked {
  readonly answer: Answer
  /** From the request to the answer or to the end of waiting; opening the connection and listening to it included. */
  readonly latencyMs: number
}

/** How a person at the line wants it to be asked. */
export interface AskerOptions {
  readonly transport: BusDescription['transport']
  readonly clock: Clock
  readonly timeoutMs: number
  /**
   * Only one unit is asked. Behind a serial server its late answers are then waited out by connecting anew, because no
   * answer of another unit will show that they are over.
   */
  readonly oneUnit?: boolean
}

/** Asks one question after the other on a line of its own, and counts them. Calls must not overlap. */
export class Asker {
  readonly #line: Line
  readonly #options: AskerOptions
  readonly #askNotBeforeMs = new Map<number, number>()
  #owed = false
  #count = 0

  constructor(line: Line, options: AskerOptions) {
    this.#line = line
    this.#options = options
  }

  /** Questions asked so far. */
  get count(): number {
    return this.#count
  }

  /** Waits until the unit can be asked, then asks it. `pauseMs` is the quiet time that the meter needs afterwards. */
  async ask(query: ReadQuery, signal: AbortSignal, pauseMs = 0): Promise<Asked> {
    const { clock, timeoutMs, oneUnit = false, transport } = this.#options
    if (this.#owed && oneUnit && transport.kind === 'rtu-over-tcp') this.close()
    const quietMs = (this.#askNotBeforeMs.get(query.unit) ?? 0) - clock.monotonicMs()
    if (quietMs > 0) await clock.sleep(Math.ceil(quietMs), signal)
    this.#count += 1
    const askedMs = clock.monotonicMs()
    const answer = await this.#line.read(query, timeoutMs, signal)
    const answeredMs = clock.monotonicMs()
    this.#owed = answer.cause === 'timeout' || answer.cause === 'frame-invalid'
    this.#askNotBeforeMs.set(query.unit, answeredMs + (this.#owed ? this.#lateMs : pauseMs))
    return { answer, latencyMs: answeredMs - askedMs }
  }

  /** Over RTU an answer does not say to which request it belongs: the line does not ask a unit that owes one. */
  get #lateMs(): number {
    const { transport } = this.#options
    return transport.kind === 'tcp' ? 0 : transport.lateMs
  }

  /** Ends the connection; the next question opens it again. A line that was opened anew is owed nothing. */
  close(): void {
    this.#line.close()
  }
}
