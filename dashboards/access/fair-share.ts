import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'

/** An answer uses up so many times as much of its enterprise’s time as it took to make. */
const COST_TIMES = 3
/** What an enterprise may use at once: the pages that its people open. */
const BURST_MS = 1_000
/** An answer that waits for a store is not waited for any longer than this, and costs no more. */
const ANSWER_MS_MAX = 1_000
/** Requests of one enterprise that wait; further ones are refused. */
const WAITING_MAX = 32

interface Share {
  waiting: number
  /** The moment up to which its answers so far have used its time. */
  usedUntilMs: number
  /** Resolves when its last answer was made, or took too long to be waited for. */
  last: Promise<void>
}

/**
 * Answers are made one after another by the process that also takes readings. Those of one enterprise have a third of the
 * time, once it has used a second at once, and others come in between: one that asks without end waits for itself alone.
 */
export class FairShare {
  readonly #clock: Clock
  readonly #shares = new Map<string, Share>()
  readonly #stopping = new AbortController()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#stopping.abort(new Fault('too-many-requests', 'The server is stopping.'))
  }

  /** Waits for its turn; to be called when the answer was made is what it resolves with. Throws `too-many-requests`. */
  async enter(enterprise: string): Promise<() => void> {
    const clock = this.#clock
    const share = this.#shares.get(enterprise) ?? {
      waiting: 0,
      usedUntilMs: -Infinity,
      last: Promise.resolve(),
    }
    this.#shares.set(enterprise, share)
    if (share.waiting >= WAITING_MAX)
      throw new Fault('too-many-requests', `${WAITING_MAX} requests of ${enterprise} are waiting already.`)
    const before = share.last
    const { promise, resolve } = Promise.withResolvers<void>()
    share.last = promise
    share.waiting += 1
    try {
      await before
      const waitMs = share.usedUntilMs - clock.monotonicMs()
      if (waitMs > 0) await clock.sleep(waitMs, this.#stopping.signal)
      await turn()
    } catch (error) {
      // Whoever waits behind it waits for no answer that is never made.
      resolve()
      throw error
    } finally {
      share.waiting -= 1
    }
    const startedMs = clock.monotonicMs()
    const callOff = clock.after(ANSWER_MS_MAX, resolve)
    return () => {
      callOff()
      const costMs = COST_TIMES * Math.min(ANSWER_MS_MAX, clock.monotonicMs() - startedMs)
      share.usedUntilMs = Math.max(share.usedUntilMs, startedMs - BURST_MS) + costMs
      resolve()
    }
  }
}
