import { add, compare, multiply, subtract, toNumber, type Amount, type Resolution } from '#contract/amount.ts'
import { HOUR_MS } from '#contract/duration.ts'
import type { Period } from '#contract/grid.ts'
import type { RegisterPoint, UndecidedAdvance } from '#contract/interval.ts'
import { eventMs, type Meter } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'

/** What must be known of a meter to read its register's course. */
export type MeterFacts = Pick<Meter, 'id' | 'ratingPerHour' | 'wrapsAt' | 'gapSeconds' | 'events'>

/** From this moment on the register counts from another value, or counts something else. */
interface DatedChange {
  readonly atMs: number
  readonly final: Amount
  readonly initial: Amount
  /** Energy = advance of the register × factor, on the course that begins here. */
  readonly factorAfter: Resolution
}

/** How one register of one meter is to be read. Made once per series, because dates are parsed here. */
export interface RegisterRules {
  /** In order of time. */
  readonly changes: readonly DatedChange[]
  /** Moments in whose stretch the register started again, because a person says so. */
  readonly rollovers: readonly { readonly atMs: number; readonly wrapsAt: Amount }[]
  /** Moments in whose stretch the register rose as it says, because a person says so. */
  readonly confirmedMs: readonly number[]
  /** True where nothing ever happened to the register: its advance is its energy. */
  readonly isPlain: boolean
  /** The factor of the time before the first change; '1' where no ratio event says otherwise. */
  readonly firstFactor: Resolution
  readonly wrapsAt: Amount | undefined
  readonly ratingPerHour: number
}

/**
 * A ratio event rules the time after it, and the first one the time before it as well. Where two of them contradict
 * each other over the time between, the earlier one holds: `tanbiao check` says so.
 */
export function rulesOf(meter: MeterFacts, quantity: QuantityName): RegisterRules {
  const events = meter.events
    .filter((event) => event.quantity === quantity)
    .toSorted((a, b) => eventMs(a) - eventMs(b))
  const firstFactor = events.find((event) => event.kind === 'ratio')?.before ?? '1'
  let factor = firstFactor
  const changes: DatedChange[] = []
  const rollovers: { atMs: number; wrapsAt: Amount }[] = []
  const confirmedMs: number[] = []
  for (const event of events) {
    const atMs = eventMs(event)
    if (event.kind === 'rollover') rollovers.push({ atMs, wrapsAt: event.wrapsAt })
    else if (event.kind === 'confirmed') confirmedMs.push(atMs)
    else if (event.kind !== 'ignored') {
      if (event.kind === 'ratio') factor = event.after
      changes.push({ atMs, final: event.final, initial: event.initial, factorAfter: factor })
    }
  }
  return {
    changes,
    rollovers,
    confirmedMs,
    isPlain: changes.length === 0 && rollovers.length === 0,
    firstFactor,
    wrapsAt: meter.wrapsAt,
    ratingPerHour: meter.ratingPerHour,
  }
}

/** The parts of a time, in order, each with what a unit of the register stands for in it. */
export function factorsIn(
  { fromMs, toMs }: Period,
  { changes, firstFactor }: Pick<RegisterRules, 'changes' | 'firstFactor'>,
): (Period & { readonly factor: Resolution })[] {
  const parts: (Period & { readonly factor: Resolution })[] = []
  let startMs = fromMs
  let factor = firstFactor
  for (const { atMs, factorAfter } of changes) {
    if (atMs >= toMs) break
    if (atMs > startMs && factorAfter !== factor) {
      parts.push({ fromMs: startMs, toMs: atMs, factor })
      startMs = atMs
    }
    factor = factorAfter
  }
  return [...parts, { fromMs: startMs, toMs, factor }]
}

/** A course without an event in it: between two readings, or between a reading and a dated event. */
export interface Step {
  readonly from: RegisterPoint
  readonly to: RegisterPoint
  /** Of the register; never negative. */
  readonly advance: Amount
  /** Energy = advance × factor. */
  readonly factor: Resolution
  /** Where the register started again from zero on the way; undefined when it did not. */
  readonly wrappedAt: Amount | undefined
}

/** How far a register went between two neighbouring readings, and what energy that is, exact. */
export interface DecidedAdvance {
  readonly kind: 'normal' | 'rollover' | 'event'
  /** In order of time; more than one where events lie between the readings. */
  readonly steps: readonly Step[]
  /** Energy of all steps. */
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

/** True for more in this time than the rating allows. A judgement, not a sum: floating point is good enough. */
export function isBeyondRating(
  total: number,
  lengthMs: number,
  registerStep: number,
  ratingPerHour: number,
): boolean {
  const possible = (RATING_MARGIN * ratingPerHour * Math.max(lengthMs, REFRESH_MS)) / HOUR_MS
  return total > Math.max(possible, STEPS_ALWAYS_POSSIBLE * registerStep)
}

function areBeyondRating(total: Amount, steps: readonly Step[], ratingPerHour: number): boolean {
  const fromMs = steps[0]?.from.atMs ?? 0
  const toMs = steps.at(-1)?.to.atMs ?? fromMs
  const registerStep = Math.max(
    ...steps.flatMap(({ from, to, factor }) =>
      [from, to].map(
        ({ register }) =>
          Math.max(toNumber({ count: 1, resolution: register.resolution }), toNumber(register) * FLOAT_STEP) *
          Number(factor),
      ),
    ),
  )
  return isBeyondRating(toNumber(total), toMs - fromMs, registerStep, ratingPerHour)
}

/**
 * The course without an event from one value to the next; undefined when the register fell and that was no rollover.
 * A fall counts as a rollover only when less than half of the register's range explains it: a longer way round looks
 * the same as a reset, and inventing half a register of energy is worse than asking. Where a person says that it was a
 * rollover, at `decided`, nothing is weighed.
 */
function stepOf(
  from: RegisterPoint,
  to: RegisterPoint,
  factor: Resolution,
  wrapsAt: Amount | undefined,
  decided: Amount | undefined,
): Step | undefined {
  const difference = subtract(to.register, from.register)
  if (decided !== undefined) {
    const advance = add(difference, decided)
    return advance.count < 0 ? undefined : { from, to, advance, factor, wrappedAt: decided }
  }
  if (difference.count >= 0) return { from, to, advance: difference, factor, wrappedAt: undefined }
  if (wrapsAt === undefined || compare(from.register, wrapsAt) >= 0) return undefined
  const advance = add(difference, wrapsAt)
  if (compare(add(advance, advance), wrapsAt) >= 0) return undefined
  return { from, to, advance, factor, wrappedAt: wrapsAt }
}

/**
 * The advance of a register between two neighbouring readings (from.atMs < to.atMs), or why it is undecided.
 * An event is between them when from.atMs < event ≤ to.atMs: a reading at the event's moment is of the new course.
 * Throws `amount-overflow` where the two resolutions leave no count that can be held exactly.
 */
export function advanceOf(from: RegisterPoint, to: RegisterPoint, rules: RegisterRules): Advance {
  const earlier = rules.changes.findLast(({ atMs }) => atMs <= from.atMs)
  const changes = rules.changes.filter(({ atMs }) => atMs > from.atMs && atMs <= to.atMs)
  const steps: Step[] = []
  let isDecided = false
  let start = from
  let factor = earlier?.factorAfter ?? rules.firstFactor
  const goTo = (end: RegisterPoint): boolean => {
    const isOnTheWay = (atMs: number): boolean => atMs > start.atMs && atMs <= end.atMs
    const rollover = rules.rollovers.find(({ atMs }) => isOnTheWay(atMs))
    isDecided ||= rollover !== undefined || rules.confirmedMs.some((atMs) => isOnTheWay(atMs))
    const step = stepOf(start, end, factor, rules.wrapsAt, rollover?.wrapsAt)
    if (step !== undefined) steps.push(step)
    return step !== undefined
  }
  for (const { atMs, final, initial, factorAfter } of changes) {
    if (!goTo({ atMs, register: final })) return { kind: 'undecided', reason: 'register-decreased' }
    start = { atMs, register: initial }
    factor = factorAfter
  }
  if (!goTo(to)) return { kind: 'undecided', reason: 'register-decreased' }
  const energies = steps.map((step) => multiply(step.advance, step.factor))
  const total = energies.reduce((energy, each) => add(energy, each))
  const wrapped = steps.some(({ wrappedAt }) => wrappedAt !== undefined)
  if (!isDecided && areBeyondRating(total, steps, rules.ratingPerHour)) {
    // A fall whose wrapped advance is impossible was no rollover.
    return { kind: 'undecided', reason: wrapped ? 'register-decreased' : 'beyond-rating' }
  }
  return { kind: changes.length > 0 ? 'event' : wrapped ? 'rollover' : 'normal', steps, total }
}

/**
 * The advance where nothing has to be weighed: no event, no fall, one resolution, within the rating. undefined says nothing;
 * then `advanceOf` is asked. A year of a park is 35 million of these, and big integers take ten times as long.
 *
 * @param stepValue of the resolution as a number
 */
export function plainAdvance(
  from: Amount,
  to: Amount,
  lengthMs: number,
  rules: RegisterRules,
  stepValue: number,
): number | undefined {
  const count = to.count - from.count
  if (!rules.isPlain || from.resolution !== to.resolution || count < 0 || !Number.isSafeInteger(count))
    return undefined
  return isBeyondRating(count * stepValue, lengthMs, 0, rules.ratingPerHour) ? undefined : count
}
