import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { indexPark } from '#contract/park.ts'
import { findingText, InvalidFile } from '#firmware-config/document.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { makePlant } from './plant.ts'
import { readScenarioFor } from './scenario-check.ts'
import { demoScenarioPath } from './scenario.ts'
import { truthOf } from './truth-energy.ts'

const park = readParkFile(
  fileURLToPath(new URL('../firmware-config/examples/demo-park/park.yaml', import.meta.url)),
)
const demo = readFileSync(demoScenarioPath, 'utf8')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-scenario-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** What is found after a change to the scenario of the demonstration park; line and column are kept. */
function findingsOf(from: string, to: string): string[] {
  expect(demo).toContain(from)
  const file = join(folder, 'scenario.yaml')
  writeFileSync(file, demo.replace(from, to))
  try {
    readScenarioFor(park, file)
    return []
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error
    return error.findings.map((finding) => findingText(finding).replace(`${folder}/`, ''))
  }
}

/** Line of the demonstration scenario that begins with a text. */
const lineOf = (start: string): number => demo.split('\n').findIndex((line) => line.startsWith(start)) + 1

describe('a scenario', () => {
  it('of the demonstration park fits it', () => {
    expect(readScenarioFor(park, demoScenarioPath).park).toBe('demo-park')
  })

  it('must be of this park', () => {
    expect(findingsOf('park: demo-park', 'park: other-park')).toEqual([
      `scenario.yaml:${lineOf('park:')}:7 park: the park file is that of "demo-park"`,
    ])
  })

  it('must let something flow through every meter, and feed nothing unknown', () => {
    const found = findingsOf('  steel-compressors:', '  steel-compressor:')
    expect(found).toContainEqual(expect.stringMatching(/of\.2: there is no flow "steel-compressors"$/))
    expect(found).toContainEqual(expect.stringMatching(/flows: nothing flows through "steel-compressors"$/))
    expect(found).toContainEqual(
      `scenario.yaml:${lineOf('  steel-compressors:') + 1}:5 flows.steel-compressor: "steel-compressor" is no meter of the park and feeds none`,
    )
  })

  it('asks for nothing at meters that no gateway reads, and knows no truth of them', () => {
    const { description } = park
    const [incoming] = description.meters
    if (incoming === undefined) throw new Error('a park without meters')
    const { gateway: _gateway, ...unread } = incoming
    const net = { ...unread, id: 'net', formula: 'park-incoming - services-incoming' }
    const wider = indexPark({ ...description, meters: [...description.meters, net] })
    const scenario = readScenarioFor(wider, demoScenarioPath)
    const { nodes } = truthOf(scenario, wider, makePlant(scenario, wider))
    expect(nodes.map(({ id }) => id)).toContain('park-incoming')
    expect(nodes.map(({ id }) => id)).not.toContain('net')
  })

  it('must feed each meter from where the park does, once', () => {
    const found = findingsOf(
      'of: [steel-incoming, food-incoming,',
      'of: [steel-incoming, steel-drawing-line,',
    )
    expect(found).toContainEqual(
      expect.stringMatching(/"steel-drawing-line" is fed by "park-incoming" already$/),
    )
    expect(found).toContainEqual(
      expect.stringMatching(
        /the park feeds "food-incoming" from "park-incoming", the scenario from "nowhere"$/,
      ),
    )
  })

  it('cannot rest on itself', () => {
    const found = findingsOf(
      'of: [food-cooking-steam, food-cleaning-steam]',
      'of: [food-boiler-steam, food-cleaning-steam]',
    )
    expect(found).toContainEqual(expect.stringMatching(/"food-boiler-steam" rests on itself$/))
  })

  it('cannot exceed a rating', () => {
    expect(findingsOf('peak: 1550', 'peak: 2550')).toContainEqual(
      expect.stringMatching(
        /flows\.steel-compressors: may reach .* an hour, beyond its meter's rating of 300$/,
      ),
    )
  })

  it('cannot ask more of a transformer than it is rated for', () => {
    expect(findingsOf('rating: 800', 'rating: 630')).toEqual([
      expect.stringMatching(/flows\.food-incoming: may reach \d+ kVA, beyond its rating of 630 kVA$/),
    ])
  })

  it('cannot burn gas for a unit that is none', () => {
    expect(findingsOf('kind: chp-gas, of: park-chp-power', 'kind: chp-gas, of: park-pv')).toContainEqual(
      expect.stringMatching(/flows\.park-chp-gas\.of: "park-pv" is no CHP unit$/),
    )
  })

  it('cannot hold a source that its sum might not use up', () => {
    const found = findingsOf(
      'of: [steel-furnace-1-feed, steel-furnace-2-feed]',
      'of: [steel-furnace-1-feed, steel-furnace-2-feed, roof]',
    )
    expect(found).toEqual([expect.stringMatching(/there is no flow "roof"$/)])
    const unused = findingsOf('flows:\n', 'flows:\n  unused: { kind: photovoltaic, peak: 20 }\n')
    expect(unused).toEqual([expect.stringMatching(/"unused" is no meter of the park and feeds none$/)])
    const reversed = findingsOf(
      '  park-pv: { kind: photovoltaic, peak: 400',
      '  park-pv: { kind: photovoltaic, peak: 2400',
    )
    expect(reversed).toContainEqual(expect.stringMatching(/flows\.park-incoming: may fall to -\d/))
  })

  it.each([
    ['peak: 95', 'peak: -1', 'peak'],
    [
      "shifts: [['06:00', '13:50'], ['14:10', '21:50']]",
      "shifts: [['06:00', '14:50'], ['14:10', '21:50']]",
      'shifts',
    ],
    ['heatEfficiency: 0.43', 'heatEfficiency: 0.63', 'heatEfficiency'],
    ['    cycleMinutes: 16\n', '    cycleMinutes: 2\n', 'cycleMinutes'],
    ["restDay: [['00:00', 0]]", "restDay: [['00:10', 0]]", 'restDay'],
  ])('names the place of "%s" changed to "%s"', (from, to, field) => {
    expect(findingsOf(from, to)).toEqual([
      expect.stringMatching(new RegExp(`^scenario\\.yaml:\\d+:\\d+ flows\\.[a-z-]+\\.${field}: `)),
    ])
  })
})
