import type { Command, StateMessage } from '#contract/messages.ts'

/**
 * Receipts say the server's time. A gateway whose readings get none, because its clock or ours is in doubt, would never
 * hear of it and go on calling them good: so a state that is off is answered by our time.
 */

/** So far a state may be from our time: it was made some moments ago, and less is no reason for doubt (edge/timekeeping.ts). */
const OFF_MS = 5_000

/** What a gateway is told of the time on what it said of itself; undefined where there is nothing to say. */
export function timeFor(
  { gateway, kind, atMs, clock }: StateMessage,
  nowMs: number,
  id: string,
): Command | undefined {
  const isSound = Math.abs(atMs - nowMs) <= OFF_MS && (clock === undefined || clock.condition === 'set')
  if (kind === 'death' || isSound) return undefined
  return { v: 1, id, gateway, kind: 'time', issuedAtMs: Math.max(0, Math.floor(nowMs)), stateAtMs: atMs }
}
