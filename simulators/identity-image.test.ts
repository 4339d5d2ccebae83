import { describe, expect, it } from 'vitest'
import { identityEvidence } from '#edge/identity.ts'
import { ratioContradictions } from '#edge/ratio-check.ts'
import { openProfiles, profileIds } from '#firmware-config/profile-library.ts'
import { parseProfile } from '#firmware-config/profile.ts'
import { AS_INSTALLED, fixedWords } from './identity-image.ts'
import { writeAnswer } from './served-meter.ts'

const { load } = openProfiles()
const ratios = { current: '40', voltage: '100' }

describe('a simulated meter', () => {
  it.each(profileIds())('%s is recognised by the edge, with the ratios of its site', (id) => {
    const map = load(id, ratios)
    const wordsOf = (register: { function: number; address: number; words: number }) =>
      fixedWords(map, register.function, register.address, register.words)
    for (const { told, verdict } of identityEvidence(map, wordsOf)) {
      expect(told).toBeDefined()
      expect(verdict).not.toBe('contradicts')
    }
    expect(ratioContradictions(map, wordsOf)).toEqual([])
    expect(ratioContradictions(load(id), wordsOf)).toHaveLength(map.ratioRegisters.length)
  })

  it('tells another number once it was replaced', () => {
    const map = load('solaredge-three-phase')
    const serial = map.identity.find(({ is }) => is === 'serial')
    const words = (replaced: number) =>
      serial === undefined
        ? undefined
        : fixedWords(map, serial.function, serial.address, serial.words, { ...AS_INSTALLED, replaced })
    expect(words(1)).toHaveLength(16)
    expect(words(1)).not.toEqual(words(0))
    expect(words(2)).not.toEqual(words(1))
  })

  it('answers its identity alone, and its values as ever', () => {
    const map = load('carlo-gavazzi-em340')
    const served = { meter: 'm', unit: 1, map, valuesAt: () => () => 1 }
    const read = (address: number, count: number): string => {
      const into = Buffer.alloc(260)
      const length = writeAnswer(served, () => () => 1, Buffer.from([3, 0, address, 0, count]), into, 0)
      return into.toString('hex', 0, length)
    }
    // The model code lies inside a value that the meter gives whole.
    expect(read(0x0b, 1)).toBe('03020001')
    expect(read(0x0a, 2)).toBe('0304000a0000')
    expect(read(0x0b, 2)).toBe('8302')
  })

  it('shows texts by letters, in both byte orders, cut to their registers', () => {
    const map = parseProfile(
      `make: Test
model: Test
carrier: electricity
evidence: { grade: L, source: made up for this test }
defaults: { function: 4, as: f32 }
limits: { registersPerRequest: 20, bridgeGaps: 0 }
identity:
  - { is: make, at: 1, as: letters, words: 3, expect: ABC }
  - { is: model, at: 10, as: text, words: 2, order: BADC, expect: ABCD }
  - { is: serial, at: 20, as: text, words: 2 }
registers: { voltage.l1: { at: 0 } }
`,
      'test.yaml',
    )
    expect(fixedWords(map, 4, 1, 3)).toEqual([0x41, 0x42, 0x43])
    expect(fixedWords(map, 4, 10, 2)).toEqual([0x4241, 0x4443])
    expect(fixedWords(map, 4, 20, 2)).toEqual([0x5349, 0x4d55])
    expect(fixedWords(map, 3, 20, 2)).toBeUndefined()
    expect(fixedWords(map, 4, 20, 1)).toBeUndefined()
  })
})
