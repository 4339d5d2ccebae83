/**
 * What the curves of a plant have summed up so far: for each, by name, the integral up to every midnight since the first
 * day of the registers. A curve goes on with its list where it ends; whoever keeps the lists spares the next plant of
 * the same scenario the days in them, and nothing else.
 */
export class DaySums {
  readonly #lists = new Map<string, number[]>()

  /** Begins with lists of a plant of the same scenario, made by the same code. */
  constructor(kept: Iterable<readonly [string, number[]]> = []) {
    for (const [name, list] of kept) this.#lists.set(name, list)
  }

  /** The list of a curve, to be gone on with; a new one begins with the first midnight's 0. */
  of(name: string): number[] {
    const known = this.#lists.get(name)
    if (known !== undefined) return known
    const made = [0]
    this.#lists.set(name, made)
    return made
  }

  get lists(): ReadonlyMap<string, readonly number[]> {
    return this.#lists
  }

  /** Midnights in all lists. */
  get count(): number {
    let count = 0
    for (const { length } of this.#lists.values()) count += length
    return count
  }
}
