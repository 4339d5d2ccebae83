import { decimal, quotient, type Decimal } from './decimal.ts'

/**
 * Units that records are written in, as bills, scales and laboratories print them, with exact factors within one kind. What
 * is not here is not converted: a quantity in another unit is refused.
 */
const units: ReadonlyMap<string, { readonly of: string; readonly factor: string }> = new Map([
  ['t', { of: 'mass', factor: '1' }],
  ['kg', { of: 'mass', factor: '0.001' }],
  ['kWh', { of: 'electricity', factor: '1' }],
  ['MWh', { of: 'electricity', factor: '1000' }],
  ['万kWh', { of: 'electricity', factor: '10000' }],
  ['10⁴kWh', { of: 'electricity', factor: '10000' }],
  ['m³', { of: 'volume', factor: '1' }],
  ['万m³', { of: 'volume', factor: '10000' }],
  ['10⁴m³', { of: 'volume', factor: '10000' }],
  ['GJ', { of: 'heat', factor: '1' }],
  ['MJ', { of: 'heat', factor: '0.001' }],
  ['百万千焦', { of: 'heat', factor: '1' }],
])

/** True for a unit of mass, volume or energy: what is counted in pieces is in none of them. */
export const isMeasuringUnit = (unit: string): boolean => units.has(unit)

/** What one unit is in another of its kind; undefined where no exact factor leads from one to the other. */
export function unitFactor(from: string, to: string): Decimal | undefined {
  if (from === to) return decimal('1')
  const [a, b] = [units.get(from), units.get(to)]
  return a === undefined || b === undefined || a.of !== b.of
    ? undefined
    : quotient(decimal(a.factor), decimal(b.factor))
}

/**
 * What one unit of a register is in a unit of account; undefined where nothing leads from one to the other. A piece is one
 * of whatever is counted, as long as that is no mass, volume or energy.
 */
export function registerUnitFactor(counted: string, to: string): Decimal | undefined {
  if (counted !== 'pcs' || to === 'pcs') return unitFactor(counted, to)
  return isMeasuringUnit(to) ? undefined : decimal('1')
}

/**
 * Units of own fuel values (1 kcal = 4.1868 kJ), by what they are of and the unit that the fuel is counted in: factor to GJ per that unit, to
 * tC/GJ, or to a share. `perAmount`: carbon by the amount of fuel, which its heating value divides.
 */
interface ValueUnit {
  readonly factor: string
  readonly perAmount?: true
}
const byMass: ReadonlyMap<string, ValueUnit> = new Map([
  ['GJ/t', { factor: '1' }],
  ['MJ/kg', { factor: '1' }],
  ['kJ/kg', { factor: '0.001' }],
  ['kcal/kg', { factor: '0.0041868' }],
])
const byVolume: ReadonlyMap<string, ValueUnit> = new Map([
  ['GJ/10⁴m³', { factor: '1' }],
  ['MJ/m³', { factor: '10' }],
  ['kJ/m³', { factor: '0.01' }],
  ['kcal/m³', { factor: '0.041868' }],
])
const ofCarbon = (per: string): ReadonlyMap<string, ValueUnit> =>
  new Map([
    ['tC/GJ', { factor: '1' }],
    ['kgC/GJ', { factor: '0.001' }],
    ['tC/TJ', { factor: '0.001' }],
    [`tC/${per}`, { factor: '1', perAmount: true }],
  ])
const ofOxidation: ReadonlyMap<string, ValueUnit> = new Map([
  ['1', { factor: '1' }],
  ['%', { factor: '0.01' }],
])

/** Units in which an own value of a fuel counted in `per` (t, 10⁴m³) can be stated. */
export function valueUnits(
  property: 'ncv' | 'carbon' | 'oxidation',
  per: string,
): ReadonlyMap<string, ValueUnit> {
  if (property === 'oxidation') return ofOxidation
  if (property === 'carbon') return ofCarbon(per)
  return per === 't' ? byMass : byVolume
}
