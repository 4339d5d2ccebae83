import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { accountingRecord } from '#contract/accounting-record.ts'
import { decimal, textOf } from '../decimal.ts'
import { baselineOf, performanceOf, type BaselinePeriod } from './baseline.ts'
import { degreeDays } from './degree-days.ts'
import { outputValueOf, productionOf, recordedDegreeDays } from './production.ts'
import { leastSquares } from './regression.ts'
import { specificConsumption } from './specific.ts'
import { quantile, twoSidedP, upperP } from './student.ts'

describe('The distributions', () => {
  // Tables of Student's t, two-sided 95 %.
  it.each([
    [1, 12.7062],
    [4, 2.7764],
    [10, 2.2281],
    [30, 2.0423],
  ])('t of %i degrees of freedom is %d', (freedom, t) => {
    expect(quantile(0.95, freedom)).toBeCloseTo(t, 4)
    expect(twoSidedP(t, freedom)).toBeCloseTo(0.05, 5)
    expect(upperP(t * t, 1, freedom)).toBeCloseTo(0.05, 5)
  })
})

describe('Least squares', () => {
  const number = z.array(z.number())
  const file = z
    .object({
      y: number,
      x: z.array(number),
      certified: z.object({
        coefficients: number,
        standardErrors: number,
        rSquared: z.number(),
        residualDeviation: z.number(),
      }),
    })
    .parse(parse(readFileSync(new URL('cases/longley.yaml', import.meta.url), 'utf8')))

  it('gives the certified values of a hard data set to six digits', () => {
    const fit = leastSquares(file.x, file.y) ?? expect.unreachable()
    for (const [index, { value, standardError }] of fit.coefficients.entries()) {
      expect(value / (file.certified.coefficients[index] ?? 0)).toBeCloseTo(1, 6)
      expect(standardError / (file.certified.standardErrors[index] ?? 0)).toBeCloseTo(1, 6)
    }
    expect(fit.rSquared).toBeCloseTo(file.certified.rSquared, 9)
    const mean = file.y.reduce((a, b) => a + b, 0) / file.y.length
    expect((fit.cvRmse * mean) / file.certified.residualDeviation).toBeCloseTo(1, 6)
    expect(fit.p).toBeLessThan(1e-8)
  })

  it('refuses a predictor that follows from others, and too few observations', () => {
    expect(
      leastSquares(
        [
          [1, 2],
          [2, 4],
          [3, 6],
          [4, 8],
        ],
        [1, 2, 3, 4],
      ),
    ).toBeUndefined()
    expect(leastSquares([[5], [5], [5], [5]], [1, 2, 3, 4])).toBeUndefined()
    expect(leastSquares([[1], [2]], [1, 2])).toBeUndefined()
  })

  test('finds the line that points lie on, and predicts on it', () => {
    const value = fc.double({ min: -1e3, max: 1e3, noNaN: true })
    fc.assert(
      fc.property(
        value,
        value,
        fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 4, maxLength: 30 }),
        (a, b, xs) => {
          const fit = leastSquares(
            xs.map((x) => [x]),
            xs.map((x) => a + b * x),
          )
          expect(fit?.coefficients[1]?.value).toBeCloseTo(b, 6)
          expect(fit?.predict([500], 0.95).expected).toBeCloseTo(a + b * 500, 5)
        },
      ),
    )
  })
})

describe('A baseline', () => {
  const month = (name: string, production: number, energy: number): BaselinePeriod => ({
    name,
    energy,
    drivers: { production },
  })
  const months = [800, 850, 900, 700, 950, 1000, 820, 870, 910, 760].map((production, index) =>
    month(`m${index}`, production, 5000 + 12 * production + (index % 2 === 0 ? 60 : -60)),
  )

  it('says what a month should have used, and whether the difference means anything', () => {
    const baseline = baselineOf(months, ['production'])
    if ('reason' in baseline) expect.unreachable()
    expect(baseline.regression.rSquared).toBeGreaterThan(0.99)
    expect(baseline.validRange).toEqual({ production: [700, 1000] })
    const saved = performanceOf(month('next', 900, 15_000), baseline)
    expect(saved.expected).toBeCloseTo(15_800, -2)
    expect(saved).toMatchObject({ isSignificant: true, beyondRange: [] })
    const usual = performanceOf(month('next', 900, 15_790), baseline)
    expect(usual.isSignificant).toBe(false)
    expect(performanceOf(month('next', 1_200, 19_400), baseline).beyondRange).toEqual(['production'])
  })

  it('is refused where it says nothing', () => {
    expect(baselineOf(months.slice(0, 8), ['production'])).toEqual({
      reason: 'too-few-periods',
      periods: 8,
      needed: 9,
    })
    const noise = months.map((each, index) => ({
      ...each,
      energy: [9, 3, 7, 1, 8, 2, 6, 4, 5, 9][index] ?? 0,
    }))
    expect(baselineOf(noise, ['production'])).toMatchObject({ reason: 'model-not-significant' })
    const double = months.map((each) => ({
      ...each,
      drivers: { ...each.drivers, again: (each.drivers['production'] ?? 0) * 2 },
    }))
    expect(baselineOf(double, ['production', 'again'])).toEqual({ reason: 'drivers-dependent' })
    const beside = months.map((each, index) => ({
      ...each,
      drivers: { ...each.drivers, moon: [3, 1, 4, 1, 5, 9, 2, 6, 5, 3][index] ?? 0 },
    }))
    expect(baselineOf(beside, ['production', 'moon'])).toMatchObject({
      reason: 'driver-not-significant',
      driver: 'moon',
    })
    expect(() => baselineOf(months, ['heating'])).toThrow('m0 has no heating')
  })
})

describe('Degree days', () => {
  const dayMs = Temporal.Instant.from('2026-01-10T00:00+08:00').epochMilliseconds
  const hour = 3_600_000
  const day = (n: number): { fromMs: number; toMs: number } => ({
    fromMs: dayMs + n * 24 * hour,
    toMs: dayMs + (n + 1) * 24 * hour,
  })
  const readings = (n: number, hours: number, value: number) =>
    Array.from({ length: hours }, (_, index) => ({
      meter: 'weather',
      quantity: 'outdoorTemperature' as const,
      atMs: dayMs + (n * 24 + index) * hour,
      quality: 'good' as const,
      value,
    }))

  it('are of days with a mean; a day of a few readings is missing and not mild', () => {
    const all = [...readings(0, 24, -2), ...readings(1, 20, 28), ...readings(2, 19, -20)]
    expect(degreeDays(all, [day(0), day(1), day(2)])).toEqual({
      heating: 20,
      cooling: 2,
      days: 2,
      missingDays: 1,
    })
  })

  it('do not lean towards hours that were read more often', () => {
    const often = Array.from({ length: 50 }, (_, index) => ({
      ...readings(0, 1, 30)[0],
      meter: 'weather',
      quantity: 'outdoorTemperature' as const,
      quality: 'good' as const,
      value: 30,
      atMs: dayMs + 12 * hour + index * 60_000,
    }))
    const { heating } = degreeDays(
      [...readings(0, 12, 6), ...often, ...readings(0, 24, 6).slice(13)],
      [day(0)],
    )
    expect(heating).toBeCloseTo(18 - (23 * 6 + 30) / 24, 9)
  })
})

describe('Specific consumption', () => {
  const base = { account: 'steel', document: 'form', by: 'office' }
  const records = z.array(accountingRecord).parse([
    {
      ...base,
      kind: 'production',
      product: 'tube',
      unit: 't',
      quantity: '400',
      from: '2026-03-01',
      to: '2026-03-16',
    },
    {
      ...base,
      kind: 'production',
      product: 'tube',
      unit: 't',
      quantity: '420',
      from: '2026-03-16',
      to: '2026-04-01',
    },
    {
      ...base,
      kind: 'production',
      product: 'tube',
      unit: 't',
      quantity: '99',
      from: '2026-03-20',
      to: '2026-04-20',
    },
    {
      ...base,
      kind: 'production',
      product: 'rod',
      unit: 't',
      quantity: '7',
      from: '2026-03-01',
      to: '2026-04-01',
    },
    {
      ...base,
      kind: 'production',
      product: 'rod',
      unit: '件',
      quantity: '7',
      from: '2026-03-01',
      to: '2026-04-01',
    },
    {
      ...base,
      kind: 'output-value',
      measure: 'gross-output',
      cny: '12000000',
      prices: 'current',
      from: '2026-03-01',
      to: '2026-03-31',
    },
  ])
  const march = { from: '2026-03-01', to: '2026-04-01' }

  it('is energy over the production of the same period', () => {
    const output = productionOf(records, 'steel', 'tube', 't', march)
    expect(output).toMatchObject({ unit: 't', complete: true })
    const found = specificConsumption({ total: decimal('328000'), unit: 'kWh', complete: true }, output)
    expect(found).toMatchObject({ amountUnit: 'kWh', perUnit: 't', complete: true })
    expect(found === undefined ? '' : textOf(found.value)).toBe('400')
  })

  it('is not whole where two records speak of one day', () => {
    const record = {
      account: 'steel',
      document: 'D',
      by: 'office',
      kind: 'production',
      product: 'tube',
      unit: 't',
    }
    const days = { from: '2026-03-01', to: '2026-04-01' }
    const twice = z.array(accountingRecord).parse([
      { ...record, ...days, quantity: '10' },
      { ...record, from: '2026-03-15', to: '2026-04-01', quantity: '20' },
    ])
    expect(productionOf(twice, 'steel', 'tube', 't', days)).toMatchObject({ complete: false })
  })

  it('degree days of a weather station are those of the account or of the park, of all days or not known', () => {
    const station = {
      kind: 'degree-days',
      account: 'park',
      document: 'Weather station, monthly bulletin',
      by: 'office',
      from: '2026-03-01',
      to: '2026-04-01',
      heating: '310.5',
      cooling: '0',
    }
    const of = (...given: object[]) => {
      const found = recordedDegreeDays(
        z.array(accountingRecord).parse(given.map((each) => ({ ...station, ...each }))),
        ['steel', 'park'],
        march,
      )
      return found === undefined ? undefined : [textOf(found.heating), textOf(found.cooling)]
    }
    expect(of({})).toEqual(['310.5', '0'])
    expect(of({}, { account: 'steel', heating: '300' })).toEqual(['300', '0'])
    expect(of({ to: '2026-03-16' }, { from: '2026-03-16', heating: '100' })).toEqual(['410.5', '0'])
    expect(of()).toBeUndefined()
    expect(of({ to: '2026-03-31' })).toBeUndefined()
    expect(of({}, { from: '2026-03-20' })).toBeUndefined()
    // Days of other base temperatures do not add up.
    expect(of({ to: '2026-03-16' }, { from: '2026-03-16', heatingBase: '20' })).toBeUndefined()
  })

  it('is incomplete where a day has no record, and none where nothing is known', () => {
    const value = outputValueOf(records, 'steel', 'gross-output', 'current', march)
    expect([value.total === undefined ? '' : textOf(value.total), value.unit, value.complete]).toEqual([
      '1200',
      '10⁴CNY',
      false,
    ])
    const none = productionOf(records, 'steel', 'sheet', 't', march)
    expect(none).toEqual({ total: undefined, unit: 't', complete: false })
    expect(specificConsumption({ total: decimal('1'), unit: 'kWh', complete: true }, none)).toBeUndefined()
  })
})
