import { sleepOn, type Clock } from '#contract/clock.ts'

interface Event {
  readonly dueMs: number
  readonly order: number
  readonly act: () => void
  cancelled: boolean
}

const before = (a: Event, b: Event): boolean =>
  a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)

/**
 * Time that passes from event to event, as fast as the machine can. Events of the same moment happen in the order in
 * which they were asked for.
 */
export class SimulatedTime implements Clock {
  #nowMs = 0
  #order = 0
  /** A binary heap: no event is due before its parent. */
  readonly #heap: Event[] = []

  wallMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, durationMs, signal)
  }

  /** Lets something happen later; returns how to prevent it. */
  after(delayMs: number, act: () => void): () => void {
    const event: Event = { dueMs: this.#nowMs + delayMs, order: (this.#order += 1), act, cancelled: false }
    this.#push(event)
    return () => {
      event.cancelled = true
    }
  }

  /** Lets time pass until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const end = (): void => {
      settled = true
    }
    promise.then(end, end)
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      if (settled) return promise
      const event = this.#pop()
      if (event === undefined) throw new Error('it waits, and nothing is left to happen')
      this.#nowMs = event.dueMs
      event.act()
    }
  }

  #push(event: Event): void {
    let at = this.#heap.length
    this.#heap.push(event)
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = this.#heap[parentAt]
      if (parent === undefined || before(parent, event)) break
      this.#heap[at] = parent
      at = parentAt
    }
    this.#heap[at] = event
  }

  /** The next event that still holds. */
  #pop(): Event | undefined {
    for (;;) {
      const [first] = this.#heap
      const last = this.#heap.pop()
      if (first === undefined || last === undefined) return undefined
      if (first !== last) this.#sink(last)
      if (!first.cancelled) return first
    }
  }

  #sink(event: Event): void {
    let at = 0
    for (;;) {
      const left = this.#heap[2 * at + 1]
      const right = this.#heap[2 * at + 2]
      if (left === undefined) break
      const isRight = right !== undefined && before(right, left)
      const child = isRight ? right : left
      if (before(event, child)) break
      this.#heap[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    this.#heap[at] = event
  }
}
