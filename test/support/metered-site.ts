import { quantityOf, type QuantityName } from '#contract/quantities.ts'

/** What any meter shows at a site of one's choice: values of all quantities that agree with each other. */

interface Phase {
  readonly voltage: number
  readonly current: number
  readonly activePower: number
  readonly reactivePower: number
  readonly apparentPower: number
  readonly powerFactor: number
}

const SQRT3 = Math.sqrt(3)
const MEDIA: Readonly<Record<string, number>> = {
  steamTemperature: 176.4,
  supplyTemperature: 71.3,
  returnTemperature: 48.9,
  gasTemperature: 18.2,
  outdoorTemperature: 23.4,
  equipmentTemperature: 41.5,
  relativeHumidity: 56.1,
  gasPressure: 312.5,
  steamPressure: 905,
  frequency: 50.02,
  dcPower: 61.2,
  'current.n': 3.7,
}

function phaseOf(voltage: number, activePower: number, powerFactor: number): Phase {
  const apparentPower = activePower / powerFactor
  return {
    voltage,
    activePower,
    powerFactor,
    apparentPower,
    reactivePower: Math.sqrt(apparentPower ** 2 - activePower ** 2),
    current: (apparentPower * 1_000) / voltage,
  }
}

/**
 * A site whose three phases carry `loadKw` in all; the values are those of meters on it, without transformers.
 * `seed` in [0, 1) varies it.
 */
export function meteredSite(loadKw: number, seed: number): (quantity: QuantityName) => number {
  const phases: Readonly<Record<string, Phase>> = {
    l1: phaseOf(229.1 + seed, loadKw * 0.31, 0.91),
    l2: phaseOf(231.4 - seed, loadKw * 0.36, 0.94),
    l3: phaseOf(230.2, loadKw * 0.33, 0.89),
  }
  const all = Object.values(phases)
  const sum = (name: keyof Phase): number => all.reduce((total, phase) => total + phase[name], 0)
  const totalS = Math.hypot(sum('activePower'), sum('reactivePower'))
  const totals: Readonly<Record<string, number>> = {
    activePower: sum('activePower'),
    reactivePower: sum('reactivePower'),
    apparentPower: totalS,
    powerFactor: sum('activePower') / totalS,
  }
  return (quantity) => {
    const [family = '', place = 'total'] = quantity.split('.')
    const fixed = MEDIA[quantity]
    if (fixed !== undefined) return fixed
    if (family === 'voltageLineToLine') return (SQRT3 * sum('voltage')) / 3
    const phase = new Map<string, number>(Object.entries(phases[place] ?? {})).get(family)
    if (phase !== undefined) return phase
    if (place === 'average') return family === 'voltage' ? sum('voltage') / 3 : sum('current') / 3
    if (totals[family] !== undefined) return totals[family]
    if (quantityOf(quantity).kind === 'cumulative') {
      const share = { l1: 0.31, l2: 0.36, l3: 0.33 }[place] ?? 1
      return /Export|Q2|Q3|Q4/.test(family) ? 0 : 4_321.5 * (1 + seed) * share
    }
    return /Thd/.test(family) ? 2.3 : 17.25 * (1 + seed)
  }
}
