import type { InjectedFault } from './fault-schedule.ts'
import { seededStream } from './seeded.ts'

/** What a meter does with one request, before its values are looked at. */
export interface WireManner {
  readonly silent: boolean
  /** The reply leaves with a wrong CRC. */
  readonly spoiled: boolean
  /** The reply is kept until the next request. */
  readonly late: boolean
  /** Code of the exception that answers every request; 0 for none. */
  readonly exception: number
  readonly delayMs: number
}

export const faultless: WireManner = { silent: false, spoiled: false, late: false, exception: 0, delayMs: 0 }

/** How the wire faults in force treat the request of that number; delays add up, and the newest exception counts. */
export function mannerUnder(faults: readonly InjectedFault[], seed: number, request: number): WireManner {
  let { silent, spoiled, late, exception, delayMs } = faultless
  for (const { id, order } of faults) {
    if (order.kind === 'dead') silent = true
    else if (order.kind === 'slow') delayMs += order.delayMs
    else if (order.kind === 'late-reply') late = true
    else if (order.kind === 'exception') exception = order.code
    else if (order.kind === 'intermittent') silent ||= seededStream(seed, id)(request) < order.share
    else if (order.kind === 'wrong-crc') spoiled ||= seededStream(seed, id)(request) < order.share
  }
  return { silent, spoiled, late, exception, delayMs }
}
