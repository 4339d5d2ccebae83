import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import type { Sample } from '#contract/messages.ts'
import type { BadCause, UsableQuality } from '#contract/reading.ts'
import { Agenda, isCheck, type PendingRequest, type PlannedRequest, type SlotCounts } from './agenda.ts'
import type { Answer, Bus, BusMember } from './bus.ts'
import { sampleOf, unansweredSample } from './decode.ts'
import { endsPoll, healthAfter, UNTRIED, type MeterHealth } from './health.ts'
import { wireUs, type LineCost, type MeterPace } from './line-cost.ts'
import type { PlanLimits } from './plan.ts'
import type { RatioRegister } from '#firmware-config/profile.ts'
import type { RatioContradiction } from './ratio-check.ts'
import { RatioWatch } from './ratio-watch.ts'
import { Refusals } from './refusals.ts'
import { FAILURES_BEFORE_BACK_OFF, nextPollMs } from './schedule.ts'
import type { ReadingTask } from './tasks.ts'

/** A clock that is this far behind the last reading was set back. */
const CLOCK_BEHIND_MS = 1_000
/** What a meter refuses is asked again this often: it may have been replaced or set anew. */
const REFUSED_AGAIN_MS = 3_600_000

/** A meter with what is to be read of it, as the agent polls it. */
export interface PolledMeter {
  readonly meter: string
  readonly unit: number
  readonly tasks: readonly ReadingTask[]
  readonly limits: PlanLimits & MeterPace
  /** Registers that hold the transformer ratios set in it. */
  readonly ratioRegisters: readonly RatioRegister[]
  readonly cost: LineCost
  readonly timeoutMs: number
  readonly quality: UsableQuality
  readonly bus: Bus
  /** Its readings are to be later than this, UTC milliseconds: it was polled before. */
  readonly stampedMs?: number | undefined
}

export interface PollSurroundings {
  readonly clock: Clock
  readonly log: Logger
  /** Called with what each answer says, or each failure, as it comes. Must not throw. */
  readonly read: (sample: Sample) => void
  /** Called after each poll. */
  readonly polled: (
    meter: string,
    health: MeterHealth,
    slots: SlotCounts,
    ratios: readonly RatioContradiction[],
  ) => void
}

/** The meter refuses what is asked: an address (02), or a count or a place to begin (03). */
const isRefusal = (cause: BadCause): boolean => cause === 'illegal-address' || cause === 'illegal-value'

/** Keeps one meter's agenda, stamps what it says, and follows how it is doing. */
export class MeterPoll implements BusMember {
  readonly meter: string
  readonly unit: number
  readonly timeoutMs: number
  readonly answerMs: number | undefined
  readonly pauseMs: number
  readonly agenda: Agenda
  readonly #polled: PolledMeter
  readonly #surroundings: PollSurroundings
  readonly #refusals: Refusals
  readonly #ratios: RatioWatch
  #refusedSinceMs = 0
  #health = UNTRIED
  #lastStampMs: number
  #answered = 0
  #cause: BadCause | undefined

  constructor(polled: PolledMeter, surroundings: PollSurroundings) {
    const { limits, cost, tasks } = polled
    this.meter = polled.meter
    this.unit = polled.unit
    this.timeoutMs = polled.timeoutMs
    this.answerMs = limits.answerMs
    this.pauseMs = limits.pauseMs
    this.#polled = polled
    this.#surroundings = surroundings
    this.#lastStampMs = polled.stampedMs ?? 0
    this.#refusals = new Refusals(limits, cost)
    this.#ratios = new RatioWatch(polled.ratioRegisters)
    this.agenda = new Agenda(
      tasks,
      (registers) => this.#refusals.plan(registers),
      () => this.#ratios.due(surroundings.clock.monotonicMs()),
    )
  }

  /** Polls until the signal is aborted; then resolves. The first poll is at once, so that a start is seen to work. */
  run(signal: AbortSignal): Promise<void> {
    return this.#polled.bus.poll(this, signal)
  }

  /** Time of the newest reading, UTC milliseconds; 0 where there is none. */
  get stampedMs(): number {
    return this.#lastStampMs
  }

  wireMs(registers: number): number {
    return wireUs(this.#polled.cost, registers) / 1_000
  }

  answered(pending: PendingRequest, answer: Answer): void {
    if (isCheck(pending) && (answer.words !== undefined || !endsPoll(answer.cause)))
      this.#check(pending, answer)
    else if (answer.words !== undefined) this.#take(pending, answer.words)
    else this.#miss(pending, answer.cause, answer.fault)
    if (this.agenda.settled) this.#conclude()
  }

  /** One that was not answered at all ends the poll like any other request, and is asked again in the next. */
  #check(pending: PendingRequest, { words, cause }: Answer): void {
    const { log, clock } = this.#surroundings
    const { meter } = this
    this.agenda.finish(pending, words !== undefined)
    // Busy, or in trouble: it has said nothing of its ratios.
    if (cause !== undefined && !isRefusal(cause) && cause !== 'illegal-function') return
    if (!this.#ratios.answered(pending.request, words, clock.monotonicMs())) return
    const what = this.#ratios.contradictions.map(({ message }) => message)
    if (what.length > 0) log.warn({ meter, what }, 'transformer ratios contradict each other')
    else log.info({ meter }, 'the transformer ratios are those of the gateway file')
  }

  /** Values that may be wrong by a factor are not good; those of a simulator stay what they are. */
  get #quality(): UsableQuality {
    const { quality } = this.#polled
    return quality === 'good' && this.#ratios.contradictions.length > 0 ? 'uncertain' : quality
  }

  #take(pending: PendingRequest, words: Uint16Array): void {
    const { request } = pending
    const { meter } = this.#polled
    const quality = this.#quality
    const atMs = this.#stamp()
    const sample = sampleOf(request, words, atMs, meter, quality)
    this.#answered += 1
    if (request.refused !== undefined) {
      this.#cause = 'illegal-address'
      addRefused(sample, request)
    }
    this.#surroundings.read(sample)
    if (this.#refusals.answered(request)) this.#learnt('the meter refuses these values together', request)
    this.agenda.finish(pending, true)
  }

  #miss(pending: PendingRequest, cause: BadCause, fault: Error): void {
    const { request } = pending
    const { log } = this.#surroundings
    log.debug({ meter: this.meter, err: fault }, 'a request was not answered')
    const parts = isRefusal(cause) ? this.#refusals.refuse(request) : []
    if (parts.length > 0) return this.agenda.finish(pending, false, parts)
    if (isRefusal(cause)) this.#learnt('the meter refuses a value of its profile', request)
    this.#cause = cause
    const given = endsPoll(cause) ? this.agenda.pending.map((each) => each.request) : [request]
    const sample = unansweredSample(given, cause, this.#stamp(), this.meter)
    for (const each of given) addRefused(sample, each)
    this.#surroundings.read(sample)
    if (endsPoll(cause)) this.agenda.abandon()
    else this.agenda.finish(pending, false)
  }

  #learnt(what: string, { function: code, address, registers }: PlannedRequest): void {
    const { log, clock } = this.#surroundings
    const quantities = registers.map(({ quantity }) => quantity)
    log.warn({ meter: this.meter, function: code, address, quantities }, what)
    this.#refusedSinceMs = clock.monotonicMs()
    this.agenda.replan()
  }

  /** The wall clock, but later than any stamp before it: two readings of a meter must never share a moment. */
  #stamp(): number {
    const { clock, log } = this.#surroundings
    const nowMs = Math.floor(clock.wallMs())
    if (nowMs < this.#lastStampMs - CLOCK_BEHIND_MS) {
      log.warn(
        { meter: this.meter, nowMs, lastStampMs: this.#lastStampMs },
        'the clock is behind the last reading',
      )
    }
    this.#lastStampMs = Math.max(nowMs, this.#lastStampMs + 1)
    return this.#lastStampMs
  }

  /** A poll is over. */
  #conclude(): void {
    const { clock, polled } = this.#surroundings
    const before = this.#health
    this.#health = healthAfter(before, {
      atMs: this.#lastStampMs,
      answered: this.#answered,
      cause: this.#cause,
    })
    this.#answered = 0
    this.#cause = undefined
    this.#tell(before)
    this.#refusals.endPoll()
    const isBack = before.state === 'silent' && this.#health.state !== 'silent'
    // While it was away it may have been replaced, or set anew.
    if (this.#health.state === 'silent' || this.#health.cause === 'disconnected') this.#ratios.askAgain()
    if (this.#refusals.any && (isBack || clock.monotonicMs() - this.#refusedSinceMs >= REFUSED_AGAIN_MS)) {
      this.#refusals.forget()
      this.agenda.replan()
    }
    const { failuresInRow, cause } = this.#health
    // A line without connection pauses by itself and holds nobody up.
    if (failuresInRow >= FAILURES_BEFORE_BACK_OFF && cause !== 'disconnected') {
      this.agenda.hold(nextPollMs(clock.wallMs(), this.agenda.everyMs, failuresInRow))
    }
    polled(this.meter, this.#health, this.agenda.counts, this.#ratios.contradictions)
  }

  #tell(before: MeterHealth): void {
    const { state, cause } = this.#health
    if (before.state === state && before.cause === cause) return
    const { meter } = this
    if (state === 'ok') this.#surroundings.log.info({ meter }, 'the meter answers')
    else this.#surroundings.log.warn({ meter, state, cause }, 'the meter does not answer as it should')
  }
}

/** Values that the meter refuses are bad, not absent. */
function addRefused(sample: Sample, { refused = [] }: PlannedRequest): void {
  for (const { quantity } of refused) (sample.bad ??= {})[quantity] = 'illegal-address'
}
