import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toNumber } from '#contract/amount.ts'
import { parseProfile, type RegisterMap } from '#firmware-config/profile.ts'
import { decode } from './decode.ts'
import { plan } from './plan.ts'

/** Values whose decimals stand in a register behind them, as SunSpec has it. */

const profile = (registers: string): RegisterMap =>
  parseProfile(
    `make: Test
model: Test
carrier: electricity
evidence: { grade: L, source: a made-up meter }
defaults: { function: 3, as: u16, order: ABCD }
limits: { registersPerRequest: 20, bridgeGaps: 0 }
registers:
${registers}`,
    'test.yaml',
  )

const map = profile(`
  current.l1: { at: 10, exponent: { at: 13, from: -3, to: 2, usual: -2 } }
  current.l2: { at: 11, exponent: { at: 13, from: -3, to: 2, usual: -2 } }
  activePower.total: { at: 14, as: i16, scale: '-1', unit: W, exponent: { at: 15, from: -3, to: 3, usual: 0 } }
  activeEnergyExport.total: { at: 20, as: u32, unit: Wh, exponent: { at: 22, from: -3, to: 3, usual: 0 } }`)

const request = (first: number, count: number, quantity: string) => ({
  function: 3 as const,
  address: first,
  quantity: count,
  registers: map.registers.filter((each) => each.quantity === quantity),
})
const read = (first: number, words: readonly number[], quantity: string) =>
  decode(request(first, words.length, quantity), words, 1, 'm', 'good')[0]
const word = (n: number): number => n & 0xffff

describe('A value with an exponent', () => {
  it('is read with it in one request, and values that share one are read together', () => {
    const requests = plan(map.registers, map.limits)
    expect(requests.map(({ address, quantity }) => [address, quantity])).toEqual([
      [10, 4 + 2],
      [20, 3],
    ])
  })

  it('is raw × scale × 10ⁿ, for every n that the profile expects, and bad for any other', () => {
    fc.assert(
      fc.property(fc.integer({ min: -0x8000, max: 0x7fff }), fc.integer({ min: -12, max: 12 }), (raw, n) => {
        const reading = read(14, [word(raw), word(n)], 'activePower.total')
        if (n < -3 || n > 3) expect(reading).toMatchObject({ quality: 'bad', cause: 'not-a-number' })
        else {
          const expected = Number(`${-raw}e${n - 3}`)
          expect(reading).toMatchObject({ quality: 'good', value: expected === 0 ? 0 : expected })
        }
      }),
    )
  })

  it('is counted in the finest step that its exponent may make, exactly, also when the exponent changes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: -3, max: 3 }), (raw, n) => {
        const words = [Math.floor(raw / 0x1_0000), raw % 0x1_0000, word(n)]
        const reading = read(20, words, 'activeEnergyExport.total')
        if (reading?.quality !== 'good' || typeof reading.value === 'number') throw new Error('no count')
        expect(reading.value.resolution).toBe('0.000001')
        expect(BigInt(reading.value.count)).toBe(BigInt(raw) * 10n ** BigInt(n + 3))
        expect(toNumber(reading.value)).toBeCloseTo((raw * 10 ** n) / 1_000, 6)
      }),
    )
  })

  it('is not available where the meter has no exponent for it', () => {
    expect(read(10, [1234, 0, 0, 0x8000], 'current.l1')).toMatchObject({ cause: 'not-available' })
  })
})

describe('A profile', () => {
  const line = (text: string) => () => profile(`  current.l1: ${text}`)

  it.each([
    ['{ at: 10, as: f32, exponent: { at: 13, from: 0, to: 1, usual: 0 } }', /needs no exponent/],
    ['{ at: 10, exponent: { at: 10, from: 0, to: 1, usual: 0 } }', /must lie behind its value/],
    ['{ at: 10, exponent: { at: 200, from: 0, to: 1, usual: 0 } }', /too far behind its value/],
    ['{ at: 10, exponent: { at: 11, from: 2, to: 1, usual: 1 } }', /ends before it begins/],
    ['{ at: 10, exponent: { at: 11, from: 0, to: 1, usual: 2 } }', /usual exponent is from 0 to 1/],
  ])('with %s is refused', (text, why) => {
    expect(line(text)).toThrow(why)
  })
})
