import type { Clock } from '#contract/clock.ts'
import type { BusMeter } from './bus-meter.ts'
import { exceptions, PDU_BYTES_MAX, writeException, type Framing, type Request } from './modbus-frame.ts'
import type { LineReply, PacedLine } from './paced-line.ts'
import { spoilCrc } from './rtu-frame.ts'
import { writeAnswer } from './served-meter.ts'

/** One reply with values: exactly the words that left the meter. */
export interface Served {
  readonly meter: string
  readonly unit: number
  readonly function: 3 | 4
  readonly address: number
  readonly words: readonly number[]
  /** The instant to which all words belong. */
  readonly atMs: number
}

/** What the rooms' loggers have in common with pino. */
export interface SimulationLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface MeterBusOptions {
  readonly framing: Framing
  readonly meters: readonly BusMeter[]
  readonly clock: Clock
  readonly log: SimulationLog
  readonly signal: AbortSignal
  /** The serial line in front of the meters; without one, requests are answered side by side. */
  readonly line?: PacedLine
  /** Told before the reply is written, so that nobody can have seen a value that was not recorded. */
  readonly onServed?: (record: Served) => void
  /** Told before a request is looked at. */
  readonly onRequest?: (wallMs: number) => void
}

type Send = (frame: Buffer) => void

interface Answer {
  readonly frame: Buffer
  readonly send: Send
  readonly turnaroundMs: number
}

/** Meters behind one port or line: which of them answers a request, with what and when. */
export class MeterBus {
  readonly framing: Framing
  /** The cable is cut: nothing comes through. */
  cut = false
  readonly #options: MeterBusOptions
  readonly #byUnit: ReadonlyMap<number, BusMeter>
  readonly #scratch: Buffer

  constructor(options: MeterBusOptions) {
    this.#options = options
    this.framing = options.framing
    this.#byUnit = new Map(options.meters.map((meter) => [meter.served.unit, meter]))
    this.#scratch = Buffer.alloc(this.framing.headBytes + PDU_BYTES_MAX + this.framing.tailBytes)
  }

  /** Answers a request through `send`: at once, after the meter's delay, or when the line has carried it. */
  handle(request: Request, send: Send): void {
    const { line } = this.#options
    if (line === undefined) {
      const answer = this.#answer(request, send)
      if (answer === undefined) return
      if (answer.turnaroundMs <= 0) answer.send(answer.frame)
      else void this.#later(answer)
      return
    }
    const taken = line.submit({
      unit: request.unit,
      bytes: this.#lineBytes(request.wireBytes),
      answer: (beginsMs) => this.#onLine(request, send, beginsMs),
    })
    // A serial server has nothing to say; a Modbus gateway does.
    if (!taken && this.#isTcp && !this.cut) send(this.#exception(request, exceptions.serverBusy))
  }

  get #isTcp(): boolean {
    return this.framing.tailBytes === 0
  }

  /** Bytes of the same PDU on the serial line: a unit before it and a CRC behind it. */
  #lineBytes(frameBytes: number): number {
    return frameBytes - this.framing.headBytes - this.framing.tailBytes + 3
  }

  #onLine(request: Request, send: Send, beginsMs: number): LineReply | undefined {
    const meter = this.#byUnit.get(request.unit)
    // A meter that needs quiet between requests does not hear one that comes before.
    if (meter !== undefined && beginsMs - meter.replyEndedMs < meter.served.map.limits.pauseMs)
      return undefined
    const answer = this.#answer(request, send)
    if (answer === undefined) return undefined
    return {
      bytes: this.#lineBytes(answer.frame.length),
      turnaroundMs: answer.turnaroundMs,
      deliver: (endsMs) => {
        if (meter !== undefined) meter.replyEndedMs = endsMs
        if (!this.cut) answer.send(answer.frame)
      },
    }
  }

  async #later({ frame, send, turnaroundMs }: Answer): Promise<void> {
    const { clock, signal } = this.#options
    try {
      await clock.sleep(turnaroundMs, signal)
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
    if (!this.cut) send(frame)
  }

  #answer(request: Request, send: Send): Answer | undefined {
    const { clock, onRequest } = this.#options
    const atMs = clock.wallMs()
    onRequest?.(atMs)
    if (this.cut) return undefined
    const meter = this.#byUnit.get(request.unit)
    if (meter === undefined) {
      // On a line nobody answers for an address that is not there; a Modbus TCP gateway says so.
      if (!this.#isTcp) return undefined
      return { frame: this.#exception(request, exceptions.gatewayTargetSilent), send, turnaroundMs: 0 }
    }
    const manner = meter.nextManner()
    if (manner.silent) return undefined
    const turnaroundMs = meter.turnaroundMs + manner.delayMs
    if (manner.spoiled && this.#isTcp) {
      return { frame: this.#exception(request, exceptions.gatewayTargetSilent), send, turnaroundMs }
    }
    const frame =
      manner.exception === 0 ? this.#values(request, meter, atMs) : this.#exception(request, manner.exception)
    if (manner.spoiled) spoilCrc(frame, frame.length)
    if (!manner.late) return { frame, send, turnaroundMs }
    const { held } = meter
    meter.held = { frame, send }
    return held === undefined ? undefined : { ...held, turnaroundMs }
  }

  #exception(request: Request, code: number): Buffer {
    const bytes = writeException(request.pdu[0] ?? 0, code, this.#scratch, this.framing.headBytes)
    return this.#sealed(request, bytes)
  }

  #values(request: Request, meter: BusMeter, atMs: number): Buffer {
    const { log, onServed } = this.#options
    const { served } = meter
    const { pdu } = request
    const at = this.framing.headBytes
    try {
      const values = () => meter.valuesAt(atMs)
      const bytes = writeAnswer(served, values, pdu, this.#scratch, at, meter.settingAt(atMs))
      if (onServed !== undefined) this.#record(onServed, request, served.meter, atMs)
      return this.#sealed(request, bytes)
    } catch (error) {
      log.error({ err: error, meter: served.meter }, 'the simulated meter cannot answer')
      return this.#exception(request, exceptions.deviceFailure)
    }
  }

  #record(onServed: (record: Served) => void, request: Request, meter: string, atMs: number): void {
    const at = this.framing.headBytes
    const code = this.#scratch[at]
    if (code !== 3 && code !== 4) return
    const count = request.pdu.readUInt16BE(3)
    const words = Array.from({ length: count }, (_, index) => this.#scratch.readUInt16BE(at + 2 + index * 2))
    onServed({ meter, unit: request.unit, atMs, address: request.pdu.readUInt16BE(1), function: code, words })
  }

  #sealed(request: Request, pduBytes: number): Buffer {
    return Buffer.from(this.#scratch.subarray(0, this.framing.seal(request, this.#scratch, pduBytes)))
  }
}
