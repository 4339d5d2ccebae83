import type { Park } from '#contract/park.ts'
import { eachPhase, electricalState, type ElectricalState, type ThreePhases } from './electrical.ts'
import { flowNodes, sumByPhase, sumOfTerms, type FlowNode } from './flow-tree.ts'
import type { Scenario } from './scenario.ts'

/**
 * A park as it runs: the state of every meter's point, and the exact integral of its flow, at any instant and in any
 * order. Nothing is stepped and nothing is remembered, so two plants of one scenario never differ.
 */
export interface Plant {
  /** Throws RangeError for a meter that the park does not have. */
  stateAt(meter: string, atMs: number): MeterState
  /**
   * What has flowed since the start of the registers, in the unit of the meter's register: import for a load, export
   * for a source; 0 before the start. It never decreases.
   */
  energyAt(meter: string, atMs: number): number
  /** All registers of an electricity meter, 0 at the start. Throws RangeError for meters of other carriers. */
  electricalEnergyAt(meter: string, atMs: number): ElectricalEnergy
  /** The bounds that the meter's flow keeps for ever; below zero for a source. */
  boundsOf(meter: string): { readonly least: number; readonly most: number }
}

export type MeterState = ElectricalState | FluidState

/** Gas or steam in a pipe. */
export interface FluidState {
  readonly carrier: 'naturalGas' | 'steam'
  /** m³/h of standard gas, or t/h of steam. */
  readonly flow: number
  readonly temperatureC: number
  /** Absolute. */
  readonly pressureKpa: number
}

export interface ElectricalEnergy {
  readonly importKwh: number
  readonly exportKwh: number
  readonly importByPhaseKwh: ThreePhases<number>
  /** Inductive while importing; the loads of a plant never deliver reactive energy. */
  readonly reactiveImportKvarh: number
}

/** The plant of a scenario in its park. */
export function makePlant(scenario: Scenario, park: Park): Plant {
  const nodes = flowNodes(scenario)
  const nodeOf = (meter: string): FlowNode => {
    const node = nodes.get(meter)
    if (node === undefined) throw new RangeError(`nothing flows through "${meter}"`)
    return node
  }
  const carrierOf = (meter: string): string => {
    const carrier = park.meters.get(meter)?.carrier
    if (carrier === undefined) throw new RangeError(`there is no meter "${meter}"`)
    return carrier
  }

  const energyAt = (meter: string, atMs: number): number => {
    const { terms, source } = nodeOf(meter)
    const imported = sumOfTerms(terms, ({ curve }) => curve.integralAt(atMs))
    // Not −imported: a register at its start is 0, not −0.
    return source ? 0 - imported : imported
  }

  return {
    energyAt,
    boundsOf: (meter) => nodeOf(meter),
    stateAt: (meter, atMs) => {
      const carrier = carrierOf(meter)
      const { terms, nominalV } = nodeOf(meter)
      switch (carrier) {
        case 'electricity': {
          const active = sumByPhase(terms, ({ curve }) => curve.at(atMs))
          const reactive = sumByPhase(terms, ({ curve, tanPhi }) => curve.at(atMs) * tanPhi)
          const powers = eachPhase((phase) => ({ activeKw: active[phase], reactiveKvar: reactive[phase] }))
          return electricalState(powers, nominalV, atMs)
        }
        case 'naturalGas':
        case 'steam': {
          const { temperature, pressure } = carrier === 'steam' ? scenario.steam : scenario.gas
          const flow = sumOfTerms(terms, ({ curve }) => curve.at(atMs))
          return { carrier, flow, temperatureC: temperature, pressureKpa: pressure }
        }
        default:
          throw new RangeError(`"${meter}" measures ${carrier}, which no plant has yet`)
      }
    },
    electricalEnergyAt: (meter, atMs) => {
      if (carrierOf(meter) !== 'electricity') throw new RangeError(`"${meter}" measures no electricity`)
      const { terms, source } = nodeOf(meter)
      const none: ThreePhases<number> = [0, 0, 0]
      const energy = energyAt(meter, atMs)
      return {
        importKwh: source ? 0 : energy,
        exportKwh: source ? energy : 0,
        importByPhaseKwh: source ? none : sumByPhase(terms, ({ curve }) => curve.integralAt(atMs)),
        reactiveImportKvarh: sumOfTerms(terms, ({ curve, tanPhi }) => curve.integralAt(atMs) * tanPhi),
      }
    },
  }
}
