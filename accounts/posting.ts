import type { MeterEvidence, Posting, Scope } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import type { AccountMonth } from './account-month.ts'
import type { AccountPlan, EmissionSource } from './accounting-plan.ts'
import { Coverage } from './coverage.ts'
import { decimal, textOf, type Decimal } from './decimal.ts'
import type { EnergyItems } from './energy-item.ts'
import type { FactorLibrary } from './factor-library.ts'
import { activityUnitOf, computed, recordedUnit, recordUnit, type Ground } from './posting-result.ts'
import { meterContradiction } from './source-meters.ts'
import { liveRecords, recordedActivity, type LiveRecord } from './recorded-activity.ts'
import { sourceFactors, type AmountIn } from './source-factors.ts'
import type { UncertaintyAssumptions } from './uncertainty.ts'
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
  const isAll = isSteam || chosen.factors.every(({ what }) => what !== 'enthalpy')
  const factors = isAll ? chosen.factors : chosen.factors.filter(({ what }) => what !== 'enthalpy')
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

/** True for a source whose meters were not there yet in its month: there was nothing to be known. */
const isBefore = ({ evidence }: Posting): boolean =>
  evidence.meters.length > 0 && evidence.meters.every(({ slots }) => slots.expected === 0)

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
  let sold = ZERO
  let isSoldKnown = true
  for (const source of account.sources) {
    if (source.kind !== 'electricity-sold') continue
    const made = postingOf(source, { ...common, coverage: nothing })
    if (made.activity !== undefined) sold = sold.minus(decimal(made.activity.amount))
    else if (!isBefore(made)) isSoldKnown = false
  }
  // As long as it is not known what was sold on, nothing is covered: a certificate might be for what was.
  const covers = isSoldKnown ? live : []
  const ground = { ...common, coverage: new Coverage(covers, month, account.certificateYears, sold) }
  return account.sources.map((source) => postingOf(source, ground))
}
