/** Failures within this time count together. */
const WINDOW_MS = 15 * 60_000
/** So many wrong passwords for one name, or from one address, and further ones are not even looked at. */
const FAILURES_MAX = 10
/** Names and addresses that are remembered; beyond it the oldest are forgotten. */
const REMEMBERED_MAX = 10_000

/** Counts failures to sign in by name and by address, bounded in memory. */
export class Attempts {
  readonly #failures = new Map<string, number[]>()

  #recent(key: string, nowMs: number): number[] {
    return (this.#failures.get(key) ?? []).filter((atMs) => nowMs - atMs < WINDOW_MS)
  }

  /** True where any of the keys has failed too often. */
  isBlocked(keys: readonly string[], nowMs: number): boolean {
    return keys.some((key) => this.#recent(key, nowMs).length >= FAILURES_MAX)
  }

  failed(keys: readonly string[], nowMs: number): void {
    for (const key of keys) {
      const recent = [...this.#recent(key, nowMs), nowMs]
      this.#failures.delete(key)
      this.#failures.set(key, recent)
    }
    for (const key of this.#failures.keys()) {
      if (this.#failures.size <= REMEMBERED_MAX) break
      this.#failures.delete(key)
    }
  }

  succeeded(keys: readonly string[]): void {
    for (const key of keys) this.#failures.delete(key)
  }
}
