import { decimal, quotient, textOf } from './decimal.ts'
import type { AccountingPlan } from './accounting-plan.ts'
import { Fault } from '#contract/fault.ts'
import type { EnergyItems } from './energy-item.ts'
import { isDoubtful, type Basis, type CoalUnit, type Confidence } from './factor.ts'
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
   * measured: from the heating value of a laboratory or a supplier. own-conversion: what the account itself spent.
   */
  readonly rule: 'of-the-edition' | 'inherited' | 'plan' | 'measured' | 'own-conversion'
  readonly confidence: Confidence | 'own'
  readonly document: string
}

/** True for coefficients that a statement must not use without saying so. */
export function isDoubtfulCoefficient({ confidence }: CoalCoefficient): boolean {
  return confidence !== 'own' && isDoubtful({ confidence })
}

/** no-coefficient: the edition has none for it. no-value-for-the-year: the plan gives no equal value of the year. */
export type CoalAbsence = 'no-coefficient' | 'no-value-for-the-year'
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
}

export interface CoalSources {
  readonly plan: Pick<AccountingPlan, 'standardCoal'>
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
  const measured = ofHeatingValue(wish, item.unit, sources)
  if (measured !== undefined) return measured
  if (wish.basis === 'equal' && wish.item === 'electricity') {
    const value = plan.standardCoal.electricityEqual.find(({ year }) => isOfYear(year, wish.day))
    return value === undefined ? 'no-value-for-the-year' : ofPlan(value, value.kgcePerKwh, 'kgce/kWh', wish)
  }
  if (wish.basis === 'equal' && wish.item === 'heat') {
    const value = plan.standardCoal.heatEqual.find(({ year }) => isOfYear(year, wish.day))
    return value === undefined ? 'no-value-for-the-year' : ofPlan(value, value.kgcePerMj, 'kgce/MJ', wish)
  }
  const subject = plan.standardCoal.subjects[wish.item] ?? item.standardCoal
  if (subject === undefined || (item.media && wish.basis === 'calorific')) return 'no-coefficient'
  return ofEdition(wish, subject, item.media ? 'equal' : 'calorific', sources)
}

const isOfYear = (year: number, day: string): boolean => day.startsWith(`${year}-`)

function ofEdition(wish: CoalWish, subject: string, basis: Basis, sources: CoalSources): CoalChoice {
  const { edition } = sources.plan.standardCoal
  try {
    const row = sources.library.standardCoal({ subject, basis, edition, day: wish.day })
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

/** Of two values of one source and day the later record holds; where sources have different ones, the item has none. */
function ofHeatingValue(wish: CoalWish, unit: string, sources: CoalSources): CoalChoice | undefined {
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
  const [value, ...others] = holding.values()
  if (value === undefined) return undefined
  if (value.value === undefined || others.some((other) => other.value !== value.value))
    return 'no-coefficient'
  // GJ/t = MJ/kg, and GJ per 10⁴ m³ = 100 kJ/m³.
  const kj = decimal(value.value).times(decimal(unit === 't' ? '1000' : '100'))
  return {
    code: `record/${value.record}`,
    basis: wish.basis,
    edition: 'record',
    unit: unit === 't' ? 'kgce/kg' : 'kgce/m³',
    value: textOf(quotient(kj, COAL_KJ_PER_KG)),
    rule: 'measured',
    confidence: 'own',
    document: value.document,
  }
}
