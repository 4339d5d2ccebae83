import { sum, toDecimal, type Amount } from '#contract/amount.ts'
import type { Clock } from '#contract/clock.ts'
import { dayOf, isSettled, SLOT_MS, slotsBetween, slotStart, type Period } from '#contract/grid.ts'
import { Fault } from '#contract/fault.ts'
import { isPartial as hasPartMissing, type RecordedInterval } from '#contract/interval.ts'
import type { MeterId } from '#contract/identity.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { Unit } from '#contract/units.ts'
import type { EnergyTotal } from './api/shapes.ts'
import type { BooksView } from './sources.ts'

/** The energy of a stretch of slots, with what is not in it. `amount` undefined: nothing is known. */
export interface SlotEnergy {
  readonly amount: Amount | undefined
  readonly unit: Unit
  readonly simulated: boolean
  readonly expected: number
  readonly known: number
  readonly partial: number
  readonly missing: number
  readonly pending: number
}

/** The slots of a period that a meter should have by now: those that have begun, from its installation on. */
export function expectedSlots(meter: Meter, period: Period, nowMs: number): number[] {
  const fromMs = Math.max(period.fromMs, slotStart(meter.installedMs))
  return [...slotsBetween(fromMs, Math.min(period.toMs, nowMs))]
}

/** How many they are. */
export function expectedCount(meter: Meter, period: Period, nowMs: number): number {
  const fromMs = slotStart(Math.max(period.fromMs, meter.installedMs))
  return Math.max(0, Math.ceil((Math.min(period.toMs, nowMs) - fromMs) / SLOT_MS))
}

/** True where a part of a slot is missing that will not come by itself. */
export function isPartial(interval: RecordedInterval, nowMs: number): boolean {
  if (interval.state !== 'known' || !hasPartMissing(interval)) return false
  // The rest of a slot under way is still to come, but for what is open already.
  const isOpenAlready =
    interval.undecided.length > 0 ||
    (interval.basis === 'register' && interval.opening.atMs > interval.slotMs)
  return isOpenAlready || isSettled(interval.slotMs, nowMs)
}

/** The register that is asked for: that of the meter, or another one. Throws `request-invalid` for what is of the moment. */
export function registerAsked(meter: Meter, quantity: QuantityName = meter.register): QuantityName {
  if (quantityOf(quantity).kind !== 'cumulative')
    throw new Fault('request-invalid', `${quantity} is not summed: it is of the moment.`)
  return quantity
}

/** Adds up a meter's slots, exactly, and counts what is missing among those that are expected. */
export function energyOfSlots(
  meter: Meter,
  recorded: readonly RecordedInterval[],
  period: Period,
  nowMs: number,
  quantity = meter.register,
): SlotEnergy {
  const bySlot = new Map(recorded.map((interval) => [interval.slotMs, interval]))
  const expected = expectedSlots(meter, period, nowMs)
  const found = expected.map((slotMs) => bySlot.get(slotMs))
  const known = found.flatMap((interval) => (interval?.state === 'known' ? [interval] : []))
  const pending = expected.filter(
    (slotMs) => bySlot.get(slotMs)?.state !== 'known' && !isSettled(slotMs, nowMs),
  ).length
  return {
    amount: sum(known.map((interval) => interval.energy)),
    unit: quantityOf(quantity).unit,
    simulated: known.some((interval) => interval.simulated),
    expected: expected.length,
    known: known.length,
    partial: known.filter((interval) => isPartial(interval, nowMs)).length,
    missing: expected.length - known.length - pending,
    pending,
  }
}

/** The sum over meters of one unit. Slots are counted meter by meter. */
export function energyOfMeters(unit: Unit, each: readonly SlotEnergy[]): SlotEnergy {
  const count = (of: 'expected' | 'known' | 'partial' | 'missing' | 'pending'): number =>
    each.reduce((total, energy) => total + energy[of], 0)
  return {
    amount: sum(each.flatMap((energy) => energy.amount ?? [])),
    unit,
    simulated: each.some((energy) => energy.simulated),
    expected: count('expected'),
    known: count('known'),
    partial: count('partial'),
    missing: count('missing'),
    pending: count('pending'),
  }
}

/** As it is published: an exact decimal text, null where nothing is known. */
export function energyTotalOf(energy: SlotEnergy): EnergyTotal {
  const { amount, ...counts } = energy
  return {
    ...counts,
    total: amount === undefined ? null : toDecimal(amount),
    complete: energy.known > 0 && energy.missing === 0 && energy.partial === 0,
  }
}

/** How old a meter's energy of today may be before it is read from the books again. */
const REFRESH_MS = 5_000
/** Meters read again in one go, so that a large park never holds up the process for long. */
const METERS_PER_REFRESH = 25

interface Kept {
  readonly readAtMs: number
  readonly energy: SlotEnergy
}

/** Today's energy per meter, read from the books and kept for some seconds. */
export class EnergyToday {
  readonly #park: Park
  readonly #books: BooksView
  readonly #clock: Clock
  readonly #kept = new Map<MeterId, Kept>()
  #day: Period = { fromMs: 0, toMs: 0 }

  constructor(park: Park, books: BooksView, clock: Clock) {
    this.#park = park
    this.#books = books
    this.#clock = clock
  }

  /** Reads the entries that have grown old again, oldest first; all of them on a new day. */
  refresh(): void {
    const nowMs = this.#clock.wallMs()
    const atMs = this.#clock.monotonicMs()
    if (nowMs < this.#day.fromMs || nowMs >= this.#day.toMs) {
      this.#day = dayOf(nowMs, this.#park.description.timeZone)
      this.#kept.clear()
    }
    const due = [...this.#kept]
      .filter(([, kept]) => atMs - kept.readAtMs >= REFRESH_MS)
      .toSorted(([, a], [, b]) => a.readAtMs - b.readAtMs)
    for (const [id] of due.slice(0, METERS_PER_REFRESH)) this.#kept.delete(id)
  }

  of(meter: Meter): SlotEnergy {
    const kept = this.#kept.get(meter.id)
    if (kept !== undefined) return kept.energy
    const recorded = this.#books.intervals(meter.id, meter.register, this.#day)
    const energy = energyOfSlots(meter, recorded, this.#day, this.#clock.wallMs())
    this.#kept.set(meter.id, { readAtMs: this.#clock.monotonicMs(), energy })
    return energy
  }
}
