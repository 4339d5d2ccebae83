import { readFileSync } from 'node:fs'
import type { Clock } from '#contract/clock.ts'

/** The machine's own time, made once per process and handed to everything that needs it. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  // CLOCK_MONOTONIC of Linux: counts from the machine's boot, for all processes alike.
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  // Not that of node:timers/promises: it makes an error with its stack for each wait that is broken off.
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }, durationMs)
      if (signal?.aborted === true) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    }),
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
