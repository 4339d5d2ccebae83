import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { indexPark, type Park } from '#contract/park.ts'
import { readGatewayFile, type GatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { amountOfTerms, flowOfTerms } from './flow-node.ts'
import { flowNodes } from './flow-tree.ts'
import { generatePark } from './generated-park.ts'
import { meterValues } from './meter-values.ts'
import { makePlant } from './plant.ts'
import { scenarioContradictions } from './scenario-check.ts'
import { readScenario, type Scenario } from './scenario.ts'

/** Every scenario that comes with tanbiao, with the park and gateways that it is for. */

const folder = fileURLToPath(new URL('scenarios/', import.meta.url))
const examples = fileURLToPath(new URL('../firmware-config/examples/', import.meta.url))
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))

function surroundings(name: string, scenario: Scenario): { park: Park; gateways: readonly GatewayFile[] } {
  if (scenario.generate !== undefined) {
    const { park, gateways } = generatePark(scenario)
    return { park: indexPark(park), gateways }
  }
  const example = `${examples}${name.replace('.yaml', '')}/`
  return {
    park: readParkFile(`${example}park.yaml`),
    gateways: readdirSync(example)
      .filter((file) => file.startsWith('gateway'))
      .map((file) => readGatewayFile(`${example}${file}`).value),
  }
}

it('there are the demonstration park, a single meter, and a generated park', () => {
  expect(files.toSorted()).toEqual(['demo-park.yaml', 'forty-enterprises.yaml', 'single-meter.yaml'])
})

describe.each(files)('scenarios/%s', (name) => {
  const data = readScenario(`${folder}${name}`)
  const scenario = data.value
  const { park, gateways } = surroundings(name, scenario)
  const startMs = Date.parse(scenario.registersFrom)
  const instants = [12 * HOUR_MS, 5 * DAY_MS + 9.37 * HOUR_MS, 12 * DAY_MS + 20.2 * HOUR_MS].map(
    (offset) => startMs + offset,
  )

  it('fits its park', () => {
    expect(scenarioContradictions(data, park)).toEqual([])
  })

  it('closes: what feeds others is what they take and what is lost', () => {
    const nodes = flowNodes(scenario)
    const near = (a: number, b: number): void => {
      expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(a)))
    }
    for (const [parent, flow] of Object.entries(scenario.flows)) {
      if (flow.kind !== 'sum' && flow.kind !== 'transformer') continue
      const terms = (of: string) => nodes.get(of)?.terms ?? []
      for (const atMs of instants) {
        for (const measure of [flowOfTerms, amountOfTerms]) {
          const fed = flow.of.reduce((sum, part) => sum + measure(terms(part), atMs), 0)
          near(measure(terms(parent), atMs), fed + measure(nodes.get(parent)?.losses ?? [], atMs))
        }
      }
    }
  })

  it('shows a value for every register of every meter, once on one gateway', () => {
    const plant = makePlant(scenario, park)
    const lines = gateways.flatMap(({ buses }) => buses.flatMap(({ meters }) => meters))
    expect(lines.map(({ meter }) => meter).toSorted()).toEqual([...park.meters.keys()].toSorted())
    for (const line of lines) {
      const values = meterValues(plant, line.meter, instants[1] ?? startMs)
      for (const { quantity } of loadProfile(line.profile, line.ratios).registers) {
        expect(Number.isFinite(values(quantity)), `${line.meter} ${quantity}`).toBe(true)
      }
    }
  })
})
