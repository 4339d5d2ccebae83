/**
 * Connections of those who have not yet said who they are. They are bounded apart from all others, so that whoever opens
 * connections without end takes no place of a gateway that comes back.
 */
export class Strangers<T> {
  readonly #max: number
  /** In the order in which they came, with the address that they came from. */
  readonly #waiting = new Map<T, string>()

  constructor(max: number) {
    this.#max = max
  }

  /** Takes one in. Returns the one that must go for it: the oldest of the address that has the most. */
  come(connection: T, address: string): T | undefined {
    this.#waiting.set(connection, address)
    if (this.#waiting.size <= this.#max) return undefined
    const counts = new Map<string, number>()
    for (const each of this.#waiting.values()) counts.set(each, (counts.get(each) ?? 0) + 1)
    const most = Math.max(...counts.values())
    for (const [each, from] of this.#waiting) {
      if (counts.get(from) !== most) continue
      this.#waiting.delete(each)
      return each
    }
    return undefined
  }

  /** It has said who it is, or is gone. */
  leave(connection: T): void {
    this.#waiting.delete(connection)
  }
}
