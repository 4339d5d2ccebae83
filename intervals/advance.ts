import { add, compare, subtract, toNumber, type Amount } from '#contract/amount.ts'
import type { RegisterPoint, UndecidedAdvance } from '#contract/interval.ts'
import { eventMs, type Meter } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'

/** What must be known of a meter to read its register's course. */
export type MeterFacts = Pick<Meter, 'id' | 'ratingPerHour' | 'wrapsAt' | 'gapSeconds' | 'events'>

/** A replacement or reset: from this moment on the register counts from another value. */
interface DatedChange {
  readonly atMs: number
  readonly final: Amount
  readonly initial: Amount
}

/** How one register of one meter is to be read. Made once per series, because dates are parsed here. */
export interface RegisterRules {
  /** In order of time. */
  readonly changes: readonly DatedChange[]
  readonly wrapsAt: Amount | undefined
  readonly ratingPerHour: number
}

export function rulesOf(meter: MeterFacts, quantity: QuantityName): RegisterRules {
  return {
    changes: meter.events
      .filter((event) => event.quantity === quantity)
      .map((event) => ({ atMs: eventMs(event), final: event.final, initial: event.initial }))
      .toSorted((a, b) => a.atMs - b.atMs),
    wrapsAt: meter.wrapsAt,
    ratingPerHour: meter.ratingPerHour,
  }
}

/** A course without an event in it: between two readings, or between a reading and a dated event. */
export interface Step {
  readonly from: RegisterPoint
  readonly to: RegisterPoint
  /** Never negative. */
  readonly advance: Amount
  /** Where the register started again from zero on the way; undefined when it did not. */
  readonly wrappedAt: Amount | undefined
}

/** How far a register went between two neighbouring readings, exact. */
export interface DecidedAdvance {
  readonly kind: 'normal' | 'rollover' | 'event'
  /** In order of time; more than one where events lie between the readings. */
  readonly steps: readonly Step[]
  readonly total: Amount
}

export type Advance =
  | DecidedAdvance
  | { readonly kind: 'undecided'; readonly reason: UndecidedAdvance['reason'] }

/** Ratings are nominal: meters and loads run above them for a while, and clocks are not exact. */
const RATING_MARGIN = 1.5

/** Registers move in steps, and meters refresh them in bursts: this many steps are possible in any time. */
const STEPS_ALWAYS_POSSIBLE = 3

/** A register that its meter refreshes only once a minute shows a minute's advance between two polls a second apart. */
const REFRESH_MS = 60_000

/** IEEE 754 single precision has a 24-bit significand: a float register of 2²⁰ kWh moves in steps of 0.125 kWh. */
const FLOAT_STEP = 2 ** -23

const HOUR_MS = 3_600_000

/** A judgement, not a sum: floating point is good enough, and the advance itself stays exact. */
function isBeyondRating(
  total: Amount,
  from: RegisterPoint,
  to: RegisterPoint,
  rules: RegisterRules,
): boolean {
  const elapsedMs = Math.max(to.atMs - from.atMs, REFRESH_MS)
  const possible = (RATING_MARGIN * rules.ratingPerHour * elapsedMs) / HOUR_MS
  const step = Math.max(
    ...[from, to].flatMap(({ register }) => [
      toNumber({ count: 1, resolution: register.resolution }),
      toNumber(register) * FLOAT_STEP,
    ]),
  )
  return toNumber(total) > Math.max(possible, STEPS_ALWAYS_POSSIBLE * step)
}

/**
 * The course without an event from one value to the next; undefined when the register fell and that was no rollover.
 * A fall counts as a rollover only when less than half of the register's range explains it: a longer way round looks
 * the same as a reset, and inventing half a register of energy is worse than asking.
 */
function stepOf(from: RegisterPoint, to: RegisterPoint, wrapsAt: Amount | undefined): Step | undefined {
  const difference = subtract(to.register, from.register)
  if (difference.count >= 0) return { from, to, advance: difference, wrappedAt: undefined }
  if (wrapsAt === undefined || compare(from.register, wrapsAt) >= 0) return undefined
  const advance = add(difference, wrapsAt)
  if (compare(add(advance, advance), wrapsAt) >= 0) return undefined
  return { from, to, advance, wrappedAt: wrapsAt }
}

/**
 * The advance of a register between two neighbouring readings (from.atMs < to.atMs), or why it is undecided.
 * An event is between them when from.atMs < event ≤ to.atMs: a reading at the event's moment is of the new course.
 * Throws `amount-overflow` where the two resolutions leave no count that can be held exactly.
 */
export function advanceOf(from: RegisterPoint, to: RegisterPoint, rules: RegisterRules): Advance {
  const changes = rules.changes.filter(({ atMs }) => atMs > from.atMs && atMs <= to.atMs)
  const steps: Step[] = []
  let start = from
  for (const { atMs, final, initial } of changes) {
    const step = stepOf(start, { atMs, register: final }, rules.wrapsAt)
    if (step === undefined) return { kind: 'undecided', reason: 'register-decreased' }
    steps.push(step)
    start = { atMs, register: initial }
  }
  const last = stepOf(start, to, rules.wrapsAt)
  if (last === undefined) return { kind: 'undecided', reason: 'register-decreased' }
  const total = steps.reduce((advance, step) => add(advance, step.advance), last.advance)
  steps.push(last)
  const wrapped = steps.some(({ wrappedAt }) => wrappedAt !== undefined)
  if (isBeyondRating(total, from, to, rules)) {
    // A fall whose wrapped advance is impossible was no rollover.
    return { kind: 'undecided', reason: wrapped ? 'register-decreased' : 'beyond-rating' }
  }
  return { kind: changes.length > 0 ? 'event' : wrapped ? 'rollover' : 'normal', steps, total }
}
