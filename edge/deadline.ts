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
