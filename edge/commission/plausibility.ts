import type { QuantityName } from '#contract/quantities.ts'

/**
 * Whether a decoded value can be what its register is said to hold. Used only to tell profiles apart: a meter may show
 * what no other meter shows, so nothing here refuses a reading.
 */

/** telling: hardly by chance. possible: says little. open: says nothing. impossible: this register holds something else. */
export type Plausibility = 'telling' | 'possible' | 'open' | 'impossible'

interface Expectation {
  /** Ranges that a value meets hardly by chance. */
  readonly telling?: readonly (readonly [number, number])[]
  /** Outside of it the value is impossible. */
  readonly possible: readonly [number, number]
}

/** A power, flow or energy below this, but not zero, is a float whose words or bytes are in another order. */
const LEAST = 1e-7
const POWER = { possible: [-1e6, 1e6] } as const satisfies Expectation
const FLOW = { possible: [-1e6, 1e6] } as const satisfies Expectation
const COUNTED: Expectation = { possible: [0, 1e12] }
const PRESSURE = { possible: [0, 50_000] } as const satisfies Expectation
const WATER_TEMPERATURE = { telling: [[3, 130]], possible: [-30, 200] } as const satisfies Expectation
const TEMPERATURE = { telling: [[5, 60]], possible: [-60, 150] } as const satisfies Expectation

const byFamily: Readonly<Record<string, Expectation>> = {
  // A phase of a low-voltage network, or 57.7 V behind a voltage transformer; medium voltage as a primary value.
  voltage: {
    telling: [
      [80, 300],
      [55, 61],
    ],
    possible: [0, 50_000],
  },
  voltageLineToLine: {
    telling: [
      [140, 520],
      [95, 106],
    ],
    possible: [0, 90_000],
  },
  current: { possible: [-20_000, 20_000] },
  frequency: { telling: [[45, 65]], possible: [45, 65] },
  powerFactor: {
    telling: [
      [0.3, 1.0005],
      [-1.0005, -0.3],
    ],
    possible: [-1.0005, 1.0005],
  },
  phaseAngle: { possible: [-360, 360] },
  voltageThd: { possible: [0, 100] },
  currentThd: { possible: [0, 1_000] },
  activePower: POWER,
  reactivePower: POWER,
  apparentPower: POWER,
  activeDemand: POWER,
  activeDemandMax: POWER,
  apparentDemand: POWER,
  dcPower: POWER,
  dcVoltage: { possible: [0, 2_000] },
  dcCurrent: { possible: [-20_000, 20_000] },
  heatPower: POWER,
  coolingPower: POWER,
  equipmentTemperature: TEMPERATURE,
  gasTemperature: TEMPERATURE,
  outdoorTemperature: TEMPERATURE,
  supplyTemperature: WATER_TEMPERATURE,
  returnTemperature: WATER_TEMPERATURE,
  // Steam for industry is saturated or superheated, above its boiling point.
  steamTemperature: { telling: [[95, 600]], possible: [60, 700] },
  gasPressure: PRESSURE,
  steamPressure: PRESSURE,
  airPressure: PRESSURE,
  gasFlowStandard: FLOW,
  gasFlowActual: FLOW,
  steamFlow: FLOW,
  heatFlow: FLOW,
  waterFlow: FLOW,
  airFlowStandard: FLOW,
  relativeHumidity: { telling: [[15, 99]], possible: [0, 100] },
  irradiance: { possible: [0, 2_000] },
  windSpeed: { possible: [0, 100] },
}

/** Judges a value in the quantity's canonical unit. Zero is open: a load that is off, or a register that is unused. */
export function plausibilityOf(quantity: QuantityName, value: number): Plausibility {
  if (value === 0) return 'open'
  const [family = ''] = quantity.split('.')
  const { telling = [], possible } = byFamily[family] ?? COUNTED
  const within = ([low, high]: readonly [number, number]): boolean => value >= low && value <= high
  if (!within(possible) || Math.abs(value) < LEAST) return 'impossible'
  return telling.some(within) ? 'telling' : 'possible'
}
