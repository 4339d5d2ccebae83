/** How fast the backlog may be sent. Pure: time comes in. */

/** What was not sent may be made up for during this long, so that pauses between batches cost nothing. */
const BURST_MS = 1_000

/** An allowance of bytes per second; a batch may be sent while something of it is left, and may overdraw it. */
export class Pace {
  readonly #bytesPerSecond: number
  #allowance: number
  #atMs: number | undefined

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond
    this.#allowance = (bytesPerSecond * BURST_MS) / 1_000
  }

  /** True when a batch may be sent now. */
  allows(nowMs: number): boolean {
    const elapsedMs = nowMs - (this.#atMs ?? nowMs)
    this.#atMs = nowMs
    const ceiling = (this.#bytesPerSecond * BURST_MS) / 1_000
    this.#allowance = Math.min(ceiling, this.#allowance + (this.#bytesPerSecond * elapsedMs) / 1_000)
    return this.#allowance > 0
  }

  spend(bytes: number): void {
    this.#allowance -= bytes
  }
}
