import type { Carrier } from '#contract/carriers.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Scenario } from './scenario.ts'

/** What flows in pipes, and what the meters on them show. */

export type Medium = Exclude<Carrier, 'electricity' | 'environment'>

/** A medium at a meter, at one instant. */
export interface MediumState {
  readonly carrier: Medium
  /** m³/h of standard gas or air, m³/h of water or fuel, t/h of steam or fuel, pieces or t of products an hour, kW of heat or cold. */
  readonly flow: number
  /** °C. */
  readonly temperatureC: number
  /** °C; of heating and cooling circuits, `temperatureC` elsewhere. */
  readonly returnTemperatureC: number
  /** Absolute. */
  readonly pressureKpa: number
  /** Heat that a steam meter counts, GJ/t. */
  readonly enthalpy: number
}

export const GJ_PER_KWH = 0.0036

/** Registers of heat and cold are in GJ, their flows in kW; all other flows advance their register by one in an hour. */
export const amountPerFlowHour = (carrier: Carrier): number =>
  carrier === 'heat' || carrier === 'cooling' ? GJ_PER_KWH : 1

/** 20 °C and 101.325 kPa: the condition of the catalogue's standard volumes. */
const STANDARD = { kelvin: 293.15, kpa: 101.325 }
const ZERO_CELSIUS_KELVIN = 273.15

/** Heat that a m³ of water takes up for a degree, kWh/(m³·K): 4.1868 kJ/(kg·K) at 1000 kg/m³. */
const WATER_KWH_PER_M3_K = 1.163

const actualPerStandard = ({ pressureKpa, temperatureC }: MediumState): number =>
  (STANDARD.kpa / pressureKpa) * ((temperatureC + ZERO_CELSIUS_KELVIN) / STANDARD.kelvin)

/** m³ of circuit water that carry a kWh. */
const waterPerKwh = ({ temperatureC, returnTemperatureC }: MediumState): number =>
  1 / (WATER_KWH_PER_M3_K * Math.abs(temperatureC - returnTemperatureC))

type ShownBy = (state: MediumState, amount: number) => number

const flow: ShownBy = (state) => state.flow
const register: ShownBy = (_, amount) => amount
const temperature: ShownBy = (state) => state.temperatureC
const pressure: ShownBy = (state) => state.pressureKpa

/** A circuit of heat or cold: its water follows from its power and the two temperatures. */
const circuit = {
  heatVolume: (state, amount) => (amount / GJ_PER_KWH) * waterPerKwh(state),
  heatFlow: (state) => state.flow * waterPerKwh(state),
  supplyTemperature: temperature,
  returnTemperature: (state) => state.returnTemperatureC,
} satisfies Partial<Record<QuantityName, ShownBy>>

/** What a meter of each medium can show, from its state and the amount of its register. */
const shown: Readonly<Record<Medium, Partial<Record<QuantityName, ShownBy>>>> = {
  naturalGas: {
    gasVolumeStandard: register,
    gasFlowStandard: flow,
    gasVolumeActual: (state, amount) => amount * actualPerStandard(state),
    gasFlowActual: (state) => state.flow * actualPerStandard(state),
    gasTemperature: temperature,
    gasPressure: pressure,
  },
  steam: {
    steamMass: register,
    steamFlow: flow,
    steamEnergy: ({ enthalpy }, amount) => amount * enthalpy,
    steamTemperature: temperature,
    steamPressure: pressure,
  },
  heat: { heatEnergy: register, heatPower: flow, ...circuit },
  cooling: { coolingEnergy: register, coolingPower: flow, ...circuit },
  water: { waterVolume: register, waterFlow: flow },
  compressedAir: { airVolumeStandard: register, airFlowStandard: flow, airPressure: pressure },
  solidFuel: { solidFuelMass: register, solidFuelFlow: flow },
  liquidFuel: { liquidFuelVolume: register, liquidFuelFlow: flow },
  product: { productCount: register, productMass: register },
}

/** What a meter of a medium shows; undefined for what no plant models. */
export function mediumValue(
  quantity: QuantityName,
  state: MediumState,
  amountAt: () => number,
): number | undefined {
  return shown[state.carrier][quantity]?.(state, amountAt())
}

/** The conditions of a medium at its meters, which are the same all over the park. */
export function conditionsOf(carrier: Medium, scenario: Scenario): Omit<MediumState, 'flow' | 'carrier'> {
  const at = (temperatureC: number, pressureKpa: number, returnTemperatureC = temperatureC) => ({
    temperatureC,
    returnTemperatureC,
    pressureKpa,
    enthalpy: scenario.steam.enthalpy,
  })
  const { gas, steam, air, heat, cooling } = scenario
  switch (carrier) {
    case 'naturalGas':
      return at(gas.temperature, gas.pressure)
    case 'steam':
      return at(steam.temperature, steam.pressure)
    case 'compressedAir':
      return at(20, air.pressure)
    case 'heat':
      return at(heat.supply, STANDARD.kpa, heat.return)
    case 'cooling':
      return at(cooling.supply, STANDARD.kpa, cooling.return)
    case 'water':
    case 'solidFuel':
    case 'liquidFuel':
    case 'product':
      break
  }
  return at(15, STANDARD.kpa)
}
