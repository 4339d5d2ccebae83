/** Whether a gateway still works after a change. Pure: time comes in as what was seen, and in which order. */

/** What works at one moment. */
export interface Signs {
  /** The broker is connected and receipts are heard. */
  readonly connected: boolean
  /** Meters that answered their last poll. */
  readonly answering: ReadonlySet<string>
  /** Meters whose first poll has not ended yet. */
  readonly untried: number
}

/**
 * The trial of a configuration. What worked before must work under it: the connection, if there was one, and a meter,
 * if any answered. Of the meters that answered before one must, where any of them is left; else any meter.
 */
export class Probation {
  readonly #needsUplink: boolean
  readonly #needed: ReadonlySet<string> | undefined
  #connected = false
  #answered = false

  /** @param meters those that the configuration describes */
  constructor(before: Omit<Signs, 'untried'>, meters: readonly string[]) {
    this.#needsUplink = before.connected
    const left = meters.filter((meter) => before.answering.has(meter))
    if (before.answering.size > 0) this.#needed = new Set(left.length > 0 ? left : meters)
  }

  /** Takes what works now. Returns true when everything that must work was seen working, together or one by one. */
  look({ connected, answering }: Omit<Signs, 'untried'>): boolean {
    this.#connected ||= connected
    this.#answered ||= this.#needed === undefined || [...this.#needed].some((meter) => answering.has(meter))
    return this.#missing().length === 0
  }

  /** What was not seen working, in words. */
  get complaint(): string {
    return this.#missing().join(', and ')
  }

  #missing(): string[] {
    return [
      ...(this.#needsUplink && !this.#connected ? ['the broker was not reached'] : []),
      ...(this.#answered ? [] : ['no meter answered']),
    ]
  }
}
