import type { Carrier } from '#contract/carriers.ts'
import { DAY_MS } from '#contract/duration.ts'
import type { Park } from '#contract/park.ts'
import { apparentRegister } from './apparent-energy.ts'
import { DaySums } from './day-sums.ts'
import { environmentOf, type Environment } from './environment.ts'
import { eachPhase, electricalState, type ElectricalState, type ThreePhases } from './electrical.ts'
import { amountOfTerms, byPhase, flowOfTerms, type FlowNode } from './flow-node.ts'
import { flowNodes } from './flow-tree.ts'
import type { LoadCurve } from './load-curve.ts'
import { carrierOfFlow } from './flow-carrier.ts'
import { amountPerFlowHour, conditionsOf, type MediumState } from './media.ts'
import { surroundingsOf } from './load-kinds.ts'
import { maximumDemand } from './max-demand.ts'
import { plantTime, type Scenario } from './scenario.ts'
import { tariffRegister, type TariffName } from './tariff-registers.ts'

/**
 * A park as it runs: the state of every meter's point, and the exact integral of its flow, at any instant and in any
 * order. Nothing is stepped, so two plants of one scenario never differ; what is laid out of a day is only kept to be
 * quick.
 */
export interface Plant {
  /** Throws RangeError for a meter that the park does not have. */
  stateAt(meter: string, atMs: number): MeterState
  /**
   * What has flowed through a meter or an unmeasured flow since the start of the registers, in the unit in which its
   * carrier is counted: import for a load, export for a source; 0 before the start. It never decreases.
   */
  energyAt(flow: string, atMs: number): number
  /** All registers of an electricity meter, 0 at the start. Throws RangeError for meters of other carriers. */
  electricalEnergyAt(meter: string, atMs: number): ElectricalEnergy
  /**
   * What is lost between this meter and what it feeds: lines by a share, transformers by their losses. The flow, and
   * its integral since the start of the registers in the unit of the meter's register.
   */
  lossAt(meter: string, atMs: number): { readonly flow: number; readonly amount: number }
  /** A tariff register of an electricity meter, in kWh; the four of them add up to its `energyAt`. */
  tariffEnergyAt(meter: string, tariff: TariffName, atMs: number): number
  /** Greatest quarter-hour mean of the power taken in since the month began, in kW; 0 for a source. */
  maxDemandAt(meter: string, atMs: number): number
  /** The weather over the park. */
  environmentAt(atMs: number): Environment
  /**
   * Sums up the days of all flows up to an instant in many small steps, and yields after each how much of it is done,
   * 0 to 1: for whoever has others to answer in between. Nothing is different afterwards but the time of an answer.
   */
  summing(atMs: number): Iterable<number>
  /** The bounds that the meter's flow keeps for ever; below zero for a source. */
  boundsOf(meter: string): { readonly least: number; readonly most: number }
}

export type MeterState = ElectricalState | MediumState

export interface ElectricalEnergy {
  readonly importKwh: number
  readonly exportKwh: number
  readonly importByPhaseKwh: ThreePhases<number>
  readonly exportByPhaseKwh: ThreePhases<number>
  /** Inductive while importing (Q1); loads never deliver reactive energy, and sources have a power factor of 1. */
  readonly reactiveImportKvarh: number
  readonly reactiveImportByPhaseKvarh: ThreePhases<number>
  readonly apparentKvah: number
  apparentByPhaseKvah(phase: 0 | 1 | 2): number
}

/** All phases together, or one of them. */
type Place = 'all' | 0 | 1 | 2

/** Makes a thing once for each of its names. */
function kept<K extends readonly (string | number)[], T>(make: (...names: K) => T): (...names: K) => T {
  const made = new Map<string, T>()
  return (...names) => {
    const key = names.join('/')
    const known = made.get(key) ?? make(...names)
    made.set(key, known)
    return known
  }
}

/** Days summed up at a time: some milliseconds. */
const SUMMED_DAYS = 20

/**
 * All curves of a plant, first those that are sampled from others, the outermost of them first: whoever walks over their
 * days lays out and sums up those of the others on the way.
 */
function curvesInOrder(scenario: Scenario, nodes: ReadonlyMap<string, FlowNode>): readonly LoadCurve[] {
  const found = new Set<LoadCurve>()
  const outermostFirst = [...nodes].toReversed()
  for (const [name, { terms, losses }] of outermostFirst) {
    const kind = scenario.flows[name]?.kind
    const sampled = kind === 'transformer' ? losses : kind === 'chiller' ? terms : []
    for (const { curve } of sampled) found.add(curve)
  }
  for (const [, { terms }] of outermostFirst) for (const { curve } of terms) found.add(curve)
  return [...found]
}

function* summed(curves: readonly LoadCurve[], startMs: number, endMs: number): Generator<number, void> {
  for (const [index, curve] of curves.entries()) {
    for (let atMs = startMs; atMs < endMs;) {
      atMs = Math.min(atMs + SUMMED_DAYS * DAY_MS, endMs)
      curve.integralAt(atMs)
      yield (index + (atMs - startMs) / (endMs - startMs)) / curves.length
    }
  }
}

/** The plant of a scenario in its park. It goes on with `daySums`, which are those of a plant of the same scenario. */
export function makePlant(scenario: Scenario, park: Park, daySums = new DaySums()): Plant {
  const nodes = flowNodes(scenario, daySums)
  const time = plantTime(scenario)
  const nodeOf = (meter: string): FlowNode => {
    const node = nodes.get(meter)
    if (node === undefined) throw new RangeError(`nothing flows through "${meter}"`)
    return node
  }
  const carrierOf = (meter: string): Carrier => {
    const carrier = park.sensors.has(meter) ? 'environment' : park.meters.get(meter)?.carrier
    if (carrier === undefined) throw new RangeError(`there is no meter "${meter}"`)
    return carrier
  }

  const perFlowHour = new Map<string, number>()
  const amountPerHourOf = (flow: string): number => {
    const known = perFlowHour.get(flow)
    if (known !== undefined) return known
    const carrier = carrierOfFlow(flow, scenario, park)
    const factor = carrier === undefined ? 1 : amountPerFlowHour(carrier)
    perFlowHour.set(flow, factor)
    return factor
  }

  const energyAt = (flow: string, atMs: number): number => {
    const { terms, source } = nodeOf(flow)
    const imported = amountOfTerms(terms, atMs) * amountPerHourOf(flow)
    // Not −imported: a register at its start is 0, not −0.
    return source ? 0 - imported : imported
  }

  /** Of all phases together, or of one of them. */
  const apparentEnergy = kept((meter: string, phase: Place): ((atMs: number) => number) => {
    const all = nodeOf(meter).terms
    const terms =
      phase === 'all'
        ? all
        : all.map((term) => ({ ...term, weight: term.weight * (term.phaseShares[phase] ?? 0) }))
    const tanPhi = terms[0]?.tanPhi ?? 0
    if (terms.every((term) => term.tanPhi === tanPhi)) {
      return (atMs) => Math.abs(amountOfTerms(terms, atMs)) * Math.hypot(1, tanPhi)
    }
    const registers = (atMs: number): [number, number] => {
      let [active, reactive] = [0, 0]
      for (const { curve, weight, tanPhi: share } of terms) {
        const amount = weight * curve.integralAt(atMs)
        active += amount
        reactive += amount * share
      }
      return [active, reactive]
    }
    return apparentRegister(registers, time, daySums.of(`${meter}/apparent/${phase}`))
  })

  const tariffEnergy = kept((meter: string, tariff: TariffName) =>
    tariffRegister(
      tariff,
      (atMs) => energyAt(meter, atMs),
      scenario.tariffs,
      time,
      daySums.of(`${meter}/${tariff}`),
    ),
  )
  const maxDemand = kept((meter: string) =>
    nodeOf(meter).source ? () => 0 : maximumDemand((atMs) => energyAt(meter, atMs), time),
  )

  return {
    energyAt,
    tariffEnergyAt: (meter, tariff, atMs) => tariffEnergy(meter, tariff)(atMs),
    maxDemandAt: (meter, atMs) => maxDemand(meter)(atMs),
    environmentAt: environmentOf(surroundingsOf(scenario)),
    boundsOf: (meter) => nodeOf(meter),
    summing: (atMs) => summed(curvesInOrder(scenario, nodes), time.startMs, atMs),
    lossAt: (meter, atMs) => {
      const { losses } = nodeOf(meter)
      return {
        flow: flowOfTerms(losses, atMs),
        amount: amountOfTerms(losses, atMs) * amountPerHourOf(meter),
      }
    },
    stateAt: (meter, atMs) => {
      const carrier = carrierOf(meter)
      const { terms, nominalV } = nodeOf(meter)
      if (carrier === 'environment') throw new RangeError(`"${meter}" measures no flow`)
      if (carrier !== 'electricity') {
        return { carrier, flow: flowOfTerms(terms, atMs), ...conditionsOf(carrier, scenario) }
      }
      return electricalState(terms, nominalV, atMs)
    },
    electricalEnergyAt: (meter, atMs) => {
      if (carrierOf(meter) !== 'electricity') throw new RangeError(`"${meter}" measures no electricity`)
      const { terms, source } = nodeOf(meter)
      const energies = byPhase(terms, (curve) => curve.integralAt(atMs))
      const none: ThreePhases<number> = [0, 0, 0]
      const active = eachPhase((phase) => (source ? 0 - energies[phase].active : energies[phase].active))
      const reactive = energies[0].reactive + energies[1].reactive + energies[2].reactive
      const energy = energyAt(meter, atMs)
      return {
        importKwh: source ? 0 : energy,
        exportKwh: source ? energy : 0,
        importByPhaseKwh: source ? none : active,
        exportByPhaseKwh: source ? active : none,
        reactiveImportKvarh: reactive,
        reactiveImportByPhaseKvarh: eachPhase((phase) => energies[phase].reactive),
        get apparentKvah() {
          return apparentEnergy(meter, 'all')(atMs)
        },
        apparentByPhaseKvah: (phase) => apparentEnergy(meter, phase)(atMs),
      }
    },
  }
}
