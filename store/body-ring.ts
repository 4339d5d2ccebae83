interface Place {
  /** Bytes that were ever kept before it. */
  readonly start: number
  readonly length: number
  /** How many were kept before it. */
  readonly number: number
}

/** A kept body, in memory of its own. */
export interface KeptBody {
  readonly number: number
  readonly body: Buffer
}

/**
 * The newest bodies of requests, copied into one piece of memory that is written over again and again: a new piece for each
 * would have to be thrown away again, which is much of the work of whoever writes many.
 */
export class BodyRing {
  readonly #bytesMax: number
  readonly #bodiesMax: number
  /** Made with the first body; the system gives it only as far as it is used. */
  #memory: Buffer | undefined
  /** Oldest first; those before `#oldest` are forgotten. */
  #places: Place[] = []
  #oldest = 0
  /** Bytes that were ever kept: the next one stands at what is left of it over whole turns. */
  #end = 0
  #count = 0

  constructor(bytesMax: number, bodiesMax: number) {
    this.#bytesMax = bytesMax
    this.#bodiesMax = bodiesMax
  }

  /** Keeps a copy, and forgets the oldest ones for it. One that is longer than all of the memory is not kept. */
  keep(body: Uint8Array): void {
    if (body.length > this.#bytesMax) return
    this.#memory ??= Buffer.allocUnsafeSlow(this.#bytesMax)
    const at = this.#end % this.#bytesMax
    const first = Math.min(body.length, this.#bytesMax - at)
    this.#memory.set(body.subarray(0, first), at)
    this.#memory.set(body.subarray(first), 0)
    this.#places.push({ start: this.#end, length: body.length, number: this.#count })
    this.#count += 1
    this.#end += body.length
    this.#forget()
  }

  /** The oldest that is kept, or the oldest after one; undefined where there is none. */
  next(after = -1): KeptBody | undefined {
    const first = this.#places[this.#oldest]
    if (first === undefined) return undefined
    const place = this.#places[this.#oldest + Math.max(0, after + 1 - first.number)]
    return place === undefined ? undefined : { number: place.number, body: this.#copy(place) }
  }

  #copy({ start, length }: Place): Buffer {
    const memory = this.#memory ?? Buffer.alloc(0)
    const at = start % this.#bytesMax
    const first = Math.min(length, this.#bytesMax - at)
    return Buffer.concat([memory.subarray(at, at + first), memory.subarray(0, length - first)])
  }

  /** What was written over, and what is one too many. */
  #forget(): void {
    const oldestKept = this.#end - this.#bytesMax
    while (
      this.#places.length - this.#oldest > this.#bodiesMax ||
      (this.#places[this.#oldest]?.start ?? oldestKept) < oldestKept
    )
      this.#oldest += 1
    if (this.#oldest <= this.#bodiesMax) return
    this.#places = this.#places.slice(this.#oldest)
    this.#oldest = 0
  }
}
