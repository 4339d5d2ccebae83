import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { decimalText } from '#contract/decimal-text.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Reading } from '#contract/reading.ts'
import { items } from './balance.test-support.ts'
import { decimal, presented, quotient, textOf } from './decimal.ts'
import { fuelCombustionTonnes } from './emissions.ts'
import { loadFigures } from './load/load-figures.ts'
import { loadRuleFile } from './load/load-rule.ts'
import { degreeDays } from './performance/degree-days.ts'
import { leastSquares } from './performance/regression.ts'
import { standardCoalOfItem } from './standard-coal.ts'
import { meanPowerFactor, powerFactorAdjustment, powerFactorFile } from './tariff/power-factor.ts'
import { testData } from './testing.test-support.ts'

/** Examples of others, to the digits that they print: accounts/cases/published.yaml says where each was read. */
const read = (name: string): unknown => parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const { factorFiles } = testData((path) => readFileSync(new URL(path, import.meta.url), 'utf8'))
const listOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ source: z.string(), cases: z.array(z.strictObject(shape)).min(1) })
const source = z.string().min(1)
const published = z
  .strictObject({
    rounding: listOf({ value: decimalText, decimals: z.int(), printed: z.string() }),
    combustion: listOf({
      fuel: z.string(),
      kj: decimalText,
      tcPerTj: decimalText,
      oxidation: decimalText,
      kgCo2: z.string(),
      kgce: z.string(),
    }),
    standardCoal: listOf({ row: z.string(), item: z.string(), quantity: decimalText, tce: z.string() }),
    ipccDiesel: z.strictObject({ source, kgCo2PerTj: decimalText, tjPerGg: decimalText, kgCo2: z.string() }),
    powerFactor: z.array(
      z.strictObject({
        source,
        standard: z.literal('0.9'),
        kwh: decimalText,
        kvarh: decimalText,
        powerFactor: decimalText,
        percent: decimalText,
      }),
    ),
    loadFactor: z.array(
      z.strictObject({ source, days: z.int(), kwh: decimalText, kw: decimalText, percent: z.string() }),
    ),
    degreeDays: z.array(
      z.strictObject({
        source,
        base: z.number(),
        days: z.array(z.strictObject({ mean: z.number(), heating: z.number() })),
      }),
    ),
  })
  .parse(read('cases/published.yaml'))

/** As many decimals as an example prints. */
const decimalsOf = (printed: string): number => (printed.split('.')[1] ?? '').length

describe('Rounding by GB/T 8170', () => {
  it.each(published.rounding.cases)('$value to $decimals decimals', ({ value, decimals, printed }) => {
    expect(presented(decimal(value), decimals)).toBe(printed)
  })
})

describe('Combustion', () => {
  it.each(published.combustion.cases)('of $fuel', ({ kj, tcPerTj, oxidation, kgCo2 }) => {
    // kJ/kg to GJ/t, tC/TJ to tC/GJ; tCO2/t is kgCO2/kg.
    const tonnes = fuelCombustionTonnes(decimal('1'), {
      ncv: decimal(kj).times(decimal('0.001')),
      carbon: decimal(tcPerTj).times(decimal('0.001')),
      oxidation: decimal(oxidation),
    })
    expect(presented(tonnes, decimalsOf(kgCo2))).toBe(kgCo2)
  })

  it.each(published.combustion.cases)(
    'of $fuel in standard coal is the row of the edition',
    ({ kj, kgce }) => {
      const rows = factorFiles.standardCoal.rows.filter(
        (row) => row.edition === 'gb2589-2008' && row.basis === 'calorific',
      )
      expect(rows.map(({ value }) => presented(decimal(value), 4))).toContain(kgce)
      // Tabulated coefficients are kcal / 7,000: the heating value by 29,307 is near it and not the same.
      expect(Number(kj) / 29_307 / Number(kgce)).toBeCloseTo(1, 2)
    },
  )

  test('of diesel by the defaults of IPCC', () => {
    const { kgCo2PerTj, tjPerGg, kgCo2 } = published.ipccDiesel
    expect(textOf(decimal(kgCo2PerTj).times(decimal(tjPerGg)).times(decimal('0.000001')))).toBe(kgCo2)
  })
})

describe('Standard coal', () => {
  it.each(published.standardCoal.cases)(
    '$quantity of $item by $row',
    ({ row: code, item, quantity, tce }) => {
      const row = factorFiles.standardCoal.rows.find((each) => each.code === code)
      const described = items[item]
      if (row === undefined || described === undefined) throw new RangeError(`no ${code} or no ${item}`)
      const found = standardCoalOfItem(decimal(quantity), described, row)
      expect(presented(found, decimalsOf(tce))).toBe(tce)
    },
  )
})

describe('Electricity', () => {
  it.each(published.powerFactor)('$kwh kWh and $kvarh kvarh', (one) => {
    const table = powerFactorFile.parse(read('tariff/power-factor.yaml'))
    const found = meanPowerFactor(decimal(one.kwh), decimal(one.kvarh), decimal('0'))
    expect(found === undefined ? '' : textOf(found)).toBe(one.powerFactor)
    const { percent } = powerFactorAdjustment(decimal(one.powerFactor), one.standard, table)
    expect(textOf(percent)).toBe(one.percent)
  })

  it.each(published.loadFactor)('load factor of $kwh kWh at $kw kW', ({ days, kwh, kw, percent }) => {
    const count = days * 96
    const peak = quotient(decimal(kw), decimal('4'))
    const other = quotient(decimal(kwh).minus(peak), decimal(String(count - 1)))
    const slots = Array.from({ length: count }, (_, index) => ({
      slotMs: index * SLOT_MS,
      energy: index === 0 ? peak : other,
      whole: true,
    }))
    const rule = loadRuleFile.parse(read('load/load-rule.yaml'))
    const { loadFactor } = loadFigures(slots, { timeZone: 'UTC', rule })
    expect(presented((loadFactor ?? decimal('0')).times(decimal('100')), decimalsOf(percent))).toBe(percent)
  })
})

describe('Baselines', () => {
  it.each(published.degreeDays)('degree days of $source', ({ base, days }) => {
    for (const { mean, heating } of days) {
      const readings = Array.from({ length: 24 }, (_, hour): Reading => ({
        meter: 'roof',
        quantity: 'outdoorTemperature',
        atMs: hour * 4 * SLOT_MS,
        quality: 'good',
        value: mean,
      }))
      const day = { fromMs: 0, toMs: 96 * SLOT_MS }
      expect(degreeDays(readings, [day], { heating: base, cooling: 26 }).heating).toBe(heating)
    }
  })

  test('a line through measured points has the certified coefficients', () => {
    const { x, y, certified } = z
      .object({
        x: z.array(z.number()),
        y: z.array(z.number()),
        certified: z.object({
          coefficients: z.array(z.number()),
          standardErrors: z.array(z.number()),
          rSquared: z.number(),
        }),
      })
      .parse(read('performance/cases/norris.yaml'))
    const fit = leastSquares(
      x.map((each) => [each]),
      y,
    )
    expect(fit?.coefficients).toHaveLength(2)
    for (const [index, { value, standardError }] of (fit?.coefficients ?? []).entries()) {
      expect(value / (certified.coefficients[index] ?? 0)).toBeCloseTo(1, 9)
      expect(standardError / (certified.standardErrors[index] ?? 0)).toBeCloseTo(1, 9)
    }
    expect(fit?.rSquared).toBeCloseTo(certified.rSquared, 12)
  })
})
