import { add, type Amount } from './amount.ts'
import { SLOT_MS, type Period } from './grid.ts'
import { intervalMethods, isPartial, type Interval, type IntervalMethod } from './interval.ts'

/**
 * What a number of computed slots of one register add up to, exactly, and how they came about. Sums of any parts join
 * to the sum of the whole, in any order. Slots never computed are in none: what should be there is a matter of the
 * calendar and of the reader's clock.
 */
export interface EnergySum {
  /** Of the known slots; undefined where there is none, because nothing measured is not zero. */
  readonly energy: Amount | undefined
  readonly known: number
  readonly missing: number
  /** Known, but a stretch of the slot is not in its energy: an undecided one, or before the first or after the last reading. */
  readonly partial: number
  /** Slots, known or missing, with a stretch that waits for a person's decision. */
  readonly undecided: number
  readonly simulated: number
  readonly uncertain: number
  /** Time that lies between readings no further apart than the meter's expected gap. */
  readonly coveredMs: number
  readonly methods: Readonly<Partial<Record<IntervalMethod, MethodShare>>>
}

/** The known slots of one method. */
export interface MethodShare {
  readonly slots: number
  readonly energy: Amount
}

/** A sum with the moment at which its time begins: a slot's, or a day's of the park's calendar. */
export interface PlacedSum {
  readonly fromMs: number
  readonly sum: EnergySum
}

/** A sum with the time that it is of. */
export interface PeriodSum extends Period {
  readonly sum: EnergySum
}

export const NO_SLOTS: EnergySum = {
  energy: undefined,
  known: 0,
  missing: 0,
  partial: 0,
  undecided: 0,
  simulated: 0,
  uncertain: 0,
  coveredMs: 0,
  methods: {},
}

/** The sum that one slot is. */
export function sumOfSlot(interval: Interval): EnergySum {
  const undecided = interval.undecided.length > 0 ? 1 : 0
  if (interval.state === 'missing') return { ...NO_SLOTS, missing: 1, undecided }
  const { energy, method, coverage, simulated, uncertain } = interval
  return {
    energy,
    known: 1,
    missing: 0,
    partial: isPartial(interval) ? 1 : 0,
    undecided,
    simulated: simulated ? 1 : 0,
    uncertain: uncertain ? 1 : 0,
    // Whole milliseconds again: a share is their quotient, and sums of quotients depend on their order.
    coveredMs: Math.round(coverage * SLOT_MS),
    methods: { [method]: { slots: 1, energy } },
  }
}

function joinedEnergy(a: Amount | undefined, b: Amount | undefined): Amount | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return add(a, b)
}

function joinedMethods(a: EnergySum['methods'], b: EnergySum['methods']): EnergySum['methods'] {
  const all: Partial<Record<IntervalMethod, MethodShare>> = {}
  for (const method of intervalMethods) {
    const [one, other] = [a[method], b[method]]
    if (one === undefined || other === undefined) {
      const share = one ?? other
      if (share !== undefined) all[method] = share
    } else all[method] = { slots: one.slots + other.slots, energy: add(one.energy, other.energy) }
  }
  return all
}

/** Two sums as one. Throws `amount-overflow` where their resolutions leave no count that can be held exactly. */
function joined(a: EnergySum, b: EnergySum): EnergySum {
  return {
    energy: joinedEnergy(a.energy, b.energy),
    known: a.known + b.known,
    missing: a.missing + b.missing,
    partial: a.partial + b.partial,
    undecided: a.undecided + b.undecided,
    simulated: a.simulated + b.simulated,
    uncertain: a.uncertain + b.uncertain,
    coveredMs: a.coveredMs + b.coveredMs,
    methods: joinedMethods(a.methods, b.methods),
  }
}

/** Any number of sums as one; `NO_SLOTS` for none. Throws as `joined`. */
export function join(sums: Iterable<EnergySum>): EnergySum {
  let whole = NO_SLOTS
  for (const each of sums) whole = joined(whole, each)
  return whole
}
