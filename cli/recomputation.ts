import { setImmediate as turn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault, faultText } from '#contract/fault.ts'
import { formulaOf, type Meter, type Park } from '#contract/park.ts'
import { formulaDependents, type Dependents } from '#intervals/dependents.ts'
import { feedsItself, sourcesOf } from '#intervals/formula.ts'
import { recompute, recomputeByFormula, type IntervalBook } from '#intervals/recompute.ts'
import type { Books, DirtyWindow, ReadingStore } from '#store/port.ts'

export interface RecomputationParts {
  readonly store: ReadingStore
  readonly books: Books
  readonly park: Park
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Soon after the start, so that the day's energy is on the screen; then once a minute: the slot that is under way is
 * dirty after every batch, and nobody looks at it more often.
 */
const FIRST_PAUSE_MS = 4_000
const PAUSE_MS_MAX = 60_000
/** Windows looked at in one go; there is about one a meter. */
const WINDOWS_AT_ONCE = 500

/** Days summed in one go: 96 slots each, some 20 ms in all. */
const DAYS_AT_ONCE = 16

/** To be raised when intervals are computed in another way, so that those of old books are computed again. */
const COMPUTATION = 2

/** Everything of a meter on which its intervals depend beside its readings. */
function rulesText({ register, ratingPerHour, wrapsAt, gapSeconds, events, formula }: Meter): string {
  const facts = { computation: COMPUTATION, register, ratingPerHour, wrapsAt, gapSeconds, events, formula }
  return JSON.stringify(facts)
}

const nameOf = ({ meter, fromMs, toMs }: DirtyWindow): string => `${meter} ${fromMs} ${toMs}`

/**
 * Computes dirty intervals again, all of them in one pass, in turns of bounded length, so that commit records are
 * followed meanwhile. A window that cannot be computed stays dirty, keeps no other one waiting, and is tried again in
 * the next pass.
 */
export class Recomputation {
  readonly #parts: RecomputationParts
  readonly #dependents: Dependents
  readonly #failed = new Set<string>()
  #isUnderWay = false
  #pauseMs = FIRST_PAUSE_MS
  #lastMs: number

  constructor(parts: RecomputationParts) {
    this.#parts = parts
    this.#dependents = formulaDependents(parts.park)
    this.#lastMs = parts.clock.monotonicMs()
  }

  /**
   * Makes dirty what was computed by other facts of its meter than those of the park file now: a replacement, say, is
   * entered there some time after it happened. To be called once, before the first turn.
   */
  useParkFile(): void {
    const { books, park, log } = this.#parts
    for (const meter of park.meters.values()) {
      const inputs = formulaOf(meter)?.terms.map((term) => term.meter)
      if (books.useRules(meter.id, rulesText(meter), inputs))
        log.debug({ meter: meter.id }, 'computed by other rules now')
    }
  }

  /** Works for about this long if a pass is due or under way. Throws retryable faults of the store and the books. */
  async turn(lengthMs: number): Promise<void> {
    const { clock } = this.#parts
    const nowMs = clock.monotonicMs()
    if (!this.#isUnderWay) {
      if (nowMs - this.#lastMs < this.#pauseMs) return
      this.#lastMs = nowMs
      this.#pauseMs = Math.min(PAUSE_MS_MAX, this.#pauseMs * 2)
    }
    await this.work(lengthMs)
  }

  /** The same, due or not. */
  async work(lengthMs: number): Promise<void> {
    const { clock } = this.#parts
    const endMs = clock.monotonicMs() + lengthMs
    if (!this.#isUnderWay) this.#failed.clear()
    this.#isUnderWay = true
    for (const window of this.#due()) {
      await this.#compute(window)
      if (clock.monotonicMs() >= endMs) return
    }
    while (this.#parts.books.settleDays(clock.wallMs(), DAYS_AT_ONCE) > 0) {
      if (clock.monotonicMs() >= endMs) return
      await turn()
    }
    this.#isUnderWay = false
  }

  /** Dirty windows, oldest first, but for those that failed in this pass, until there are no others. */
  *#due(): Generator<DirtyWindow> {
    for (let limit = WINDOWS_AT_ONCE; ;) {
      const found = this.#parts.books.dirtyWindows(limit)
      const due = found.filter((window) => !this.#failed.has(nameOf(window)))
      yield* due
      if (due.length > 0) continue
      if (found.length < limit) return
      limit *= 2
    }
  }

  async #compute(window: DirtyWindow): Promise<void> {
    const { store, books, park, clock, log } = this.#parts
    const meter = park.meters.get(window.meter)
    const record: IntervalBook = {
      record: (of, intervals) => books.record(of, intervals, clock.wallMs(), this.#dependents),
    }
    if (meter === undefined) {
      log.warn(
        { meter: window.meter },
        'readings of a meter that is no longer in the park file: no intervals',
      )
      record.record(window, [])
      return
    }
    try {
      if (this.#computeByFormula(window, meter, record)) return
      await recompute(
        window,
        meter,
        {
          // A long window is read in weeks: between two of them other work has its turn.
          registerSeries: async (...period) => {
            await turn()
            return store.registerSeries(...period)
          },
        },
        record,
      )
    } catch (error) {
      if (!(error instanceof Fault) || error.retryable) throw error
      this.#failed.add(nameOf(window))
      log.error({ code: error.code, meter: meter.id }, faultText(error))
    }
  }

  /** Where the meter has a formula. One that names unknown meters, or feeds itself, has no intervals. */
  #computeByFormula(window: DirtyWindow, meter: Meter, record: IntervalBook): boolean {
    const { books, park, log } = this.#parts
    const formula = formulaOf(meter)
    if (formula === undefined || meter.formula === undefined) return false
    const sources = sourcesOf(formula, park)
    if (sources === undefined || feedsItself(meter.id, park)) {
      log.warn(
        { meter: meter.id },
        'a formula that cannot be followed: no intervals (tanbiao check says why)',
      )
      record.record(window, [])
    } else recomputeByFormula(window, meter, { text: meter.formula, sources }, books, record)
    return true
  }
}
