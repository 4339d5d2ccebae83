import type { FactorUse, MeterEvidence, Posting, RecordEvidence } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import type { EmissionSource } from './accounting-plan.ts'
import { decimal, quotient, textOf, type Decimal } from './decimal.ts'
import { electricityTonnes, fuelCombustionTonnes, heatTonnes, steamHeatGj } from './emissions.ts'
import { registerUnitFactor } from './record-unit.ts'
import { factorValue } from './source-factors.ts'
import { shareText, uncertaintyOf, type UncertaintyAssumptions } from './uncertainty.ts'

/** What the evidence and the factors of a posting come to: the one computation, for posting and for verifying. Pure. */

const ZERO = decimal('0')
const ONE = decimal('1')

/** The unit that a source's activity is stated in: what its factor is per. */
export function activityUnitOf(
  kind: EmissionSource['kind'],
  isSteam: boolean,
  factors: readonly FactorUse[],
): string {
  const unitOf = (what: FactorUse['what'], prefix: string): string =>
    (factors.find((each) => each.what === what)?.unit ?? '').replace(prefix, '')
  switch (kind) {
    case 'electricity-purchased':
    case 'electricity-sold':
      return 'kWh'
    case 'heat-purchased':
    case 'heat-sold':
      return isSteam ? 't' : 'GJ'
    case 'fuel':
      return unitOf('ncv', 'GJ/')
    case 'process':
    case 'biomass':
    case 'scope3':
      break
  }
  return unitOf('emission', 'tCO2/')
}

/** What one unit of a meter or record is in the unit of an activity. Throws `unit-mismatch`. */
function perUnit(from: string, to: string): Decimal {
  if (from === to) return ONE
  const factor = registerUnitFactor(from, to)
  if (factor === undefined)
    throw new Fault('unit-mismatch', `What is in ${from} cannot be an activity in ${to}.`)
  return factor
}

/** tCO2 of an amount by the factors used; the same function for the location's and the market's figure. */
function tonnesOf(formula: Posting['formula'], amount: Decimal, factors: readonly FactorUse[]): Decimal {
  switch (formula) {
    case 'fuel-combustion':
      return fuelCombustionTonnes(amount, {
        ncv: factorValue(factors, 'ncv'),
        carbon: factorValue(factors, 'carbon'),
        oxidation: factorValue(factors, 'oxidation'),
      })
    case 'electricity':
      return electricityTonnes(amount, ZERO, factorValue(factors, 'emission'))
    case 'heat':
      return heatTonnes(amount, ZERO, factorValue(factors, 'emission'))
    case 'steam':
      return heatTonnes(
        steamHeatGj(amount, factorValue(factors, 'enthalpy')),
        ZERO,
        factorValue(factors, 'emission'),
      )
    case 'activity':
      break
  }
  return amount.times(factorValue(factors, 'emission'))
}

/** An energy of a meter's evidence as its part of the activity. */
function partOfActivity(energy: string, share: string, perMeterUnit: Decimal): Decimal {
  const whole = decimal(energy)
  const shared = share === '1' ? whole : whole.times(decimal(share))
  return perMeterUnit === ONE ? shared : shared.times(perMeterUnit)
}

/** How the amount is known, as shares of its parts' sizes. */
function methodShares(
  meters: readonly MeterEvidence[],
  perMeterUnit: Decimal,
  recorded: Decimal,
): Posting['methods'] {
  const sizes = new Map<string, Decimal>()
  const add = (method: string, size: Decimal): unknown =>
    sizes.set(method, (sizes.get(method) ?? ZERO).plus(size.abs()))
  for (const { byMethod, share } of meters) {
    for (const [method, energy] of Object.entries(byMethod))
      add(method, partOfActivity(energy, share, perMeterUnit))
  }
  if (!recorded.eq(0)) add('recorded', recorded)
  let whole = ZERO
  for (const size of sizes.values()) whole = whole.plus(size)
  if (whole.eq(0)) return {}
  // Nearly every month is known in one way.
  const [only, another] = sizes.keys()
  if (only !== undefined && another === undefined) return { [only]: '1' }
  return Object.fromEntries(
    [...sizes].map(([method, size]) => [method, shareText(Number(quotient(size, whole).toString()))]),
  )
}

function completenessOf(meters: readonly MeterEvidence[]): string | undefined {
  const count = (of: 'expected' | 'known'): number => meters.reduce((sum, { slots }) => sum + slots[of], 0)
  const expected = count('expected')
  return expected === 0 ? undefined : shareText(count('known') / expected)
}

/** What the meters and records of a source add up to; undefined where a meter's term is not known at all. */
function amountOf(
  meters: readonly MeterEvidence[],
  records: readonly RecordEvidence[],
  perMeterUnit: Decimal,
  perRecordUnit: Decimal,
): { readonly amount: Decimal; readonly recorded: Decimal; readonly recordedParts: Decimal[] } | undefined {
  let [amount, recorded] = [ZERO, ZERO]
  const recordedParts: Decimal[] = []
  // A meter that was not there yet is no term of the sum.
  const terms = meters.filter(({ energy, slots }) => energy !== undefined || slots.expected > 0)
  for (const { energy, share } of terms) {
    // A sum with an unknown term is not known: without it, what is taken away would be missing and never seen.
    if (energy === undefined) return undefined
    amount = amount.plus(partOfActivity(energy, share, perMeterUnit))
  }
  for (const { use, amount: text } of records) {
    if (use !== 'activity' && use !== 'stock') continue
    const part = perRecordUnit === ONE ? decimal(text) : decimal(text).times(perRecordUnit)
    recorded = recorded.plus(part)
    if (!part.eq(0)) recordedParts.push(part)
  }
  return terms.length + records.length === 0
    ? undefined
    : { amount: amount.plus(recorded), recorded, recordedParts }
}

/** The part of a posting that follows from the rest of it. */
type Derived =
  | 'activity'
  | 'covered'
  | 'tCo2'
  | 'tCo2MarketBased'
  | 'completeness'
  | 'methods'
  | 'uncertainty'
type PostingResult = { readonly [K in Derived]: Posting[K] }
export type Ground = Omit<Posting, Derived> & {
  readonly factorPercent?: string | undefined
  readonly unit: string
}

/**
 * What a posting's evidence and factors come to: the one computation, for posting and for verifying. Its unit is that of
 * `ground.unit`; records are in the unit of account of their item.
 */
export function computed(
  ground: Ground,
  perRecordUnit: Decimal,
  assumptions: UncertaintyAssumptions,
): PostingResult {
  const { sourceKind, formula, factors, unit } = ground
  const { meters, records } = ground.evidence
  const perMeterUnit = perUnit(meters[0]?.unit ?? unit, unit)
  for (const each of meters) perUnit(each.unit, unit)
  const amounts = amountOf(meters, records, perMeterUnit, perRecordUnit)
  const contracts = records.filter(({ use }) => use === 'contract')
  const covered = contracts.reduce((sum, { amount }) => sum.plus(decimal(amount)), ZERO)
  const common = {
    completeness: completenessOf(meters),
    covered: contracts.length === 0 ? undefined : textOf(covered),
  }
  if (amounts === undefined) {
    const nothing = {
      activity: undefined,
      tCo2: undefined,
      tCo2MarketBased: undefined,
      uncertainty: undefined,
    }
    return { ...nothing, ...common, methods: {} }
  }
  const isSold = sourceKind === 'electricity-sold' || sourceKind === 'heat-sold'
  const signed = isSold ? amounts.amount.times(decimal('-1')) : amounts.amount
  const { factorPercent } = ground
  return {
    ...common,
    activity: { amount: textOf(signed), unit },
    tCo2: textOf(tonnesOf(formula, signed, factors)),
    tCo2MarketBased:
      formula === 'electricity'
        ? textOf(electricityTonnes(signed, covered, factorValue(factors, 'residual')))
        : undefined,
    methods: methodShares(meters, perMeterUnit, amounts.recorded),
    uncertainty: uncertaintyOf({ ...amounts, meters, perMeterUnit, factorPercent }, assumptions),
  }
}

/** The unit of a posting's activity, whether or not anything is known of it. */
export function unitOf({ activity, sourceKind, formula, factors }: Posting): string {
  return activity?.unit ?? activityUnitOf(sourceKind, formula === 'steam', factors)
}

/**
 * The same of a posting that was made: activity, tCO2, completeness, methods. Its uncertainty rests on assumptions that may
 * change, and is left out.
 */
export function resultOf(
  posting: Posting,
  assumptions: UncertaintyAssumptions,
): Omit<PostingResult, 'uncertainty'> {
  const unit = unitOf(posting)
  const { uncertainty: _, ...result } = computed({ ...posting, unit }, recordUnit(unit), assumptions)
  return result
}

/** The unit that records of an activity are kept in. */
export const recordedUnit = (unit: string): string => (unit === '10⁴m³' ? 'm³' : unit)

/** What one unit of account of a record is in the unit of an activity: gas is recorded in m³ and burnt in 10⁴ m³. */
export function recordUnit(unit: string): Decimal {
  return unit === '10⁴m³' ? perUnit('m³', unit) : ONE
}
