import { decimal, quotient, textOf } from './decimal.ts'
import type { AccountingPlan } from './accounting-plan.ts'
import { Fault } from '#contract/fault.ts'
import type { EnergyItem, EnergyItems } from './energy-item.ts'
import type { Basis, CoalUnit, Confidence } from './factor.ts'
import type { FactorLibrary } from './factor-library.ts'

/** A standard-coal coefficient as a statement shows it: value, and all that it rests on. */
export interface CoalCoefficient {
  /** Of a row of the factor files, a year of the accounting plan, or a record of the books. */
  readonly code: string
  readonly basis: Basis
  readonly edition: string
  readonly unit: CoalUnit
  readonly value: string
  /**
   * of-the-edition: a row of its own. inherited: kept from an older edition. plan: the park's value of the year.
   * measured: from the heating value of a laboratory or a supplier. mean-of-sources: of what several sources burnt, each
   * under its own. own-conversion: what the account itself spent.
   */
  readonly rule: 'of-the-edition' | 'inherited' | 'plan' | 'measured' | 'mean-of-sources' | 'own-conversion'
  readonly confidence: Confidence | 'own'
  readonly document: string
}

/**
 * no-coefficient: the edition has none for it. no-value-for-the-year: the plan gives no equal value of the year.
 * differs-by-source: sources of it were measured to have different ones, and how much each burnt is not known.
 */
export const coalAbsences = ['no-coefficient', 'no-value-for-the-year', 'differs-by-source'] as const
export type CoalAbsence = (typeof coalAbsences)[number]
export type CoalChoice = CoalCoefficient | CoalAbsence

/** A heating value that was measured in the place of the default: GJ/t, or GJ per 10⁴ m³. */
export interface MeasuredHeatingValue {
  readonly record: number
  readonly account: string
  readonly item: string
  /** The source whose fuel was measured. */
  readonly source: string
  /** Days that it speaks of: [from, to). */
  readonly from: string
  readonly to: string
  /** Undefined for a record whose value cannot be one of that fuel. */
  readonly value: string | undefined
  readonly document: string
}

/** Whose energy, which, of what day. */
export interface CoalWish {
  readonly account: string
  readonly item: string
  readonly basis: Basis
  /** e.g. "2026-03-01"; all days of what is converted must be under the same coefficients. */
  readonly day: string
  /** The source whose fuel it is; without one it is the account's, of which several sources may burn. */
  readonly source?: string | undefined
}

export interface CoalSources {
  readonly plan: Pick<AccountingPlan, 'standardCoal' | 'accounts'>
  readonly library: FactorLibrary
  readonly items: EnergyItems
  readonly heatingValues: readonly MeasuredHeatingValue[]
}

/** kJ in a kilogram of standard coal (GB/T 2589): k = NCV / 29,307. */
const COAL_KJ_PER_KG = decimal('29307')

/**
 * The coefficient of an item on a day: a measured heating value before the edition's row, the plan's value of the year
 * for the equal value of electricity and heat. Fuels have one value on both bases; energy media have only an equal one.
 * What is not known is said, never taken from elsewhere. Throws `factor-ambiguous`.
 */
export function coalCoefficient(wish: CoalWish, sources: CoalSources): CoalChoice {
  const { plan, items } = sources
  const item = items[wish.item]
  if (item === undefined) return 'no-coefficient'
  const measured = ofHeatingValues(wish, item.unit, sources)
  if (measured !== undefined) return measured
  if (wish.basis === 'equal' && wish.item === 'electricity') {
    const value = plan.standardCoal.electricityEqual.find(({ year }) => isOfYear(year, wish.day))
    return value === undefined ? 'no-value-for-the-year' : ofPlan(value, value.kgcePerKwh, 'kgce/kWh', wish)
  }
  if (wish.basis === 'equal' && wish.item === 'heat') {
    const value = plan.standardCoal.heatEqual.find(({ year }) => isOfYear(year, wish.day))
    return value === undefined ? 'no-value-for-the-year' : ofPlan(value, value.kgcePerMj, 'kgce/MJ', wish)
  }
  if (item.media) return ofMedium(wish, item, sources)
  const subject = plan.standardCoal.subjects[wish.item] ?? item.standardCoal
  return subject === undefined ? 'no-coefficient' : ofEdition(wish, subject, 'calorific', sources)
}

/** Of an energy medium: the plan's value of the year, or that of the edition that the plan follows for media. */
function ofMedium(wish: CoalWish, item: EnergyItem, sources: CoalSources): CoalChoice {
  const { mediaEqual, mediaEdition, edition, subjects } = sources.plan.standardCoal
  if (wish.basis === 'calorific') return 'no-coefficient'
  const given = mediaEqual.find((each) => each.item === wish.item && isOfYear(each.year, wish.day))
  const per = mediumUnits[item.unit]
  if (given !== undefined && per !== undefined)
    return ofPlan(given, textOf(decimal(given.kgcePerUnit).times(per.factor)), per.unit, wish)
  const subject = subjects[wish.item] ?? item.standardCoal
  return subject === undefined
    ? 'no-coefficient'
    : ofEdition(wish, subject, 'equal', sources, mediaEdition ?? edition)
}

/** Units of coefficients for the units that media are counted in. */
const mediumUnits: Partial<Record<EnergyItem['unit'], { readonly unit: CoalUnit; readonly factor: string }>> =
  {
    'm³': { unit: 'kgce/m³', factor: '1' },
    t: { unit: 'kgce/t', factor: '1' },
    GJ: { unit: 'kgce/MJ', factor: '0.001' },
  }

const isOfYear = (year: number, day: string): boolean => day.startsWith(`${year}-`)

function ofEdition(
  wish: CoalWish,
  subject: string,
  basis: Basis,
  sources: CoalSources,
  edition = sources.plan.standardCoal.edition,
): CoalChoice {
  try {
    // An edition that the plan names for media stands for what it says, as long as the plan names it.
    const isChosen = edition !== sources.plan.standardCoal.edition
    const row = sources.library.standardCoal({ subject, basis, edition, day: wish.day, isChosen })
    return {
      code: row.code,
      basis: wish.basis,
      edition,
      unit: row.unit,
      value: row.value,
      rule: row.inheritedFrom === undefined ? 'of-the-edition' : 'inherited',
      confidence: row.confidence,
      document: row.source ?? row.inheritedFrom ?? edition,
    }
  } catch (error) {
    if (error instanceof Fault && error.code === 'factor-missing') return 'no-coefficient'
    throw error
  }
}

function ofPlan(
  given: { readonly year: number; readonly document: string; readonly confidence: Confidence },
  value: string,
  unit: CoalUnit,
  { item, basis }: CoalWish,
): CoalCoefficient {
  return {
    code: `plan/${item}/${basis}/${given.year}`,
    basis,
    edition: 'plan',
    unit,
    value,
    rule: 'plan',
    confidence: given.confidence,
    document: given.document,
  }
}

/** Sources of an account that burn an item. */
export function fuelSourcesOf(
  { accounts }: Pick<AccountingPlan, 'accounts'>,
  account: string,
  item: string,
): string[] {
  const its = accounts.find((each) => each.account === account)
  return (its?.sources ?? []).flatMap((source) =>
    source.kind === 'fuel' && source.item === item ? [source.id] : [],
  )
}

/** Of two values of one source and day the later record holds. A value is of its source; of the account where all agree. */
function ofHeatingValues(wish: CoalWish, unit: string, sources: CoalSources): CoalChoice | undefined {
  const holding = new Map<string, MeasuredHeatingValue>()
  for (const each of sources.heatingValues) {
    const isOf = each.account === wish.account && each.item === wish.item
    const before = holding.get(each.source)
    if (
      isOf &&
      each.from <= wish.day &&
      wish.day < each.to &&
      (before === undefined || before.record < each.record)
    )
      holding.set(each.source, each)
  }
  if (holding.size === 0) return undefined
  if (wish.source !== undefined) return ofHeatingValue(holding.get(wish.source), wish, unit)
  const [first] = holding.values()
  const burning = new Set([...fuelSourcesOf(sources.plan, wish.account, wish.item), ...holding.keys()])
  const isOne = [...burning].every((source) => {
    const its = holding.get(source)
    return its !== undefined && its.value === first?.value
  })
  return isOne ? ofHeatingValue(first, wish, unit) : 'differs-by-source'
}

function ofHeatingValue(
  measured: MeasuredHeatingValue | undefined,
  { basis }: CoalWish,
  unit: string,
): CoalChoice | undefined {
  if (measured === undefined) return undefined
  const { value, record, document } = measured
  if (value === undefined) return 'no-coefficient'
  // GJ/t = MJ/kg, and GJ per 10⁴ m³ = 100 kJ/m³.
  const kj = decimal(value).times(decimal(unit === 't' ? '1000' : '100'))
  return {
    code: `record/${record}`,
    basis,
    edition: 'record',
    unit: unit === 't' ? 'kgce/kg' : 'kgce/m³',
    value: textOf(quotient(kj, COAL_KJ_PER_KG)),
    rule: 'measured',
    confidence: 'own',
    document,
  }
}
