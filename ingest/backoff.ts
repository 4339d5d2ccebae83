import type { Clock } from '#contract/clock.ts'

export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * Pause before the next try: doubling bounds with full jitter, so that many who failed together do not come back
 * together. `attempt` counts from 0.
 */
export function backoffMs({ firstMs, maxMs }: Backoff, attempt: number, random: () => number): number {
  return random() * Math.min(maxMs, firstMs * 2 ** attempt)
}

/** Sleeps; resolves early when the signal is aborted. */
export async function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  try {
    await clock.sleep(durationMs, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
