/** Cuts requests of one size out of what arrives. */
export class Requests {
  readonly #bytes: number
  #received = Buffer.alloc(0)

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  take(chunk: Uint8Array): Buffer[] {
    this.#received = Buffer.concat([this.#received, chunk])
    const requests: Buffer[] = []
    while (this.#received.length >= this.#bytes) {
      requests.push(this.#received.subarray(0, this.#bytes))
      this.#received = this.#received.subarray(this.#bytes)
    }
    return requests
  }
}
