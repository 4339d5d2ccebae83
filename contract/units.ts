/**
 * Canonical units of the catalogue, and exact factors from the units that meters report.
 * Factors are decimal texts, so that a register's resolution can be converted without rounding.
 */
export const canonicalUnits = [
  'kWh',
  'kvarh',
  'kVAh',
  'kW',
  'kvar',
  'kVA',
  'V',
  'A',
  'Hz',
  '1',
  '°',
  '%',
  '°C',
  'm³',
  'm³/h',
  't',
  't/h',
  'GJ',
  'kPa',
  'W/m²',
  'm/s',
  'pcs',
] as const

export type Unit = (typeof canonicalUnits)[number]

interface Conversion {
  readonly to: Unit
  /** canonical = reported × factor */
  readonly factor: string
}

/** Units that appear in meter documents, each with its exact factor to the canonical unit. */
export const reportedUnits = {
  kWh: { to: 'kWh', factor: '1' },
  Wh: { to: 'kWh', factor: '0.001' },
  MWh: { to: 'kWh', factor: '1000' },
  kvarh: { to: 'kvarh', factor: '1' },
  varh: { to: 'kvarh', factor: '0.001' },
  kVAh: { to: 'kVAh', factor: '1' },
  VAh: { to: 'kVAh', factor: '0.001' },
  kW: { to: 'kW', factor: '1' },
  W: { to: 'kW', factor: '0.001' },
  kvar: { to: 'kvar', factor: '1' },
  var: { to: 'kvar', factor: '0.001' },
  kVA: { to: 'kVA', factor: '1' },
  VA: { to: 'kVA', factor: '0.001' },
  V: { to: 'V', factor: '1' },
  A: { to: 'A', factor: '1' },
  mA: { to: 'A', factor: '0.001' },
  Hz: { to: 'Hz', factor: '1' },
  '1': { to: '1', factor: '1' },
  '°': { to: '°', factor: '1' },
  '%': { to: '%', factor: '1' },
  '°C': { to: '°C', factor: '1' },
  'm³': { to: 'm³', factor: '1' },
  L: { to: 'm³', factor: '0.001' },
  'm³/h': { to: 'm³/h', factor: '1' },
  t: { to: 't', factor: '1' },
  kg: { to: 't', factor: '0.001' },
  't/h': { to: 't/h', factor: '1' },
  'kg/h': { to: 't/h', factor: '0.001' },
  GJ: { to: 'GJ', factor: '1' },
  MJ: { to: 'GJ', factor: '0.001' },
  kPa: { to: 'kPa', factor: '1' },
  MPa: { to: 'kPa', factor: '1000' },
  bar: { to: 'kPa', factor: '100' },
  'W/m²': { to: 'W/m²', factor: '1' },
  'm/s': { to: 'm/s', factor: '1' },
  pcs: { to: 'pcs', factor: '1' },
} as const satisfies Record<string, Conversion>

export type ReportedUnit = keyof typeof reportedUnits
