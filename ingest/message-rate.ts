/** A gateway's fair share, and a second of it at once: what one sends that catches up, all that it may have on its way every 30 ms. */
export const MESSAGES_PER_SECOND_MAX = 2_000

/**
 * How long the next message of one client must wait, in ms, so that it sends no more than its share: 0 within it.
 * The bucket holds one second of messages. Pure but for the count that it keeps.
 *
 * @returns takes the moment, and for how many messages the next one counts
 */
export function messageRate(perSecond: number): (nowMs: number, count?: number) => number {
  /** The moment up to which the messages so far have used the share. */
  let usedUntilMs = Number.NEGATIVE_INFINITY
  return (nowMs, count = 1) => {
    usedUntilMs = Math.max(usedUntilMs, nowMs - 1_000) + (count * 1_000) / perSecond
    return Math.max(0, usedUntilMs - nowMs)
  }
}
