/** How many batches may be on their way at once, by how receipts come. Pure: time comes in. */

/** Where nobody said how many. */
const START = 8
/** As many of a gateway as the server lets wait in each lane. */
const MOST = 128

/** A full window whose receipts come within this time may be larger. */
export const QUICK_MS = 250
/** Beyond this it is to be smaller. Between the two it stays, so that it does not swing (TCP Vegas' α and β). */
export const SLOW_MS = 2 * QUICK_MS
/** A window that was not full for this long says nothing of the line as it is now. */
const UNPROVEN_MS = 10_000

/** It begins with `start`, never is less, and never more than `most`. */
export interface WindowBounds {
  readonly start: number
  readonly most: number
}

/**
 * What the gateway file says. A number in it holds as it is; without one the window follows the line.
 * @param receiveMaximum batches that the broker takes at once (MQTT 5)
 */
export function windowBounds(inFlightBatches: number | undefined, receiveMaximum = Infinity): WindowBounds {
  const within = (places: number): number => Math.min(places, receiveMaximum)
  return { start: within(inFlightBatches ?? START), most: within(inFlightBatches ?? MOST) }
}

/** The first receipt for a batch that was sent once. Of two sendings nobody knows which it answers (RFC 6298 §3). */
export interface TimedReceipt {
  readonly sentAtMs: number
  readonly nowMs: number
  /** Batches that filled its lane while it was on its way; 0 where there was room for more all the time. */
  readonly filledBy: number
  /** Whether the store has it: what went to quarantine says nothing of what the store takes. */
  readonly isStored: boolean
}

/**
 * Additive increase, multiplicative decrease (RFC 5681 §3.1), with delay for a sign as in TCP Vegas and LEDBAT
 * (RFC 6817): one place more with each round of quick receipts, but only where the window was full, because otherwise the
 * line was not asked (RFC 7661); half of it at a slow one, once for all that was on its way then; and from the beginning
 * after a batch that had to be sent again, as TCP does after a timeout. Then something between here and the store dropped
 * what was too much, perhaps of others' new batches, too: it is not tried again, but grows to half of that until there was
 * a pause.
 *
 * What waits on a line, a new batch waits behind: so the time that is held is that of a receipt itself, not what it is
 * beyond the shortest seen.
 */
export class WindowSize {
  readonly #bounds: WindowBounds
  #places: number
  #most: number
  #shrunkAtMs = -Infinity
  #fullAtMs = -Infinity

  constructor(bounds: WindowBounds) {
    this.#bounds = bounds
    this.#places = bounds.start
    this.#most = bounds.most
  }

  get places(): number {
    return Math.floor(this.#places)
  }

  /** A batch is sent for the first time. */
  sent(nowMs: number): void {
    if (nowMs - this.#fullAtMs <= UNPROVEN_MS) return
    this.#places = this.#bounds.start
    this.#most = this.#bounds.most
  }

  received({ sentAtMs, nowMs, filledBy, isStored }: TimedReceipt): void {
    const afterMs = nowMs - sentAtMs
    if (filledBy > 0) this.#fullAtMs = nowMs
    if (afterMs > SLOW_MS) {
      // What was sent before it shrank says how the line was before.
      if (sentAtMs < this.#shrunkAtMs) return
      this.#places = this.#half()
      this.#shrunkAtMs = nowMs
    } else if (filledBy > 0 && afterMs <= QUICK_MS && isStored) {
      this.#places = Math.min(this.#most, this.#places + 1 / filledBy)
    }
  }

  /** A batch has to be sent again. */
  lost(): void {
    const { start } = this.#bounds
    if (this.#places > start) this.#most = this.#half()
    this.#places = start
  }

  #half(): number {
    return Math.max(this.#bounds.start, this.#places / 2)
  }
}
