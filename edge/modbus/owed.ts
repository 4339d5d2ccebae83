import type { ReadQuery } from './frame.ts'

/** A network that delivers nothing new for this long is not waited for any more: its connection is replaced. */
const PROOF_WAIT_MS = 30_000

/** May this unit be asked? */
export type Standing =
  | { readonly kind: 'free' }
  /** Its earlier answer may still come. */
  | { readonly kind: 'owes'; readonly forMs: number }
  /** Whether its earlier answer can still come will not be known on this connection. */
  | { readonly kind: 'doubtful' }

interface Owed {
  readonly query: ReadQuery
  /** How long after a request reached the serial line its answer can come. */
  readonly windowMs: number
  untilMs: number
  delivered: boolean
}

/**
 * The answers that have not come, at most one for each unit: RTU answers are told apart by their unit alone, so a unit
 * that owes one must not be asked again.
 *
 * On a serial line an answer is over when its window is. A network may hold a request back for longer than any window,
 * but keeps the order of bytes in both directions: an answer to a later request shows that the owed one's request was
 * delivered, so that its window begins at the latest then; an answer to a request that was sent after that window shows
 * that whatever was said in it has arrived.
 */
export class OwedAnswers {
  readonly #networked: boolean
  readonly #owed = new Map<number, Owed>()

  constructor(networked: boolean) {
    this.#networked = networked
  }

  get size(): number {
    return this.#owed.size
  }

  /** A request is sent; its answer comes within the window or never. */
  asked(query: ReadQuery, nowMs: number, windowMs: number): void {
    this.#owed.set(query.unit, { query, windowMs, untilMs: nowMs + windowMs, delivered: false })
  }

  /** What this unit was asked and has not answered. */
  of(unit: number): ReadQuery | undefined {
    return this.#owed.get(unit)?.query
  }

  /** The unit's answer came. */
  paid(unit: number): void {
    this.#owed.delete(unit)
  }

  /** A request of that time was answered now: what this proves of the others. */
  proven(askedMs: number, nowMs: number): void {
    if (!this.#networked) return
    for (const [unit, owed] of this.#owed) {
      if (owed.delivered && askedMs >= owed.untilMs) this.#owed.delete(unit)
      if (owed.delivered) continue
      owed.delivered = true
      owed.untilMs = nowMs + owed.windowMs
    }
  }

  /** Forgets the answers that are over. */
  expire(nowMs: number): void {
    if (this.#networked) return
    for (const [unit, { untilMs }] of this.#owed) if (untilMs <= nowMs) this.#owed.delete(unit)
  }

  /** Nothing of an earlier connection can come any more. */
  reconnected(): void {
    if (this.#networked) this.#owed.clear()
  }

  standing(unit: number, nowMs: number): Standing {
    this.expire(nowMs)
    const owed = this.#owed.get(unit)
    if (owed === undefined) return { kind: 'free' }
    const forMs = owed.untilMs - nowMs
    if (forMs > 0 || (owed.delivered && forMs > -PROOF_WAIT_MS)) {
      return { kind: 'owes', forMs: Math.max(0, forMs) }
    }
    return { kind: 'doubtful' }
  }
}
