import type { Clock } from '#contract/clock.ts'
import type { Journal, JournalRow } from './journal.ts'
import { Pace } from './pace.ts'
import { windowBounds, WindowSize } from './window-size.ts'
import { InFlightWindow, type Lane } from './window.ts'

/** New batches that wait for a place in the window; older ones go to the backlog, so that live stays live. */
const LIVE_WAITING_MAX = 8
/** Waiting places that are read from the journal at once: one question for each batch would be one for many of them. */
const READ_AHEAD = 64
/** A broker that has not taken a batch for this long does not work, whatever its connection says. */
const STALLED_MS = 30_000

/** A row to publish now. */
export interface Due {
  readonly row: JournalRow
  readonly lane: Lane
  /** It was sent before on this connection. */
  readonly isAgain: boolean
  /** To be called when the broker has taken it. */
  readonly taken: () => void
}

export interface LaneOptions {
  /** By default it follows the line, see `window-size.ts`. */
  readonly inFlightBatches?: number | undefined
  readonly receiptTimeoutMs: number
  /** The backlog's share of the link; unlimited by default. */
  readonly backlogBytesPerSecond?: number | undefined
  readonly journal: Pick<Journal, 'row' | 'unacknowledged'>
  readonly clock: Clock
}

/**
 * Decides which row of the journal is sent next: new ones live, everything else without a receipt on the backlog,
 * oldest first and no faster than its pace, and again what got no receipt in time. It remembers only what is on its
 * way; what is still to be sent is asked of the journal, whose Faults it passes on.
 */
export class Lanes {
  readonly #options: LaneOptions
  readonly #pace: Pace | undefined
  #window: InFlightWindow
  #live: number[] = []
  /** The oldest that wait for the backlog, as the journal had them when it was asked. */
  #ahead: number[] = []

  constructor(options: LaneOptions) {
    this.#options = options
    const { backlogBytesPerSecond } = options
    if (backlogBytesPerSecond !== undefined) this.#pace = new Pace(backlogBytesPerSecond)
    this.#window = this.#newWindow()
  }

  #newWindow(receiveMaximum?: number): InFlightWindow {
    const { inFlightBatches, receiptTimeoutMs } = this.#options
    return new InFlightWindow(new WindowSize(windowBounds(inFlightBatches, receiveMaximum)), receiptTimeoutMs)
  }

  /** Rows that were just written. */
  offer(rows: readonly JournalRow[]): void {
    const places = rows.map(({ place }) => place)
    this.#live = [...this.#live, ...places].slice(-LIVE_WAITING_MAX)
    this.#ahead = this.#ahead.filter((place) => !this.#live.includes(place))
  }

  /**
   * A connection stands: everything without a receipt is offered again, the newest first of all.
   * @param receiveMaximum batches that the broker takes at once (MQTT 5)
   */
  connected(receiveMaximum?: number): void {
    this.#window = this.#newWindow(receiveMaximum)
    this.#ahead = []
    this.#live = [...this.#options.journal.unacknowledged('newest', 1)]
  }

  disconnected(): void {
    this.#window = this.#newWindow()
  }

  /**
   * Returns how long ago the row was sent where that is clear.
   * @param isStored whether the store has it, and not quarantine
   */
  received(place: number, isStored: boolean): number | undefined {
    const nowMs = this.#options.clock.monotonicMs()
    const agoMs = this.#window.sentOnceMsAgo(place, nowMs)
    this.#window.received(place, nowMs, isStored)
    // The receipt of an earlier connection, or of a sending that was given up.
    this.#ahead = this.#ahead.filter((other) => other !== place)
    this.#live = this.#live.filter((other) => other !== place)
    return agoMs
  }

  /** Rows of the backlog that may travel in one message. */
  get together(): number {
    return this.#window.together
  }

  /** Rows that did not get through, and are offered again as if they had not been sent. */
  giveBack(places: readonly number[]): void {
    for (const place of places) if (this.#window.has(place)) this.#window.giveBack(place)
    this.#ahead = []
  }

  isStalled(): boolean {
    return this.#window.isStalled(this.#options.clock.monotonicMs(), STALLED_MS)
  }

  /** Rows to publish now, one by one; each counts as sent when it is handed out. Ends when the window is full. */
  *due(): Generator<Due> {
    const nowMs = this.#options.clock.monotonicMs()
    for (const { place, lane } of this.#window.overdue(nowMs)) {
      // The first one that is sent again makes the window small: a server that is away is not sent all that was under way.
      if (lane === 'backlog' && this.#window.isOver) this.#window.giveBack(place)
      else if (lane === 'live' || this.#mayCatchUp(nowMs)) yield* this.#send(place, lane, nowMs)
    }
    for (;;) {
      const [live] = this.#live
      const mayCatchUp = this.#window.hasRoom && this.#mayCatchUp(nowMs)
      const backlog = mayCatchUp ? this.#oldestWaiting() : undefined
      const lane = this.#window.nextLane({ live: live !== undefined, backlog: backlog !== undefined })
      if (lane === undefined) return
      const place = lane === 'live' ? live : backlog
      if (place === undefined) return
      if (lane === 'live') this.#live.shift()
      else this.#ahead.shift()
      yield* this.#send(place, lane, nowMs)
    }
  }

  #mayCatchUp(nowMs: number): boolean {
    return this.#pace?.allows(nowMs) ?? true
  }

  *#send(place: number, lane: Lane, nowMs: number): Generator<Due> {
    const window = this.#window
    const row = this.#options.journal.row(place)
    if (row === undefined) {
      window.forget(place)
      return
    }
    const isAgain = window.has(place)
    window.send(place, lane, nowMs)
    if (lane === 'backlog') this.#pace?.spend(row.payload.length)
    yield { row, lane, isAgain, taken: () => window.taken(place) }
  }

  /** The oldest row without a receipt that is not on its way nor about to go live. */
  #oldestWaiting(): number | undefined {
    if (this.#ahead.length === 0) {
      const passedOver = this.#window.count + this.#live.length
      this.#ahead = this.#options.journal
        .unacknowledged('oldest', passedOver + READ_AHEAD)
        .filter((place) => !this.#window.has(place) && !this.#live.includes(place))
    }
    return this.#ahead[0]
  }
}
