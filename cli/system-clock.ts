import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#contract/clock.ts'

/** The machine's own time, made once per process and handed to everything that needs it. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (durationMs, signal) => {
    await sleep(durationMs, undefined, signal === undefined ? {} : { signal })
  },
}
