import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseGatewayText } from '#firmware-config/gateway.ts'
import { chooseConfiguration, type Choice } from './choice.ts'
import { digestOf, readMemory, writeMemory, type ConfigurationMemory } from './configuration-file.ts'

let folder: string
let localFile: string
let memoryFile: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-choice-'))
  localFile = join(folder, 'gateway.yaml')
  memoryFile = join(folder, 'configuration.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A gateway file that is told by its poll interval. */
const text = (everySeconds: number, gateway = 'g'): string => `gateway: ${gateway}
park: p
uplink: { url: 'mqtt://h' }
buses:
  - id: a
    transport: { kind: tcp, host: h }
    meters: [{ meter: m, unit: 1, profile: any, everySeconds: ${everySeconds} }]
`
const remote = (version: number, everySeconds: number) => ({
  source: 'remote' as const,
  version,
  digest: digestOf(text(everySeconds)),
  text: text(everySeconds),
})
const choose = (): Choice =>
  chooseConfiguration({
    localFile,
    memoryFile,
    load: (content, name) => parseGatewayText(content, name, folder).value,
    nowMs: 5,
  })
const intervalOf = ({ gateway }: Choice): number | undefined => gateway.buses[0]?.meters[0]?.everySeconds

/** A gateway that has seen the local file with 1 s, and whose confirmed configuration is a remote one with 2 s. */
function remembers(more: Partial<ConfigurationMemory> = {}): void {
  writeMemory(memoryFile, {
    park: 'p',
    gateway: 'g',
    confirmed: remote(4, 2),
    localDigest: digestOf(text(1)),
    tried: { version: 4, digest: digestOf(text(2)) },
    ...more,
  })
}

describe('a gateway starts with', () => {
  it('its own file the first time, and not at all where that is wrong', () => {
    expect(choose).toThrow(expect.objectContaining({ code: 'file-unreadable' }))
    writeFileSync(localFile, text(0))
    expect(choose).toThrow(/gateway\.yaml:7:\d+ buses/)
    writeFileSync(localFile, text(1))
    expect(intervalOf(choose())).toBe(1)
  })

  it('the confirmed configuration while its own file is as it was', () => {
    remembers()
    writeFileSync(localFile, text(1))
    const choice = choose()
    expect(intervalOf(choice)).toBe(2)
    expect(choice.memory.failed).toBeUndefined()
  })

  it('its own file when that was changed meanwhile; versions that were tried stay tried', () => {
    remembers()
    writeFileSync(localFile, text(3))
    const choice = choose()
    expect(intervalOf(choice)).toBe(3)
    expect(choice.memory).toMatchObject({ confirmed: { source: 'local' }, tried: { version: 4 } })
  })

  it.each([
    ['wrong', () => writeFileSync(localFile, text(0))],
    ['gone', () => undefined],
  ])('the confirmed configuration when its own file is %s, and says so', (_what, spoil) => {
    remembers()
    spoil()
    const choice = choose()
    expect(intervalOf(choice)).toBe(2)
    expect(choice.memory.failed).toMatchObject({ source: 'local', state: 'refused' })
    expect(choice.warnings).toHaveLength(1)
  })

  it('the confirmed configuration after a trial that was cut off, which then counts as failed', () => {
    remembers({ candidate: remote(5, 9), tried: { version: 5, digest: digestOf(text(9)) } })
    writeFileSync(localFile, text(1))
    const choice = choose()
    expect(intervalOf(choice)).toBe(2)
    expect(choice.memory).toMatchObject({
      failed: { version: 5, state: 'rolled-back' },
      tried: { version: 5 },
    })
    expect(choice.memory.candidate).toBeUndefined()
  })

  it.each([
    ['cut short', (whole: string) => whole.slice(0, -20)],
    ['changed in a text', (whole: string) => whole.replace('everySeconds: 2', 'everySeconds: 7')],
  ])('its own file when its memory was %s, which is set aside', (_what, damage) => {
    remembers()
    writeFileSync(localFile, text(1))
    const whole = JSON.stringify({ v: 1, ...readMemory(memoryFile, () => undefined) })
    writeFileSync(memoryFile, damage(whole))
    const choice = choose()
    expect(intervalOf(choice)).toBe(1)
    expect(choice.warnings[0]).toContain('damaged')
    expect(existsSync(`${memoryFile}.damaged`)).toBe(true)
  })

  it('its own file when that names another gateway, of which nothing was tried', () => {
    remembers()
    writeFileSync(localFile, text(1, 'other'))
    const choice = choose()
    expect(choice.gateway.gateway).toBe('other')
    expect(choice.memory.tried).toBeUndefined()
  })
})
