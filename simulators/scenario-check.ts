import type { Park } from '#contract/park.ts'
import { InvalidFile, type DataFile, type Finding } from '#firmware-config/document.ts'
import { flowNodes } from './flow-tree.ts'
import { readScenario, type Flow, type Scenario } from './scenario.ts'

/** What is wrong between a scenario and its park. */

const partsOf = (flow: Flow): readonly string[] =>
  flow.kind === 'sum' ? flow.of : flow.kind === 'boiler' ? [flow.output] : []

/** True where the way down from a flow comes back to it. */
function restsOnItself(name: string, scenario: Scenario): boolean {
  const seen = new Set<string>()
  const next = [name]
  for (let current = next.pop(); current !== undefined; current = next.pop()) {
    const flow = scenario.flows[current]
    for (const part of flow === undefined ? [] : partsOf(flow)) {
      if (part === name) return true
      if (!seen.has(part)) next.push(part)
      seen.add(part)
    }
  }
  return false
}

/** What is wrong with the tree of flows itself: what would keep it from being built. */
function treeFindings(data: DataFile<Scenario>, park: Park): Finding[] {
  const findings: Finding[] = []
  const { flows } = data.value
  const fedBy = new Map<string, string>()
  for (const [name, flow] of Object.entries(flows)) {
    for (const [index, part] of partsOf(flow).entries()) {
      const path = flow.kind === 'sum' ? ['flows', name, 'of', index] : ['flows', name, 'output']
      if (flows[part] === undefined) {
        findings.push({ place: data.placeOf(path), message: `there is no flow "${part}"` })
      }
      if (flow.kind !== 'sum') continue
      const other = fedBy.get(part)
      if (other !== undefined) {
        findings.push({ place: data.placeOf(path), message: `"${part}" is fed by "${other}" already` })
      }
      fedBy.set(part, name)
    }
    if (restsOnItself(name, data.value)) {
      findings.push({ place: data.placeOf(['flows', name]), message: `"${name}" rests on itself` })
    }
  }
  for (const name of Object.keys(flows)) {
    if (!park.meters.has(name) && !fedBy.has(name)) {
      const message = `"${name}" is no meter of the park and feeds none`
      findings.push({ place: data.placeOf(['flows', name]), message })
    }
  }
  for (const meter of park.meters.values()) {
    if (flows[meter.id] === undefined) {
      findings.push({ place: data.placeOf(['flows']), message: `nothing flows through "${meter.id}"` })
    } else if (meter.upstream !== undefined && fedBy.get(meter.id) !== meter.upstream) {
      const message = `the park feeds "${meter.id}" from "${meter.upstream}", the scenario from "${fedBy.get(meter.id) ?? 'nowhere'}"`
      findings.push({ place: data.placeOf(['flows', meter.id]), message })
    }
  }
  return findings
}

/** What no meter could show: flows beyond a rating, and sums that their sources could turn round. */
function boundsFindings(data: DataFile<Scenario>, park: Park): Finding[] {
  const findings: Finding[] = []
  for (const [name, { least, most, source }] of flowNodes(data.value)) {
    const rating = park.meters.get(name)?.ratingPerHour
    const peak = Math.max(most, -least)
    const say = (message: string): void => {
      findings.push({ place: data.placeOf(['flows', name]), message })
    }
    if (rating !== undefined && peak > rating) {
      say(`may reach ${peak.toFixed(1)} an hour, beyond its meter's rating of ${rating}`)
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
  findings.push(...treeFindings(data, park))
  if (findings.length > 0) return findings
  return boundsFindings(data, park)
}

/** Reads a scenario that fits its park. Throws `file-unreadable` or `InvalidFile` with every contradiction. */
export function readScenarioFor(park: Park, file: string): Scenario {
  const data = readScenario(file)
  const findings = scenarioContradictions(data, park)
  if (findings.length > 0) throw new InvalidFile(file, findings)
  return data.value
}
