/**
 * A piece of memory outside of the heap that is given back at once when the last of its users has no more use of it: left to
 * the garbage collector, such pieces make whoever handles many of them look through all of the heap again and again.
 * One that is never given up by all of its users is left to it all the same.
 */
export class Memory {
  readonly #buffer: ArrayBuffer
  #users: number

  constructor(buffer: ArrayBuffer, users = 1) {
    this.#buffer = buffer
    this.#users = users
  }

  /** Of one user, who must not look into it again. */
  release(): void {
    this.#users -= 1
    if (this.#users === 0) this.#buffer.transfer(0)
  }
}
