import { loadCurve, type LoadCurve } from './load-curve.ts'
import { loadShape } from './load-kinds.ts'
import type { Flow, Scenario } from './scenario.ts'
import { seededStream } from './seeded.ts'
import { eachPhase, type ThreePhases } from './electrical.ts'

/**
 * Every flow of a scenario as a weighted sum of load curves. A parent is its children's terms, times one plus its
 * losses, so the tree closes by construction, for power, reactive power and energy alike.
 */

/** A load or source, as a part of some flow. */
export interface Term {
  readonly curve: LoadCurve
  /** Below zero for a source: the load view of the catalogue. */
  readonly weight: number
  readonly tanPhi: number
  readonly phaseShares: ThreePhases<number>
}

export interface FlowNode {
  readonly terms: readonly Term[]
  /** The flow never leaves [least, most]; load view. */
  readonly least: number
  readonly most: number
  /** True for what only delivers, such as PV. */
  readonly source: boolean
  readonly nominalV: number
}

function phaseSharesOf(unbalance: number, seed: number, name: string): ThreePhases<number> {
  const random = seededStream(seed, `${name}/phase`)
  const l1 = (1 + unbalance * (2 * random(1) - 1)) / 3
  const l2 = (1 + unbalance * (2 * random(2) - 1)) / 3
  return [l1, l2, 1 - l1 - l2]
}

type Leaf = Extract<Flow, { kind: 'shift' | 'continuous' | 'photovoltaic' }>

function leafNode(leaf: Leaf, name: string, scenario: Scenario): FlowNode {
  const shape = loadShape(leaf, name, scenario)
  const [sign, hours = 0, minutes = 0] = [
    scenario.utcOffset[0],
    ...scenario.utcOffset.slice(1).split(':').map(Number),
  ]
  const curve = loadCurve(shape.envelope, shape.ripples, {
    startMs: Temporal.Instant.from(scenario.registersFrom).epochMilliseconds,
    offsetMs: (sign === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000,
  })
  const source = leaf.kind === 'photovoltaic'
  const term = {
    curve,
    weight: source ? -1 : 1,
    tanPhi: source ? 0 : Math.tan(Math.acos(leaf.cosPhi)),
    phaseShares: phaseSharesOf(leaf.unbalance, scenario.seed, name),
  }
  return {
    terms: [term],
    least: source ? -shape.most : shape.least,
    most: source ? -shape.least : shape.most,
    source,
    nominalV: leaf.voltage ?? scenario.voltage,
  }
}

/** Terms of several nodes times a factor. */
function scaled(nodes: readonly FlowNode[], factor: number): Pick<FlowNode, 'terms' | 'least' | 'most'> {
  return {
    terms: nodes.flatMap(({ terms }) => terms.map((term) => ({ ...term, weight: term.weight * factor }))),
    least: nodes.reduce((sum, { least }) => sum + least * factor, 0),
    most: nodes.reduce((sum, { most }) => sum + most * factor, 0),
  }
}

/** Gas that a boiler burns for a tonne of steam, m³/t. */
export function gasPerTonne(boiler: Extract<Flow, { kind: 'boiler' }>): number {
  return (boiler.steamHeat * 1_000) / (boiler.efficiency * boiler.heatingValue)
}

/**
 * Builds the flow of a name and all that it rests on. Throws RangeError where a flow is missing or rests on itself;
 * `scenarioContradictions` names such places before.
 */
export function flowNodes(scenario: Scenario): ReadonlyMap<string, FlowNode> {
  const nodes = new Map<string, FlowNode>()
  const underWay = new Set<string>()
  const build = (name: string): FlowNode => {
    const built = nodes.get(name)
    if (built !== undefined) return built
    const flow = scenario.flows[name]
    if (flow === undefined) throw new RangeError(`there is no flow "${name}"`)
    if (underWay.has(name)) throw new RangeError(`the flow "${name}" rests on itself`)
    underWay.add(name)
    const node = nodeOf(flow, name)
    underWay.delete(name)
    nodes.set(name, node)
    return node
  }
  const nodeOf = (flow: Flow, name: string): FlowNode => {
    if (flow.kind === 'sum') {
      const fed = scaled(flow.of.map(build), 1 + flow.lossShare)
      return { ...fed, source: false, nominalV: flow.voltage ?? scenario.voltage }
    }
    if (flow.kind === 'boiler') {
      const burnt = scaled([build(flow.output)], gasPerTonne(flow))
      return { ...burnt, source: false, nominalV: scenario.voltage }
    }
    return leafNode(flow, name, scenario)
  }
  for (const name of Object.keys(scenario.flows)) build(name)
  return nodes
}

/** Σ weight · part of each term. */
export function sumOfTerms(terms: readonly Term[], part: (term: Term) => number): number {
  return terms.reduce((sum, term) => sum + term.weight * part(term), 0)
}

/** Σ weight · part of each term, split over the phases. */
export function sumByPhase(terms: readonly Term[], part: (term: Term) => number): ThreePhases<number> {
  const parts = terms.map((term) => term.weight * part(term))
  return eachPhase((phase) =>
    terms.reduce((sum, term, index) => sum + (parts[index] ?? 0) * term.phaseShares[phase], 0),
  )
}
