import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { indexPark } from '#contract/park.ts'
import { InvalidFile } from '#firmware-config/document.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { profileIds } from '#firmware-config/profile-library.ts'
import { countsByKind, generatedEnterprises } from './generated-flows.ts'
import { generatePark } from './generated-park.ts'
import { enterpriseKindNames, enterpriseKinds, generation } from './generation.ts'
import { makePlant } from './plant.ts'
import { scenarioContradictions } from './scenario-check.ts'
import { demoScenarioPath, readScenario } from './scenario.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-generated-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function scenario(generate: string, more = ''): ReturnType<typeof readScenario> {
  const file = join(folder, 'scenario.yaml')
  writeFileSync(
    file,
    `park: p\nseed: 3\nregistersFrom: 2026-01-01T00:00:00+08:00\nutcOffset: '+08:00'\nlatitude: 39\n${more}generate: ${generate}\n`,
  )
  return readScenario(file)
}

describe('a generated park', () => {
  it('has as many enterprises of each kind as its mix says', () => {
    const counts = fc.record({
      enterprises: fc.integer({ min: 1, max: 300 }),
      mix: fc.dictionary(fc.constantFrom(...enterpriseKindNames), fc.integer({ min: 1, max: 20 })),
    })
    fc.assert(
      fc.property(counts, (given) => {
        const parsed = generation.parse(given)
        const byKind = countsByKind(parsed)
        expect([...byKind.values()].reduce((a, b) => a + b, 0)).toBe(given.enterprises)
        const weights = Object.entries(given.mix)
        const total = weights.reduce((sum, [, weight]) => sum + weight, 0)
        for (const [kind, weight] of weights) {
          const count = [...byKind].find(([name]) => name === kind)?.[1] ?? 0
          expect(Math.abs(count - (given.enterprises * weight) / total)).toBeLessThan(1)
        }
      }),
    )
  })

  it('is the same under the same seed, and another under another', () => {
    const { value } = scenario('{ enterprises: 9 }')
    expect(generatePark(value)).toEqual(generatePark(scenario('{ enterprises: 9 }').value))
    const flows = (seed: number) => generatedEnterprises({ ...value, seed }).map(({ flows }) => flows)
    expect(flows(4)).not.toEqual(flows(3))
  })

  it('fits whatever its seed and sizes are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.double({ min: 0.2, max: 1, noNaN: true }),
        fc.double({ min: 1, max: 6, noNaN: true }),
        (seed, least, most) => {
          const file = join(folder, 'any.yaml')
          writeFileSync(
            file,
            `park: p\nseed: ${seed}\nregistersFrom: 2026-01-01T00:00:00+08:00\nutcOffset: '+08:00'\nlatitude: 39\ngenerate: { enterprises: 14, size: [${least}, ${most}] }\n`,
          )
          const data = readScenario(file)
          expect(scenarioContradictions(data, indexPark(generatePark(data.value).park))).toEqual([])
        },
      ),
      { numRuns: 10 },
    )
  })

  it('names its enterprises by kind and number, and reads its meters by real profiles at ports of their own', () => {
    const { park, gateways } = generatePark(
      scenario('{ enterprises: 14, enterprisesPerGateway: 3, firstPort: 20000 }').value,
    )
    const names = Object.values(enterpriseKinds).flatMap(({ zh, en }) => [
      { zh: `${zh} 1 号`, en: `${en} 1` },
      { zh: `${zh} 2 号`, en: `${en} 2` },
    ])
    expect(park.enterprises.map(({ name }) => name)).toEqual(names)
    const buses = gateways.flatMap((gateway) => gateway.buses)
    const ports = buses.map(({ transport }) => ('port' in transport ? transport.port : 0))
    expect(new Set(ports).size).toBe(15)
    const profiles = new Set(buses.flatMap(({ meters }) => meters.map(({ profile }) => profile)))
    expect([...profiles].filter((profile) => !profileIds().includes(profile))).toEqual([])
    expect(profiles.size).toBeGreaterThan(6)
    expect(gateways.length).toBe(5)
  })

  it('stands beside hand-placed enterprises, fed from their main meter', () => {
    const file = join(folder, 'mixed.yaml')
    writeFileSync(
      file,
      `${readFileSync(demoScenarioPath, 'utf8')}\ngenerate: { enterprises: 3, mix: { office: 1 }, size: [0.3, 0.5], into: park-incoming }\n`,
    )
    const data = readScenario(file)
    const base = readParkFile(
      fileURLToPath(new URL('../firmware-config/examples/demo-park/park.yaml', import.meta.url)),
    )
    const { park } = generatePark(data.value, base.description)
    const indexed = indexPark(park)
    expect(scenarioContradictions(data, indexed)).toEqual([])
    expect(indexed.meters.get('office-2-incoming')?.upstream).toBe('park-incoming')
    const atMs = Date.parse('2025-03-05T10:00:00+08:00')
    const alone = makePlant(readScenario(demoScenarioPath).value, base)
    const together = makePlant(data.value, indexed)
    const energy = (of: typeof alone, meter: string): number => of.energyAt(meter, atMs)
    const offices = [1, 2, 3].reduce((sum, number) => sum + energy(together, `office-${number}-incoming`), 0)
    const more = energy(together, 'park-incoming') - energy(alone, 'park-incoming')
    expect(more / (offices * 1.004)).toBeCloseTo(1, 9)
    expect(energy(together, 'steel-incoming')).toBe(energy(alone, 'steel-incoming'))
  })

  it.each([
    [
      'a feeder that is none',
      '{ enterprises: 2, into: nowhere }',
      /generate\.into: there is no flow "nowhere"/,
    ],
    ['a kind that is none', '{ enterprises: 2, mix: { bakery: 1 } }', /generate\.mix/],
    ['a mix of nothing', '{ enterprises: 2, mix: { office: 0 } }', /at least one kind above 0/],
    ['sizes the wrong way round', '{ enterprises: 2, size: [3, 1] }', /the smaller first/],
  ])('refuses %s', (_name, generate, message) => {
    expect(() => scenario(generate)).toThrowError(message)
  })

  it('refuses a name that is written and generated', () => {
    const written = 'flows: { office-1-lifts: { kind: continuous, mean: 1 } }\n'
    expect(() => scenario('{ enterprises: 1, mix: { office: 1 } }', written)).toThrowError(InvalidFile)
  })
})
