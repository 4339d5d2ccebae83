import { readFileSync } from 'node:fs'
import { sleepOn, type Clock } from '#contract/clock.ts'

/** What CLOCK_MONOTONIC showed when this process began to count: its own count is quicker to ask for. */
const startedMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()

const nobody = new Int32Array(new SharedArrayBuffer(4))

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
  standStill: (untilMs) => {
    for (let leftMs = 1; leftMs > 0;) {
      leftMs = untilMs - systemClock.monotonicMs()
      // Nobody wakes it: it ends with its time, to some 60 µs on Linux.
      if (leftMs > 0) Atomics.wait(nobody, 0, 0, leftMs)
    }
  },
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
