import type { Clock } from '#contract/clock.ts'

/** Made once: a reason of its own for each wait would cost more than most waits take. */
const WAIT_IS_OVER = new Error('the wait is over')

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
    const timer = new AbortController()
    const end = (): void => {
      timer.abort(WAIT_IS_OVER)
      signal.removeEventListener('abort', onAbort)
    }
    const onAbort = (): void => {
      end()
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    clock.sleep(timeoutMs, timer.signal).then(
      () => {
        end()
        resolve(undefined)
      },
      // The timer was stopped because the wait ended otherwise.
      () => undefined,
    )
    start((value) => {
      end()
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
