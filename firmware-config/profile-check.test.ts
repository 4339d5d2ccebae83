import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkFiles } from './check.ts'
import { checkedFolder } from './check.test-support.ts'
import { profilePath } from './profile-library.ts'

const { file, printed } = checkedFolder()

describe('The check of a profile', () => {
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
})
