import type { Clock } from '#contract/clock.ts'
import { byUrgency, type Agenda, type PendingRequest } from './agenda.ts'
import { Patience, type Acquaintance, type Grant, type Outcome, type PatienceNeeds } from './patience.ts'

/** A meter as its bus sees it. */
export interface QueuedMeter extends PatienceNeeds {
  readonly agenda: Agenda
  /** Quiet time that the meter needs between requests. */
  readonly pauseMs: number
}

/** A request whose turn it is. */
export interface Turn<M> {
  readonly meter: M
  readonly pending: PendingRequest
  readonly grant: Grant
  /** For so long from now the line is not needed by other meters. */
  readonly freeMs: number
}

/** What the line has done since the start. */
export interface LineUse {
  readonly sinceMs: number
  /** Time with a request on the line. */
  readonly busyMs: number
  readonly requests: number
  /** Requests that nothing usable came to. */
  readonly unanswered: number
}

interface Place<M> {
  readonly meter: M
  readonly met: Acquaintance
  quietUntilMs: number
  /** When its last poll ended, or −∞. */
  servedMs: number
  polling: boolean
}

/** A longer wait is taken in pieces, so that a clock that was set is noticed soon. */
const WAIT_MS_MAX = 30_000

/**
 * Whose turn it is on one line. The oldest slot that has come is first; cumulative registers at a quarter of an hour go
 * before it, what may be shed after all else. A meter that has cost the others too much (patience.ts) is asked when
 * nobody else needs the line for as long as it may take, or as its allowance permits: then after the others, but
 * before them once it has waited for one of its intervals.
 */
export class DueQueue<M extends QueuedMeter> {
  readonly #clock: Clock
  readonly #patience = new Patience()
  readonly #places = new Map<M, Place<M>>()
  readonly #sinceMs: number
  #busyMs = 0
  #requests = 0
  #unanswered = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sinceMs = clock.monotonicMs()
  }

  get use(): LineUse {
    return {
      sinceMs: this.#sinceMs,
      busyMs: this.#busyMs,
      requests: this.#requests,
      unanswered: this.#unanswered,
    }
  }

  join(meter: M): void {
    this.#places.set(meter, {
      meter,
      met: this.#patience.meet(meter),
      quietUntilMs: 0,
      servedMs: Number.NEGATIVE_INFINITY,
      polling: false,
    })
  }

  leave(meter: M): void {
    const place = this.#places.get(meter)
    if (place !== undefined) this.#patience.forget(place.met)
    this.#places.delete(meter)
  }

  /** The request that should go out now, or how long to wait before looking again. */
  next(): Turn<M> | number {
    const [wallMs, nowMs] = [this.#clock.wallMs(), this.#clock.monotonicMs()]
    // Of those that may be asked now: the first trusted one, the first other one, and the first of these that waited long.
    let best: Place<M> | undefined
    let spare: Place<M> | undefined
    let overdue: Place<M> | undefined
    let waitMs = WAIT_MS_MAX
    // When the two trusted meters that need the line soonest do: the second for the one that is asked itself.
    let [soonestMs, secondMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    let soonest: Place<M> | undefined
    for (const place of this.#places.values()) {
      const trusts = this.#patience.trusts(place.met, nowMs)
      const { agenda } = place.meter
      if (place.polling && agenda.pending.length === 0) place.servedMs = nowMs
      agenda.advance(wallMs, !trusts)
      const [head] = agenda.pending
      place.polling = head !== undefined
      const nextInMs = agenda.nextMs - wallMs
      if (nextInMs < waitMs) waitMs = nextInMs
      let neededInMs = nextInMs
      if (head !== undefined) {
        const readyInMs = place.quietUntilMs - nowMs
        if (readyInMs > 0) waitMs = Math.min(waitMs, readyInMs)
        else if (trusts) best = firstOf(best, place)
        else {
          spare = firstOf(spare, place)
          if (wallMs - head.dueMs >= agenda.everyMs) overdue = firstOf(overdue, place)
        }
        neededInMs = Math.min(nextInMs, Math.max(0, readyInMs))
      }
      if (!trusts) continue
      if (neededInMs < soonestMs) {
        secondMs = soonestMs
        soonestMs = neededInMs
        soonest = place
      } else if (neededInMs < secondMs) secondMs = neededInMs
    }
    const late = best === undefined ? spare : overdue
    if (late !== undefined) {
      const turn = this.#turn(late, Math.max(0, soonestMs), nowMs)
      if (turn !== undefined) return turn
      waitMs = Math.min(waitMs, this.#patience.waitMs(nowMs))
    }
    if (best !== undefined) {
      const freeMs = Math.max(0, best === soonest ? secondMs : soonestMs)
      const turn = this.#turn(best, freeMs, nowMs)
      if (turn !== undefined) return turn
    }
    return Math.max(1, waitMs)
  }

  /** The turn has come to an end; it began `durationMs` ago. */
  ended({ meter, pending, grant, freeMs }: Turn<M>, outcome: Outcome, durationMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#requests += 1
    this.#busyMs += durationMs
    if (outcome !== 'answered') this.#unanswered += 1
    const place = this.#places.get(meter)
    if (place === undefined) return
    place.quietUntilMs = nowMs + meter.pauseMs
    const registers = pending.request.quantity
    this.#patience.learn(place.met, { grant, registers, freeMs, durationMs, outcome }, nowMs)
  }

  #turn({ meter, met }: Place<M>, freeMs: number, nowMs: number): Turn<M> | undefined {
    const [head] = meter.agenda.pending
    if (head === undefined) return undefined
    const grant = this.#patience.grant(met, head.request.quantity, freeMs, nowMs)
    return grant === undefined ? undefined : { meter, pending: head, grant, freeMs }
  }
}

/** Whose request is more urgent; of equals the one whose last poll is longest ago, and else the first. */
function firstOf<M extends QueuedMeter>(one: Place<M> | undefined, other: Place<M>): Place<M> {
  const [first] = one?.meter.agenda.pending ?? []
  const [second] = other.meter.agenda.pending
  if (one === undefined || first === undefined || second === undefined) return other
  return (byUrgency(second, first) || other.servedMs - one.servedMs) < 0 ? other : one
}
