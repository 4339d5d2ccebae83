import { Allowance } from './allowance.ts'

/**
 * How long a meter may keep the line waiting. A meter that does not answer, or takes far longer than the others, costs
 * the line time that the others need. That cost is bounded by allowances, not by the timeout: a full timeout is given
 * where the time is free anyway, and beyond that, up to ten seconds of it, for one part in a hundred of the time;
 * otherwise a short one is, of what meters have been seen to need. So a dead meter costs little at any timeout, and a slow one can still come back.
 */

/** Part of the line's time that full timeouts may cost the others, all meters together. */
const FULL_SHARE = 0.01
/** The longest of them: a timeout of minutes, spent at once, would cost the others minutes. */
const FULL_MS_MAX = 10_000
/** Part that short timeouts of meters without grace may cost. */
const SHORT_SHARE = 0.01
/** Part that each meter may cost before it waits for free time. */
const GRACE_SHARE = 0.01
/** Failures that a meter is forgiven at once. */
const GRACE_TIMEOUTS = 3
/** Manuals name answer times up to this for meters that usually take 40 ms: a shorter wait would cut off good answers. */
const SHORT_MS_MIN = 500
/** Beyond this a meter is only waited for in free time or for a full timeout. */
const SHORT_MS_MAX = 2_000
/** A short wait is this many times what the meter has been seen to need. */
const MARGIN = 4
/** Free time is enough when it is so many times that. */
const ROOM = 1.5
/** What a meter may take longer than the others before it counts as their loss. */
const TOLERANCE = 1.5
/** Noise of timers and networks. */
const NOISE_MS = 10
/** How fast the typical answer time follows, and the worst one is forgotten. */
const TYPICAL_WEIGHT = 1 / 4
const WORST_FADING = 0.98

export interface PatienceNeeds {
  /** How long an answer may take. */
  readonly timeoutMs: number
  /** The longest that the meter takes, where its documents say so. */
  readonly answerMs?: number | undefined
  /** Time of the bytes of a request for so many registers and of its answer. */
  readonly wireMs: (registers: number) => number
}

/** silent: nothing usable came. gateway: the gateway says that the meter is silent. disconnected: there is no line. */
export type Outcome = 'answered' | 'silent' | 'gateway' | 'disconnected'

/** How long a request may wait for its answer. */
export interface Grant {
  readonly timeoutMs: number
  /** A full timeout, or the longest there is, that is given although others need the line. */
  readonly full: boolean
}

/** One request as it was granted, and what became of it. */
export interface Exchange {
  readonly grant: Grant
  readonly registers: number
  /** How long the line was not needed by others, from the beginning. */
  readonly freeMs: number
  readonly durationMs: number
  readonly outcome: Outcome
}

/** What a bus has learnt of one of its meters. */
export interface Acquaintance {
  readonly needs: PatienceNeeds
  readonly grace: Allowance
  typicalMs: number | undefined
  worstMs: number | undefined
  /** The last request was answered. */
  answering: boolean
}

/** The patience of one bus with its meters. Times are monotonic milliseconds. */
export class Patience {
  readonly #full = new Allowance(FULL_SHARE, 0)
  readonly #short = new Allowance(SHORT_SHARE, 0)
  /** Sum and number of the typical answer times that are known. */
  #typicalSumMs = 0
  #typicalCount = 0
  #gatewayMs = 0

  meet(needs: PatienceNeeds): Acquaintance {
    const graceMs = GRACE_TIMEOUTS * Math.min(needs.timeoutMs, SHORT_MS_MIN)
    return {
      needs,
      grace: new Allowance(GRACE_SHARE, graceMs),
      typicalMs: undefined,
      worstMs: undefined,
      answering: false,
    }
  }

  /** To be called once for each meter that was met. */
  forget({ typicalMs }: Acquaintance): void {
    if (typicalMs === undefined) return
    this.#typicalCount -= 1
    // Without meters there is no rest of rounding either.
    this.#typicalSumMs = this.#typicalCount === 0 ? 0 : this.#typicalSumMs - typicalMs
  }

  /**
   * False for a meter that has cost the others too much, or is known to need more than a short wait: it is asked in free
   * time, or as the allowances permit.
   */
  trusts({ grace, worstMs }: Acquaintance, nowMs: number): boolean {
    return grace.isSettled(nowMs) && ROOM * (worstMs ?? 0) <= SHORT_MS_MAX
  }

  /**
   * What a request is granted, when the line is not needed by others for `freeMs`; `undefined` when a meter that is not
   * trusted has to wait.
   */
  grant(meter: Acquaintance, registers: number, freeMs: number, nowMs: number): Grant | undefined {
    const fullMs = meter.needs.timeoutMs
    const shortMs = this.#shortMs(meter, registers)
    if (freeMs >= fullMs) return { timeoutMs: fullMs, full: false }
    const longMs = Math.min(fullMs, FULL_MS_MAX)
    if (longMs > shortMs && this.#full.isSettled(nowMs)) return { timeoutMs: longMs, full: true }
    if (freeMs >= Math.min(shortMs, this.#seenMs(meter, registers))) return { timeoutMs: freeMs, full: false }
    const admitted = this.trusts(meter, nowMs) || this.#short.isSettled(nowMs)
    return admitted ? { timeoutMs: shortMs, full: false } : undefined
  }

  /** How long until a meter that has to wait may be asked, free time or not. */
  waitMs(nowMs: number): number {
    return Math.min(this.#full.settledInMs(nowMs), this.#short.settledInMs(nowMs))
  }

  /** Learns from an exchange, and charges what it has cost the others. */
  learn(meter: Acquaintance, exchange: Exchange, nowMs: number): void {
    const { grant, outcome, registers, durationMs, freeMs } = exchange
    if (outcome === 'disconnected') return
    meter.answering = outcome === 'answered'
    if (outcome === 'gateway') this.#gatewayMs = durationMs
    const shortMs = this.#shortMs(meter, registers)
    let costMs = durationMs - freeMs
    if (outcome === 'answered') {
      const wireMs = meter.needs.wireMs(registers)
      costMs = Math.min(costMs, durationMs - wireMs - this.#usualMs(meter))
      this.#remember(meter, Math.max(0, durationMs - wireMs))
    }
    if (costMs <= 0) return
    meter.grace.spend(Math.min(costMs, shortMs), nowMs)
    const account = grant.full ? this.#full : this.#short
    account.spend(costMs, nowMs)
  }

  /** What the meter has been seen to need, with some room; without end while it does not answer. */
  #seenMs({ needs, worstMs, answering }: Acquaintance, registers: number): number {
    return answering ? needs.wireMs(registers) + ROOM * (worstMs ?? 0) : Number.POSITIVE_INFINITY
  }

  #remember(meter: Acquaintance, tookMs: number): void {
    const { typicalMs, worstMs } = meter
    const nowTypicalMs = typicalMs === undefined ? tookMs : typicalMs + TYPICAL_WEIGHT * (tookMs - typicalMs)
    if (typicalMs === undefined) this.#typicalCount += 1
    this.#typicalSumMs += nowTypicalMs - (typicalMs ?? 0)
    meter.typicalMs = nowTypicalMs
    meter.worstMs = Math.max(tookMs, (worstMs ?? 0) * WORST_FADING)
  }

  /** What is no excess for a meter: little more than what the others take. Without others nobody is kept waiting. */
  #usualMs(meter: Acquaintance): number {
    const isKnown = meter.typicalMs !== undefined
    const count = this.#typicalCount - (isKnown ? 1 : 0)
    const sumMs = this.#typicalSumMs - (meter.typicalMs ?? 0)
    return count <= 0 ? Number.POSITIVE_INFINITY : Math.max(NOISE_MS, (TOLERANCE * sumMs) / count)
  }

  /** A wait that a meter like those of this bus does not exceed; at most its timeout. */
  #shortMs({ needs, worstMs }: Acquaintance, registers: number): number {
    const seenMs = Math.min(SHORT_MS_MAX, MARGIN * (worstMs ?? 0))
    // A gateway that reports silent meters is busy until it does: the next request would only wait behind it.
    const gatewayMs = 1.5 * this.#gatewayMs
    const waitMs = Math.max(SHORT_MS_MIN, needs.answerMs ?? 0, seenMs, gatewayMs)
    return Math.min(needs.timeoutMs, needs.wireMs(registers) + waitMs)
  }
}
