/** Which batches are on their way, and when one is sent again. Pure: time comes in. */

export type Lane = 'live' | 'backlog'

/** The longest pause between two sendings of a batch. */
const RESEND_PAUSE_MS_MAX = 60_000
/** A receipt after this long without any says that the server is back. */
const SERVER_SILENT_MS = 30_000

interface Sent {
  readonly lane: Lane
  readonly times: number
  readonly sentAtMs: number
  /** The broker has it (PUBACK). That is no receipt: it only says that sending again makes sense. */
  readonly taken: boolean
}

/**
 * The batches on their way without a receipt, never more than `size`. A batch keeps its place until its receipt comes,
 * so that a server that is down makes the gateway wait and not push its whole journal into the broker.
 * Each lane has places that the other cannot take: live one half, backlog one (when there are at least two).
 */
export class InFlightWindow {
  readonly #size: number
  readonly #receiptTimeoutMs: number
  readonly #sent = new Map<number, Sent>()
  #lastLane: Lane = 'backlog'
  #lastReceiptMs: number | undefined

  constructor(size: number, receiptTimeoutMs: number) {
    this.#size = size
    this.#receiptTimeoutMs = receiptTimeoutMs
  }

  get count(): number {
    return this.#sent.size
  }

  get hasRoom(): boolean {
    return this.#sent.size < this.#size
  }

  has(place: number): boolean {
    return this.#sent.has(place)
  }

  /** The lane that may send next, of those that have something to send. */
  nextLane(waiting: Readonly<Record<Lane, boolean>>): Lane | undefined {
    if (!this.hasRoom) return undefined
    // With a single place neither lane can have one of its own: they take turns.
    if (this.#size === 1 && waiting.live && waiting.backlog) {
      return this.#lastLane === 'live' ? 'backlog' : 'live'
    }
    if (waiting.live && this.#inLane('live') < Math.max(1, this.#size - 1)) return 'live'
    if (waiting.backlog && this.#inLane('backlog') < Math.max(1, Math.ceil(this.#size / 2))) return 'backlog'
    return undefined
  }

  /** Notes a sending, the first one or another. */
  send(place: number, lane: Lane, nowMs: number): void {
    this.#lastLane = lane
    this.#sent.set(place, {
      lane,
      times: (this.#sent.get(place)?.times ?? 0) + 1,
      sentAtMs: nowMs,
      taken: false,
    })
  }

  /** How long ago a batch was sent, if it was sent once and has no receipt yet; two sendings have no clear answer. */
  sentOnceMsAgo(place: number, nowMs: number): number | undefined {
    const sent = this.#sent.get(place)
    return sent?.times === 1 ? nowMs - sent.sentAtMs : undefined
  }

  /** The broker took the newest sending of a batch. */
  taken(place: number): void {
    const sent = this.#sent.get(place)
    if (sent !== undefined) this.#sent.set(place, { ...sent, taken: true })
  }

  /** A receipt came: the place is free. When the server is back, the others need not wait out a long pause. */
  received(place: number, nowMs: number): void {
    this.#sent.delete(place)
    const isBack = nowMs - (this.#lastReceiptMs ?? nowMs) >= SERVER_SILENT_MS
    this.#lastReceiptMs = nowMs
    if (!isBack) return
    for (const [other, sent] of this.#sent) this.#sent.set(other, { ...sent, times: Math.min(sent.times, 1) })
  }

  /** A batch that cannot be sent again gives its place back. */
  forget(place: number): void {
    this.#sent.delete(place)
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

  #inLane(lane: Lane): number {
    return [...this.#sent.values()].filter((sent) => sent.lane === lane).length
  }
}
