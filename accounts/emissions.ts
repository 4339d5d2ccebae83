import { decimal, quotient, type Decimal } from './decimal.ts'

/**
 * CO2 by the formulas of the NDRC guidelines and GB/T 32150: activity × factor. Pure, exact but for the division by 12.
 */

/** CO2 per C: 44/12, kept as a product and one division. */
const CO2_MASS = decimal('44')
const CARBON_MASS = decimal('12')

/** Properties of a fuel, from a guideline's set or measured. */
export interface FuelProperties {
  /** Net calorific value, GJ per unit of the amount. */
  readonly ncv: Decimal
  /** Carbon content, tC/GJ. */
  readonly carbon: Decimal
  /** Carbon oxidation rate, 0 to 1. */
  readonly oxidation: Decimal
}

/** tCO2 of a fuel burnt: FC × NCV × CC × OF × 44/12. The amount is in the unit of the heating value (t, 10⁴ m³). */
export function fuelCombustionTonnes(amount: Decimal, { ncv, carbon, oxidation }: FuelProperties): Decimal {
  return quotient(amount.times(ncv).times(carbon).times(oxidation).times(CO2_MASS), CARBON_MASS)
}

/** tCO2 of electricity bought, less what was sold: kWh × kgCO2/kWh. Below zero where more was sold. */
export function electricityTonnes(boughtKwh: Decimal, soldKwh: Decimal, kgPerKwh: Decimal): Decimal {
  return boughtKwh.minus(soldKwh).times(kgPerKwh).times(THOUSANDTH)
}

/** tCO2 of heat bought, less what was sold: GJ × tCO2/GJ. */
export function heatTonnes(boughtGj: Decimal, soldGj: Decimal, tonnesPerGj: Decimal): Decimal {
  return boughtGj.minus(soldGj).times(tonnesPerGj)
}

const THOUSANDTH = decimal('0.001')
/** Enthalpy of feed water at 20 °C, kJ/kg, that all guidelines deduct. */
const FEED_WATER_ENTHALPY = decimal('83.74')
const FEED_WATER_CELSIUS = decimal('20')
/** kJ/(kg·K) of water. */
const WATER_HEAT_CAPACITY = decimal('4.1868')

/** Heat of steam in GJ: Ma × (En − 83.74) × 10⁻³, with Ma in t and the enthalpy En in kJ/kg. */
export function steamHeatGj(tonnes: Decimal, enthalpyKjPerKg: Decimal): Decimal {
  return tonnes.times(enthalpyKjPerKg.minus(FEED_WATER_ENTHALPY)).times(THOUSANDTH)
}

/** Heat of hot water in GJ: Ma × (T − 20) × 4.1868 × 10⁻³, with Ma in t and T in °C. */
export function hotWaterHeatGj(tonnes: Decimal, celsius: Decimal): Decimal {
  return tonnes.times(celsius.minus(FEED_WATER_CELSIUS)).times(WATER_HEAT_CAPACITY).times(THOUSANDTH)
}
