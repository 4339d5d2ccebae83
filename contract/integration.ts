import { quantityOf, type QuantityName } from './quantities.ts'
import type { Unit } from './units.ts'

/** Units of a register in one unit of power or flow for an hour, as a fraction. 1 kWh = 0.0036 GJ. */
const perHour: Partial<Record<`${Unit} ${Unit}`, readonly [bigint, bigint]>> = {
  'kWh kW': [1n, 1n],
  'kvarh kvar': [1n, 1n],
  'kVAh kVA': [1n, 1n],
  'GJ kW': [36n, 10_000n],
  'm³ m³/h': [1n, 1n],
  't t/h': [1n, 1n],
}

/**
 * How many units of a register one unit of power makes in an hour, as a fraction; undefined where the one cannot be
 * integrated to the other. Volumes at working and at standard conditions differ by the pressure.
 */
export function integrationFactor(
  register: QuantityName,
  power: QuantityName,
): readonly [bigint, bigint] | undefined {
  if (register.includes('Actual') !== power.includes('Actual')) return undefined
  return perHour[`${quantityOf(register).unit} ${quantityOf(power).unit}`]
}
