import { conversionNode } from './conversions.ts'
import type { DaySums } from './day-sums.ts'
import type { Flow, Leaf } from './flow-kinds.ts'
import { phaseSharesOf, tanPhiOf, THIRDS, timesFactor, type FlowNode, type Term } from './flow-node.ts'
import { instantOf, loadCurve, sampledEnvelope } from './load-curve.ts'
import { leafCurve, surroundingsOf, type Surroundings } from './load-kinds.ts'
import type { Scenario } from './scenario.ts'

/**
 * Every flow of a scenario as a weighted sum of curves. A parent is its children's terms and the terms of its own
 * losses, so the tree closes by construction, for power, reactive power and energy alike.
 */

const isSource = ({ kind }: Flow): boolean => kind === 'photovoltaic' || kind === 'chp'

function leafNode(leaf: Leaf, name: string, around: Surroundings): FlowNode {
  const { scenario } = around
  const { curve, least, most } = leafCurve(leaf, name, around)
  const source = isSource(leaf)
  const tanPhi = 'cosPhi' in leaf ? tanPhiOf(leaf.cosPhi) : 0
  const term = {
    curve,
    weight: source ? -1 : 1,
    tanPhi,
    phaseShares: phaseSharesOf(leaf.unbalance, scenario.seed, name),
    currentThd: 'currentThd' in leaf ? leaf.currentThd : 0,
  }
  return {
    terms: [term],
    losses: [],
    least: source ? -most : least,
    most: source ? -least : most,
    reactiveMost: most * tanPhi,
    source,
    nominalV: leaf.voltage ?? scenario.voltage,
  }
}

type Fed = Pick<FlowNode, 'terms' | 'least' | 'most' | 'reactiveMost'>

/** What a node feeds, before its losses. */
function fedBy(nodes: readonly FlowNode[]): Fed {
  const total = (of: (node: FlowNode) => number): number => nodes.reduce((sum, node) => sum + of(node), 0)
  return {
    terms: nodes.flatMap(({ terms }) => terms),
    least: total(({ least }) => least),
    most: total(({ most }) => most),
    reactiveMost: total(({ reactiveMost }) => reactiveMost),
  }
}

function sumNode(flow: Extract<Flow, { kind: 'sum' }>, fed: Fed, scenario: Scenario): FlowNode {
  const losses = flow.lossShare === 0 ? [] : timesFactor(fed.terms, flow.lossShare)
  const factor = 1 + flow.lossShare
  return {
    // One term for a load and its share of the loss: half the work, and the same sum.
    terms: flow.lossShare === 0 ? fed.terms : timesFactor(fed.terms, factor),
    losses,
    least: fed.least * factor,
    most: fed.most * factor,
    reactiveMost: fed.reactiveMost * factor,
    source: false,
    nominalV: flow.voltage ?? scenario.voltage,
  }
}

/** The load loss of a transformer follows the square of its load at marks this far apart, straight between them. */
export const LOSS_STEP_MINUTES = 10

function transformerNode(
  flow: Extract<Flow, { kind: 'transformer' }>,
  name: string,
  fed: Fed,
  around: Surroundings,
): FlowNode {
  const { rating, noLoadLoss, loadLoss } = flow
  const lossAt = (activeKw: number, reactiveKvar: number): number =>
    noLoadLoss + (loadLoss * (activeKw * activeKw + reactiveKvar * reactiveKvar)) / (rating * rating)
  const envelope = sampledEnvelope(LOSS_STEP_MINUTES, (day, minute) => {
    const atMs = instantOf(day, minute, around.time)
    let active = 0
    let reactive = 0
    for (const { curve, weight, tanPhi } of fed.terms) {
      const flow = weight * curve.at(atMs)
      active += flow
      reactive += flow * tanPhi
    }
    return lossAt(active, reactive)
  })
  const loss: Term = {
    curve: loadCurve(envelope, [], around.time, around.daySums.of(`${name}/loss`)),
    weight: 1,
    tanPhi: 0,
    phaseShares: THIRDS,
    currentThd: 0,
  }
  return {
    terms: [...fed.terms, loss],
    losses: [loss],
    least: fed.least + noLoadLoss,
    most: fed.most + lossAt(Math.max(fed.most, -fed.least), fed.reactiveMost),
    reactiveMost: fed.reactiveMost,
    source: false,
    nominalV: flow.voltage ?? around.scenario.voltage,
  }
}

/** The most that a transformer may be asked for, kVA. */
export const apparentMost = ({ least, most, reactiveMost }: FlowNode): number =>
  Math.hypot(Math.max(most, -least), reactiveMost)

/**
 * Builds the flow of a name and all that it rests on. Throws RangeError where a flow is missing or rests on itself;
 * `scenarioContradictions` names such places before. The curves go on with `daySums`.
 */
export function flowNodes(scenario: Scenario, daySums?: DaySums): ReadonlyMap<string, FlowNode> {
  const around = surroundingsOf(scenario, daySums)
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
    switch (flow.kind) {
      case 'sum':
        return sumNode(flow, fedBy(flow.of.map(build)), scenario)
      case 'transformer':
        return transformerNode(flow, name, fedBy(flow.of.map(build)), around)
      case 'boiler':
      case 'chp-gas':
      case 'chp-heat':
      case 'compressor':
      case 'chiller':
      case 'pump':
        return conversionNode(flow, name, around, build)
      case 'shift':
      case 'continuous':
      case 'climate':
      case 'lighting':
      case 'machines':
      case 'replay':
      case 'photovoltaic':
      case 'chp':
        break
    }
    return leafNode(flow, name, around)
  }
  for (const name of Object.keys(scenario.flows)) build(name)
  return nodes
}
