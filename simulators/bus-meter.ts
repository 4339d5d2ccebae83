import type { InjectedFault } from './fault-schedule.ts'
import type { Setting } from './identity-image.ts'
import type { ServedMeter, ValuesAt } from './served-meter.ts'
import { settingUnder, shownUnder } from './value-faults.ts'
import { faultless, mannerUnder, type WireManner } from './wire-faults.ts'

/** A reply that waits for the next request. */
export interface HeldReply {
  readonly frame: Buffer
  readonly send: (frame: Buffer) => void
}

/** A meter while it is served: what it shows and how it answers, under the faults in force. */
export class BusMeter {
  readonly served: ServedMeter
  /** From the end of a request to its reply, without faults. */
  readonly turnaroundMs: number
  readonly #seed: number
  #valuesAt: ValuesAt
  #valueFaults: readonly InjectedFault[] = []
  #wireFaults: readonly InjectedFault[] = []
  #requests = 0
  held: HeldReply | undefined
  /** When its last reply ended, on the line's clock. */
  replyEndedMs = -Infinity

  constructor(served: ServedMeter, turnaroundMs: number, seed: number) {
    this.served = served
    this.turnaroundMs = turnaroundMs
    this.#seed = seed
    this.#valuesAt = served.valuesAt
  }

  /** What its registers show. */
  get valuesAt(): ValuesAt {
    return this.#valuesAt
  }

  /** What has been done to it on site. */
  settingAt(atMs: number): Setting {
    return settingUnder(this.#valueFaults, atMs)
  }

  /** Sets the faults that change its values, past ones whose mark stays included. */
  showUnder(faults: readonly InjectedFault[]): void {
    this.#valueFaults = faults
    this.#valuesAt = shownUnder(faults, this.served, this.#seed)
  }

  /** Sets the faults that change its replies. */
  answerUnder(faults: readonly InjectedFault[]): void {
    this.#wireFaults = faults
    if (!faults.some(({ order }) => order.kind === 'late-reply')) this.held = undefined
  }

  /** What it does with the next request. */
  nextManner(): WireManner {
    if (this.#wireFaults.length === 0) return faultless
    this.#requests += 1
    return mannerUnder(this.#wireFaults, this.#seed, this.#requests)
  }
}
