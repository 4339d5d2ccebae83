import { compare, DECIMALS_MAX, multiplyResolution, subtract, sum, type Amount } from '#contract/amount.ts'
import { SLOT_MS, slotsBetween, type Period } from '#contract/grid.ts'
import type { Interval, ManualInterval } from '#contract/interval.ts'
import type { RecordedEntry } from '#contract/meter-entry.ts'
import type { QuantityName } from '#contract/quantities.ts'

/** Energy that persons enter for a period, and what of it goes into which slots. */

/** An entry of energy that stands. */
export interface EnteredEnergy extends Period {
  readonly digest: string
  readonly energy: Amount
}

/** Those of a register, in the order in which they were entered. */
export function enteredEnergies(entries: readonly RecordedEntry[], quantity: QuantityName): EnteredEnergy[] {
  return entries.flatMap(({ digest, entry, isWithdrawn }) =>
    entry.kind === 'energy' && entry.quantity === quantity && !isWithdrawn
      ? [{ digest, fromMs: entry.fromMs, toMs: entry.toMs, energy: entry.energy }]
      : [],
  )
}

/** Shares of a bill in whole kWh over 3,000 slots would be zeros and ones: they are cut finer, exactly. */
function finer(value: Amount): Amount {
  const decimals = value.resolution.split('.')[1]?.length ?? 0
  if (decimals + 3 > DECIMALS_MAX || !Number.isSafeInteger(value.count * 1_000)) return value
  return { count: value.count * 1_000, resolution: multiplyResolution(value.resolution, '0.001') }
}

/** What is left of an entered energy beyond what the period's slots know, and how many slots of it are missing. */
export interface Remainder {
  readonly rest: Amount
  readonly missing: readonly number[]
}

/** @param slotAt every slot of the entry's period */
export function remainderOf(
  entered: EnteredEnergy,
  slotAt: (slotMs: number) => Interval | undefined,
): Remainder {
  const missing: number[] = []
  const known: Amount[] = []
  for (const slotMs of slotsBetween(entered.fromMs, entered.toMs)) {
    const interval = slotAt(slotMs)
    if (interval?.state === 'known') known.push(interval.energy)
    else missing.push(slotMs)
  }
  const measured = sum(known)
  return { rest: measured === undefined ? entered.energy : subtract(entered.energy, measured), missing }
}

/**
 * Fills missing slots with what persons entered: of an entry's energy what no known slot of its period accounts for, in
 * equal shares, exact to the last count. Known slots stay as they are; where they account for more than was entered,
 * or for another amount and no slot is missing, the entry fills nothing and its difference is reported (`remainderOf`).
 *
 * @param base all slots of the periods of the entries, in order of time
 */
export function withEnteredEnergy(base: readonly Interval[], entered: readonly EnteredEnergy[]): Interval[] {
  const bySlot = new Map(base.map((interval) => [interval.slotMs, interval]))
  for (const entry of entered) {
    const { rest, missing } = remainderOf(entry, (slotMs) => bySlot.get(slotMs))
    if (missing.length === 0 || compare(rest, { count: 0, resolution: rest.resolution }) < 0) continue
    const shared = finer(rest)
    const upTo = (slots: number): bigint => (BigInt(shared.count) * BigInt(slots)) / BigInt(missing.length)
    for (const [index, slotMs] of missing.entries()) {
      const slot = bySlot.get(slotMs)
      if (slot === undefined) continue
      const filled: ManualInterval = {
        meter: slot.meter,
        quantity: slot.quantity,
        slotMs,
        state: 'known',
        basis: 'manual',
        energy: { count: Number(upTo(index + 1) - upTo(index)), resolution: shared.resolution },
        method: 'manual',
        coverage: 0,
        simulated: false,
        uncertain: false,
        undecided: [],
        entry: entry.digest,
        fromMs: entry.fromMs,
        toMs: entry.toMs,
        total: entry.energy,
        shared: rest,
        slots: missing.length,
      }
      bySlot.set(slotMs, filled)
    }
  }
  return base.map((interval) => bySlot.get(interval.slotMs) ?? interval)
}

/** A period widened by the entries that reach into it, and by those that reach into these. */
export function widenedBy(period: Period, entered: readonly EnteredEnergy[]): Period {
  let { fromMs, toMs } = period
  for (let again = true; again;) {
    const reaching = entered.filter((entry) => entry.fromMs < toMs && entry.toMs > fromMs)
    const wider = {
      fromMs: Math.min(fromMs, ...reaching.map((entry) => entry.fromMs)),
      toMs: Math.max(toMs, ...reaching.map((entry) => entry.toMs)),
    }
    again = wider.fromMs < fromMs || wider.toMs > toMs
    ;({ fromMs, toMs } = wider)
  }
  return { fromMs: fromMs - (fromMs % SLOT_MS), toMs }
}
