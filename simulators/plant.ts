import type { Carrier } from '#contract/carriers.ts'
import type { Park } from '#contract/park.ts'
import { DaySums } from './day-sums.ts'
import { environmentOf, type Environment } from './environment.ts'
import { eachPhase, electricalState, type ElectricalState, type ThreePhases } from './electrical.ts'
import { amountOfTerms, byPhase, flowOfTerms, type FlowNode } from './flow-node.ts'
import { flowNodes } from './flow-tree.ts'
import { instantOf, loadCurve, sampledEnvelope, type LoadCurve } from './load-curve.ts'
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
}

/** Apparent power that has no closed integral is counted at marks this far apart, straight between them. */
const APPARENT_STEP_MINUTES = 10

/** Makes a thing once for each of its names. */
function kept<K extends readonly string[], T>(make: (...names: K) => T): (...names: K) => T {
  const made = new Map<string, T>()
  return (...names) => {
    const key = names.join('/')
    const known = made.get(key) ?? make(...names)
    made.set(key, known)
    return known
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
    const carrier = park.meters.get(meter)?.carrier
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

  const apparentCurves = new Map<string, LoadCurve>()
  const apparentCurve = (meter: string): LoadCurve => {
    const made = apparentCurves.get(meter)
    if (made !== undefined) return made
    const { terms } = nodeOf(meter)
    const envelope = sampledEnvelope(APPARENT_STEP_MINUTES, (day, minute) => {
      const atMs = instantOf(day, minute, time)
      let active = 0
      let reactive = 0
      for (const { curve, weight, tanPhi } of terms) {
        const flow = weight * curve.at(atMs)
        active += flow
        reactive += flow * tanPhi
      }
      return Math.hypot(active, reactive)
    })
    const curve = loadCurve(envelope, [], time, daySums.of(`${meter}/apparent`))
    apparentCurves.set(meter, curve)
    return curve
  }

  /** Exact where all of the load has one power factor. */
  const apparentEnergy = (meter: string, atMs: number): number => {
    const { terms } = nodeOf(meter)
    const tanPhi = terms[0]?.tanPhi ?? 0
    return terms.every((term) => term.tanPhi === tanPhi)
      ? Math.abs(amountOfTerms(terms, atMs)) * Math.hypot(1, tanPhi)
      : apparentCurve(meter).integralAt(atMs)
  }

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
          return apparentEnergy(meter, atMs)
        },
      }
    },
  }
}
