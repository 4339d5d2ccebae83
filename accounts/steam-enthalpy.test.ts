import { describe, expect, it } from 'vitest'
import { textOf } from './decimal.ts'
import { liquidEnthalpy, saturationKelvin, steamEnthalpy, vapourEnthalpy } from './steam-enthalpy.ts'

/** The release's own values for computer-program verification: IAPWS R7-97(2012), tables 5, 15 and 36. */
describe('IAPWS-IF97', () => {
  it.each([
    [3, 300, 0.115331273e3],
    [80, 300, 0.184142828e3],
    [3, 500, 0.975542239e3],
  ])('region 1 at %d MPa, %d K', (mpa, kelvin, enthalpy) => {
    expect(Number(liquidEnthalpy(mpa, kelvin).toPrecision(9))).toBe(enthalpy)
  })

  it.each([
    [0.0035, 300, 0.254991145e4],
    [0.0035, 700, 0.333568375e4],
    [30, 700, 0.263149474e4],
  ])('region 2 at %d MPa, %d K', (mpa, kelvin, enthalpy) => {
    expect(Number(vapourEnthalpy(mpa, kelvin).toPrecision(9))).toBe(enthalpy)
  })

  it.each([
    [0.1, 0.372755919e3],
    [1, 0.453035632e3],
    [10, 0.584149488e3],
  ])('region 4 at %d MPa', (mpa, kelvin) => {
    expect(Number(saturationKelvin(mpa).toPrecision(9))).toBe(kelvin)
  })
})

describe('the enthalpy of steam', () => {
  it('of a saturated main of 1 MPa is that of every steam table', () => {
    expect(textOf(steamEnthalpy(1000))).toBe('2777.12')
    expect(textOf(steamEnthalpy(1000, 200))).toBe('2828.27')
  })

  it('of what is water, or beyond the regions, is refused', () => {
    for (const [kpa, celsius] of [
      [1000, 150],
      [20_000, undefined],
      [1000, 900],
      [0.1, undefined],
    ] as const)
      expect(() => steamEnthalpy(kpa, celsius)).toThrow(
        expect.objectContaining({ code: 'steam-state-invalid' }),
      )
  })
})
