import type { FactorUse, MeterEvidence, Posting, RecordEvidence, Scope } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import type { AccountMonth } from './account-month.ts'
import type { AccountPlan, EmissionSource } from './accounting-plan.ts'
import { decimal, quotient, textOf, type Decimal } from './decimal.ts'
import { electricityTonnes, fuelCombustionTonnes, heatTonnes, steamHeatGj } from './emissions.ts'
import type { EnergyItems } from './energy-item.ts'
import type { FactorLibrary } from './factor-library.ts'
import { liveRecords, partOf, recordedActivity, type LiveRecord } from './recorded-activity.ts'
import { factorValue, sourceFactors } from './source-factors.ts'
import { shareText, uncertaintyOf, type UncertaintyAssumptions } from './uncertainty.ts'
import type { EnteredRecord } from '#store/port.ts'

/**
 * Activity × factors = posting, for one source and one month. Pure: the same evidence, records, factors and plan give the
 * same posting, to the letter, which is how a ledger is verified.
 */

/** Everything that postings are computed by beside a month's evidence. */
export interface PostingRules {
  readonly library: FactorLibrary
  readonly items: EnergyItems
  readonly assumptions: UncertaintyAssumptions
}

const ZERO = decimal('0')
const ONE = decimal('1')
const scopeOf = {
  fuel: '1',
  process: '1',
  'electricity-purchased': '2',
  'heat-purchased': '2',
  'electricity-sold': '2',
  'heat-sold': '2',
  biomass: 'biomass',
  scope3: '3',
} as const satisfies Record<EmissionSource['kind'], Scope>

const formulaOf = {
  fuel: 'fuel-combustion',
  process: 'activity',
  'electricity-purchased': 'electricity',
  'heat-purchased': 'heat',
  'electricity-sold': 'electricity',
  'heat-sold': 'heat',
  biomass: 'activity',
  scope3: 'activity',
} as const satisfies Record<EmissionSource['kind'], Posting['formula']>

/** The unit that a source's activity is stated in: what its factor is per. */
function activityUnitOf(
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

/** What one unit of a meter or record is in the unit of an activity; no other conversion is made. */
function perUnit(from: string, to: string): Decimal {
  if (from === to) return ONE
  if (from === 'm³' && to === '10⁴m³') return decimal('0.0001')
  if (from === 'kWh' && to === 'MWh') return decimal('0.001')
  throw new Fault('unit-mismatch', `What is in ${from} cannot be an activity in ${to}.`)
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
export function partOfActivity(energy: string, share: string, perMeterUnit: Decimal): Decimal {
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
): { readonly amount: Decimal; readonly recorded: Decimal } | undefined {
  let [amount, recorded] = [ZERO, ZERO]
  // A meter that was not there yet is no term of the sum.
  const terms = meters.filter(({ energy, slots }) => energy !== undefined || slots.expected > 0)
  for (const { energy, share } of terms) {
    // A sum with an unknown term is not known: without it, what is taken away would be missing and never seen.
    if (energy === undefined) return undefined
    amount = amount.plus(partOfActivity(energy, share, perMeterUnit))
  }
  for (const { use, amount: text } of records) {
    if (use !== 'activity' && use !== 'stock') continue
    recorded = recorded.plus(perRecordUnit === ONE ? decimal(text) : decimal(text).times(perRecordUnit))
  }
  return terms.length + records.length === 0 ? undefined : { amount: amount.plus(recorded), recorded }
}

/** Electricity of an account that certificates and direct supply cover in a month, handed out source by source. */
class Coverage {
  #left: { readonly evidence: RecordEvidence; kwh: Decimal }[]

  constructor(records: readonly LiveRecord[], month: AccountMonth) {
    this.#left = records.flatMap((each) => {
      const { record } = each
      // A certificate that is not cancelled can still be sold: it covers nothing.
      const isUsed =
        record.kind === 'direct-renewable' ||
        (record.kind === 'green-certificate' && record.cancelledOn !== undefined)
      const evidence = isUsed ? partOf(each, month, decimal(record.kwh), 'contract') : undefined
      return evidence === undefined ? [] : [{ evidence, kwh: decimal(evidence.amount) }]
    })
  }

  /** Covers so much electricity as there is left to cover it with. */
  take(wanted: Decimal): RecordEvidence[] {
    const taken: RecordEvidence[] = []
    let open = wanted
    for (const each of this.#left) {
      if (open.lte(0)) break
      if (each.kwh.lte(0)) continue
      const kwh = each.kwh.lt(open) ? each.kwh : open
      each.kwh = each.kwh.minus(kwh)
      open = open.minus(kwh)
      taken.push({ ...each.evidence, amount: textOf(kwh) })
    }
    return taken
  }
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
export type PostingResult = { readonly [K in Derived]: Posting[K] }
type Ground = Omit<Posting, Derived> & { readonly factorPercent?: string | undefined; readonly unit: string }

/**
 * What a posting's evidence and factors come to: the one computation, for posting and for verifying. Its unit is that of
 * `ground.unit`; records are in the unit of account of their item.
 */
function computed(
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

/**
 * The same of a posting that was made: activity, tCO2, completeness, methods. Its uncertainty rests on assumptions that may
 * change, and is left out.
 */
export function resultOf(
  posting: Posting,
  assumptions: UncertaintyAssumptions,
): Omit<PostingResult, 'uncertainty'> {
  const { activity, sourceKind, factors } = posting
  const unit = activity?.unit ?? activityUnitOf(sourceKind, posting.formula === 'steam', factors)
  const { uncertainty: _, ...result } = computed({ ...posting, unit }, recordUnit(unit), assumptions)
  return result
}

/** What one unit of account of a record is in the unit of an activity: gas is recorded in m³ and burnt in 10⁴ m³. */
function recordUnit(unit: string): Decimal {
  return unit === '10⁴m³' ? perUnit('m³', unit) : ONE
}

/** One source in one month. */
function postingOf(
  source: EmissionSource,
  account: AccountPlan,
  month: AccountMonth,
  meters: readonly MeterEvidence[],
  records: readonly LiveRecord[],
  coverage: Coverage,
  rules: PostingRules,
): Posting {
  const chosen = sourceFactors(source, account, month, rules.library, records)
  const isSteam = 'steam' in source && source.steam !== undefined
  const unit = activityUnitOf(source.kind, isSteam, chosen.factors)
  const activity = recordedActivity(source, month, records, rules.items)
  const item = source.item === undefined ? undefined : rules.items[source.item]
  if (activity.length > 0 && item !== undefined) perUnit(item.unit, unit)
  const ground: Ground = {
    kind: 'posting',
    month: month.name,
    source: source.id,
    sourceKind: source.kind,
    scope: scopeOf[source.kind],
    formula: isSteam ? 'steam' : formulaOf[source.kind],
    factors: [...chosen.factors],
    evidence: { meters: [...meters], records: [...activity, ...chosen.records] },
    unit,
    factorPercent: source.factorUncertainty?.percent,
  }
  const first = computed(ground, recordUnit(unit), rules.assumptions)
  const covers =
    source.kind === 'electricity-purchased' && first.activity !== undefined
      ? coverage.take(decimal(first.activity.amount))
      : []
  const whole: Ground = {
    ...ground,
    evidence: { meters: [...meters], records: [...ground.evidence.records, ...covers] },
  }
  const { methods, ...others } =
    covers.length === 0 ? first : computed(whole, recordUnit(unit), rules.assumptions)
  const known = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined))
  const { kind, month: name, sourceKind, scope, formula, factors, evidence } = whole
  return {
    kind,
    month: name,
    source: source.id,
    sourceKind,
    scope,
    formula,
    factors,
    methods,
    ...known,
    evidence,
  }
}

/**
 * All postings of an account in a month, in the order of its sources. Throws `factor-missing`, `factor-ambiguous`,
 * `unit-mismatch` or `steam-state-invalid`.
 * @param metersOf the evidence of each source's meters, in the order of its terms
 */
export function postingsOf(
  account: AccountPlan,
  month: AccountMonth,
  metersOf: (source: EmissionSource) => readonly MeterEvidence[],
  records: readonly EnteredRecord[],
  rules: PostingRules,
): Posting[] {
  const live = liveRecords(records)
  const coverage = new Coverage(live, month)
  return account.sources.map((source) =>
    postingOf(source, account, month, metersOf(source), live, coverage, rules),
  )
}
