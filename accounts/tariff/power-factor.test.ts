import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { decimalText } from '#contract/decimal-text.ts'
import { decimal, textOf } from '../decimal.ts'
import {
  meanPowerFactor,
  powerFactorAdjustment,
  powerFactorFile,
  powerFactorStandards,
} from './power-factor.ts'

const read = (name: string): unknown => parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const table = powerFactorFile.parse(read('power-factor.yaml'))
const cases = z
  .array(
    z.strictObject({
      standard: z.enum(powerFactorStandards),
      kwh: decimalText,
      forward: decimalText,
      reverse: decimalText,
      powerFactor: decimalText,
      percent: decimalText,
      otherwise: decimalText.optional(),
    }),
  )
  .parse(read('cases/power-factor.yaml'))

describe('The power-factor adjustment', () => {
  it.each(cases)('$standard: $kwh kWh, $forward and $reverse kvarh', (one) => {
    const found = meanPowerFactor(decimal(one.kwh), decimal(one.forward), decimal(one.reverse))
    expect(found === undefined ? undefined : textOf(found)).toBe(one.powerFactor)
    const { percent, otherwise } = powerFactorAdjustment(decimal(one.powerFactor), one.standard, table)
    expect(textOf(percent)).toBe(one.percent)
    expect(otherwise === undefined ? undefined : textOf(otherwise)).toBe(one.otherwise)
  })

  it('is none where nothing flowed', () => {
    expect(meanPowerFactor(decimal('0'), decimal('0'), decimal('0'))).toBeUndefined()
  })

  test('a better power factor never costs more, from 0 to 1, by any standard', () => {
    const hundredths = fc.integer({ min: 0, max: 100 })
    fc.assert(
      fc.property(hundredths, hundredths, fc.constantFrom(...powerFactorStandards), (a, b, standard) => {
        const percent = (value: number): number =>
          Number(textOf(powerFactorAdjustment(decimal(String(value / 100)), standard, table).percent))
        expect(percent(Math.max(a, b))).toBeLessThanOrEqual(percent(Math.min(a, b)))
      }),
    )
  })
})
