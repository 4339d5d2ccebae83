import { toNumber } from '#contract/amount.ts'
import { DAY_MS } from '#contract/duration.ts'
import { dayOf, SETTLE_MS, SLOT_MS, slotStart } from '#contract/grid.ts'
import type { Meter } from '#contract/park.ts'
import type { BooksView } from '../sources.ts'

/** The last settled slots of meters, as the rules about energy look at them. */

export interface KnownSlot {
  readonly slotMs: number
  readonly energy: number
}

/** A stretch of each day on the wall, `HH:MM`. */
export interface Hours {
  readonly from: string
  readonly to: string
}

/** Days that are looked back on for what is usual, and how many of them must be known. */
const USUAL_DAYS = 7
const USUAL_KNOWN_MIN = 4

function minuteOf(text: string): number {
  const [hour = 0, minute = 0] = text.split(':').map(Number)
  return hour * 60 + minute
}

/** The middle one, or the mean of the two in the middle; of at least one. */
function medianOf(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

/** Reads slots from the books, each stretch once: made anew for every evaluation. */
export class SlotWindow {
  readonly #books: BooksView
  readonly #timeZone: string
  /** Begin of the slot that is not settled yet. */
  readonly #endMs: number
  readonly #wall = new Map<number, number>()

  constructor(books: BooksView, timeZone: string, nowMs: number) {
    this.#books = books
    this.#timeZone = timeZone
    this.#endMs = slotStart(nowMs - SETTLE_MS)
  }

  #between(meter: Meter, fromMs: number, toMs: number): KnownSlot[] {
    return this.#books
      .intervals(meter.id, meter.register, { fromMs, toMs })
      .flatMap((slot) =>
        slot.state === 'known' ? { slotMs: slot.slotMs, energy: toNumber(slot.energy) } : [],
      )
  }

  /** Minutes since midnight on the wall. */
  #minute(slotMs: number): number {
    const known = this.#wall.get(slotMs)
    if (known !== undefined) return known
    const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(slotMs).toZonedDateTimeISO(this.#timeZone)
    this.#wall.set(slotMs, hour * 60 + minute)
    return hour * 60 + minute
  }

  /** The newest `count` settled slots as far as they are known, in order. */
  last(meter: Meter, count: number): KnownSlot[] {
    return this.#between(meter, this.#endMs - count * SLOT_MS, this.#endMs)
  }

  /** True for a slot that begins within the hours; over midnight where they end before they begin. */
  isWithin(slotMs: number, { from, to }: Hours): boolean {
    const [at, begin, end] = [this.#minute(slotMs), minuteOf(from), minuteOf(to)]
    return begin < end ? at >= begin && at < end : at >= begin || at < end
  }

  /** Median energy of the slot at the same time on the wall of the days before; undefined where too few are known. */
  usual(meter: Meter, slotMs: number): number | undefined {
    const at = Temporal.Instant.fromEpochMilliseconds(slotMs).toZonedDateTimeISO(this.#timeZone)
    const before = Array.from(
      { length: USUAL_DAYS },
      (_, index) => at.subtract({ days: index + 1 }).epochMilliseconds,
    ).flatMap((atMs) => this.#between(meter, atMs, atMs + SLOT_MS))
    if (before.length < USUAL_KNOWN_MIN) return undefined
    return medianOf(before.map(({ energy }) => energy))
  }

  /** The last stretch of these hours that is over, if all of its slots are known; else undefined. */
  lastWhole(meter: Meter, hours: Hours): KnownSlot[] | undefined {
    const slots = [...this.#hoursBefore(hours)]
    if (slots.length === 0) return undefined
    const [first = 0] = slots
    const known = this.#between(meter, first, (slots.at(-1) ?? first) + SLOT_MS)
    return known.length === slots.length ? known : undefined
  }

  /** Slots of the newest stretch of the hours that lies in the settled time, in order. */
  #hoursBefore(hours: Hours): number[] {
    const fromMs = dayOf(this.#endMs, this.#timeZone).fromMs - 2 * DAY_MS
    const found: number[] = []
    let atMs = this.#endMs - SLOT_MS
    // A stretch that goes on is not over: back to its begin, or to where none is.
    while (atMs >= fromMs && this.isWithin(atMs, hours)) atMs -= SLOT_MS
    while (atMs >= fromMs && !this.isWithin(atMs, hours)) atMs -= SLOT_MS
    for (; atMs >= fromMs && this.isWithin(atMs, hours); atMs -= SLOT_MS) found.unshift(atMs)
    return found
  }
}
