import { Fault } from '#contract/fault.ts'
import type { Unit } from '#contract/units.ts'
import { decimal, type Decimal } from './decimal.ts'
import type { EnergyItem } from './energy-item.ts'
import type { CoalUnit } from './factor.ts'

/** What one unit of a quantity is in the unit of a coefficient; what is not here cannot be converted. */
const perUnit: Partial<Record<Unit, Partial<Record<CoalUnit, string>>>> = {
  kWh: { 'kgce/kWh': '1', 'kgce/MJ': '3.6' },
  GJ: { 'kgce/MJ': '1000' },
  t: { 'kgce/t': '1', 'kgce/kg': '1000' },
  'm³': { 'kgce/m³': '1' },
}

/** A coefficient of a factor row, of the plan or of a record. */
interface CoalFactor {
  readonly code: string
  readonly unit: CoalUnit
  readonly value: string
}

/**
 * Standard coal of a quantity, in tce: quantity × coefficient (GB/T 2589, E = Σ E_i × k_i). Exact.
 * Throws `unit-mismatch` where the coefficient is of another unit.
 */
export function standardCoalTonnes(quantity: Decimal, unit: Unit, factor: CoalFactor): Decimal {
  const inFactorUnit = perUnit[unit]?.[factor.unit]
  if (inFactorUnit === undefined) {
    throw new Fault('unit-mismatch', `${factor.code} is in ${factor.unit}; the quantity is in ${unit}.`)
  }
  return quantity.times(inFactorUnit).times(decimal(factor.value)).times(KGCE_TO_TCE)
}

/** Standard coal of an energy item in its unit of account, in tce; throws `unit-mismatch` as above. */
export function standardCoalOfItem(quantity: Decimal, item: EnergyItem, factor: CoalFactor): Decimal {
  const isByMass = factor.unit === 'kgce/t' || factor.unit === 'kgce/kg'
  return isByMass && item.tonnesPerUnit !== undefined
    ? standardCoalTonnes(quantity.times(decimal(item.tonnesPerUnit)), 't', factor)
    : standardCoalTonnes(quantity, item.unit, factor)
}

const KGCE_TO_TCE = decimal('0.001')
