import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#contract/clock.ts'

/** The machine's own time, made once per process and handed to everything that needs it. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  // CLOCK_MONOTONIC of Linux: counts from the machine's boot, for all processes alike.
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  sleep: async (durationMs, signal) => {
    await sleep(durationMs, undefined, signal === undefined ? {} : { signal })
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
