import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { decimalText } from '#contract/decimal-text.ts'
import { decimal, presented, textOf, type Decimal } from './decimal.ts'
import { electricityTonnes, fuelCombustionTonnes, heatTonnes, steamHeatGj } from './emissions.ts'
import { testData } from './testing.test-support.ts'

const { factorFiles } = testData((path) => readFileSync(new URL(path, import.meta.url), 'utf8'))
const read = (name: string): unknown =>
  parse(readFileSync(new URL(`cases/${name}.yaml`, import.meta.url), 'utf8'))

const perUnit = z
  .strictObject({ cases: z.array(z.strictObject({ code: z.string(), tonnes: z.string() })).min(50) })
  .parse(read('fuel-per-unit'))

test.each(perUnit.cases)('one unit of $code is $tonnes tCO2', ({ code, tonnes }) => {
  const row = factorFiles.fuels.rows.find((each) => each.code === code)
  if (row?.oxidation === undefined) throw new RangeError(`no ${code}`)
  const properties = {
    ncv: decimal(row.ncv),
    carbon: decimal(row.carbon),
    oxidation: decimal(row.oxidation),
  }
  const digits = (tonnes.split('.')[1] ?? '').length
  const computed = presented(fuelCombustionTonnes(decimal('1'), properties), Math.max(digits, 4))
  expect(Number(computed)).toBe(Number(tonnes))
})

const formulas = z
  .strictObject({
    cases: z.array(
      z.strictObject({
        name: z.string(),
        of: z.enum(['electricity', 'heat', 'steam', 'activity']),
        factor: z.string(),
        enthalpy: decimalText.optional(),
        amount: decimalText,
        sold: decimalText.default('0'),
        tonnes: decimalText,
      }),
    ),
  })
  .parse(read('formulas'))

type Case = (typeof formulas)['cases'][number]

function tonnesOf({ of, factor, enthalpy = '0', amount, sold: given }: Case): Decimal {
  const rows = [...factorFiles.electricity.rows, ...factorFiles.heat.rows, ...factorFiles.process.rows]
  const row = rows.find(({ code }) => code === factor)
  if (row === undefined) throw new RangeError(`no ${factor}`)
  const [quantity, value, sold] = [decimal(amount), decimal(row.value), decimal(given)]
  switch (of) {
    case 'electricity':
      return electricityTonnes(quantity, sold, value)
    case 'heat':
      return heatTonnes(quantity, sold, value)
    case 'steam':
      return heatTonnes(steamHeatGj(quantity, decimal(enthalpy)), sold, value)
    case 'activity':
      break
  }
  return quantity.times(value)
}

test.each(formulas.cases)('$name', (given) => {
  expect(textOf(tonnesOf(given))).toBe(given.tonnes)
})
