import type { Amount } from './amount.ts'
import { SLOT_MS } from './grid.ts'
import type { MeterId } from './identity.ts'
import type { QuantityName } from './quantities.ts'

/**
 * Energy of one meter in one 15-minute slot: a pure function of its readings, its dated events and what persons entered.
 * A slot of which nothing is known is `missing` and has no energy; it is never zero.
 */
export type Interval = KnownInterval | MissingInterval

/** What every interval says of itself. */
export interface IntervalIdentity {
  readonly meter: MeterId
  readonly quantity: QuantityName
  /** Start of the slot, UTC milliseconds, a multiple of 15 minutes. */
  readonly slotMs: number
}

/**
 * How a value came about, from best to worst.
 * measured: a register read at the grid lines. interpolated: between two readings less than a slot apart.
 * integrated: summed up from readings of power, where there is no register. apportioned: shares of an advance over a
 * longer gap. estimated: by a named method. manual: typed in by a person.
 */
export const intervalMethods = [
  'measured',
  'interpolated',
  'integrated',
  'apportioned',
  'estimated',
  'manual',
] as const
export type IntervalMethod = (typeof intervalMethods)[number]

/** The worse of two methods. */
export function worseOf(a: IntervalMethod, b: IntervalMethod): IntervalMethod {
  return intervalMethods.indexOf(a) >= intervalMethods.indexOf(b) ? a : b
}

/**
 * A slot with energy. `basis` says what the energy rests on, and so where whoever opens the slot is led next: to
 * register readings, to readings of power, to other meters' slots, to what a person entered.
 */
export type KnownInterval =
  | RegisterInterval
  | PowerInterval
  | AdvanceInterval
  | FormulaInterval
  | ManualInterval
  | ProfileInterval
  | ProRataInterval

export const intervalBases = [
  'register',
  'power',
  'advances',
  'formula',
  'manual',
  'weekday-profile',
  'pro-rata',
] as const satisfies readonly KnownInterval['basis'][]

interface KnownFacts extends IntervalIdentity {
  readonly state: 'known'
  readonly energy: Amount
  readonly method: IntervalMethod
  /**
   * Share of the slot that lies between readings no further apart than the meter's expected gap, 0 to 1.
   * Undecided stretches are not in it, because they are not in `energy`; nor is what was estimated or entered.
   */
  readonly coverage: number
  /** True when a simulated reading took part. */
  readonly simulated: boolean
  /** True when an uncertain reading took part: the method says how the value came about, this how far to trust it. */
  readonly uncertain: boolean
  /** Stretches within the slot that are not in `energy`, because nobody has decided what happened. */
  readonly undecided: readonly UndecidedAdvance[]
}

/** The advance of a cumulative register. `method` is the worse of its two boundaries' methods. */
export interface RegisterInterval extends KnownFacts {
  readonly basis: 'register'
  /** First and last boundary; inside the slot where the meter's series starts, ends or is broken within it. */
  readonly opening: Boundary
  readonly closing: Boundary
}

/** Readings of power, integrated. What lies between samples too far apart is not in the energy. */
export interface PowerInterval extends KnownFacts {
  readonly basis: 'power'
  readonly power: QuantityName
  /** The first and the last reading that take part, at or beyond the slot's lines where there are such. */
  readonly first: PowerPoint
  readonly last: PowerPoint
  /** How many take part. */
  readonly samples: number
}

/** Readings that are advances themselves (pulses since the last telegram). */
export interface AdvanceInterval extends KnownFacts {
  readonly basis: 'advances'
  readonly first: AdvancePoint
  readonly last: AdvancePoint
  readonly samples: number
}

/** Other meters' slots of the same time by a formula; exactly these revisions of them. */
export interface FormulaInterval extends KnownFacts {
  readonly basis: 'formula'
  readonly formula: string
  readonly inputs: readonly FormulaInput[]
  /** True when a stretch of the slot is not in an input's energy. */
  readonly partial: boolean
}

/** A share of the energy that a person entered for a longer period. */
export interface ManualInterval extends KnownFacts {
  readonly basis: 'manual'
  /** Digest of the entry. */
  readonly entry: string
  readonly fromMs: number
  readonly toMs: number
  /** As entered. */
  readonly total: Amount
  /** What of it no measured slot of the period accounts for, and over how many slots that is shared out. */
  readonly shared: Amount
  readonly slots: number
}

/** The mean of the same weekday and hour of earlier weeks. */
export interface ProfileInterval extends KnownFacts {
  readonly basis: 'weekday-profile'
  /** Slots of the same meter, each with the revision that was used. */
  readonly sources: readonly SlotRevision[]
}

/** A share of the advance between the nearest known registers before and after. */
export interface ProRataInterval extends KnownFacts {
  readonly basis: 'pro-rata'
  readonly opening: RegisterPoint
  readonly closing: RegisterPoint
}

export interface SlotRevision {
  readonly slotMs: number
  readonly revision: number
}

/** A slot of another meter. `revision` is 0 where that slot was never computed. */
export interface FormulaInput {
  readonly meter: MeterId
  readonly quantity: QuantityName
  readonly revision: number
}

export type MissingInterval = MissingMeasurement | MissingInput

interface MissingFacts extends IntervalIdentity {
  readonly state: 'missing'
  readonly undecided: readonly UndecidedAdvance[]
}

interface MissingMeasurement extends MissingFacts {
  /** no-readings: nothing before or after. undecided: the register's course needs a person's decision. */
  readonly cause: 'no-readings' | 'undecided'
}

/** At least one of the inputs of a formula is missing. */
export interface MissingInput extends MissingFacts {
  readonly cause: 'input-missing'
  readonly formula: string
  readonly inputs: readonly FormulaInput[]
}

/** A power at a moment, in the canonical unit of its quantity. */
export interface PowerPoint {
  readonly atMs: number
  readonly value: number
}

/** An advance over (fromMs, atMs]. */
export interface AdvancePoint {
  readonly fromMs: number
  readonly atMs: number
  readonly advance: Amount
}

export const boundaryMethods = ['measured', 'interpolated', 'apportioned'] as const
export type BoundaryMethod = (typeof boundaryMethods)[number]

/** A register's value at a moment, and the two readings it rests on (the same one twice where it was read). */
export interface Boundary {
  readonly atMs: number
  readonly register: Amount
  readonly method: BoundaryMethod
  readonly before: RegisterPoint
  readonly after: RegisterPoint
}

export interface RegisterPoint {
  readonly atMs: number
  readonly register: Amount
}

/** Two neighbouring readings whose difference could not be explained. */
export interface UndecidedAdvance {
  readonly from: RegisterPoint
  readonly to: RegisterPoint
  readonly reason: 'register-decreased' | 'beyond-rating'
}

/** An interval as the books keep it: revision 1, 2, 3 … of the same slot; older revisions stay. */
export type RecordedInterval = Interval & { readonly revision: number }

/** True where a stretch of the slot is not in its energy: an undecided one, or one that nothing is known of. */
export function isPartial(interval: KnownInterval): boolean {
  if (interval.undecided.length > 0) return true
  const { basis, slotMs } = interval
  if (basis === 'register') return interval.opening.atMs > slotMs || interval.closing.atMs < slotMs + SLOT_MS
  if (basis === 'power' || basis === 'advances') return interval.coverage < 1
  return basis === 'formula' && interval.partial
}
