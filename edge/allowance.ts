/**
 * Line time that may be spent: it grows by a share of the time that passes, up to a limit, and may be overdrawn by what
 * is spent at once. Over any stretch of time T no more is spent than limit + share × T + the last expense.
 */
export class Allowance {
  readonly #share: number
  readonly #maxMs: number
  #leftMs: number
  #atMs = Number.NEGATIVE_INFINITY

  /** It begins full. */
  constructor(share: number, maxMs: number) {
    this.#share = share
    this.#maxMs = maxMs
    this.#leftMs = maxMs
  }

  /** How long until nothing is overdrawn; 0 when nothing is. */
  settledInMs(nowMs: number): number {
    return Math.max(0, Math.ceil(-this.#left(nowMs) / this.#share))
  }

  /** True when nothing is overdrawn. */
  isSettled(nowMs: number): boolean {
    return this.#leftMs >= 0 || this.#left(nowMs) >= 0
  }

  spend(durationMs: number, nowMs: number): void {
    this.#leftMs = this.#left(nowMs) - durationMs
    this.#atMs = nowMs
  }

  #left(nowMs: number): number {
    return Math.min(this.#maxMs, this.#leftMs + this.#share * Math.max(0, nowMs - this.#atMs))
  }
}
