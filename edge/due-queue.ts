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
  /** Time with a request on the line, or with several. */
  readonly busyMs: number
  readonly requests: number
  /** Requests that nothing usable came to. */
  readonly unanswered: number
}

interface Place<M> {
  /** In the order of joining. */
  readonly index: number
  readonly meter: M
  readonly met: Acquaintance
  quietUntilMs: number
  /** When its last poll ended, or −∞. */
  servedMs: number
  polling: boolean
  /** Its request is under way: nothing is changed of its agenda meanwhile. */
  asked: boolean
}

/**
 * The trusted meters that may be asked one after the other, in this order. It holds until a slot comes, a meter has been
 * quiet for long enough, one is trusted no more, or one that was not may have a turn; then all are looked at again. To do that for each request would
 * cost more than the request, because the meters of a large gateway do not fit into the processor's cache.
 */
interface Round<M> {
  readonly ready: Place<M>[]
  /** Those whose turn has ended since. */
  readonly back: Place<M>[]
  readonly fromWallMs: number
  readonly untilWallMs: number
  untilMs: number
  /** Others that are not trusted wait for time that nobody needs. */
  readonly spare: boolean
}

/** A longer wait is taken in pieces, so that a clock that was set is noticed soon. */
const WAIT_MS_MAX = 30_000

/**
 * Whose turn it is on one line, which may carry requests of several meters at once. The oldest slot that has come is
 * first; cumulative registers at a quarter of an hour go before it, what may be shed after all else. A meter that has
 * cost the others too much (patience.ts) is asked when nobody else needs the line for as long as it may take, or as its
 * allowance permits: then after the others, but before them once it has waited for one of its intervals.
 */
export class DueQueue<M extends QueuedMeter> {
  readonly #clock: Clock
  readonly #patience = new Patience()
  readonly #places = new Map<M, Place<M>>()
  readonly #sinceMs: number
  #round: Round<M> | undefined
  #joined = 0
  #underWay = 0
  #busySinceMs = 0
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
    this.#round = undefined
    this.#places.set(meter, {
      index: (this.#joined += 1),
      meter,
      met: this.#patience.meet(meter),
      quietUntilMs: 0,
      servedMs: Number.NEGATIVE_INFINITY,
      polling: false,
      asked: false,
    })
  }

  leave(meter: M): void {
    this.#round = undefined
    const place = this.#places.get(meter)
    if (place === undefined) return
    this.#patience.forget(place.met)
    if (place.asked) this.#free(this.#clock.monotonicMs())
    this.#places.delete(meter)
  }

  /**
   * The request that should go out now, or how long to wait before looking again. A meter has one request under way at a
   * time: it has no further turn before `ended`.
   */
  next(): Turn<M> | number {
    const [wallMs, nowMs] = [this.#clock.wallMs(), this.#clock.monotonicMs()]
    return this.#goOn(wallMs, nowMs) ?? this.#lookAtAll(wallMs, nowMs)
  }

  /** The next turn of the round, while it holds and there is somebody after it; or how long nobody has one. */
  #goOn(wallMs: number, nowMs: number): Turn<M> | number | undefined {
    const round = this.#round
    this.#round = undefined
    if (round === undefined || wallMs < round.fromWallMs || wallMs >= round.untilWallMs) return undefined
    const { ready, back } = round
    // Some turns have ended: all else is as it was.
    for (const place of back.splice(0)) {
      if (!this.#patience.trusts(place.met, nowMs)) return undefined
      const { agenda } = place.meter
      if (agenda.pending.length === 0) place.servedMs = nowMs
      agenda.advance(wallMs, false)
      place.polling = agenda.pending.length > 0
      if (!place.polling) continue
      if (place.quietUntilMs > nowMs) round.untilMs = Math.min(round.untilMs, place.quietUntilMs)
      else insert(ready, place)
    }
    const [best] = ready
    if (nowMs >= round.untilMs) return undefined
    if (best === undefined && !round.spare) {
      // Nobody waits, and until a slot comes or a pause is over nobody will.
      this.#round = round
      return Math.max(1, Math.min(WAIT_MS_MAX, round.untilWallMs - wallMs, round.untilMs - nowMs))
    }
    // Who is alone may be given the time that the others do not need: all have to be asked for that.
    if (best === undefined || ready.length < 2) return undefined
    const turn = this.#turn(best, 0, nowMs)
    if (turn === undefined) return undefined
    ready.shift()
    this.#round = round
    return turn
  }

  #lookAtAll(wallMs: number, nowMs: number): Turn<M> | number {
    const ready: Place<M>[] = []
    // Of those that are not trusted and may be asked now: the first one, and the first that waited long.
    let spare: Place<M> | undefined
    let overdue: Place<M> | undefined
    let waitMs = WAIT_MS_MAX
    // How long none of them can have waited long.
    let patientMs = Number.POSITIVE_INFINITY
    let [untilWallMs, untilMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    // When the two trusted meters that need the line soonest do: the second for the one that is asked itself.
    let [soonestMs, secondMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    let soonest: Place<M> | undefined
    for (const place of this.#places.values()) {
      const { agenda } = place.meter
      if (place.asked) {
        // It will need the line again for what is left of its poll, or for its next slot.
        const nextInMs = agenda.nextMs - wallMs
        const againInMs = agenda.pending.length > 1 ? 0 : nextInMs
        // A slot that came meanwhile is looked at when the answer is there.
        if (nextInMs > 0 && agenda.nextMs < untilWallMs) untilWallMs = agenda.nextMs
        if (againInMs < soonestMs) {
          secondMs = soonestMs
          soonestMs = againInMs
          soonest = place
        } else if (againInMs < secondMs) secondMs = againInMs
        continue
      }
      const trusts = this.#patience.trusts(place.met, nowMs)
      if (place.polling && agenda.pending.length === 0) place.servedMs = nowMs
      agenda.advance(wallMs, !trusts)
      const [head] = agenda.pending
      place.polling = head !== undefined
      const nextInMs = agenda.nextMs - wallMs
      if (agenda.nextMs < untilWallMs) untilWallMs = agenda.nextMs
      let neededInMs = nextInMs
      if (head !== undefined) {
        const readyInMs = place.quietUntilMs - nowMs
        if (readyInMs > 0) untilMs = Math.min(untilMs, place.quietUntilMs)
        else if (trusts) ready.push(place)
        else {
          if (spare === undefined || inTurn(place, spare) < 0) spare = place
          const overdueInMs = head.dueMs + agenda.everyMs - wallMs
          if (overdueInMs > 0) patientMs = Math.min(patientMs, overdueInMs)
          else if (overdue === undefined || inTurn(place, overdue) < 0) overdue = place
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
    waitMs = Math.min(waitMs, untilWallMs - wallMs, untilMs - nowMs)
    const [best] = ready.sort(inTurn)
    const late = best === undefined ? spare : overdue
    if (late !== undefined) {
      const turn = this.#turn(late, Math.max(0, soonestMs), nowMs)
      if (turn !== undefined) return turn
      waitMs = Math.min(waitMs, this.#patience.waitMs(nowMs))
    }
    if (best !== undefined) {
      const freeMs = Math.max(0, best === soonest ? secondMs : soonestMs)
      const turn = this.#turn(best, freeMs, nowMs)
      if (turn !== undefined) {
        ready.shift()
        // As long as others wait, one that is not trusted has a turn only when it has waited long, as allowances permit.
        if (overdue !== undefined) patientMs = Math.min(patientMs, this.#patience.waitMs(nowMs))
        const roundUntilMs = Math.min(untilMs, nowMs + patientMs)
        this.#round = {
          ready,
          back: [],
          fromWallMs: wallMs,
          untilWallMs,
          untilMs: roundUntilMs,
          spare: spare !== undefined,
        }
        return turn
      }
    }
    return Math.max(1, waitMs)
  }

  /** The turn has come to an end; it began `durationMs` ago. */
  ended({ meter, pending, grant, freeMs }: Turn<M>, outcome: Outcome, durationMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#requests += 1
    if (outcome !== 'answered') this.#unanswered += 1
    const place = this.#places.get(meter)
    if (place === undefined) return
    place.asked = false
    this.#free(nowMs)
    this.#round?.back.push(place)
    place.quietUntilMs = nowMs + meter.pauseMs
    const registers = pending.request.quantity
    this.#patience.learn(place.met, { grant, registers, freeMs, durationMs, outcome }, nowMs)
  }

  /** A request is under way no more. */
  #free(nowMs: number): void {
    this.#underWay -= 1
    if (this.#underWay === 0) this.#busyMs += nowMs - this.#busySinceMs
  }

  #turn(place: Place<M>, freeMs: number, nowMs: number): Turn<M> | undefined {
    const { meter, met } = place
    const [head] = meter.agenda.pending
    if (head === undefined) return undefined
    const grant = this.#patience.grant(met, head.request.quantity, freeMs, nowMs)
    if (grant === undefined) return undefined
    place.asked = true
    if (this.#underWay === 0) this.#busySinceMs = nowMs
    this.#underWay += 1
    return { meter, pending: head, grant, freeMs }
  }
}

/** Below zero where the first is more urgent; of equals the one whose last poll is longest ago, then who joined first. */
function inTurn<M extends QueuedMeter>(a: Place<M>, b: Place<M>): number {
  const [first, second] = [a.meter.agenda.pending[0], b.meter.agenda.pending[0]]
  const urgency = first === undefined || second === undefined ? 0 : byUrgency(first, second)
  // Who was never polled has −∞ for both: the difference is no number.
  return urgency || (a.servedMs === b.servedMs ? 0 : a.servedMs - b.servedMs) || a.index - b.index
}

/** Puts a place where its turn comes: mostly first, for the next request of its poll, or last, for its next slot. */
function insert<M extends QueuedMeter>(ready: Place<M>[], place: Place<M>): void {
  const [first] = ready
  if (first !== undefined && inTurn(place, first) < 0) ready.unshift(place)
  else ready.splice(ready.findLastIndex((other) => inTurn(place, other) >= 0) + 1, 0, place)
}
