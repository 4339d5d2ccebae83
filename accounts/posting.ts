import type { FactorUse, MeterEvidence, Posting, RecordEvidence, Scope } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import type { AccountMonth } from './account-month.ts'
import type { AccountPlan, EmissionSource } from './accounting-plan.ts'
import { decimal, quotient, textOf, type Decimal } from './decimal.ts'
import { electricityTonnes, fuelCombustionTonnes, heatTonnes, steamHeatGj } from './emissions.ts'
import type { EnergyItems } from './energy-item.ts'
import type { FactorLibrary } from './factor-library.ts'
import { unitFactor } from './record-unit.ts'
import { meterContradiction } from './source-meters.ts'
import { liveRecords, partOf, recordedActivity, type LiveRecord } from './recorded-activity.ts'
import { factorValue, sourceFactors, type AmountIn } from './source-factors.ts'
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

/** What one unit of a meter or record is in the unit of an activity. Throws `unit-mismatch`. */
function perUnit(from: string, to: string): Decimal {
  if (from === to) return ONE
  const factor = unitFactor(from, to)
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

/** True for a certificate made in the month's year, or so many years before, and not after the month. */
function isOfVintage(vintage: string, { name, year }: AccountMonth, years: number): boolean {
  const of = Number(vintage.slice(0, 4))
  return year - years <= of && (vintage.length === 4 ? of <= year : vintage <= name)
}

/** Electricity of an account that certificates and direct supply cover in a month, handed out source by source. */
class Coverage {
  #left: { readonly evidence: RecordEvidence; kwh: Decimal }[]
  /** What is bought and sold on: it is not the account's to cover. */
  #sold: Decimal

  constructor(records: readonly LiveRecord[], month: AccountMonth, vintageYears: number, sold: Decimal) {
    this.#sold = sold
    this.#left = records.flatMap((each) => {
      const { record } = each
      // A certificate that is not cancelled can still be sold: it covers nothing.
      // And one of another year covers what the plan says that it may.
      const isUsed =
        record.kind === 'direct-renewable' ||
        (record.kind === 'green-certificate' &&
          record.cancelledOn !== undefined &&
          isOfVintage(record.vintage, month, vintageYears))
      const evidence = isUsed ? partOf(each, month, decimal(record.kwh), 'contract') : undefined
      return evidence === undefined ? [] : [{ evidence, kwh: decimal(evidence.amount) }]
    })
  }

  /** Covers so much electricity as there is left to cover it with. */
  take(wanted: Decimal): RecordEvidence[] {
    const taken: RecordEvidence[] = []
    const passedOn = this.#sold.lt(wanted) ? this.#sold : wanted
    this.#sold = this.#sold.minus(passedOn)
    let open = wanted.minus(passedOn)
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

/** The unit that records of an activity are kept in. */
const recordedUnit = (unit: string): string => (unit === '10⁴m³' ? 'm³' : unit)

/** What one unit of account of a record is in the unit of an activity: gas is recorded in m³ and burnt in 10⁴ m³. */
function recordUnit(unit: string): Decimal {
  return unit === '10⁴m³' ? perUnit('m³', unit) : ONE
}

/** What the postings of one account's month have in common. */
interface MonthGround {
  readonly account: AccountPlan
  readonly month: AccountMonth
  readonly records: readonly LiveRecord[]
  readonly coverage: Coverage
  readonly metersOf: (source: EmissionSource) => readonly MeterEvidence[]
  readonly rules: PostingRules
  readonly meteredIn: MeteredIn | undefined
}

/** What a source's meters measured in days of the month [from, to), with their shares; undefined where nothing is known. */
export type MeteredIn = (source: EmissionSource, from: string, to: string) => Decimal | undefined

/** What a source of fuel burnt in some of the days, in one and the same unit: to weight values that differ within a month. */
function amountOfDays(source: EmissionSource, ground: MonthGround): AmountIn | undefined {
  if (source.kind !== 'fuel') return undefined
  const { account, records, rules, meteredIn } = ground
  const { per } = rules.library.fuel(source.fuelSet ?? account.fuelSet, source.fuel)
  return (from, to) => {
    const { records: parts, metered } = recordedActivity(source, recordedUnit(per), {
      month: { from, to },
      records,
      items: rules.items,
      sources: account.sources,
    })
    if (source.measured.length > 0) return parts.length > 0 ? undefined : meteredIn?.(source, from, to)
    // A share by days of what was recorded of a longer time says nothing of these days.
    if (parts.length === 0 || metered.length > 0 || parts.some(({ part }) => part !== undefined))
      return undefined
    return parts.reduce((sum, { amount }) => sum.plus(decimal(amount)), ZERO)
  }
}

const headOf = (source: EmissionSource, month: AccountMonth) =>
  ({
    kind: 'posting',
    month: month.name,
    source: source.id,
    sourceKind: source.kind,
    scope: scopeOf[source.kind],
  }) as const

/** One source in one month; without a result, and with the reason, where a record or a meter cannot be counted. */
function postingOf(source: EmissionSource, ground: MonthGround): Posting {
  try {
    return countedPosting(source, ground)
  } catch (error) {
    if (!(error instanceof Fault) || (error.code !== 'record-refused' && error.code !== 'unit-mismatch'))
      throw error
    return {
      ...headOf(source, ground.month),
      formula: formulaOf[source.kind],
      factors: [],
      unavailable: error.message.slice(0, 1_000),
      methods: {},
      evidence: { meters: [], records: [] },
    }
  }
}

/** Meters whose flow is taken off: what they measured is of the stock that another source draws on. */
const takenOff = (meters: readonly MeterEvidence[]): MeterEvidence[] =>
  meters.map((each) => ({ ...each, share: textOf(decimal(each.share).times(decimal('-1'))) }))

/** The same. Throws `record-refused` or `unit-mismatch` for what cannot be counted. */
function countedPosting(source: EmissionSource, its: MonthGround): Posting {
  const { account, month, records, coverage, metersOf, rules } = its
  const own = metersOf(source)
  for (const { meter, quantity } of own) {
    const why = meterContradiction(source, quantity, rules.items)
    if (why !== undefined) throw new Fault('unit-mismatch', `${meter}: ${why}.`)
  }
  const chosen = sourceFactors(source, account, month, rules.library, records, amountOfDays(source, its))
  // Heat that is billed is in GJ; the enthalpy is for what is measured by weight.
  const isSteam = 'steam' in source && source.steam !== undefined && own.some((each) => each.unit === 't')
  const factors = chosen.factors.filter(({ what }) => isSteam || what !== 'enthalpy')
  const unit = activityUnitOf(source.kind, isSteam, factors)
  const { records: activity, metered } = recordedActivity(source, recordedUnit(unit), {
    month,
    records,
    items: rules.items,
    sources: account.sources,
  })
  const meters = [...own, ...metered.flatMap((each) => takenOff(metersOf(each)))]
  const ground: Ground = {
    ...headOf(source, month),
    formula: isSteam ? 'steam' : formulaOf[source.kind],
    factors,
    evidence: { meters, records: [...activity, ...chosen.records] },
    unit,
    factorPercent: source.factorUncertainty?.percent,
  }
  const first = computed(ground, recordUnit(unit), rules.assumptions)
  const isByStock = activity.some(({ use }) => use === 'stock')
  if (isByStock && first.activity?.amount.startsWith('-') === true) {
    const why = `more of ${source.item ?? 'it'} was used elsewhere than stocks and purchases give`
    throw new Fault('record-refused', `${source.id}: ${why}.`)
  }
  const covers =
    source.kind === 'electricity-purchased' && first.activity !== undefined
      ? coverage.take(decimal(first.activity.amount))
      : []
  const evidence = { meters, records: [...ground.evidence.records, ...covers] }
  const { methods, ...others } =
    covers.length === 0 ? first : computed({ ...ground, evidence }, recordUnit(unit), rules.assumptions)
  const known = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined))
  return { ...headOf(source, month), formula: ground.formula, factors, methods, ...known, evidence }
}

/**
 * All postings of an account in a month, in the order of its sources. A record or a meter that cannot be counted leaves its
 * own source without a result. Throws `factor-missing`, `factor-ambiguous` or `steam-state-invalid`.
 * @param metersOf the evidence of each source's meters, in the order of its terms
 * @param meteredIn what they measured in some days; without it own values that change within a month are weighted by days
 */
export function postingsOf(
  account: AccountPlan,
  month: AccountMonth,
  metersOf: (source: EmissionSource) => readonly MeterEvidence[],
  records: readonly EnteredRecord[],
  rules: PostingRules,
  meteredIn?: MeteredIn,
): Posting[] {
  const live = liveRecords(records)
  const common = { account, month, records: live, metersOf, rules, meteredIn }
  const nothing = new Coverage([], month, 0, ZERO)
  const sold = account.sources.reduce((sum, source) => {
    if (source.kind !== 'electricity-sold') return sum
    const { activity } = postingOf(source, { ...common, coverage: nothing })
    return activity === undefined ? sum : sum.minus(decimal(activity.amount))
  }, ZERO)
  const ground = { ...common, coverage: new Coverage(live, month, account.certificateYears, sold) }
  return account.sources.map((source) => postingOf(source, ground))
}
