import { setImmediate as turn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault, faultText } from '#contract/fault.ts'
import { slotStart } from '#contract/grid.ts'
import { formulaOf, type Meter, type Park } from '#contract/park.ts'
import { computeWindow, estimatesDue } from '#intervals/compute.ts'
import { dependentsIn, type Dependents } from '#intervals/dependents.ts'
import { quantitiesOf } from '#intervals/recompute.ts'
import type { Books, ComputedWindow, DirtyWindow, ReadingStore } from '#store/port.ts'

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

/** Days summed in one go and kept with one flush of the disk: 96 slots each, some 30 ms in all. */
const DAYS_AT_ONCE = 400

/** Intervals that wait to be recorded together, so that one flush of the disk serves many meters. */
const INTERVALS_AT_ONCE = 10_000

/** To be raised when intervals are computed in another way, so that those of old books are computed again. */
const COMPUTATION = 3

/** The same for meters with estimates, or with events and no register. */
const COMPUTATION_OF_SOME = 2

/** Of a meter's register and what flows back through it; who has more said so later than the first books. */
const QUANTITIES_BEFORE = 2

/** Everything of a meter on which its intervals depend beside its readings. */
function rulesText(meter: Meter): string {
  const { register, power, energyFrom, ratingPerHour, wrapsAt, gapSeconds, events, formula, estimate } = meter
  const quantities = quantitiesOf(meter)
  return JSON.stringify({
    computation: COMPUTATION,
    register,
    ...(energyFrom === 'power' ? { power } : {}),
    energyFrom,
    ratingPerHour,
    wrapsAt,
    gapSeconds,
    events,
    formula,
    estimate,
    ...(estimate !== undefined || (events.length > 0 && (energyFrom === 'power' || energyFrom === 'advances'))
      ? { computationOfSome: COMPUTATION_OF_SOME }
      : {}),
    ...(quantities.length > QUANTITIES_BEFORE ? { quantities } : {}),
  })
}

const nameOf = ({ meter, fromMs, toMs }: DirtyWindow): string => `${meter} ${fromMs} ${toMs}`

/** A window and what was computed for it, in the pieces in which it is recorded. */
interface Computed {
  readonly window: DirtyWindow
  readonly pieces: readonly ComputedWindow[]
}

/** A failure of the store or the books, which trying again may mend; any other is a matter of one window. */
const isPassing = (error: unknown): boolean => error instanceof Fault && error.retryable

/**
 * Computes dirty intervals again, all of them in one pass, in turns of bounded length, so that commit records are
 * followed meanwhile. A window that cannot be computed stays dirty, keeps no other one waiting, and is tried again in
 * the next pass.
 */
export class Recomputation {
  readonly #parts: RecomputationParts
  readonly #dependents: Dependents
  readonly #failed = new Set<string>()
  readonly #estimatedUntilMs = new Map<string, number>()
  /** Meters that the park file lacks and that were told of. */
  readonly #absent = new Set<string>()
  #computed: Computed[] = []
  #isUnderWay = false
  #pauseMs = FIRST_PAUSE_MS
  #lastMs: number

  constructor(parts: RecomputationParts) {
    this.#parts = parts
    this.#dependents = dependentsIn(parts.park, (...asked) => parts.books.intervals(...asked))
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
    const { clock, books } = this.#parts
    const endMs = clock.monotonicMs() + lengthMs
    if (!this.#isUnderWay) {
      this.#failed.clear()
      this.#markEstimates()
    }
    this.#isUnderWay = true
    for (const window of this.#due()) {
      await this.#compute(window)
      if (clock.monotonicMs() >= endMs) {
        this.#record()
        return
      }
    }
    while (books.settleDays(clock.wallMs(), DAYS_AT_ONCE) > 0) {
      if (clock.monotonicMs() >= endMs) return
      await turn()
    }
    this.#isUnderWay = false
  }

  /** Slots that nobody reads become nobody's dirty windows: where they are to be estimated, time itself makes them due. */
  #markEstimates(): void {
    const { books, park, clock } = this.#parts
    // While nothing comes at all it is not known that time has passed: the clock may be ahead for a moment.
    const untilMs = Math.min(clock.wallMs(), books.followedUntilMs())
    const due = [...park.meters.values()].flatMap((meter) => {
      if (meter.estimate === undefined) return []
      const fromMs = this.#estimatedUntilMs.get(meter.id) ?? books.extentOf(meter.id)?.toMs
      const window = fromMs === undefined ? undefined : estimatesDue(meter, slotStart(fromMs), untilMs)
      if (window === undefined) return []
      this.#estimatedUntilMs.set(meter.id, window.toMs + 1)
      return [window]
    })
    if (due.length > 0) books.markDirty(due)
  }

  /**
   * Dirty windows, oldest first, but for those that failed in this pass, until there are no others. What was computed is
   * recorded before they are looked for again.
   */
  *#due(): Generator<DirtyWindow> {
    for (let limit = WINDOWS_AT_ONCE; ;) {
      const found = this.#parts.books.dirtyWindows(limit)
      const due = found.filter((window) => !this.#failed.has(nameOf(window)))
      yield* due
      this.#record()
      if (due.length > 0) continue
      if (found.length < limit) return
      limit *= 2
    }
  }

  /**
   * Records what was computed and waits for it, in one transaction. Where one window cannot be recorded each is recorded
   * by itself, so that it alone stays dirty.
   */
  #record(): void {
    const { books, clock } = this.#parts
    const works = this.#computed
    this.#computed = []
    if (works.length === 0) return
    const record = (some: readonly Computed[]): void => {
      books.recordAll(
        some.flatMap(({ pieces }) => pieces),
        clock.wallMs(),
        this.#dependents,
      )
    }
    try {
      record(works)
    } catch (failure) {
      if (isPassing(failure)) throw failure
      for (const work of works) {
        try {
          record([work])
        } catch (error) {
          this.#fail(work.window, error)
        }
      }
    }
  }

  /** Leaves a window dirty until the next pass. Throws what concerns more than this window. */
  #fail(window: DirtyWindow, error: unknown): void {
    if (isPassing(error)) throw error
    this.#failed.add(nameOf(window))
    const { meter } = window
    if (error instanceof Fault) this.#parts.log.error({ code: error.code, meter }, faultText(error))
    else this.#parts.log.error({ err: error, meter }, 'the intervals of a meter cannot be computed')
  }

  async #compute(window: DirtyWindow): Promise<void> {
    const { store, books, park, clock, log } = this.#parts
    if (park.sensors.has(window.meter)) {
      // A sensor has no energy: nothing follows from its readings here.
      this.#computed.push({ window, pieces: [{ window, intervals: [] }] })
      return
    }
    const meter = park.meters.get(window.meter)
    if (meter === undefined) {
      // Dirty until the meter is back: a park file that lacks it for one start must not lose what came meanwhile.
      this.#failed.add(nameOf(window))
      if (!this.#absent.has(window.meter))
        log.warn({ meter: window.meter }, 'readings of a meter that is not in the park file: no intervals')
      this.#absent.add(window.meter)
      return
    }
    // A long window is read in weeks: between two of them other work has its turn.
    const yielding = {
      registerSeries: async (...asked: Parameters<ReadingStore['registerSeries']>) => {
        await turn()
        return store.registerSeries(...asked)
      },
      readings: async (...asked: Parameters<ReadingStore['readings']>) => {
        await turn()
        return store.readings(...asked)
      },
    }
    const own: ComputedWindow[] = []
    try {
      const written = await computeWindow(
        window,
        meter,
        { store: yielding, books, park, nowMs: clock.wallMs() },
        {
          record: (of, intervals) => {
            own.push({ window: of, intervals })
            return intervals.length
          },
        },
      )
      if (written === 'unfollowable')
        log.warn(
          { meter: meter.id },
          'a formula that cannot be followed: no intervals (tanbiao check says why)',
        )
    } catch (error) {
      this.#fail(window, error)
      return
    }
    this.#computed.push({ window, pieces: own })
    const waiting = this.#computed
      .flatMap(({ pieces }) => pieces)
      .reduce((sum, { intervals }) => sum + intervals.length, 0)
    if (waiting >= INTERVALS_AT_ONCE) this.#record()
  }
}
