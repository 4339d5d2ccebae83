import type { AccountingRecord } from '#contract/accounting-record.ts'
import { decimal, textOf, type Decimal } from './decimal.ts'
import type { FuelFactor } from './factor.ts'
import { valueUnits } from './record-unit.ts'

/** Values of fuels that a laboratory or a supplier measured, in the place of defaults. */

export type FuelProperty = Extract<AccountingRecord, { kind: 'fuel-property' }>

/** In GJ per unit of the fuel, in tC/GJ, or as a share; `perAmount`: carbon in tC per unit of the fuel. */
export interface FuelValue {
  readonly value: Decimal
  readonly perAmount: boolean
}

/**
 * How far from the default of its fuel a measured value may be. A limit of this project: no coal, oil or gas is further
 * from its kind, and a value in another unit is.
 */
const LEAST = decimal('0.3')
const MOST = decimal('3')

/** The unit that values of records without one were documented to be in. */
export const documentedUnit = (property: FuelProperty['property'], per: string): string =>
  property === 'ncv' ? `GJ/${per}` : property === 'carbon' ? 'tC/GJ' : '1'

/** The value of a record in the unit of its fuel's factor, or why it cannot be one of that fuel. */
export function fuelValueOf(
  { property, value, unit }: Pick<FuelProperty, 'property' | 'value' | 'unit'>,
  { per, ncv, carbon, code }: FuelFactor,
): FuelValue | string {
  const units = valueUnits(property, per)
  const stated = units.get(unit ?? documentedUnit(property, per))
  if (stated === undefined)
    return `${property} is in ${[...units.keys()].join(', ')}, not in ${unit ?? 'nothing'}`
  const converted = decimal(value).times(stated.factor)
  const perAmount = stated.perAmount === true
  if (property === 'oxidation') {
    return converted.gt(1)
      ? `oxidation is ${textOf(converted)}, more than 1`
      : { value: converted, perAmount }
  }
  const standard =
    property === 'ncv' ? decimal(ncv) : perAmount ? decimal(ncv).times(carbon) : decimal(carbon)
  return converted.lt(standard.times(LEAST)) || converted.gt(standard.times(MOST))
    ? `${property} is ${textOf(converted)}, which is not within 0.3 to 3 times the ${textOf(standard)} of ${code}: is its unit right?`
    : { value: converted, perAmount }
}
