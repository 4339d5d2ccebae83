import type { MeterEvidence } from '#contract/entry.ts'
import type { Period } from '#contract/grid.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { Interval } from '#contract/interval.ts'
import type { Books, LateAfterLock, RevisionRun, SlotProof } from '#store/port.ts'
import type { MeasuredTerm } from './accounting-plan.ts'
import { decimal, ofAmount, textOf, type Decimal } from './decimal.ts'
import { expectedSlots } from './measured-energy.ts'
import type { UncertaintyAssumptions } from './uncertainty.ts'

/** What meters measured in a month, with the interval revisions that it is the sum of. */

/** The energy of a register in a period, its slots, and nothing of what it is used for. */
export type MeterMonth = Omit<MeterEvidence, 'share' | 'accuracy'>

const ZERO = decimal('0')
const decimalOf = (amount: NonNullable<SlotProof['energy']>): string => textOf(ofAmount(amount))

/**
 * What a meter measured in a period. `runs` names revisions that are read again; the newest ones where it is not given.
 */
export function meterMonth(
  books: Pick<Books, 'slotProof'>,
  meter: Meter,
  quantity: QuantityName,
  period: Period,
  nowMs: number,
  runs?: readonly RevisionRun[],
): MeterMonth {
  const proof = books.slotProof(meter.id, quantity, period, runs)
  const expected = Math.max(expectedSlots(meter, period, nowMs), proof.known)
  return {
    meter: meter.id,
    quantity,
    unit: quantityOf(quantity).unit,
    ...(proof.energy === undefined ? {} : { energy: decimalOf(proof.energy) }),
    fromMs: period.fromMs,
    toMs: period.toMs,
    slots: {
      expected,
      known: proof.known,
      missing: expected - proof.known,
      undecided: proof.undecided,
    },
    byMethod: Object.fromEntries(proof.byMethod.map(({ method, energy }) => [method, decimalOf(energy)])),
    runs: proof.runs.map(([fromMs, slots, revision]) => [fromMs, slots, revision]),
    digest: proof.digest,
  }
}

/**
 * The same with what came late to its locked slots in the place of what is kept. It says what the month would come to,
 * and is no evidence: its revisions are those that are kept.
 */
export function withLate(month: MeterMonth, late: readonly LateAfterLock[]): MeterMonth {
  const sums = new Map<string, Decimal>(
    Object.entries(month.byMethod).map(([method, energy]) => [method, decimal(energy)]),
  )
  let energy = month.energy === undefined ? undefined : decimal(month.energy)
  let { known } = month.slots
  const add = (interval: Interval | undefined, sign: 1 | -1): void => {
    if (interval?.state !== 'known') return
    const signed = ofAmount(interval.energy).times(sign)
    sums.set(interval.method, (sums.get(interval.method) ?? ZERO).plus(signed))
    energy = (energy ?? ZERO).plus(signed)
    known += sign
  }
  for (const { kept, computed } of late) {
    add(kept, -1)
    add(computed, 1)
  }
  const expected = Math.max(month.slots.expected, known)
  const { energy: _, ...rest } = month
  return {
    ...rest,
    ...(energy === undefined || known === 0 ? {} : { energy: textOf(energy) }),
    byMethod: Object.fromEntries([...sums].map(([method, sum]) => [method, textOf(sum)])),
    slots: { ...month.slots, expected, known, missing: expected - known },
  }
}

/** Register of a term: that of its meter unless it names another. Undefined where the park has no such meter. */
export function registerOf(
  term: MeasuredTerm,
  park: Park,
): { readonly meter: Meter; readonly quantity: QuantityName } | undefined {
  const meter = park.meters.get(term.meter)
  return meter === undefined ? undefined : { meter, quantity: term.quantity ?? meter.register }
}

/** A meter's month as part of a source: with its share, and how accurate the meter is taken to be. */
export function evidenceOf(
  { byMethod, digest, energy, fromMs, meter: id, quantity, runs, slots, toMs, unit }: MeterMonth,
  { share }: MeasuredTerm,
  meter: Meter,
  assumptions: UncertaintyAssumptions,
): MeterEvidence {
  const assumed = assumptions.meters[meter.carrier]
  const percent =
    meter.accuracyPercent === undefined ? (assumed?.percent ?? '100') : String(meter.accuracyPercent)
  // In the order of canonical texts, which need not sort them then.
  return {
    accuracy: { assumed: meter.accuracyPercent === undefined, percent },
    byMethod,
    digest,
    ...(energy === undefined ? {} : { energy }),
    fromMs,
    meter: id,
    quantity,
    runs,
    share,
    slots,
    toMs,
    unit,
  }
}
