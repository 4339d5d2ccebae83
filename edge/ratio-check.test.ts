import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadProfile } from '#firmware-config/profile.ts'
import { ratioContradictions } from './ratio-check.ts'

/** Chint keeps IrAt at 0006 and ten times UrAt at 0007. */
const judge = (site: { current: string; voltage: string }, current?: number, voltage?: number): string[] =>
  ratioContradictions(loadProfile('chint-dtsu666', site), ({ address }) => {
    const word = address === 6 ? current : voltage
    return word === undefined ? undefined : [word]
  }).map(({ message }) => message)

describe('the ratios set in a meter', () => {
  it('agree with the gateway file where both are the same, and only there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6_000 }), fc.integer({ min: 1, max: 6_000 }), (site, meter) => {
        const found = judge({ current: String(site), voltage: '1' }, meter, 10)
        expect(found).toHaveLength(site === meter ? 0 : 1)
      }),
    )
  })

  it('are scaled before they are compared, and named as they are', () => {
    expect(judge({ current: '40', voltage: '100' }, 40, 1_000)).toEqual([])
    expect(judge({ current: '1', voltage: '2.5' }, 40, 26)).toEqual([
      'the gateway file says ratios.current = 1, the meter holds 40 in register 6',
      'the gateway file says ratios.voltage = 2.5, the meter holds 2.6 in register 7',
    ])
  })

  it('that were not read contradict nothing', () => {
    expect(judge({ current: '40', voltage: '1' })).toEqual([])
  })
})
