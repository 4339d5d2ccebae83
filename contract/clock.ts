/**
 * Time as a parameter. The system clock is made in the composition file of each process; tests drive a ManualClock.
 */
export interface Clock {
  /** UTC milliseconds since 1970. May jump when the machine's clock is set. */
  wallMs(): number
  /** Milliseconds since some fixed moment of this boot. Never steps. */
  monotonicMs(): number
  /** Calls once after that many milliseconds, unless it is called off by what this returns. */
  after(durationMs: number, call: () => void): () => void
  /** Resolves after that many milliseconds; rejects with the signal's reason when it is aborted. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>
  /**
   * Stands still until that monotonic moment: for what is left of a wait when it is shorter than timers know, which is
   * a millisecond. Nothing else of the process runs meanwhile. Clocks that do not go by themselves have none.
   */
  readonly standStill?: ((untilMs: number) => void) | undefined
}

/** The `sleep` of a clock by its `after`. */
export function sleepOn(
  clock: Pick<Clock, 'after'>,
  durationMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(reasonOf(signal))
    const onAbort = (): void => {
      callOff()
      reject(reasonOf(signal))
    }
    const callOff = clock.after(durationMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Why a signal was aborted, as an Error. */
export const reasonOf = (signal: AbortSignal | undefined): Error =>
  signal?.reason instanceof Error ? signal.reason : new Error('aborted')

interface Sleeper {
  readonly dueMs: number
  readonly wake: () => void
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #wallMs: number
  #monotonicMs = 0
  #sleepers: Sleeper[] = []

  constructor(wallMs: number) {
    this.#wallMs = wallMs
  }

  wallMs(): number {
    return this.#wallMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  after(durationMs: number, call: () => void): () => void {
    const sleeper = { dueMs: this.#monotonicMs + durationMs, wake: call }
    this.#sleepers.push(sleeper)
    return () => {
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
    }
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, durationMs, signal)
  }

  /** Lets time pass: both clocks advance, and sleepers that are due wake in order. */
  advance(durationMs: number): void {
    this.#wallMs += durationMs
    this.#monotonicMs += durationMs
    const due = this.#sleepers.filter((sleeper) => sleeper.dueMs <= this.#monotonicMs)
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.dueMs > this.#monotonicMs)
    for (const sleeper of due.toSorted((a, b) => a.dueMs - b.dueMs)) sleeper.wake()
  }

  /** Sets the wall clock, as NTP or a person would; monotonic time does not move. */
  stepWall(toMs: number): void {
    this.#wallMs = toMs
  }
}
