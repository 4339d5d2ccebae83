import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 50

/**
 * Waits until a look at the world finds something, for what has no event to await (another process's file or page).
 * Rejects after `timeoutMs`, which only bounds a failure: nothing is measured by it.
 */
export async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  timeoutMs = 120_000,
): Promise<T> {
  const endMs = performance.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > endMs)
      throw new Error(`nothing found within ${timeoutMs} ms by ${look.toString()}`)
    await sleep(LOOK_EVERY_MS)
  }
}
