import { followedBy, type Conversion, type FlowOf } from './flow-kinds.ts'
import { THIRDS, phaseSharesOf, tanPhiOf, timesFactor, type FlowNode, type Term } from './flow-node.ts'
import { constantCurve, instantOf, loadCurve, sampledEnvelope } from './load-curve.ts'
import type { Surroundings } from './load-kinds.ts'

/** Flows that another flow makes necessary: gas for steam, electricity for air, cold and water. */

/** Gas that a boiler burns for a tonne of steam, m³/t. */
export function gasPerTonne({ steamHeat, efficiency, heatingValue }: FlowOf<'boiler'>): number {
  return (steamHeat * 1_000) / (efficiency * heatingValue)
}

const MJ_PER_KWH = 3.6

/** Gas that a CHP unit burns for a kWh of its electricity, m³/kWh. */
export function gasPerKwh(
  { heatingValue }: FlowOf<'chp-gas'>,
  { electricEfficiency }: FlowOf<'chp'>,
): number {
  return MJ_PER_KWH / (electricEfficiency * heatingValue)
}

/** kN/m³: 1000 kg/m³ · 9.80665 m/s². */
const WATER_WEIGHT = 9.80665

/** Electricity that lifts a m³ of water, kWh/m³. */
export function pumpingPerCubicMetre({ headMetres, efficiency }: FlowOf<'pump'>): number {
  return (WATER_WEIGHT * headMetres) / (efficiency * 3_600)
}

/** Cold for electricity at an outdoor temperature; the best that a chiller reaches is twice that at 25 °C. */
export function copAt({ cop, copPerDegree }: FlowOf<'chiller'>, celsius: number): number {
  return Math.min(2 * cop, Math.max(1, cop - copPerDegree * (celsius - 25)))
}

/** The coefficient of performance follows the weather at marks this far apart. */
const CHILLER_STEP_MINUTES = 10

type Electrical = FlowOf<'compressor' | 'chiller' | 'pump'>
type Look = Pick<Term, 'tanPhi' | 'phaseShares' | 'currentThd'>

const looks = (flow: Electrical, name: string, { scenario }: Surroundings): Look => ({
  tanPhi: tanPhiOf(flow.cosPhi),
  phaseShares: phaseSharesOf(flow.unbalance, scenario.seed, name),
  currentThd: flow.currentThd,
})

const FLUID: Look = { tanPhi: 0, phaseShares: THIRDS, currentThd: 0 }

/** A node that takes `factor` times what another one gives, and `always` besides. */
function proportional(
  of: FlowNode,
  factor: number,
  look: Look,
  always: readonly Term[] = [],
  alwaysFlow = 0,
): Omit<FlowNode, 'nominalV'> {
  const ends = [of.least * factor, of.most * factor].toSorted((a, b) => a - b)
  const [least = 0, most = 0] = ends.map((end) => end + alwaysFlow)
  return {
    terms: [...timesFactor(of.terms, factor).map((term) => ({ ...term, ...look })), ...always],
    losses: [],
    least,
    most,
    reactiveMost: most * look.tanPhi,
    source: false,
  }
}

function chillerNode(
  flow: FlowOf<'chiller'>,
  name: string,
  output: FlowNode,
  look: Look,
  around: Surroundings,
): Omit<FlowNode, 'nominalV'> {
  const { weather, time, daySums } = around
  const envelope = sampledEnvelope(CHILLER_STEP_MINUTES, (day, minute) => {
    const atMs = instantOf(day, minute, time)
    let cold = 0
    for (const { curve, weight } of output.terms) cold += weight * curve.at(atMs)
    return cold / copAt(flow, weather.temperature(day, minute))
  })
  const most = output.most / copAt(flow, weather.most)
  return {
    terms: [{ curve: loadCurve(envelope, [], time, daySums.of(name)), weight: 1, ...look }],
    losses: [],
    least: output.least / copAt(flow, weather.least),
    most,
    reactiveMost: most * look.tanPhi,
    source: false,
  }
}

function nodeOf(
  flow: Conversion,
  name: string,
  around: Surroundings,
  output: FlowNode,
): Omit<FlowNode, 'nominalV'> {
  switch (flow.kind) {
    case 'boiler':
      return proportional(output, gasPerTonne(flow), FLUID)
    case 'chp-gas':
      // The electricity of a source is below zero.
      return proportional(output, -gasPerKwh(flow, unitOf(flow, around)), FLUID)
    case 'chp-heat': {
      const unit = unitOf(flow, around)
      return proportional(output, -unit.heatEfficiency / unit.electricEfficiency, FLUID)
    }
    case 'pump':
      return proportional(output, pumpingPerCubicMetre(flow), looks(flow, name, around))
    case 'compressor': {
      const look = looks(flow, name, around)
      const idle = { curve: constantCurve(flow.idlePower, around.time), weight: 1, ...look }
      return proportional(output, flow.specificPower, look, [idle], flow.idlePower)
    }
    case 'chiller':
      break
  }
  return chillerNode(flow, name, output, looks(flow, name, around), around)
}

function unitOf({ of }: FlowOf<'chp-gas' | 'chp-heat'>, { scenario }: Surroundings): FlowOf<'chp'> {
  const unit = scenario.flows[of]
  if (unit?.kind !== 'chp') throw new RangeError(`"${of}" is no CHP unit`)
  return unit
}

/** The node of a conversion; `build` gives the node that it follows. */
export function conversionNode(
  flow: Conversion,
  name: string,
  around: Surroundings,
  build: (name: string) => FlowNode,
): FlowNode {
  const nominalV = ('voltage' in flow ? flow.voltage : undefined) ?? around.scenario.voltage
  return { ...nodeOf(flow, name, around, build(followedBy(flow))), nominalV }
}
