import type { MeterLine } from '#firmware-config/gateway.ts'
import type { Behaviour } from './fault-schedule.ts'

/**
 * Response times that manuals state, by profile, in ms from the end of a request to the begin of its reply. They count
 * on a serial line; meters with a network port of their own answer at once unless a file says otherwise.
 */
const STATED: ReadonlyMap<string, number> = new Map([
  // EM300/ET300 serial protocol v2r9: "typically 40 ms, at most 500 ms".
  ['carlo-gavazzi-em340', 40],
])

/** A meter's response time, ms: as the manners say for it or its profile, or as its manual says on a serial line. */
export function turnaroundOf(line: MeterLine, manners: Behaviour['manners'], onSerialLine: boolean): number {
  const said =
    manners.find(({ meter }) => meter === line.meter) ??
    manners.find(({ profile }) => profile === line.profile)
  if (said !== undefined) return said.turnaroundMs
  return onSerialLine ? (STATED.get(line.profile) ?? 0) : 0
}
