import { multiply, sum, toNumber, type Amount } from '#contract/amount.ts'
import { SLOT_MS, slotsBetween, type Period } from '#contract/grid.ts'
import type { AdvancePoint, Interval, UndecidedAdvance } from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import { isRegisterReading, type Reading, type RegisterReading } from '#contract/reading.ts'
import { factorsIn, isBeyondRating, rulesOf, type MeterFacts, type RegisterRules } from './advance.ts'
import { placesOf } from './boundary.ts'
import { ignoring } from './usable-series.ts'

/** Energy of meters whose reading is itself an advance: pulses, or energy, since the reading before it. */

interface Advance extends AdvancePoint {
  readonly reading: RegisterReading
  readonly isUndecided: UndecidedAdvance['reason'] | undefined
}

/**
 * The time that a reading speaks of ends with it, and begins with the one before it, but no longer ago than the meter's
 * expected gap: after a longer one, readings between were lost, and of their time nothing is known. What a person has put
 * aside as wrong counts for nothing, and its time is that of the next one.
 */
function advancesOf(
  readings: readonly Reading[],
  quantity: QuantityName,
  meter: MeterFacts,
  rules: RegisterRules,
): Advance[] {
  const isIgnored = ignoring(meter.events, quantity)
  const usable = readings
    .filter((reading) => isRegisterReading(reading))
    .filter(({ atMs }) => !isIgnored(atMs))
    .toSorted((a, b) => a.atMs - b.atMs)
    .filter(({ atMs }, index, all) => atMs !== all[index - 1]?.atMs)
  const places = placesOf(usable.map(({ atMs }) => atMs))
  return usable.map((reading, index) => {
    const atMs = places[index] ?? reading.atMs
    const before = places[index - 1] ?? -Infinity
    const fromMs = Math.max(before, atMs - meter.gapSeconds * 1_000)
    return {
      fromMs,
      atMs,
      advance: reading.value,
      reading,
      isUndecided: doubtOf(reading.value, { fromMs, toMs: atMs }, rules),
    }
  })
}

function doubtOf(advance: Amount, { fromMs, toMs }: Period, rules: RegisterRules): Advance['isUndecided'] {
  if (advance.count < 0) return 'register-decreased'
  if (rules.confirmedMs.some((atMs) => atMs > fromMs && atMs <= toMs)) return undefined
  const factor = Number(factorsIn({ fromMs, toMs }, rules).at(-1)?.factor ?? 1)
  const step = factor * toNumber({ count: 1, resolution: advance.resolution })
  return isBeyondRating(factor * toNumber(advance), toMs - fromMs, step, rules.ratingPerHour)
    ? 'beyond-rating'
    : undefined
}

/** The energy of an advance in a part of its time: whole counts, cut the same from both sides, each by the ratio of its time. */
function energyIn({ fromMs, atMs, advance }: Advance, slotMs: number, rules: RegisterRules): Amount[] {
  const upTo = (ms: number): bigint =>
    (BigInt(advance.count) * BigInt(Math.min(Math.max(ms, fromMs), atMs) - fromMs)) / BigInt(atMs - fromMs)
  const own = { fromMs: Math.max(slotMs, fromMs), toMs: Math.min(slotMs + SLOT_MS, atMs) }
  return factorsIn(own, rules).map((part) =>
    multiply(
      { count: Number(upTo(part.toMs) - upTo(part.fromMs)), resolution: advance.resolution },
      part.factor,
    ),
  )
}

const pointOf = ({ fromMs, atMs, advance }: Advance): AdvancePoint => ({ fromMs, atMs, advance })

const undecidedOf = (
  { fromMs, atMs, advance }: Advance,
  reason: UndecidedAdvance['reason'],
): UndecidedAdvance => ({
  from: { atMs: fromMs, register: { ...advance, count: 0 } },
  to: { atMs, register: advance },
  reason,
})

/**
 * Energy of every slot of a period. The energies of all slots add up to exactly the sum of all readings, each times the
 * ratio of its time, but for those that are undecided: below zero, or beyond what the rating allows.
 *
 * @param readings all in the period, and those around it as far away as twice the meter's expected gap
 */
export function energyFromAdvances(
  meter: MeterFacts,
  quantity: QuantityName,
  readings: readonly Reading[],
  period: Period,
): Interval[] {
  const rules = rulesOf(meter, quantity)
  const advances = advancesOf(readings, quantity, meter, rules)
  return [...slotsBetween(period.fromMs, period.toMs)].map((slotMs): Interval => {
    const endMs = slotMs + SLOT_MS
    const own = advances.filter(({ fromMs, atMs }) => atMs > slotMs && fromMs < endMs)
    const undecided = own.flatMap((each) =>
      each.isUndecided === undefined ? [] : [undecidedOf(each, each.isUndecided)],
    )
    const identity = { meter: meter.id, quantity, slotMs, undecided }
    const decided = own.filter(({ isUndecided }) => isUndecided === undefined)
    const energy = sum(decided.flatMap((each) => energyIn(each, slotMs, rules)))
    const [first, last] = [decided[0], decided.at(-1)]
    if (energy === undefined || first === undefined || last === undefined) {
      return { ...identity, state: 'missing', cause: undecided.length > 0 ? 'undecided' : 'no-readings' }
    }
    const coveredMs = decided.reduce(
      (covered, { fromMs, atMs }) => covered + Math.min(atMs, endMs) - Math.max(fromMs, slotMs),
      0,
    )
    const isCut = first.fromMs < slotMs || last.atMs > endMs
    const longestMs = Math.max(...decided.map(({ fromMs, atMs }) => atMs - fromMs))
    return {
      ...identity,
      state: 'known',
      basis: 'advances',
      energy,
      method: !isCut ? 'measured' : longestMs < SLOT_MS ? 'interpolated' : 'apportioned',
      coverage: coveredMs / SLOT_MS,
      simulated: decided.some(({ reading }) => reading.quality === 'simulated'),
      uncertain: decided.some(({ reading }) => reading.quality === 'uncertain'),
      first: pointOf(first),
      last: pointOf(last),
      samples: decided.length,
    }
  })
}
