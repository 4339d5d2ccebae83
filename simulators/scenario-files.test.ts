import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadProfile } from '#firmware-config/profile.ts'
import { demoGatewayPaths, demoParkPath } from './demo.test-support.ts'
import { scenarioFindings, shippedScenarios } from './scenario-files.ts'
import { demoScenarioPath } from './scenario.ts'

const folder = mkdtempSync(join(tmpdir(), 'tanbiao-scenarios-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const surroundings = { parks: [demoParkPath], gateways: demoGatewayPaths, profile: loadProfile }
const demo = readFileSync(demoScenarioPath, 'utf8')

function messagesOf(text: string, around = surroundings): string[] {
  const file = join(folder, 'scenario.yaml')
  writeFileSync(file, text)
  return scenarioFindings(file, around).map(({ message }) => message)
}

describe('A scenario file', () => {
  it('that is shipped has nothing wrong with it, a generated one without any park file', () => {
    expect(shippedScenarios.length).toBeGreaterThanOrEqual(3)
    expect(scenarioFindings(demoScenarioPath, surroundings)).toEqual([])
    for (const file of shippedScenarios.filter((name) => name.includes('forty'))) {
      expect(scenarioFindings(file, { ...surroundings, parks: [], gateways: [] })).toEqual([])
    }
  })

  it.each([
    ['no such shape', `${demo}\nwether: sunny\n`, /wether/],
    [
      'a fault of a meter that no gateway has',
      `${demo}\nfaults: [{ kind: dead, meter: nobody }]\n`,
      /nobody/,
    ],
    ['a park of which no file is given', demo.replace('park: demo-park', 'park: elsewhere'), /"elsewhere"/],
  ])('with %s is named', (_what, text, message) => {
    expect(messagesOf(text)).toEqual([expect.stringMatching(message)])
  })

  it('that cannot be read is a finding', () => {
    expect(scenarioFindings(join(folder, 'missing.yaml'), surroundings)).toHaveLength(1)
  })
})
