import type { Clock } from '#contract/clock.ts'
import type { MeterBus } from './meter-bus.ts'

/** What a client began to say and did not end within this time is noise: the slowest frame of 300 baud takes 9.4 s. */
const UNFINISHED_MS_MAX = 10_000

/** The bytes of one client, cut into requests. */
export class Conversation {
  readonly #bus: MeterBus
  readonly #clock: Clock
  readonly #send: (frame: Buffer) => void
  #waiting: Buffer = Buffer.alloc(0)
  #heardMs = -Infinity

  constructor(bus: MeterBus, clock: Clock, send: (frame: Buffer) => void) {
    this.#bus = bus
    this.#clock = clock
    this.#send = send
  }

  /** Takes the next bytes. False when they are no Modbus: the client should be left. */
  hear(chunk: Buffer): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#heardMs > UNFINISHED_MS_MAX) this.#waiting = Buffer.alloc(0)
    this.#heardMs = nowMs
    const bytes = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk])
    const { requests, rest, malformed } = this.#bus.framing.take(bytes)
    this.#waiting = rest
    for (const request of requests) this.#bus.handle(request, this.#send)
    return !malformed
  }
}
