import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import type { Journal, JournalRow } from './journal.ts'
import { InFlightWindow, type Lane } from './window.ts'

/** New batches that wait for a place in the window; older ones go to the backlog, so that live stays live. */
const LIVE_WAITING_MAX = 8
/** A broker that has not taken a batch for this long does not work, whatever its connection says. */
const STALLED_MS = 30_000

/** A row to publish now. */
export interface Due {
  readonly row: JournalRow
  readonly lane: Lane
  /** To be called when the broker has taken it. */
  readonly taken: () => void
}

export interface LaneOptions {
  readonly inFlightBatches: number
  readonly receiptTimeoutMs: number
  readonly journal: Pick<Journal, 'row' | 'unacknowledged'>
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Decides which row of the journal is sent next: new ones live, everything else without a receipt on the backlog,
 * oldest first, and again what got no receipt in time. It remembers only what is on its way; what is still to be sent
 * is asked of the journal.
 */
export class Lanes {
  readonly #options: LaneOptions
  #window: InFlightWindow
  #live: number[] = []
  /** Rows whose bytes were damaged on disk: never sent. */
  readonly #damaged = new Set<number>()

  constructor(options: LaneOptions) {
    this.#options = options
    this.#window = this.#newWindow()
  }

  #newWindow(): InFlightWindow {
    return new InFlightWindow(this.#options.inFlightBatches, this.#options.receiptTimeoutMs)
  }

  /** Rows that were just written. */
  offer(rows: readonly JournalRow[]): void {
    this.#live = [...this.#live, ...rows.map((row) => row.seq)].slice(-LIVE_WAITING_MAX)
  }

  /** A connection stands: everything without a receipt is offered again, the newest first of all. */
  connected(): void {
    this.#window = this.#newWindow()
    this.#live = [...this.#options.journal.unacknowledged('newest', 1)]
  }

  disconnected(): void {
    this.#window = this.#newWindow()
  }

  received(seq: number): void {
    this.#window.received(seq, this.#options.clock.monotonicMs())
    this.#live = this.#live.filter((other) => other !== seq)
  }

  isStalled(): boolean {
    return this.#window.isStalled(this.#options.clock.monotonicMs(), STALLED_MS)
  }

  /** Rows to publish now, one by one; each counts as sent when it is handed out. Ends when the window is full. */
  *due(): Generator<Due> {
    const nowMs = this.#options.clock.monotonicMs()
    for (const { seq, lane } of this.#window.overdue(nowMs)) yield* this.#send(seq, lane, nowMs)
    for (;;) {
      const [live] = this.#live
      const backlog = this.#window.hasRoom ? this.#oldestWaiting() : undefined
      const lane = this.#window.nextLane({ live: live !== undefined, backlog: backlog !== undefined })
      if (lane === undefined) return
      const seq = lane === 'live' ? live : backlog
      if (seq === undefined) return
      if (lane === 'live') this.#live.shift()
      yield* this.#send(seq, lane, nowMs)
    }
  }

  *#send(seq: number, lane: Lane, nowMs: number): Generator<Due> {
    const window = this.#window
    const row = this.#options.journal.row(seq)
    if (row === undefined || row === 'damaged') {
      window.forget(seq)
      if (row === 'damaged') {
        this.#damaged.add(seq)
        this.#options.log.error({ seq }, 'a row of the journal is damaged on disk and cannot be sent')
      }
      return
    }
    window.send(seq, lane, nowMs)
    yield { row, lane, taken: () => window.taken(seq) }
  }

  /** The oldest row without a receipt that is not on its way nor about to go live. */
  #oldestWaiting(): number | undefined {
    const passedOver = this.#window.count + this.#live.length + this.#damaged.size
    return this.#options.journal
      .unacknowledged('oldest', passedOver + 1)
      .find((seq) => !this.#window.has(seq) && !this.#live.includes(seq) && !this.#damaged.has(seq))
  }
}
