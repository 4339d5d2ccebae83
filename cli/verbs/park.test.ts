import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readGatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { readScenarioFor } from '#simulators/scenario-check.ts'
import { park } from './park.ts'

const scenario = (name: string): string =>
  fileURLToPath(new URL(`../../simulators/scenarios/${name}.yaml`, import.meta.url))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-park-'))
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  vi.restoreAllMocks()
})

const run = async (...args: string[]): Promise<void> => park.run(args)

describe('tanbiao simulate park', () => {
  it('writes files that the rest of tanbiao reads, and never over others', async () => {
    const out = join(folder, 'park')
    await run('--scenario', scenario('forty-enterprises'), '--out', out)
    const written = readParkFile(join(out, 'park.yaml'))
    expect(written.description.enterprises).toHaveLength(40)
    expect(readScenarioFor(written, scenario('forty-enterprises')).park).toBe('forty-enterprises')
    const gateways = readdirSync(out).filter((name) => name.startsWith('gateway-'))
    const read = gateways.flatMap((name) => readGatewayFile(join(out, name)).value.buses)
    expect(read.flatMap(({ meters }) => meters)).toHaveLength(written.meters.size)
    await expect(run('--scenario', scenario('forty-enterprises'), '--out', out)).rejects.toThrow(
      /is there already/,
    )
  })

  it('names the place of a flow that is not there, and of a series that cannot be read', async () => {
    const file = join(folder, 'scenario.yaml')
    const head = readFileSync(scenario('forty-enterprises'), 'utf8')
    const flows = 'flows:\n  hall: { kind: sum, of: [press, lathe] }\n'
    const replay =
      '  press: { kind: replay, file: nothing.csv, quantity: activePower.total, outside: hold }\n'
    writeFileSync(file, head + flows)
    const line = head.split('\n').length + 1
    const out = join(folder, 'park')
    await expect(run('--scenario', file, '--out', out)).rejects.toThrow(
      `${file}:${line}:27 flows.hall.of.0: there is no flow "press"`,
    )
    writeFileSync(file, head + flows + replay)
    await expect(run('--scenario', file, '--out', out)).rejects.toThrow(
      new RegExp(`^${file}:${line + 1}:32 flows.press.file: .*nothing.csv cannot be read`),
    )
  })

  it('needs a scenario that generates something', async () => {
    await expect(run('--scenario', scenario('demo-park'), '--out', folder)).rejects.toThrow(
      /has no "generate" part/,
    )
  })
})
