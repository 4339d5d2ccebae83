import type { QuantityName } from '#contract/quantities.ts'
import type { ElectricalEnergy, FluidState, MeterState, Plant } from './plant.ts'
import type { ElectricalState, PhaseState } from './electrical.ts'
import { HOUR_MS } from './load-curve.ts'

/** What a meter on a plant shows for a quantity, in its canonical unit; `undefined` for what no plant models. */
export type ValueOf = (quantity: QuantityName) => number | undefined

/** Demand is the mean power of the last 15 minutes, as Chinese maximum-demand meters show it. */
const DEMAND_HOURS = 0.25

/** Share of the DC power that an inverter delivers, and how it warms under load. */
const INVERTER = { efficiency: 0.98, idleC: 25, fullLoadRiseC: 30 }

/** 20 °C and 101.325 kPa: the condition of the catalogue's standard volumes. */
const STANDARD = { kelvin: 293.15, kpa: 101.325 }
const ZERO_CELSIUS_KELVIN = 273.15

const PHASE_FAMILIES: Record<string, (phase: PhaseState) => number> = {
  voltage: (phase) => phase.voltageV,
  current: (phase) => phase.currentA,
  activePower: (phase) => phase.activeKw,
  reactivePower: (phase) => phase.reactiveKvar,
  apparentPower: (phase) => phase.apparentKva,
  powerFactor: (phase) => phase.powerFactor,
  voltageThd: (phase) => phase.voltageThdPercent,
  currentThd: (phase) => phase.currentThdPercent,
}

const TOTALS: Record<string, (state: ElectricalState) => number> = {
  'activePower.total': (state) => state.activeKw,
  'reactivePower.total': (state) => state.reactiveKvar,
  'apparentPower.total': (state) => state.apparentKva,
  'powerFactor.total': (state) => state.powerFactor,
  'current.n': (state) => state.neutralCurrentA,
  frequency: (state) => state.frequencyHz,
  dcPower: (state) => Math.abs(state.activeKw) / INVERTER.efficiency,
}

const REGISTERS: Record<string, (energy: ElectricalEnergy) => number> = {
  'activeEnergyImport.total': (energy) => energy.importKwh,
  'activeEnergyExport.total': (energy) => energy.exportKwh,
  'activeEnergySum.total': (energy) => energy.importKwh + energy.exportKwh,
  'activeEnergyImport.l1': (energy) => energy.importByPhaseKwh[0],
  'activeEnergyImport.l2': (energy) => energy.importByPhaseKwh[1],
  'activeEnergyImport.l3': (energy) => energy.importByPhaseKwh[2],
  'reactiveEnergyImport.total': (energy) => energy.reactiveImportKvarh,
  'reactiveEnergyExport.total': () => 0,
}

/** Between two phases 120° apart. */
const lineToLine = (a: PhaseState, b: PhaseState): number =>
  Math.sqrt(a.voltageV ** 2 + b.voltageV ** 2 + a.voltageV * b.voltageV)

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function phaseValue(quantity: QuantityName, { phases }: ElectricalState): number | undefined {
  const [family = '', place = ''] = quantity.split('.')
  const [l1, l2, l3] = phases
  if (family === 'voltageLineToLine') {
    const between = { l12: lineToLine(l1, l2), l23: lineToLine(l2, l3), l31: lineToLine(l3, l1) }
    if (place === 'average') return mean(Object.values(between))
    return new Map(Object.entries(between)).get(place)
  }
  const of = PHASE_FAMILIES[family]
  if (of === undefined) return undefined
  if (place === 'average') return mean(phases.map(of))
  const phase = new Map([
    ['l1', l1],
    ['l2', l2],
    ['l3', l3],
  ]).get(place)
  return phase === undefined ? undefined : of(phase)
}

function fluidValue(quantity: QuantityName, state: FluidState, amount: number): number | undefined {
  const { flow, temperatureC, pressureKpa } = state
  if (state.carrier === 'steam') {
    if (quantity === 'steamMass') return amount
    if (quantity === 'steamFlow') return flow
    if (quantity === 'steamTemperature') return temperatureC
    return quantity === 'steamPressure' ? pressureKpa : undefined
  }
  const actualPerStandard =
    (STANDARD.kpa / pressureKpa) * ((temperatureC + ZERO_CELSIUS_KELVIN) / STANDARD.kelvin)
  if (quantity === 'gasVolumeStandard') return amount
  if (quantity === 'gasFlowStandard') return flow
  if (quantity === 'gasVolumeActual') return amount * actualPerStandard
  if (quantity === 'gasFlowActual') return flow * actualPerStandard
  if (quantity === 'gasTemperature') return temperatureC
  return quantity === 'gasPressure' ? pressureKpa : undefined
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** All that a meter shows at one instant. Values are computed when first asked for, and belong together. */
export function meterValues(plant: Plant, meter: string, atMs: number): ValueOf {
  const state = once((): MeterState => plant.stateAt(meter, atMs))
  const energy = once(() => plant.electricalEnergyAt(meter, atMs))
  const electricalValue = (quantity: QuantityName, now: ElectricalState): number | undefined => {
    if (quantity === 'activeDemand.total') {
      const earlier = plant.energyAt(meter, atMs - DEMAND_HOURS * HOUR_MS)
      const sign = plant.boundsOf(meter).most > 0 ? 1 : -1
      return (sign * (plant.energyAt(meter, atMs) - earlier)) / DEMAND_HOURS
    }
    if (quantity === 'equipmentTemperature') {
      const { least, most } = plant.boundsOf(meter)
      return INVERTER.idleC + (INVERTER.fullLoadRiseC * Math.abs(now.activeKw)) / Math.max(most, -least)
    }
    const register = REGISTERS[quantity]
    return register === undefined
      ? (TOTALS[quantity]?.(now) ?? phaseValue(quantity, now))
      : register(energy())
  }
  return (quantity) => {
    const now = state()
    return now.carrier === 'electricity'
      ? electricalValue(quantity, now)
      : fluidValue(quantity, now, plant.energyAt(meter, atMs))
  }
}
