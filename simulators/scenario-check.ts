import type { Park } from '#contract/park.ts'
import { InvalidFile, type DataFile, type Finding } from '#firmware-config/document.ts'
import { quantityOf } from '#contract/quantities.ts'
import { behaviourFindings, type FaultSubjects } from './fault-schedule.ts'
import { followedBy, type Flow } from './flow-kinds.ts'
import { apparentMost, flowNodes } from './flow-tree.ts'
import { amountPerFlowHour } from './media.ts'
import { seriesSpanMs, WEEK_MS } from './replay.ts'
import { readScenario, type Scenario } from './scenario.ts'

/** What is wrong between a scenario and its park. */

const isFeeder = (flow: Flow): flow is Extract<Flow, { kind: 'sum' | 'transformer' }> =>
  flow.kind === 'sum' || flow.kind === 'transformer'

/** The flows that a flow rests on, with their place in it. */
function partsOf(
  flow: Flow,
): readonly { readonly part: string; readonly path: readonly (string | number)[] }[] {
  switch (flow.kind) {
    case 'sum':
    case 'transformer':
      return flow.of.map((part, index) => ({ part, path: ['of', index] }))
    case 'boiler':
    case 'compressor':
    case 'chiller':
    case 'pump':
      return [{ part: followedBy(flow), path: ['output'] }]
    case 'chp-gas':
    case 'chp-heat':
      return [{ part: followedBy(flow), path: ['of'] }]
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
  return []
}

/** True where the way down from a flow comes back to it. */
function restsOnItself(name: string, scenario: Scenario): boolean {
  const seen = new Set<string>()
  const next = [name]
  for (let current = next.pop(); current !== undefined; current = next.pop()) {
    const flow = scenario.flows[current]
    for (const { part } of flow === undefined ? [] : partsOf(flow)) {
      if (part === name) return true
      if (!seen.has(part)) next.push(part)
      seen.add(part)
    }
  }
  return false
}

/** The nearest meter that a flow is fed from, through flows that nobody measures. */
function meteredFeeder(name: string, fedBy: ReadonlyMap<string, string>, park: Park): string | undefined {
  const passed = new Set<string>()
  let feeder = fedBy.get(name)
  while (feeder !== undefined && !park.meters.has(feeder) && !passed.has(feeder)) {
    passed.add(feeder)
    feeder = fedBy.get(feeder)
  }
  return feeder
}

/** What keeps the tree of flows from being built, whatever the park: flows that are missing, or rest on themselves. */
export function unbuildable(data: DataFile<Scenario>): Finding[] {
  const findings: Finding[] = []
  const { flows } = data.value
  for (const [name, flow] of Object.entries(flows)) {
    for (const { part, path } of partsOf(flow)) {
      const place = data.placeOf(['flows', name, ...path])
      const found = flows[part]
      if (found === undefined) findings.push({ place, message: `there is no flow "${part}"` })
      else if ((flow.kind === 'chp-gas' || flow.kind === 'chp-heat') && found.kind !== 'chp') {
        findings.push({ place, message: `"${part}" is no CHP unit` })
      }
    }
    if (restsOnItself(name, data.value)) {
      findings.push({ place: data.placeOf(['flows', name]), message: `"${name}" rests on itself` })
    }
  }
  return findings
}

/** What is wrong with the tree of flows itself. */
function treeFindings(data: DataFile<Scenario>, park: Park): Finding[] {
  const findings = unbuildable(data)
  const { flows } = data.value
  const say = (path: readonly (string | number)[], message: string): void => {
    findings.push({ place: data.placeOf(path), message })
  }
  const fedBy = new Map<string, string>()
  const used = new Set<string>()
  for (const [name, flow] of Object.entries(flows)) {
    for (const { part, path } of partsOf(flow)) {
      used.add(part)
      if (!isFeeder(flow)) continue
      const other = fedBy.get(part)
      if (other !== undefined) say(['flows', name, ...path], `"${part}" is fed by "${other}" already`)
      fedBy.set(part, name)
    }
  }
  for (const [name, flow] of Object.entries(flows)) {
    // A conversion may have several products; one that nobody uses is not a mistake.
    if (!park.meters.has(name) && !used.has(name) && flow.kind !== 'chp-heat') {
      say(['flows', name], `"${name}" is no meter of the park and feeds none`)
    }
  }
  for (const meter of park.meters.values()) {
    if (flows[meter.id] === undefined) {
      // What follows from other meters, or is read by persons, no gateway asks for.
      if (meter.gateway !== undefined) say(['flows'], `nothing flows through "${meter.id}"`)
    } else if (meter.upstream !== undefined) {
      const feeder = meteredFeeder(meter.id, fedBy, park)
      if (feeder !== meter.upstream) {
        say(
          ['flows', meter.id],
          `the park feeds "${meter.id}" from "${meter.upstream}", the scenario from "${feeder ?? 'nowhere'}"`,
        )
      }
    }
  }
  return findings
}

/** What is wrong with series that are replayed. */
function replayFindings(data: DataFile<Scenario>, park: Park): Finding[] {
  const findings: Finding[] = []
  for (const [name, flow] of Object.entries(data.value.flows)) {
    if (flow.kind !== 'replay') continue
    const say = (field: string, message: string): void => {
      findings.push({ place: data.placeOf(['flows', name, field]), message })
    }
    const { unit, carrier } = quantityOf(flow.quantity)
    if (!REPLAYED_UNITS.has(unit) || NOT_REPLAYED.has(flow.quantity))
      say('quantity', `${flow.quantity} is neither a power or flow nor an amount`)
    const meter = park.meters.get(name)
    if (meter !== undefined && meter.carrier !== carrier) {
      say('quantity', `${flow.quantity} is a quantity of ${carrier}, "${name}" a meter of ${meter.carrier}`)
    }
    const series = data.value.series.get(name)
    if (series !== undefined && flow.outside === 'repeat-weekly' && seriesSpanMs(series) < WEEK_MS) {
      say('outside', 'the series is shorter than the seven days that are to be repeated')
    }
  }
  return findings
}

const REPLAYED_UNITS: ReadonlySet<string> = new Set(['kW', 'm³/h', 't/h', 'kWh', 'm³', 't', 'GJ'])
/** Other measures of a flow, which follow from it by the conditions of the scenario. */
const NOT_REPLAYED: ReadonlySet<string> = new Set([
  'gasVolumeActual',
  'gasFlowActual',
  'steamEnergy',
  'heatVolume',
  'heatFlow',
])

/** What no meter could show: flows beyond a rating, and sums that their sources could turn round. */
function boundsFindings(data: DataFile<Scenario>, park: Park): Finding[] {
  const findings: Finding[] = []
  for (const [name, node] of flowNodes(data.value)) {
    const { least, most, source } = node
    const meter = park.meters.get(name)
    const rating = meter?.ratingPerHour
    const peak = Math.max(most, -least) * (meter === undefined ? 1 : amountPerFlowHour(meter.carrier))
    const say = (message: string): void => {
      findings.push({ place: data.placeOf(['flows', name]), message })
    }
    if (rating !== undefined && peak > rating) {
      say(`may reach ${peak.toFixed(1)} an hour, beyond its meter's rating of ${rating}`)
    }
    const flow = data.value.flows[name]
    if (flow?.kind === 'transformer' && apparentMost(node) > flow.rating) {
      say(`may reach ${apparentMost(node).toFixed(0)} kVA, beyond its rating of ${flow.rating} kVA`)
    }
    if (!source && least < 0) {
      say(
        `may fall to ${least.toFixed(1)}: its sources can exceed its loads, and one register would have to turn back`,
      )
    }
  }
  return findings
}

/** Everything in a scenario that contradicts itself or its park, with its place. */
export function scenarioContradictions(data: DataFile<Scenario>, park: Park): Finding[] {
  const findings: Finding[] = []
  if (data.value.park !== park.description.id) {
    const message = `the park file is that of "${park.description.id}"`
    findings.push({ place: data.placeOf(['park']), message })
  }
  findings.push(...treeFindings(data, park), ...replayFindings(data, park))
  if (findings.length > 0) return findings
  return boundsFindings(data, park)
}

/**
 * Reads a scenario that fits its park, and what it says of meters, buses and gateways where these are given. Throws `file-unreadable` or `InvalidFile` with every contradiction.
 */
export function readScenarioFor(park: Park, file: string, subjects?: FaultSubjects): Scenario {
  const data = readScenario(file)
  const findings = [
    ...scenarioContradictions(data, park),
    ...(subjects === undefined ? [] : behaviourFindings(data, subjects)),
  ]
  if (findings.length > 0) throw new InvalidFile(file, findings)
  return data.value
}
