import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkFiles } from './check.ts'
import { findingText } from './document.ts'
import { profileIds, profilePath } from './profile-library.ts'

const example = (name: string): string =>
  fileURLToPath(new URL(`examples/demo-park/${name}`, import.meta.url))
const profiles = profileIds().map(profilePath)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-check-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** Writes a file into the temporary folder and returns its path. */
function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** What `tanbiao check` would print, with the temporary folder left out. */
const printed = (findings: ReturnType<typeof checkFiles>): string[] =>
  findings.map((finding) => findingText(finding).replaceAll(`${folder}/`, ''))

const park = `id: test-park
name: { zh: 园区, en: Park }
gateways:
  - { id: gateway-1, name: { zh: 一, en: One } }
meters:
  - id: main
    name: { zh: 总, en: Main }
    carrier: electricity
    role: boundary
    gateway: gateway-1
    register: activeEnergyImport.total
    power: activePower.total
    ratingPerHour: 100
    installed: 2026-01-01T00:00:00+08:00
  - id: gas
    name: { zh: 气, en: Gas }
    carrier: naturalGas
    role: boundary
    gateway: gateway-1
    register: gasVolumeStandard
    ratingPerHour: 100
    installed: 2026-01-01T00:00:00+08:00
`

const gateway = `gateway: gateway-1
park: test-park
uplink: { url: 'mqtt://127.0.0.1:1883' }
buses:
  - id: bus-1
    transport: { kind: tcp, host: 127.0.0.1 }
    meters:
      - { meter: main, unit: 1, profile: eastron-sdm630 }
      - { meter: gas, unit: 2, profile: fuxin-gas-corrector }
`

describe('check', () => {
  it('finds nothing in the demonstration park with its gateways and all profiles', () => {
    const files = {
      park: example('park.yaml'),
      gateways: [example('gateway-east.yaml'), example('gateway-west.yaml')],
      profiles,
    }
    expect(checkFiles(files)).toEqual([])
  })

  it('finds nothing in the sound files that the bad ones below are made from', () => {
    expect(
      checkFiles({ park: file('park.yaml', park), gateways: [file('g.yaml', gateway)], profiles }),
    ).toEqual([])
  })

  const parkCases: [name: string, from: string, to: string, findings: string[]][] = [
    [
      'an id that is there twice',
      'id: gas\n',
      'id: gateway-1\n',
      ['park.yaml:4:11 gateways.0.id: the id "gateway-1" is taken already, in line 15'],
    ],
    [
      'an unknown gateway',
      'carrier: naturalGas\n    role: boundary\n    gateway: gateway-1',
      'carrier: naturalGas\n    role: boundary\n    gateway: gateway-2',
      ['park.yaml:19:14 meters.1.gateway: there is no gateway "gateway-2" in this park'],
    ],
    [
      'an unknown upstream meter',
      'gateway: gateway-1\n    register: gas',
      'gateway: gateway-1\n    upstream: none\n    register: gas',
      ['park.yaml:20:15 meters.1.upstream: there is no meter "none" in this park'],
    ],
    [
      'an upstream meter of another carrier',
      'gateway: gateway-1\n    register: gas',
      'gateway: gateway-1\n    upstream: main\n    register: gas',
      ['park.yaml:20:15 meters.1.upstream: main measures electricity, not naturalGas'],
    ],
    [
      'a meter that feeds itself',
      'gateway: gateway-1\n    register: gas',
      'gateway: gateway-1\n    upstream: gas\n    register: gas',
      ['park.yaml:20:15 meters.1.upstream: feeds itself: gas ← gas'],
    ],
    [
      'a register that is not cumulative',
      'register: activeEnergyImport.total',
      'register: activePower.total',
      [
        'park.yaml:11:15 meters.0.register: activePower.total is not cumulative: energy is computed from a register',
      ],
    ],
    [
      'a power that is a register',
      'power: activePower.total',
      'power: activeEnergyExport.total',
      [
        'park.yaml:12:12 meters.0.power: activeEnergyExport.total is cumulative: a power or flow is of the moment',
      ],
    ],
    [
      'a carrier that does not fit the register',
      'carrier: naturalGas',
      'carrier: steam',
      ['park.yaml:20:15 meters.1.register: gasVolumeStandard is a quantity of naturalGas, not of steam'],
    ],
    [
      'ratio events that do not follow from one another',
      'register: gasVolumeStandard\n',
      `register: gasVolumeStandard
    events:
      - { kind: ratio, at: 2026-03-01T12:00:00+08:00, quantity: gasVolumeStandard, before: '2', after: '1', final: &read { count: 1, resolution: '1' }, initial: *read }
      - { kind: ratio, at: 2026-02-01T12:00:00+08:00, quantity: gasVolumeStandard, before: '1', after: '3', final: *read, initial: *read }
`,
      [
        'park.yaml:22:92 meters.1.events.0.before: the ratio event before it leaves the factor at 3, not at 2',
      ],
    ],
  ]

  it.each(parkCases)('finds %s at its place', (_name, from, to, expected) => {
    expect(park).toContain(from)
    const bad = file('park.yaml', park.replace(from, to))
    expect(printed(checkFiles({ park: bad, gateways: [], profiles: [] }))).toEqual(expected)
  })

  const counted = gateway.replace('eastron-sdm630', "acrel-dtsd1352, ratios: { current: '10' }")
  const wrapsOf = (rating: number, wrapsAt?: string): string[] => {
    const facts = `ratingPerHour: ${rating}${wrapsAt === undefined ? '' : `\n    wrapsAt: ${wrapsAt}`}`
    const files = { park: file('park.yaml', park.replace('ratingPerHour: 100', facts)), profiles }
    return printed(checkFiles({ ...files, gateways: [file('g.yaml', counted)] }))
  }
  const given = "give it wrapsAt: { count: 4294967296, resolution: '0.1' } in the park file"

  it('asks where a register starts again, behind its transformers, when it can come to it in twenty years', () => {
    expect(wrapsOf(2_400)).toEqual([])
    expect(wrapsOf(2_500)).toEqual([
      `g.yaml:8:42 buses.0.meters.0.profile: activeEnergyImport.total of acrel-dtsd1352 starts again at 429496729.6, which "main" can reach: ${given}`,
    ])
  })

  it('finds a wrapsAt that is not that of the profile, however it is written', () => {
    expect(wrapsOf(30_000, "{ count: 42949672960, resolution: '0.01' }")).toEqual([])
    expect(wrapsOf(100, "{ count: 4294967296, resolution: '0.01' }")).toEqual([
      'g.yaml:8:42 buses.0.meters.0.profile: activeEnergyImport.total of acrel-dtsd1352 starts again at 429496729.6, the park file says 42949672.96: give "main" wrapsAt: { count: 4294967296, resolution: \'0.1\' }',
    ])
  })

  it('finds a longer ring of upstream meters at each of its members', () => {
    const ring = park
      .replace('register: activeE', 'upstream: gas\n    register: activeE')
      .replace('register: gas', 'upstream: main\n    register: gas')
    const text = printed(checkFiles({ park: file('park.yaml', ring), gateways: [], profiles: [] }))
    expect(text).toContain('park.yaml:11:15 meters.0.upstream: feeds itself: main ← gas ← main')
    expect(text).toContain('park.yaml:21:15 meters.1.upstream: feeds itself: gas ← main ← gas')
  })

  const gatewayCases: [name: string, from: string, to: string, findings: string[]][] = [
    [
      'a meter that the park does not know',
      'meter: gas',
      'meter: water',
      ['g.yaml:9:18 buses.0.meters.1.meter: there is no meter "water" in the park'],
    ],
    [
      'an unknown profile',
      'eastron-sdm630',
      'eastron-sdm999',
      ['g.yaml:8:42 buses.0.meters.0.profile: there is no profile "eastron-sdm999"'],
    ],
    [
      'a profile without what the park takes from the meter',
      'eastron-sdm630',
      'fuxin-gas-corrector',
      [
        'g.yaml:8:42 buses.0.meters.0.profile: fuxin-gas-corrector measures naturalGas, but "main" is a meter of electricity',
        'g.yaml:8:42 buses.0.meters.0.profile: fuxin-gas-corrector has no activeEnergyImport.total, which the park file takes from "main"',
        'g.yaml:8:42 buses.0.meters.0.profile: fuxin-gas-corrector has no activePower.total, which the park file takes from "main"',
      ],
    ],
    [
      'poll intervals for quantities that are not read, or twice for one',
      'profile: fuxin-gas-corrector }',
      'profile: fuxin-gas-corrector, rates: [{ everySeconds: 60, quantities: [steamFlow, gasFlowStandard, gasFlowStandard] }] }',
      [
        'g.yaml:9:102 buses.0.meters.1.rates.0.quantities: steamFlow is not read from this meter',
        'g.yaml:9:102 buses.0.meters.1.rates.0.quantities: gasFlowStandard has a poll interval already',
      ],
    ],
    [
      'a choice of quantities that leaves out the register',
      'profile: fuxin-gas-corrector }',
      'profile: fuxin-gas-corrector, quantities: [gasFlowStandard, steamFlow] }',
      [
        'g.yaml:9:74 buses.0.meters.1.quantities: the profile fuxin-gas-corrector has no steamFlow',
        'g.yaml:9:74 buses.0.meters.1.quantities: leaves out gasVolumeStandard, which the park file takes from "gas"',
      ],
    ],
    [
      'two meters at one unit address of a bus',
      'unit: 2',
      'unit: 1',
      ['g.yaml:9:29 buses.0.meters.1.unit: unit 1 of the bus "bus-1" is "main" already'],
    ],
    [
      'a meter that is read twice',
      'meter: gas, unit: 2, profile: fuxin-gas-corrector',
      'meter: main, unit: 2, profile: eastron-sdm630',
      ['g.yaml:9:18 buses.0.meters.1.meter: "main" is read on the bus "bus-1" already'],
    ],
    [
      'another park',
      'park: test-park',
      'park: other-park',
      ['g.yaml:2:7 park: the park file is that of "test-park"'],
    ],
    [
      'a gateway that the park does not have, and so the meters of another gateway',
      'gateway: gateway-1',
      'gateway: gateway-9',
      [
        'g.yaml:1:10 gateway: there is no gateway "gateway-9" in the park "test-park"',
        'g.yaml:8:18 buses.0.meters.0.meter: the park gives "main" to the gateway "gateway-1"',
        'g.yaml:9:18 buses.0.meters.1.meter: the park gives "gas" to the gateway "gateway-1"',
      ],
    ],
  ]

  it.each(gatewayCases)('finds %s at its place', (_name, from, to, expected) => {
    expect(gateway).toContain(from)
    const bad = file('g.yaml', gateway.replace(from, to))
    expect(printed(checkFiles({ park: file('park.yaml', park), gateways: [bad], profiles }))).toEqual(
      expected,
    )
  })

  it('finds a bus that does not wait as long as a meter may take', () => {
    const hasty = gateway
      .replace('    meters:', '    timeoutMs: 500\n    meters:')
      .replace('eastron-sdm630', 'orno-we516')
    expect(printed(checkFiles({ gateways: [file('g.yaml', hasty)], profiles }))).toEqual([
      'g.yaml:7:16 buses.0.timeoutMs: main (orno-we516) may take 600 ms to answer, the bus waits 500 ms',
    ])
  })

  it('finds one gateway described by two files', () => {
    const gateways = [file('g.yaml', gateway), file('h.yaml', gateway)]
    expect(printed(checkFiles({ gateways, profiles }))).toEqual([
      'h.yaml:1:10 gateway: the gateway "gateway-1" is described in g.yaml already',
    ])
  })

  const sdm = readFileSync(profilePath('eastron-sdm630'), 'utf8')
  const profileCases: [name: string, from: string, to: string, findings: string[]][] = [
    [
      'registers that overlap',
      'voltage.l2: { at: 0x0002 }',
      'voltage.l2: { at: 0x0001 }',
      ['meter.yaml:16:15 registers.voltage.l2: overlaps voltage.l1 at 0'],
    ],
    [
      'a register in a forbidden range',
      'bridgeGaps: 0 }',
      'bridgeGaps: 0, forbidden: [[3, 3]] }',
      ['meter.yaml:16:15 registers.voltage.l2: lies in the forbidden range 3 to 3'],
    ],
    [
      'a source that is none',
      'source: SDM630Modbus Protocol V1.7; volkszaehler/mbmd meters/rs485/sdm.go; OpenEMS eastron',
      "source: '-'",
      [
        'meter.yaml:6:11 evidence.source: name the document or implementation that the registers are taken from',
      ],
    ],
    [
      'a quantity of another carrier',
      'current.n: {',
      'steamFlow: {',
      ['meter.yaml:51:14 registers.steamFlow: is a quantity of steam, not of electricity'],
    ],
    [
      'a value that no request can hold',
      'registersPerRequest: 60',
      'registersPerRequest: 1',
      ['meter.yaml:15:15 registers.voltage.l1: takes 2 registers, a request 1 at most'],
    ],
    [
      'a unit of another quantity',
      'activePower.l1: { at: 0x000C, unit: W }',
      'activePower.l1: { at: 0x000C, unit: V }',
      ['meter.yaml:21:19 registers.activePower.l1: V is not a unit of activePower.l1, which is in kW'],
    ],
    [
      'a wrap that the encoding cannot reach',
      "activeEnergyImport.total: { at: 0x0048, resolution: '0.01' }",
      'activeEnergyImport.total: { at: 0x0048, as: u32, wrapsAt: 4294967297 }',
      ['registers.activeEnergyImport.total: u32 cannot reach 4294967297: its highest number is 4294967295'],
    ],
    [
      'a wrap of what is not counted',
      'frequency: { at: 0x0046 }',
      'frequency: { at: 0x0046, wrapsAt: 100 }',
      ['registers.frequency: frequency is not counted: it does not wrap'],
    ],
    [
      'a mark that is rounded',
      'frequency: { at: 0x0046 }',
      'frequency: { at: 0x0046, as: u16, notAvailable: [0x7FFFFFFFFFFFFFFF] }',
      ['registers.frequency.notAvailable: write 9223372036854776000 as text'],
    ],
    [
      'a mark with too many bits',
      'order: ABCD }',
      "order: ABCD, notAvailable: ['0x7FC000000'] }",
      ['meter.yaml:11:62 defaults.notAvailable: 0x7fc000000 has more than 32 bits'],
    ],
    [
      'a mark that the encoding never shows',
      'frequency: { at: 0x0046 }',
      'frequency: { at: 0x0046, as: u16, notAvailable: [-1, 0xFFFF] }',
      ['registers.frequency.notAvailable: u16 is never -1'],
    ],
    [
      'an identity register in a forbidden range',
      'bridgeGaps: 0 }',
      'bridgeGaps: 0, forbidden: [[900, 901]] }\nidentity: [{ is: model, at: 899, as: text, words: 4 }]',
      ['meter.yaml:14:12 identity.0: lies in the forbidden range 900 to 901'],
    ],
    [
      'a text of unknown length',
      'bridgeGaps: 0 }',
      'bridgeGaps: 0 }\nidentity: [{ is: model, at: 899, as: text }]',
      ['meter.yaml:14:12 identity.0: text: say how many registers it takes in "words"'],
    ],
    [
      'an expected text of a number',
      'bridgeGaps: 0 }',
      'bridgeGaps: 0 }\nidentity: [{ is: type, at: 899, as: u16, expect: SOCO }]',
      ['meter.yaml:14:12 identity.0: u16 answers a number'],
    ],
    [
      'a ratio register whose ratio multiplies nothing',
      'bridgeGaps: 0 }',
      'bridgeGaps: 0 }\nratioRegisters: { current: { at: 6, as: u16 } }',
      ['meter.yaml:14:28 ratioRegisters.current: no register is multiplied by the current ratio'],
    ],
    ['a missing source', '  source: SDM630', '  # source: SDM630', ['meter.yaml:5:3 evidence.source: ']],
  ]

  it.each(profileCases)('finds %s at its place', (_name, from, to, expected) => {
    expect(sdm).toContain(from)
    const bad = file('meter.yaml', sdm.replace(from, to))
    const [first] = printed(checkFiles({ gateways: [], profiles: [bad] }))
    expect(first).toContain(expected[0])
  })

  it('finds a file whose name cannot be an id', () => {
    expect(printed(checkFiles({ gateways: [], profiles: [file('My Meter.yaml', sdm)] }))).toEqual([
      'My Meter.yaml: the file\'s name is the profile\'s id: lower-case letters, digits and single hyphens, e.g. "rolling-line-1"',
    ])
  })

  it('finds a golden file that no longer fits its profile', () => {
    const path = file(
      'meter.yaml',
      readFileSync(profilePath('bell-vfm60'), 'utf8').replace('at: 36', 'at: 38'),
    )
    file(
      'meter.golden.yaml',
      readFileSync(profilePath('bell-vfm60').replace('.yaml', '.golden.yaml'), 'utf8'),
    )
    expect(printed(checkFiles({ gateways: [], profiles: [path] }))[0]).toBe(
      'meter.golden.yaml:3:3 image: word 38 of steamMass (function 3) is missing',
    )
  })

  it('finds a word that a golden file gives twice', () => {
    const path = file('meter.yaml', readFileSync(profilePath('xy-md02'), 'utf8'))
    const golden = readFileSync(profilePath('xy-md02').replace('.yaml', '.golden.yaml'), 'utf8')
    file('meter.golden.yaml', golden.replace('at: 2,', 'at: 1,'))
    expect(printed(checkFiles({ gateways: [], profiles: [path] }))).toEqual([
      'meter.golden.yaml:4:5 image.1: word 1 (function 4) is there already',
    ])
  })

  it('goes on with the other files where one cannot be read', () => {
    const bad = file('g.yaml', gateway.replace('unit: 2', 'unit: 1'))
    const findings = checkFiles({ park: join(folder, 'none.yaml'), gateways: [bad], profiles })
    expect(printed(findings)).toEqual([
      'none.yaml: none.yaml cannot be read.',
      'g.yaml:9:29 buses.0.meters.1.unit: unit 1 of the bus "bus-1" is "main" already',
    ])
  })
})
