import type { MeterId } from '#contract/identity.ts'
import type { BlockSample } from '#contract/sample-block.ts'

/** Moments of one meter in a request. Most come in order of time: then the last one tells that the next is another. */
class MeterMoments {
  #latestMs: number
  readonly #inOrder: number[]
  #all: Set<number> | undefined

  constructor(atMs: number) {
    this.#latestMs = atMs
    this.#inOrder = [atMs]
  }

  /** False for one that was there already. */
  add(atMs: number): boolean {
    if (this.#all === undefined && atMs > this.#latestMs) {
      this.#latestMs = atMs
      this.#inOrder.push(atMs)
      return true
    }
    this.#all ??= new Set(this.#inOrder)
    const before = this.#all.size
    return this.#all.add(atMs).size > before
  }
}

/** Moments of each meter in one request: two points of one moment would be two answers to one question. */
export class Moments {
  readonly #ofMeter = new Map<MeterId, MeterMoments>()

  /** False for a moment that was there already. */
  add({ meter, atMs }: BlockSample): boolean {
    const known = this.#ofMeter.get(meter)
    if (known !== undefined) return known.add(atMs)
    this.#ofMeter.set(meter, new MeterMoments(atMs))
    return true
  }
}
