import type { Clock } from '#contract/clock.ts'
import type { GatewayFile } from '#firmware-config/gateway.ts'

/** Faster time, for a park that lives an hour in a minute. */

/**
 * At N times, what takes a millisecond of real time takes N of the park's: beyond this a cycle of some 30 ms on a bus
 * leaves the 2 s within which a reading counts as taken at its quarter of an hour.
 */
export const SPEED_MAX = 60

export interface Pace {
  /** 1 is real time. */
  readonly speed: number
  /** The real moment, UTC ms, at which the faster time began. */
  readonly sinceMs: number
  /** What the faster clock showed at that moment, UTC ms. */
  readonly fromMs: number
}

/**
 * A clock that runs `speed` times faster, all of it: wall time, monotonic time and sleep agree with one another, as the
 * parts that use a clock expect. Clocks of one pace in several processes show the same wall time, within the moment
 * that reading the real clock takes. It does not follow later steps of the real wall clock.
 */
export function fasterClock(real: Clock, { speed, sinceMs, fromMs }: Pace): Clock {
  const startMonotonicMs = real.monotonicMs()
  const startWallMs = fromMs + (real.wallMs() - sinceMs) * speed
  return {
    wallMs: () => Math.floor(startWallMs + (real.monotonicMs() - startMonotonicMs) * speed),
    monotonicMs: () => real.monotonicMs() * speed,
    after: (durationMs, call) => real.after(durationMs / speed, call),
    sleep: (durationMs, signal) => real.sleep(durationMs / speed, signal),
  }
}

/** Poll intervals of whole seconds that have a slot on each quarter of an hour. */
const DIVISORS_OF_SLOT = Array.from({ length: 900 }, (_, index) => index + 1).filter(
  (seconds) => 900 % seconds === 0,
)
/** The longest that a gateway file allows. */
const TIMEOUT_MS_MAX = 600_000
const COMMIT_WINDOW_MS_MAX = 10_000

/**
 * A gateway file for faster time: lines, disks and the network stay as fast as they are, so what waits for them must
 * wait N times as long by the faster clock, and polls must not come faster than the line can carry them.
 */
export function fasterGateway(gateway: GatewayFile, speed: number): GatewayFile {
  if (speed === 1) return gateway
  const longer = (ms: number, max = TIMEOUT_MS_MAX): number => Math.min(max, Math.ceil(ms * speed))
  const seldomer = (seconds: number): number =>
    DIVISORS_OF_SLOT.find((divisor) => divisor >= seconds * speed) ?? 900
  return {
    ...gateway,
    uplink: { ...gateway.uplink, receiptTimeoutMs: longer(gateway.uplink.receiptTimeoutMs) },
    journal: {
      ...gateway.journal,
      commitWindowMs: longer(gateway.journal.commitWindowMs, COMMIT_WINDOW_MS_MAX),
    },
    buses: gateway.buses.map((bus) => ({
      ...bus,
      timeoutMs: longer(bus.timeoutMs),
      meters: bus.meters.map((meter) => ({ ...meter, everySeconds: seldomer(meter.everySeconds) })),
    })),
  }
}
