/** When to poll and when to try again: pure functions of time, counters and a random number. */

/** Polls that failed in a row before a meter is asked less often. */
export const FAILURES_BEFORE_BACK_OFF = 3

/** A meter that is asked less often is still asked this often, so that its return is seen soon. */
const PROBE_INTERVAL_MS_MAX = 30_000

/**
 * The next slot: a multiple of the interval since 1970, later than now. Since every interval that divides 15 minutes has
 * a slot on each quarter of an hour, interval boundaries are read, not guessed.
 */
export function nextSlotMs(nowMs: number, everyMs: number): number {
  return (Math.floor(nowMs / everyMs) + 1) * everyMs
}

/**
 * The first slot at which a meter is asked again after so many failures in a row: after `FAILURES_BEFORE_BACK_OFF` the
 * time between polls doubles with each, up to 30 s, so that a silent meter does not take the line from the others.
 */
export function nextPollMs(nowMs: number, everyMs: number, failuresInRow: number): number {
  const doublings = Math.max(0, failuresInRow - FAILURES_BEFORE_BACK_OFF + 1)
  const intervalMs = Math.max(everyMs, Math.min(PROBE_INTERVAL_MS_MAX, everyMs * 2 ** doublings))
  return nextSlotMs(nowMs + intervalMs - everyMs, everyMs)
}

/**
 * The pause before the next attempt to connect: anything from 0 to a ceiling that doubles with each failure ("full
 * jitter"), so that many clients that lost the same server do not come back in step.
 * `random` is a number in [0, 1).
 */
export function backOffMs(
  failuresInRow: number,
  limits: { readonly firstMs: number; readonly maxMs: number },
  random: number,
): number {
  const ceilingMs = Math.min(limits.maxMs, limits.firstMs * 2 ** Math.max(0, failuresInRow - 1))
  return Math.floor(random * ceilingMs)
}
