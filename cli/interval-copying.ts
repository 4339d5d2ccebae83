import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault, faultText } from '#contract/fault.ts'
import { backoffMs, pause, type Backoff } from '#ingest/backoff.ts'
import type { Books, DayToCopy, IntervalCopy, ReadingStore } from '#store/port.ts'

export interface IntervalCopyingParts {
  readonly store: Pick<ReadingStore, 'intervalCopy' | 'retention'>
  readonly books: Pick<Books, 'copyIntervalsTo' | 'intervalsToCopy' | 'intervalsCopied'>
  readonly clock: Clock
  readonly log: Logger
  /** on: where the store has room for them. again: all of them once more. off: not at all. */
  readonly wish: 'on' | 'again' | 'off'
}

/** Nobody waits for a copy as for a reading. */
const STORE_BACKOFF: Backoff = { firstMs: 1_000, maxMs: 60_000 }
/** Pause when nothing was left: how long after its slot is settled an interval is seen at most. */
const IDLE_MS = 5_000
/** Days of a meter copied in one go: some 2,000 intervals, and as many in memory. */
const DAYS_AT_ONCE = 20
/** How long the server keeps points is asked again after this time. */
const KEPT_ASKED_EVERY_MS = 3_600_000

/**
 * Copies finished intervals beside the readings, for Grafana. It follows the marks of the books and has none of its own: killed
 * at any moment, it goes on where it was. A store that is away keeps it waiting, and nobody else.
 */
export class IntervalCopying {
  readonly #parts: IntervalCopyingParts
  readonly #copy: IntervalCopy | undefined
  #keptFromMs = 0
  #keptAskedMs = -Infinity
  #told: string | undefined

  constructor(parts: IntervalCopyingParts) {
    this.#parts = parts
    this.#copy = parts.wish === 'off' ? undefined : parts.store.intervalCopy
    parts.books.copyIntervalsTo(this.#copy?.target, parts.wish === 'again')
  }

  /** Copies until the signal ends it. Whatever fails is logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts
    if (this.#copy === undefined) return
    for (let failures = 0; !signal.aborted;) {
      const startedMs = clock.monotonicMs()
      let waitMs = IDLE_MS
      try {
        // Half of the time at most: years that are copied for the first time leave the rest to live readings.
        if ((await this.step()) > 0) waitMs = clock.monotonicMs() - startedMs
        failures = 0
      } catch (error) {
        failures += 1
        // Whatever it is, a copy to look at is no reason for the server to stop.
        const known = error instanceof Fault ? { code: error.code } : { err: error }
        const words = error instanceof Fault ? faultText(error) : String(error)
        if (failures === 1) log.warn(known, `intervals are not copied now: ${words}`)
        waitMs = backoffMs(STORE_BACKOFF, failures, Math.random)
      }
      await pause(clock, waitMs, signal)
    }
  }

  /** Copies some days. Gives how many: 0 when none was left. Throws what the store and the books throw. */
  async step(): Promise<number> {
    const { books, clock, log } = this.#parts
    if (this.#copy === undefined) return 0
    const days = books.intervalsToCopy(clock.wallMs(), DAYS_AT_ONCE)
    if (days.length === 0) return 0
    await this.#askKept()
    const { refused } = await this.#copy.write(days.map((day) => this.#kept(day)))
    books.intervalsCopied(days)
    // The books have them all the same, so once is enough.
    if (refused !== undefined && refused !== this.#told)
      log.warn(
        { reason: refused },
        'the store did not take all intervals: it shows fewer than the books have',
      )
    this.#told = refused ?? this.#told
    return days.length
  }

  /** What the server would refuse, because it keeps nothing so old, is not sent. */
  #kept(day: DayToCopy): DayToCopy {
    return day.fromMs >= this.#keptFromMs
      ? day
      : { ...day, intervals: day.intervals.filter(({ slotMs }) => slotMs >= this.#keptFromMs) }
  }

  async #askKept(): Promise<void> {
    const { store, clock } = this.#parts
    const nowMs = clock.monotonicMs()
    if (store.retention?.by !== 'server' || nowMs - this.#keptAskedMs < KEPT_ASKED_EVERY_MS) return
    const keptMs = (await store.retention.keptMs()) ?? Infinity
    this.#keptFromMs = Math.max(0, clock.wallMs() - keptMs)
    this.#keptAskedMs = nowMs
  }
}
