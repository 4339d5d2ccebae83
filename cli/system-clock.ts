import { readFileSync } from 'node:fs'
import { sleepOn, type Clock } from '#contract/clock.ts'

/** What CLOCK_MONOTONIC showed when this process began to count: its own count is quicker to ask for. */
const startedMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** The machine's own time, made once per process and handed to everything that needs it. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  // CLOCK_MONOTONIC of Linux: counts from the machine's boot, for all processes alike.
  monotonicMs: () => startedMs + performance.now(),
  after: (durationMs, call) => {
    const timer = setTimeout(call, durationMs)
    return () => clearTimeout(timer)
  },
  sleep: (durationMs, signal) => sleepOn(systemClock, durationMs, signal),
}

/** Linux's identity of this boot of the machine; undefined where there is none. */
export function bootIdentity(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // Another system: then monotonic times of another process are not compared.
    return undefined
  }
}
