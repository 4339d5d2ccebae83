import { describe, expect, it } from 'vitest'
import { parseProfile } from '#firmware-config/profile.ts'
import { identityEvidence } from './identity.ts'

const map = parseProfile(
  `make: Test
model: Test
carrier: electricity
evidence: { grade: L, source: made up for this test }
defaults: { function: 3, as: f32 }
limits: { registersPerRequest: 20, bridgeGaps: 0 }
identity:
  - { is: make, at: 100, as: letters, words: 4, expect: SOCO }
  - { is: model, at: 110, as: text, words: 4 }
  - { is: type, at: 120, as: u16, expect: 0x41 }
  - { is: serial, at: 130, as: bcd12 }
  - { is: version, at: 140, as: text, words: 2, order: BADC }
registers:
  voltage.l1: { at: 0 }
`,
  'test.yaml',
)

const evidence = (image: Record<number, readonly number[]>): unknown[] =>
  identityEvidence(map, ({ address }) => image[address]).map(({ told, verdict }) => [told, verdict])

describe('the identity of a meter', () => {
  it('is what its registers tell: letters, texts without padding, numbers and digits', () => {
    expect(
      evidence({
        100: [0x53, 0x4f, 0x43, 0x4f],
        110: [0x5044, 0x3530, 0x2020, 0],
        120: [0x41],
        130: [0x1234, 0x5678, 0x9012],
        140: [0x3156, 0x322e],
      }),
    ).toEqual([
      ['SOCO', 'fits'],
      ['PD50', 'open'],
      [0x41, 'fits'],
      [123_456_789_012, 'open'],
      ['V1.2', 'open'],
    ])
  })

  it('is contradicted by another answer and by none where one is expected, and by no other silence', () => {
    expect(evidence({ 100: [0x53, 0x4f, 0x43, 0x50], 120: [0x42] })).toEqual([
      ['SOCP', 'contradicts'],
      [undefined, 'open'],
      [0x42, 'contradicts'],
      [undefined, 'open'],
      [undefined, 'open'],
    ])
    expect(evidence({}).slice(0, 1)).toEqual([[undefined, 'contradicts']])
  })

  it('is not told by bytes that are no text and digits that are none', () => {
    expect(evidence({ 110: [0xffff, 0xffff, 0, 0], 130: [0xffff, 0xffff, 0xffff] })).toContainEqual([
      undefined,
      'open',
    ])
    expect(evidence({ 110: [0xffff, 0xffff, 0, 0] })[1]).toEqual([undefined, 'open'])
  })

  it('may hold letters beyond ASCII', () => {
    expect(evidence({ 110: [0xe6ad, 0xa3e6, 0xb3b0, 0] })[1]).toEqual(['正泰', 'open'])
  })
})
