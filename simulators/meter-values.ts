import { HOUR_MS } from '#contract/duration.ts'
import { quantities, type QuantityName } from '#contract/quantities.ts'
import { eachPhase, type ElectricalState, type PhaseState } from './electrical.ts'
import { mediumValue } from './media.ts'
import type { ElectricalEnergy, MeterState, Plant } from './plant.ts'
import { isTariffName, type TariffName } from './tariff-registers.ts'

/** What a meter on a plant shows for a quantity, in its canonical unit; `undefined` for what no plant models. */
export type ValueOf = (quantity: QuantityName) => number | undefined

/** Demand is the mean power of the last 15 minutes, as Chinese maximum-demand meters show it. */
const DEMAND_MS = 0.25 * HOUR_MS

/** Share of the DC power that an inverter delivers, the voltage of its strings, and how it warms under load. */
const INVERTER = { efficiency: 0.98, stringV: 620, idleC: 25, fullLoadRiseC: 30 }

/** What an electricity meter works from at one instant; each part is computed when it is first asked for. */
interface Electrical {
  readonly state: ElectricalState
  energy(): ElectricalEnergy
  /** Mean power over the demand period: import positive. */
  activeDemand(): number
  /** Greatest one of the month. */
  maxDemand(): number
  tariffEnergy(tariff: TariffName): number
  readonly isSource: boolean
  apparentDemand(): number
  /** Share of its bounds that flows. */
  load(): number
}

type ShownBy = (of: Electrical) => number

const degreesOf = ({ activeKw, reactiveKvar }: Pick<PhaseState, 'activeKw' | 'reactiveKvar'>): number =>
  (Math.atan2(reactiveKvar, activeKw) * 180) / Math.PI

const phaseFamilies: Readonly<Record<string, (phase: PhaseState) => number>> = {
  voltage: (phase) => phase.voltageV,
  current: (phase) => phase.currentA,
  activePower: (phase) => phase.activeKw,
  reactivePower: (phase) => phase.reactiveKvar,
  apparentPower: (phase) => phase.apparentKva,
  powerFactor: (phase) => phase.powerFactor,
  phaseAngle: degreesOf,
  voltageThd: (phase) => phase.voltageThdPercent,
  currentThd: (phase) => phase.currentThdPercent,
}

const phaseRegisters: Readonly<Record<string, (energy: ElectricalEnergy, phase: 0 | 1 | 2) => number>> = {
  activeEnergyImport: ({ importByPhaseKwh }, phase) => importByPhaseKwh[phase],
  activeEnergyExport: ({ exportByPhaseKwh }, phase) => exportByPhaseKwh[phase],
  activeEnergySum: ({ importByPhaseKwh, exportByPhaseKwh }, phase) =>
    importByPhaseKwh[phase] + exportByPhaseKwh[phase],
  reactiveEnergyImport: ({ reactiveImportByPhaseKvarh }, phase) => reactiveImportByPhaseKvarh[phase],
  reactiveEnergyExport: () => 0,
  apparentEnergy: (energy, phase) => energy.apparentByPhaseKvah(phase),
}

const totals: Partial<Record<QuantityName, ShownBy>> = {
  'activePower.total': ({ state }) => state.activeKw,
  'reactivePower.total': ({ state }) => state.reactiveKvar,
  'apparentPower.total': ({ state }) => state.apparentKva,
  'powerFactor.total': ({ state }) => state.powerFactor,
  'phaseAngle.total': ({ state }) => degreesOf(state),
  'current.n': ({ state }) => state.neutralCurrentA,
  frequency: ({ state }) => state.frequencyHz,
  'activeDemand.total': (of) => of.activeDemand(),
  'activeDemandMax.total': (of) => of.maxDemand(),
  'apparentDemand.total': (of) => of.apparentDemand(),
  dcPower: ({ state }) => Math.abs(state.activeKw) / INVERTER.efficiency,
  dcVoltage: () => INVERTER.stringV,
  dcCurrent: ({ state }) => (Math.abs(state.activeKw) * 1_000) / INVERTER.efficiency / INVERTER.stringV,
  equipmentTemperature: (of) => INVERTER.idleC + INVERTER.fullLoadRiseC * of.load(),
  'activeEnergyImport.total': (of) => of.energy().importKwh,
  'activeEnergyExport.total': (of) => of.energy().exportKwh,
  'activeEnergySum.total': (of) => of.energy().importKwh + of.energy().exportKwh,
  'reactiveEnergyImport.total': (of) => of.energy().reactiveImportKvarh,
  'reactiveEnergyExport.total': () => 0,
  'reactiveEnergyQ1.total': (of) => of.energy().reactiveImportKvarh,
  'reactiveEnergyQ2.total': () => 0,
  'reactiveEnergyQ3.total': () => 0,
  'reactiveEnergyQ4.total': () => 0,
  'apparentEnergy.total': (of) => of.energy().apparentKvah,
}

/** Between two phases 120° apart. */
const lineToLine = (a: PhaseState, b: PhaseState): number =>
  Math.sqrt(a.voltageV ** 2 + b.voltageV ** 2 + a.voltageV * b.voltageV)

const pairs: Readonly<Record<string, readonly [0 | 1 | 2, 0 | 1 | 2]>> = {
  l12: [0, 1],
  l23: [1, 2],
  l31: [2, 0],
}

const phaseIndex: Readonly<Record<string, 0 | 1 | 2>> = { l1: 0, l2: 1, l3: 2 }

const between = ({ phases }: ElectricalState, [a, b]: readonly [0 | 1 | 2, 0 | 1 | 2]): number =>
  lineToLine(phases[a], phases[b])

const mean = ([a, b, c]: readonly [number, number, number]): number => (a + b + c) / 3

/** Registers that count in tariffs: what a load takes in, what a source gives, and the sum of both. */
const tariffFamilies: Readonly<Record<string, (of: Electrical, tariff: TariffName) => number>> = {
  activeEnergyImport: (of, tariff) => (of.isSource ? 0 : of.tariffEnergy(tariff)),
  activeEnergyExport: (of, tariff) => (of.isSource ? of.tariffEnergy(tariff) : 0),
  activeEnergySum: (of, tariff) => of.tariffEnergy(tariff),
}

function shownAtPlace(quantity: QuantityName): ShownBy | undefined {
  const [family = '', place = ''] = quantity.split('.')
  if (family === 'voltageLineToLine') {
    const pair = pairs[place]
    if (pair !== undefined) return ({ state }) => between(state, pair)
    return ({ state }) => mean([between(state, [0, 1]), between(state, [1, 2]), between(state, [2, 0])])
  }
  if (isTariffName(place)) {
    const register = tariffFamilies[family]
    return register === undefined ? undefined : (meter) => register(meter, place)
  }
  const of = phaseFamilies[family]
  if (of !== undefined && place === 'average')
    return ({ state }) => mean(eachPhase((i) => of(state.phases[i])))
  const phase = phaseIndex[place]
  if (phase === undefined) return undefined
  if (of !== undefined) return ({ state }) => of(state.phases[phase])
  const register = phaseRegisters[family]
  return register === undefined ? undefined : (meter) => register(meter.energy(), phase)
}

/** How each quantity is shown, looked up once. */
const shown: ReadonlyMap<QuantityName, ShownBy> = new Map(
  quantities
    .map(({ name }) => [name, totals[name] ?? shownAtPlace(name)] as const)
    .filter((entry): entry is readonly [QuantityName, ShownBy] => entry[1] !== undefined),
)

function electrical(plant: Plant, meter: string, atMs: number, state: ElectricalState): Electrical {
  let energy: ElectricalEnergy | undefined
  const energyNow = (): ElectricalEnergy => {
    energy ??= plant.electricalEnergyAt(meter, atMs)
    return energy
  }
  return {
    state,
    energy: energyNow,
    activeDemand: () => {
      const { importKwh, exportKwh } = energyNow()
      const before = plant.energyAt(meter, atMs - DEMAND_MS)
      const sign = plant.boundsOf(meter).most > 0 ? 1 : -1
      return ((importKwh + exportKwh - before) * sign * HOUR_MS) / DEMAND_MS
    },
    maxDemand: () => plant.maxDemandAt(meter, atMs),
    tariffEnergy: (tariff) => plant.tariffEnergyAt(meter, tariff, atMs),
    isSource: plant.boundsOf(meter).most <= 0,
    apparentDemand: () => {
      const before = plant.electricalEnergyAt(meter, atMs - DEMAND_MS).apparentKvah
      return ((energyNow().apparentKvah - before) * HOUR_MS) / DEMAND_MS
    },
    load: () => {
      const { least, most } = plant.boundsOf(meter)
      return Math.abs(state.activeKw) / Math.max(most, -least)
    },
  }
}

/** All that a meter shows at one instant. Values are computed when first asked for, and belong together. */
export function meterValues(plant: Plant, meter: string, atMs: number): ValueOf {
  let state: MeterState | undefined
  let values: Electrical | undefined
  return (quantity) => {
    state ??= plant.stateAt(meter, atMs)
    if (state.carrier !== 'electricity') {
      return mediumValue(quantity, state, () => plant.energyAt(meter, atMs))
    }
    const show = shown.get(quantity)
    if (show === undefined) return undefined
    values ??= electrical(plant, meter, atMs, state)
    return show(values)
  }
}
