import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InvalidFile } from '#firmware-config/document.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { faultKindList, faultNatures } from './fault-kinds.ts'
import { readBehaviour, timed, type FaultSubjects } from './fault-schedule.ts'

const subjects: FaultSubjects = {
  meters: new Map([
    ['m1', loadProfile('eastron-sdm630')],
    ['gas', loadProfile('fuxin-gas-corrector')],
    ['long', loadProfile('schneider-iem3155')],
    ['short', loadProfile('acrel-adl400')],
  ]),
  buses: new Set(['g/b']),
  gateways: new Set(['g']),
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-schedule-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function read(text: string) {
  const file = join(folder, 'faults.yaml')
  writeFileSync(file, text)
  return readBehaviour(file, subjects)
}

function findings(text: string): string[] {
  try {
    read(text)
    return []
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error
    return error.findings.map(({ place, message }) => `${place.line}:${place.column} ${message}`)
  }
}

describe('a file of manners and faults', () => {
  it('gives faults with their instants and defaults', () => {
    const { faults } = read(`faults:
  - { kind: intermittent, meter: m1, at: +15m, for: 2h }
  - { kind: reset, meter: m1, at: '2026-03-04T00:00:00+08:00' }
  - { kind: cable-cut, bus: g/b, for: 1.5s }
`)
    expect(faults.map((order, index) => timed(`s${index + 1}`, order, 1_000))).toMatchObject([
      { id: 's1', order: { share: 0.3 }, beginMs: 901_000, endMs: 8_101_000 },
      { id: 's2', order: { to: 0 }, beginMs: Date.parse('2026-03-03T16:00:00Z'), endMs: Infinity },
      { id: 's3', beginMs: 1_000, endMs: 2_500 },
    ])
  })

  it.each([
    ['a kind that is none', 'faults:\n  - { kind: haunted, meter: m1 }\n', /^2:13 /],
    ['a parameter of another kind', 'faults:\n  - { kind: dead, meter: m1, share: 1 }\n', /^2:\d+ /],
    ['a missing parameter', 'faults:\n  - { kind: slow, meter: m1 }\n', /^2:5 /],
    ['no target', 'faults:\n  - { kind: dead }\n', /^2:13 say which/],
    ['two targets', 'faults:\n  - { kind: dead, meter: m1, bus: g/b }\n', /^2:13 say which/],
    ['a meter that is not there', 'faults:\n  - { kind: dead, meter: m9 }\n', /^2:26 no meter "m9"/],
    ['a bus that is not there', 'faults:\n  - { kind: dead, bus: g/x }\n', /^2:24 no bus "g\/x"/],
    ['a gateway that is not there', 'faults:\n  - { kind: power-cut, gateway: x }\n', /no gateway "x"/],
    ['a power cut of a meter', 'faults:\n  - { kind: power-cut, meter: m1 }\n', /befalls a gateway/],
    ['a stuck bus', 'faults:\n  - { kind: stuck, bus: g/b }\n', /befalls a meter/],
    ['a reset that ends', 'faults:\n  - { kind: reset, meter: m1, for: 1h }\n', /^2:36 a reset happens once/],
    [
      'a quantity that the meter does not show',
      'faults:\n  - { kind: stuck, meter: m1, quantities: [steamMass] }\n',
      /^2:44 the profile eastron-sdm630 has no steamMass/,
    ],
    [
      'transformers of a gas meter',
      'faults:\n  - { kind: swapped-ct, meter: gas }\n',
      /no current transformers/,
    ],
    ['a float that wraps nowhere', 'faults:\n  - { kind: rollover, meter: m1 }\n', /does not wrap by itself/],
    [
      'a register too long to wrap',
      'faults:\n  - { kind: rollover, meter: long }\n',
      /does not wrap by itself/,
    ],
    ['a time without an offset', "faults:\n  - { kind: dead, meter: m1, at: '2026-03-04' }\n", /^2:34 /],
    ['a manner of nobody', 'manners:\n  - { profile: nothing, turnaroundMs: 5 }\n', /^2:16 no meter has/],
  ])('refuses %s, with its place', (_name, text, expected) => {
    expect(findings(text)).toEqual([expect.stringMatching(expected)])
  })

  it('takes a rollover of a register that wraps by itself', () => {
    expect(findings('faults:\n  - { kind: rollover, meter: short }\n')).toEqual([])
  })
})

it('kinds of faults are listed with words, targets and parameters', () => {
  const kinds = faultKindList()
  expect(kinds.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(faultNatures).toSorted())
  for (const { description } of kinds) expect(description).toMatch(/^[A-Z].*\.$/)
  expect(kinds.find(({ kind }) => kind === 'slow')).toMatchObject({
    targets: ['meter', 'bus', 'gateway'],
    parameters: ['delayMs'],
  })
})
