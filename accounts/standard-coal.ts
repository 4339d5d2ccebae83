import { Fault } from '#contract/fault.ts'
import type { Unit } from '#contract/units.ts'
import { decimal, type Decimal } from './decimal.ts'
import type { CoalUnit, StandardCoalFactor } from './factor.ts'

/** What one unit of a quantity is in the unit of a coefficient; what is not here cannot be converted. */
const perUnit: Partial<Record<Unit, Partial<Record<CoalUnit, string>>>> = {
  kWh: { 'kgce/kWh': '1', 'kgce/MJ': '3.6' },
  GJ: { 'kgce/MJ': '1000' },
  t: { 'kgce/t': '1', 'kgce/kg': '1000' },
  'm³': { 'kgce/m³': '1' },
}

/**
 * Standard coal of a quantity, in tce: quantity × coefficient (GB/T 2589, E = Σ E_i × k_i). Exact.
 * Throws `unit-mismatch` where the coefficient is of another unit.
 */
export function standardCoalTonnes(quantity: Decimal, unit: Unit, factor: StandardCoalFactor): Decimal {
  const inFactorUnit = perUnit[unit]?.[factor.unit]
  if (inFactorUnit === undefined) {
    throw new Fault('unit-mismatch', `${factor.code} is in ${factor.unit}; the quantity is in ${unit}.`)
  }
  return quantity.times(inFactorUnit).times(decimal(factor.value)).times(KGCE_TO_TCE)
}

const KGCE_TO_TCE = decimal('0.001')
