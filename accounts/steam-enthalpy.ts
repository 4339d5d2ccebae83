import { Fault } from '#contract/fault.ts'
import { decimal, type Decimal } from './decimal.ts'
import { region1, region2Ideal, region2Residual, saturation } from './steam-coefficients.ts'

/**
 * Specific enthalpy of water and steam by IAPWS-IF97, regions 1 (liquid), 2 (vapour) and 4 (saturation): what steam mains
 * of an industrial park are. Above 623.15 K or 16.5 MPa saturated, region 3 begins, which is not here.
 */

/** Specific gas constant of water, kJ/(kg·K). */
const R = 0.461526
const KELVIN = 273.15
const CELSIUS_MAX = 800
const REGION_1_KELVIN_MAX = 623.15
/** Saturation pressure at 623.15 K, MPa: the end of regions 1 and 2 on the saturation line. */
const SATURATED_MPA_MAX = 16.529
/** Least pressure of region 4, that of the triple point, MPa. */
const SATURATED_MPA_MIN = 0.000611213

/** Saturation temperature in K of a pressure in MPa (region 4, equation 31). */
export function saturationKelvin(mpa: number): number {
  const [n1, n2, n3, n4, n5, n6, n7, n8, n9, n10] = saturation
  const beta = mpa ** 0.25
  const e = beta ** 2 + n3 * beta + n6
  const f = n1 * beta ** 2 + n4 * beta + n7
  const g = n2 * beta ** 2 + n5 * beta + n8
  const d = (2 * g) / (-f - Math.sqrt(f ** 2 - 4 * e * g))
  return (n10 + d - Math.sqrt((n10 + d) ** 2 - 4 * (n9 + n10 * d))) / 2
}

/** Enthalpy of liquid water, kJ/kg (region 1). */
export function liquidEnthalpy(mpa: number, kelvin: number): number {
  const tau = 1386 / kelvin
  const pi = mpa / 16.53
  let slope = 0
  for (const [i, j, n] of region1) slope += n * (7.1 - pi) ** i * j * (tau - 1.222) ** (j - 1)
  return tau * slope * R * kelvin
}

/** Enthalpy of vapour, kJ/kg (region 2). */
export function vapourEnthalpy(mpa: number, kelvin: number): number {
  const tau = 540 / kelvin
  let slope = 0
  for (const [j, n] of region2Ideal) slope += n * j * tau ** (j - 1)
  for (const [i, j, n] of region2Residual) slope += n * mpa ** i * j * (tau - 0.5) ** (j - 1)
  return tau * slope * R * kelvin
}

const outside = (kpa: number, celsius: number | undefined): Fault =>
  new Fault(
    'steam-state-invalid',
    `Steam of ${kpa} kPa${celsius === undefined ? '' : ` and ${celsius} °C`} is outside of what is computed.`,
  )

/**
 * Specific enthalpy of steam in kJ/kg to 0.01: of a pressure (absolute) and a temperature, saturated and dry where none is
 * given. Throws `steam-state-invalid` for water that is no steam at this state, and beyond the regions' ends.
 */
export function steamEnthalpy(kpa: number, celsius?: number): Decimal {
  const mpa = kpa / 1000
  if (mpa < SATURATED_MPA_MIN || mpa > SATURATED_MPA_MAX) throw outside(kpa, celsius)
  const saturated = saturationKelvin(mpa)
  const kelvin = celsius === undefined ? saturated : celsius + KELVIN
  if (kelvin < saturated || kelvin > CELSIUS_MAX + KELVIN || saturated > REGION_1_KELVIN_MAX)
    throw outside(kpa, celsius)
  return decimal(String(Number(vapourEnthalpy(mpa, kelvin).toFixed(2))))
}
