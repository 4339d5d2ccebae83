/** Which batches are on their way, and when one is sent again. Pure: time comes in. */

import type { WindowSize } from './window-size.ts'

export type Lane = 'live' | 'backlog'

/** The longest pause between two sendings of a batch. */
const RESEND_PAUSE_MS_MAX = 60_000
/** A receipt after this long without any says that the server is back. */
const SERVER_SILENT_MS = 30_000

/** A message and its receipt take a line turn by turn: with fewer of them under way it would be idle in between. */
export const MESSAGES_UNDER_WAY = 4

interface Sent {
  readonly lane: Lane
  readonly times: number
  /** Whether an earlier sending may still be answered; then a receipt does not say how long it took. */
  readonly isAgain: boolean
  readonly sentAtMs: number
  /** The broker has it (PUBACK). That is no receipt: it only says that sending again makes sense. */
  readonly taken: boolean
}

/**
 * The batches on their way without a receipt; none is added to as many as `size` has places. A batch keeps its place until
 * its receipt comes, so that a server that is down makes the gateway wait and not push its whole journal into the broker.
 * Each lane has places that the other cannot take: live one half, backlog one (when there are at least two).
 */
export class InFlightWindow {
  readonly #size: WindowSize
  readonly #receiptTimeoutMs: number
  readonly #sent = new Map<number, Sent>()
  readonly #inLane: Record<Lane, number> = { live: 0, backlog: 0 }
  #lastLane: Lane = 'backlog'
  #lastReceiptMs: number | undefined
  /** When the last batch went that its lane had room for. */
  #fullAtMs = -Infinity
  /** The newest place of a batch that was given back: those up to it may have been sent before. */
  #givenBackTo = -Infinity

  constructor(size: WindowSize, receiptTimeoutMs: number) {
    this.#size = size
    this.#receiptTimeoutMs = receiptTimeoutMs
  }

  get count(): number {
    return this.#sent.size
  }

  get hasRoom(): boolean {
    return this.#sent.size < this.#size.places
  }

  /** True when it shrank to less than what is on its way. */
  get isOver(): boolean {
    return this.#sent.size > this.#size.places
  }

  /** Batches of the backlog that may travel in one message: so few that others are under way while they are answered. */
  get together(): number {
    return Math.max(1, Math.floor(this.#placesOf('backlog') / MESSAGES_UNDER_WAY))
  }

  has(place: number): boolean {
    return this.#sent.has(place)
  }

  /** The lane that may send next, of those that have something to send. */
  nextLane(waiting: Readonly<Record<Lane, boolean>>): Lane | undefined {
    if (!this.hasRoom) return undefined
    // With a single place neither lane can have one of its own: they take turns.
    if (this.#size.places === 1 && waiting.live && waiting.backlog) {
      return this.#lastLane === 'live' ? 'backlog' : 'live'
    }
    if (waiting.live && this.#inLane.live < this.#placesOf('live')) return 'live'
    if (waiting.backlog && this.#inLane.backlog < this.#placesOf('backlog')) return 'backlog'
    return undefined
  }

  /** Notes a sending, the first one or another. */
  send(place: number, lane: Lane, nowMs: number): void {
    this.#lastLane = lane
    const before = this.#take(place)
    if (before === undefined) this.#size.sent(nowMs)
    else this.#size.lost()
    this.#inLane[lane] += 1
    this.#sent.set(place, {
      lane,
      times: (before?.times ?? 0) + 1,
      isAgain: before !== undefined || place <= this.#givenBackTo,
      sentAtMs: nowMs,
      taken: false,
    })
    if (!this.hasRoom || this.#inLane[lane] >= this.#placesOf(lane)) this.#fullAtMs = nowMs
  }

  /** How long ago a batch was sent, if it was sent once and has no receipt yet; two sendings have no clear answer. */
  sentOnceMsAgo(place: number, nowMs: number): number | undefined {
    const sent = this.#sent.get(place)
    return sent?.isAgain === false ? nowMs - sent.sentAtMs : undefined
  }

  /** The broker took the newest sending of a batch. */
  taken(place: number): void {
    const sent = this.#sent.get(place)
    if (sent !== undefined) this.#sent.set(place, { ...sent, taken: true })
  }

  /**
   * A receipt came: the place is free. When the server is back, the others need not wait out a long pause.
   * @param isStored whether the store has it, and not quarantine
   */
  received(place: number, nowMs: number, isStored: boolean): void {
    const sent = this.#sent.get(place)
    if (sent?.isAgain === false) {
      const { lane, sentAtMs } = sent
      const filledBy = this.#fullAtMs >= sentAtMs ? this.#placesOf(lane) : 0
      this.#size.received({ sentAtMs, nowMs, filledBy, isStored })
    }
    this.#take(place)
    const isBack = nowMs - (this.#lastReceiptMs ?? nowMs) >= SERVER_SILENT_MS
    this.#lastReceiptMs = nowMs
    if (!isBack) return
    for (const [other, each] of this.#sent) this.#sent.set(other, { ...each, times: Math.min(each.times, 1) })
  }

  /** A batch that cannot be sent again gives its place back. */
  forget(place: number): void {
    this.#take(place)
  }

  /** One without a receipt gives its place back, to be sent again later among all that waits. */
  giveBack(place: number): void {
    this.#take(place)
    this.#givenBackTo = Math.max(this.#givenBackTo, place)
  }

  /** Batches to send again: the pause doubles with each sending. */
  overdue(nowMs: number): readonly { readonly place: number; readonly lane: Lane }[] {
    return [...this.#sent]
      .filter(([, sent]) => {
        const pauseMs = Math.min(RESEND_PAUSE_MS_MAX, this.#receiptTimeoutMs * 2 ** (sent.times - 1))
        return sent.taken && nowMs - sent.sentAtMs >= pauseMs
      })
      .map(([place, { lane }]) => ({ place, lane }))
  }

  /** True when the broker has not taken a batch for so long that the connection cannot be relied on. */
  isStalled(nowMs: number, afterMs: number): boolean {
    return [...this.#sent.values()].some((sent) => !sent.taken && nowMs - sent.sentAtMs >= afterMs)
  }

  #placesOf(lane: Lane): number {
    const { places } = this.#size
    return Math.max(1, lane === 'live' ? places - 1 : Math.ceil(places / 2))
  }

  #take(place: number): Sent | undefined {
    const sent = this.#sent.get(place)
    if (sent === undefined) return undefined
    this.#sent.delete(place)
    this.#inLane[sent.lane] -= 1
    return sent
  }
}
