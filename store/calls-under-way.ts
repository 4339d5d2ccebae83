import { Fault } from '#contract/fault.ts'

/** Counts the calls of a store, so that closing can wait for them and nothing starts afterwards. */
export class CallsUnderWay {
  readonly #calls = new Set<Promise<unknown>>()
  #closed = false

  /** Runs a call. Throws `store-unavailable` after closing. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Fault('store-unavailable', 'The reading store has been closed.')
    const running = call()
    this.#calls.add(running)
    try {
      return await running
    } finally {
      this.#calls.delete(running)
    }
  }

  /** Refuses new calls and waits for those under way, whatever becomes of them. True the first time. */
  async close(): Promise<boolean> {
    const first = !this.#closed
    this.#closed = true
    await Promise.allSettled(this.#calls)
    return first
  }
}
