import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import type { Reading, UsableQuality } from '#contract/reading.ts'
import type { Bus, Manner } from './bus.ts'
import { decode, unanswered } from './decode.ts'
import { slept } from './deadline.ts'
import { endsPoll, healthAfter, UNTRIED, type MeterHealth, type PollOutcome } from './health.ts'
import type { ReadRequest } from './plan.ts'
import { nextPollMs } from './schedule.ts'

/** A longer sleep is taken in pieces, so that a clock that was set is noticed soon. */
const SLEEP_MS_MAX = 30_000
/** A clock that is this far behind the last reading was set back. */
const CLOCK_BEHIND_MS = 1_000

/** A meter with its plan, as the agent polls it. */
export interface PolledMeter {
  readonly meter: string
  readonly unit: number
  readonly everyMs: number
  readonly quality: UsableQuality
  readonly requests: readonly ReadRequest[]
  readonly manner: Manner
  readonly bus: Bus
}

export interface PollSurroundings {
  readonly clock: Clock
  readonly log: Logger
  /** Called with the readings of each answer, or of each failure, as it comes. Must not throw. */
  readonly read: (readings: readonly Reading[]) => void
  /** Called after each poll. */
  readonly polled: (meter: string, health: MeterHealth) => void
}

/** Asks one meter again and again, in step with the wall clock. */
export class MeterPoll {
  readonly #meter: PolledMeter
  readonly #surroundings: PollSurroundings
  #health = UNTRIED
  #lastStampMs = 0

  constructor(meter: PolledMeter, surroundings: PollSurroundings) {
    this.#meter = meter
    this.#surroundings = surroundings
  }

  /** Polls until the signal is aborted; then resolves. The first poll is at once, so that a start is seen to work. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, polled } = this.#surroundings
    while (!signal.aborted) {
      const outcome = await this.#pollUnlessAborted(signal)
      if (outcome === undefined) return
      this.#note(outcome)
      polled(this.#meter.meter, this.#health)
      // A line without connection pauses by itself and holds nobody up.
      const failures = outcome.cause === 'disconnected' ? 0 : this.#health.failuresInRow
      const dueMs = nextPollMs(clock.wallMs(), this.#meter.everyMs, failures)
      if (!(await this.#sleepUntil(dueMs, signal))) return
    }
  }

  async #sleepUntil(dueMs: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#surroundings
    const startedMs = clock.wallMs()
    for (;;) {
      const nowMs = clock.wallMs()
      // A clock that was set back would make this wait long: then the schedule begins anew.
      if (nowMs >= dueMs || nowMs < startedMs) return true
      if (!(await slept(clock, Math.min(dueMs - nowMs, SLEEP_MS_MAX), signal))) return false
    }
  }

  async #pollUnlessAborted(signal: AbortSignal): Promise<PollOutcome | undefined> {
    try {
      return await this.#poll(signal)
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    }
  }

  async #poll(signal: AbortSignal): Promise<PollOutcome> {
    const { meter, unit, quality, requests, manner, bus } = this.#meter
    const { read } = this.#surroundings
    let answered = 0
    let cause: PollOutcome['cause']
    let atMs = this.#lastStampMs
    for (const [index, request] of requests.entries()) {
      const answer = await bus.read({ unit, ...request }, manner, signal)
      atMs = this.#stamp()
      if (answer.words !== undefined) {
        answered += 1
        read(decode(request, answer.words, atMs, meter, quality))
        continue
      }
      cause = answer.cause
      this.#surroundings.log.debug({ meter, err: answer.fault }, 'a request was not answered')
      const given = endsPoll(cause) ? requests.slice(index) : [request]
      const failedAtMs = atMs
      const failure = cause
      read(given.flatMap((each) => unanswered(each, failure, failedAtMs, meter)))
      if (endsPoll(cause)) break
    }
    return { atMs, answered, cause }
  }

  /** The wall clock, but later than any stamp before it: two readings of a meter must never share a moment. */
  #stamp(): number {
    const { clock, log } = this.#surroundings
    const nowMs = Math.floor(clock.wallMs())
    const { meter } = this.#meter
    if (nowMs < this.#lastStampMs - CLOCK_BEHIND_MS) {
      log.warn({ meter, nowMs, lastStampMs: this.#lastStampMs }, 'the clock is behind the last reading')
    }
    this.#lastStampMs = Math.max(nowMs, this.#lastStampMs + 1)
    return this.#lastStampMs
  }

  #note(outcome: PollOutcome): void {
    const before = this.#health
    this.#health = healthAfter(before, outcome)
    if (before.state === this.#health.state && before.cause === this.#health.cause) return
    const { meter } = this.#meter
    const { state, cause } = this.#health
    if (state === 'ok') this.#surroundings.log.info({ meter }, 'the meter answers')
    else this.#surroundings.log.warn({ meter, state, cause }, 'the meter does not answer as it should')
  }
}
