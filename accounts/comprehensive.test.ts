import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { accountingRecord } from '#contract/accounting-record.ts'
import { accountingPlan } from './accounting-plan.ts'
import { balanceIn, groundOf, items, park, plan, tableOf } from './balance.test-support.ts'
import { comprehensiveConsumption } from './comprehensive.ts'
import { textOf, type Decimal } from './decimal.ts'
import { planContradictions } from './plan-check.ts'
import { testData } from './testing.test-support.ts'

const { factorFiles } = testData((path) => readFileSync(new URL(path, import.meta.url), 'utf8'))
const text = (value: Decimal | undefined): string | undefined =>
  value === undefined ? undefined : textOf(value)
const bought = (number: number, item: string, quantity: string, unit: string, over: object = {}) => ({
  number,
  record: accountingRecord.parse({
    kind: 'energy-purchased',
    account: 'steel',
    item,
    quantity,
    unit,
    from: '2026-03-01',
    to: '2026-04-01',
    document: 'bill',
    by: 'energy officer',
    ...over,
  }),
})
/** 0.7 % of what comes in are lost in the transformer, by the plan. */
const energies: Readonly<Record<string, string>> = {
  'steel-incoming': '100000',
  'steel-straightening': '99300',
}
/** The plan with the coefficients of 2008, of which the reference has all media. */
const of2008 = (over: object = {}) =>
  accountingPlan.parse({
    ...plan,
    standardCoal: {
      ...plan.standardCoal,
      mediaEdition: 'gb2589-2008',
      subjects: { ...plan.standardCoal.subjects, nitrogen: 'nitrogen.mainProduct' },
      ...over,
    },
  })

function consumptionOf(records: readonly ReturnType<typeof bought>[], its = of2008(), account = 'steel') {
  const ground = groundOf(({ id }) => energies[id] ?? '0', { records, plan: its })
  return comprehensiveConsumption(tableOf(balanceIn(ground, '2026-03'), account), items)
}

describe('Comprehensive energy consumption', () => {
  test('adds energy media that were bought, by their equal value, to energy by either value', () => {
    const { energy, media, total, coefficients } = consumptionOf([
      bought(1, 'freshWater', '1000', 'm³'),
      bought(2, 'compressedAir', '20000', 'm³'),
      bought(3, 'oxygen', '500', 'm³'),
      bought(4, 'nitrogen', '100', 'm³'),
      bought(5, 'softenedWater', '200', 't'),
      bought(6, 'acetylene', '10', 'm³'),
    ])
    // 100,000 kWh × 0.1229 and × 0.3016 kgce/kWh.
    expect([energy.coal.calorific, energy.coal.equal].map(text)).toEqual(['12.29', '30.16'])
    expect(media.map(({ item, figure }) => [item, text(figure.coal.equal)])).toEqual([
      ['freshWater', '0.0857'],
      ['compressedAir', '0.8'],
      ['softenedWater', '0.09714'],
      ['oxygen', '0.2'],
      ['nitrogen', '0.06714'],
      ['acetylene', '0.083143'],
    ])
    const sum = 0.0857 + 0.8 + 0.09714 + 0.2 + 0.06714 + 0.083143
    expect(Number(text(total.coal.calorific))).toBeCloseTo(12.29 + sum, 12)
    expect(Number(text(total.coal.equal))).toBeCloseTo(30.16 + sum, 12)
    expect(coefficients.map(({ edition, basis }) => [edition, basis])).toEqual(
      Array.from({ length: 6 }, () => ['gb2589-2008', 'equal']),
    )
  })

  test('without a coefficient of a medium is not available, and says so; a value of the plan is one', () => {
    const cold = [bought(1, 'cooling', '300', 'GJ')]
    const { total, energy } = consumptionOf(cold)
    expect(total.coal).toEqual({ calorific: undefined, equal: undefined })
    expect(total.absent).toEqual({ calorific: 'no-coefficient', equal: 'no-coefficient' })
    expect(text(energy.coal.calorific)).toBe('12.29')
    const mediaEqual = [
      {
        year: 2026,
        item: 'cooling',
        kgcePerUnit: '12',
        document: 'Supplier’s statement',
        confidence: 'verified',
      },
    ]
    const known = consumptionOf(cold, of2008({ mediaEqual }))
    expect(text(known.total.coal.calorific)).toBe('15.89')
    expect(known.coefficients).toMatchObject([
      { code: 'plan/cooling/equal/2026', unit: 'kgce/MJ', value: '0.012' },
    ])
    // The edition of 2020 is not known to keep those of 2008.
    expect(consumptionOf([bought(1, 'compressedAir', '1', 'm³')], plan).total.absent.equal).toBe(
      'no-coefficient',
    )
  })

  test('counts what was got and not passed on, and nothing that was made inside', () => {
    const air = [
      bought(1, 'compressedAir', '1000', 'm³'),
      bought(2, 'compressedAir', '400', 'm³', { kind: 'energy-sold' }),
    ]
    expect(text(consumptionOf(air).media[0]?.figure.amount)).toBe('600')
    // The works make their air with electricity that is counted; its meter is an output of a conversion.
    expect(consumptionOf([]).media).toEqual([])
    const given = [air[0], bought(2, 'compressedAir', '4000', 'm³', { kind: 'energy-sold' })].flatMap(
      (each) => each ?? [],
    )
    expect(text(consumptionOf(given).total.coal.calorific)).toBe('12.29')
  })

  test('of the park counts the water that the park got once', () => {
    const ground = groundOf(({ id }) => (id === 'services-water' ? '1000' : '0'), { plan: of2008() })
    const { media } = comprehensiveConsumption(tableOf(balanceIn(ground, '2026-03')), items)
    expect(media.map(({ item, figure }) => [item, text(figure.coal.equal)])).toEqual([
      ['freshWater', '0.0857'],
    ])
  })

  test('a meter of water measures another medium where the plan names it, in tonnes', () => {
    const its = accountingPlan.parse({
      ...of2008(),
      media: [{ item: 'softenedWater', meters: ['services-water'] }],
    })
    expect(planContradictions(its, park, items, factorFiles)).toEqual([])
    const ground = groundOf(({ id }) => (id === 'services-water' ? '1000' : '0'), { plan: its })
    const { media } = comprehensiveConsumption(tableOf(balanceIn(ground, '2026-03')), items)
    expect(media.map(({ item, figure }) => [item, text(figure.amount), text(figure.coal.equal)])).toEqual([
      ['softenedWater', '1000', '0.4857'],
    ])
    const wrong = accountingPlan.parse({
      ...of2008({ mediaEdition: 'gb1', mediaEqual: [] }),
      media: [
        { item: 'oxygen', meters: ['services-water', 'nobody'] },
        { item: 'naturalGas', meters: ['services-water'] },
      ],
    })
    expect(planContradictions(wrong, park, items, factorFiles).map(({ message }) => message)).toEqual([
      'edition gb1 is not described',
      'services-water measures water, which oxygen is not of',
      'there is no meter nobody in the park file',
      'there is no energy medium naturalGas',
    ])
  })
})
