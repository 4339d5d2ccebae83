import type { Clock } from '#contract/clock.ts'
import type { Topic } from '#contract/topics.ts'

/** A state uses up so many times as much of its gateway’s time as it took; at most this much. */
const COST_TIMES = 20
const COST_MS_MAX = 5_000
/** What a gateway may use at once: a birth and what follows it are all taken. */
const BURST_MS = 1_000

interface Intake {
  waiting: { readonly topic: Topic; readonly payload: Uint8Array } | undefined
  /** The moment up to which the states so far have used its time. */
  usedUntilMs: number
  isAwaited: boolean
}

/**
 * Takes the states of gateways, at once where there is time for it. A gateway that sends long ones without end has no
 * more than a twentieth of the time: of what came meanwhile the newest is taken, which says all that the others said.
 */
export class StateIntake {
  readonly #clock: Clock
  readonly #take: (topic: Topic, payload: Uint8Array) => void
  readonly #intakes = new Map<string, Intake>()
  readonly #calledOff = new Set<() => void>()

  /** @param gateways those of the park; what names another one shares a place */
  constructor(clock: Clock, gateways: Iterable<string>, take: (topic: Topic, payload: Uint8Array) => void) {
    this.#clock = clock
    this.#take = take
    for (const gateway of ['', ...gateways])
      this.#intakes.set(gateway, { waiting: undefined, usedUntilMs: -Infinity, isAwaited: false })
  }

  offer(topic: Topic, payload: Uint8Array): void {
    const intake = this.#intakes.get(topic.gateway) ?? this.#intakes.get('')
    if (intake === undefined) return
    intake.waiting = { topic, payload }
    if (!intake.isAwaited) this.#next(intake)
  }

  /** Nothing is taken any more. */
  stop(): void {
    for (const callOff of this.#calledOff) callOff()
    this.#intakes.clear()
  }

  #next(intake: Intake): void {
    const startedMs = this.#clock.monotonicMs()
    if (startedMs < intake.usedUntilMs) {
      intake.isAwaited = true
      const callOff = this.#clock.after(intake.usedUntilMs - startedMs, () => {
        this.#calledOff.delete(callOff)
        intake.isAwaited = false
        this.#next(intake)
      })
      this.#calledOff.add(callOff)
      return
    }
    const { waiting } = intake
    if (waiting === undefined) return
    intake.waiting = undefined
    this.#take(waiting.topic, waiting.payload)
    const costMs = Math.min(COST_MS_MAX, COST_TIMES * (this.#clock.monotonicMs() - startedMs))
    intake.usedUntilMs = Math.max(intake.usedUntilMs, startedMs - BURST_MS) + costMs
  }
}
