import { reasonOf, type Clock } from '#contract/clock.ts'

/**
 * Waits for something that may never happen: resolves with what `start` settles, or with `undefined` when the time is
 * over; rejects with the signal's reason when it is aborted. Later settlements are ignored.
 */
export function within<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  start: (settle: (value: T) => void) => void,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(reasonOf(signal))
    const onAbort = (): void => {
      callOff()
      reject(reasonOf(signal))
    }
    const callOff = clock.after(timeoutMs, () => {
      signal.removeEventListener('abort', onAbort)
      resolve(undefined)
    })
    signal.addEventListener('abort', onAbort, { once: true })
    start((value) => {
      callOff()
      signal.removeEventListener('abort', onAbort)
      resolve(value)
    })
  })
}

/** Sleeps; resolves with false, instead of rejecting, when the signal was aborted. */
export async function slept(clock: Clock, durationMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(durationMs, signal)
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}

/**
 * The end of waits that begin again and again and is seldom reached: the timer of an earlier wait is left running, and
 * when it rings it is looked whether there is anything to end.
 */
export class Deadline {
  readonly #clock: Clock
  readonly #reached: () => void
  #atMs = Number.POSITIVE_INFINITY
  #ringsAtMs = Number.POSITIVE_INFINITY
  #callOff: () => void = () => undefined

  constructor(clock: Clock, reached: () => void) {
    this.#clock = clock
    this.#reached = reached
  }

  /** Calls `reached` after that many milliseconds, unless it is to be called sooner. `nowMs` is the monotonic time. */
  set(afterMs: number, nowMs: number): void {
    if (nowMs + afterMs >= this.#atMs) return
    this.#atMs = nowMs + afterMs
    if (this.#atMs < this.#ringsAtMs) this.#ring(afterMs)
  }

  /** The wait has ended otherwise. */
  clear(): void {
    this.#atMs = Number.POSITIVE_INFINITY
  }

  /** Clears it and stops the timer too. */
  stop(): void {
    this.clear()
    this.#callOff()
    this.#ringsAtMs = Number.POSITIVE_INFINITY
  }

  #ring(afterMs: number): void {
    this.#callOff()
    this.#ringsAtMs = this.#clock.monotonicMs() + afterMs
    this.#callOff = this.#clock.after(afterMs, () => {
      this.#ringsAtMs = Number.POSITIVE_INFINITY
      if (this.#atMs === Number.POSITIVE_INFINITY) return
      const leftMs = this.#atMs - this.#clock.monotonicMs()
      // Timers count whole milliseconds and may be early.
      if (leftMs > 0) return this.#ring(Math.ceil(leftMs))
      this.clear()
      this.#reached()
    })
  }
}
