import type { Amount } from './amount.ts'
import type { MeterId } from './identity.ts'
import type { QuantityName } from './quantities.ts'

/**
 * Energy of one meter in one 15-minute slot: a pure function of its readings and dated events.
 * A slot of which nothing is known is `missing` and has no energy; it is never zero.
 */
export type Interval = KnownInterval | MissingInterval

interface IntervalIdentity {
  readonly meter: MeterId
  readonly quantity: QuantityName
  /** Start of the slot, UTC milliseconds, a multiple of 15 minutes. */
  readonly slotMs: number
}

/**
 * How a value came about, from best to worst.
 * measured: read at the grid line. interpolated: between two readings less than a slot apart.
 * apportioned: shares of an advance over a longer gap. estimated: by a named method. manual: typed in by a person.
 */
export const intervalMethods = ['measured', 'interpolated', 'apportioned', 'estimated', 'manual'] as const
export type IntervalMethod = (typeof intervalMethods)[number]

export interface KnownInterval extends IntervalIdentity {
  readonly state: 'known'
  readonly energy: Amount
  /** The worse of its two boundaries' methods. */
  readonly method: IntervalMethod
  /**
   * Share of the slot that lies between readings no further apart than the meter's expected gap, 0 to 1.
   * Undecided stretches are not in it, because they are not in `energy`.
   */
  readonly coverage: number
  /** First and last boundary; inside the slot where the meter's series starts, ends or is broken within it. */
  readonly opening: Boundary
  readonly closing: Boundary
  /** True when a simulated reading took part. */
  readonly simulated: boolean
  /** True when an uncertain reading took part: the method says how the value came about, this how far to trust it. */
  readonly uncertain: boolean
  /** Stretches within the slot that are not in `energy`, because nobody has decided what happened. */
  readonly undecided: readonly UndecidedAdvance[]
}

export interface MissingInterval extends IntervalIdentity {
  readonly state: 'missing'
  /** no-readings: nothing before or after. undecided: the register's course needs a person's decision. */
  readonly cause: 'no-readings' | 'undecided'
  readonly undecided: readonly UndecidedAdvance[]
}

/** A register's value at a moment, and the two readings it rests on (the same one twice where it was read). */
export interface Boundary {
  readonly atMs: number
  readonly register: Amount
  readonly method: Extract<IntervalMethod, 'measured' | 'interpolated' | 'apportioned'>
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
