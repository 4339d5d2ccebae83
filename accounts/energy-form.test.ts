import { describe, expect, test } from 'vitest'
import { accountingRecord } from '#contract/accounting-record.ts'
import { NO_SLOTS } from '#contract/energy-sum.ts'
import { balanceIn, groundOf, items, park, plan, readYaml, rows, tableOf } from './balance.test-support.ts'
import { partsInScope } from './balance-table.ts'
import { textOf } from './decimal.ts'
import { energyForm } from './energy-form.ts'
import { energyStatistics } from './energy-statistics.ts'
import { qualityGaps } from './quality-gaps.ts'
import { qualityRuleFile, qualityStatement } from './quality-statement.ts'
import { comparedPeriods, piecesOf, reportPeriod } from './report-period.ts'
import { atOnce } from './steps.ts'

const march = reportPeriod('2026-03', 'Asia/Shanghai')
const food = plan.accounts.find(({ account }) => account === 'food')
if (food === undefined) throw new Error('the plan has food')

/** What the food factory's meters measured, round numbers. */
const energies: Readonly<Record<string, string>> = {
  'food-incoming': '1000',
  'food-refrigeration': '700',
  'food-packing-line': '200',
  'food-offices': '92',
  'food-gas-incoming': '5000',
  'food-boiler-gas': '4800',
  'food-canteen-gas': '200',
  'food-boiler-steam': '60',
  'food-cooking-steam': '50',
  'food-cleaning-steam': '9',
}
const entered = (number: number, over: object) => ({
  number,
  record: accountingRecord.parse({
    account: 'food',
    from: '2026-03-01',
    to: '2026-04-01',
    document: 'bill',
    by: 'energy officer',
    item: 'diesel',
    unit: 't',
    ...over,
  }),
})
const records = [
  entered(1, { kind: 'energy-purchased', quantity: '10', cny: '70000' }),
  entered(2, { kind: 'energy-used', quantity: '7', use: 'transport' }),
  entered(3, { kind: 'energy-stock', quantity: '1', from: '2025-12-01', to: '2026-01-01' }),
  entered(4, { kind: 'energy-stock', quantity: '2', from: '2026-02-01', to: '2026-03-01' }),
  entered(5, { kind: 'energy-stock', quantity: '5', from: '2026-03-01', to: '2026-04-01' }),
]
const ground = groundOf(({ id }) => energies[id] ?? '0', { records })
const { parts } = balanceIn(ground, '2026-03')

describe('Forms 205-1 and 205-2', () => {
  const form = energyForm(parts, march, { plan: food, rows, items, records })
  const of = (item: string) => {
    const line = form.lines.find((each) => each.item === item)
    if (line === undefined) throw new Error(`no line of ${item}`)
    return line
  }
  const text = (figure: { readonly amount: Parameters<typeof textOf>[0] | undefined }): string =>
    figure.amount === undefined ? '' : textOf(figure.amount)

  test('separate production from offices, canteen and vehicles', () => {
    const electricity = of('electricity')
    expect([electricity.purchased, electricity.consumed, electricity.nonProduction].map(text)).toEqual([
      '1000',
      '1000',
      '92',
    ])
    expect([of('naturalGas').production, of('naturalGas').nonProduction].map(text)).toEqual(['4800', '200'])
    const diesel = of('diesel')
    expect(
      [diesel.yearStock, diesel.purchased, diesel.transport, diesel.production, diesel.stockEnd].map(text),
    ).toEqual(['1', '10', '7', '', '5'])
    expect(diesel.thousandYuan?.toFixed()).toBe('70')
  })

  test('show what went into transformation and came out', () => {
    expect(text(of('naturalGas').inputs.get('heat-supply') ?? { amount: undefined })).toBe('4800')
    // 60 t of (2773 − 83.74) kJ/kg.
    expect(text(of('heat').output)).toBe('161.3556')
    expect(of('electricity').coefficient?.toFixed()).toBe('0.0001229')
  })

  test('are checked as the statistical office does', () => {
    const results = form.checks.map(({ check, item, result }) => [check, item, result])
    expect(results).toContainEqual(['uses-within-consumption', 'naturalGas', 'passed'])
    expect(results).toContainEqual(['stock-and-purchase', 'diesel', 'passed'])
    // Production in tce: gas 4.8 × 1.33, electricity 0.908 × 0.1229, heat of 59 t; less the heat of 60 t that was made.
    const heat = (59 - 60) * 2.68926 * 0.03412
    const comprehensive = form.checks.find(({ check }) => check === 'comprehensive-consumption')
    expect(Number(comprehensive?.value?.toFixed())).toBeCloseTo(4.8 * 1.33 + 0.908 * 0.1229 + heat, 9)
  })

  test('a stock that does not meet purchase and use is told of', () => {
    const resultOf = (its: typeof records) => {
      const { parts } = balanceIn(
        groundOf(({ id }) => energies[id] ?? '0', { records: its }),
        '2026-03',
      )
      const { checks } = energyForm(parts, march, { plan: food, rows, items, records: its })
      return (name: string, item?: string) =>
        checks.find((each) => each.check === name && each.item === item)?.result
    }
    const others = records.filter(({ number }) => number !== 2)
    const some = [...others, entered(6, { kind: 'energy-used', quantity: '1', use: 'transport' })]
    expect(resultOf(some)('stock-and-purchase', 'diesel')).toBe('failed')
    // Bought, and used by nobody: what it was used for is not known, and the total is not whole.
    expect(resultOf(others)('stock-and-purchase', 'diesel')).toBe('incomplete')
    expect(resultOf(others)('comprehensive-consumption')).toBe('incomplete')
  })

  test('more raw material, or more for vehicles, than was used at all is told of with how much', () => {
    const checkOf = (use: string, quantity: string) => {
      const its = [entered(9, { kind: 'energy-used', item: 'naturalGas', unit: 'm³', quantity, use })]
      const { parts } = balanceIn(
        groundOf(({ id }) => energies[id] ?? '0', { records: its }),
        '2026-03',
      )
      const { checks } = energyForm(parts, march, { plan: food, rows, items, records: its })
      const found = checks.find(
        ({ check, item }) => check === 'uses-within-consumption' && item === 'naturalGas',
      )
      return [found?.result, found?.value?.toFixed()]
    }
    // Meters: 4,800 m³ into the boiler, 200 m³ in the canteen. What is recorded is a part of the use, not of the boiler’s gas.
    expect(checkOf('feedstock', '150')).toEqual(['passed', '0'])
    expect(checkOf('feedstock', '5100')).toEqual(['failed', '300'])
    expect(checkOf('transport', '5000')).toEqual(['failed', '200'])
  })

  test('state the stock of the year’s beginning in the unit of the item', () => {
    const gas = { kind: 'energy-stock', item: 'naturalGas', from: '2025-12-01', to: '2026-01-01' }
    const records = [entered(1, { ...gas, quantity: '12', unit: '万m³' })]
    const { parts } = balanceIn(
      groundOf(({ id }) => energies[id] ?? '0', { records }),
      '2026-01',
    )
    const january = reportPeriod('2026-01', 'Asia/Shanghai')
    const { lines } = energyForm(parts, january, { plan: food, rows, items, records })
    const line = lines.find(({ item }) => item === 'naturalGas')
    expect([line?.yearStock, line?.stockBegin].map((each) => each?.amount?.toFixed())).toEqual([
      '120000',
      '120000',
    ])
  })
})

describe('Energy statistics', () => {
  test('of every level, beside the period before and the year before', () => {
    const growing = groundOf(({ id }, { fromMs }) => {
      const is = (name: string): boolean => fromMs === reportPeriod(name, 'Asia/Shanghai').fromMs
      const share = is('2026-03') ? 1.2 : is('2026-02') ? 1 : is('2025-03') ? 1.5 : undefined
      return share === undefined ? undefined : String(Number(energies[id] ?? '0') * share)
    })
    const lines = energyStatistics(growing, march, 'food')
    expect(lines.map(({ name, item, level }) => [level, name.en, item])).toContainEqual([
      'equipment',
      'Gas-fired steam boiler',
      'naturalGas',
    ])
    const boundary = lines.find(({ level, item }) => level === 'account' && item === 'electricity')
    expect(boundary?.now.amount?.toFixed()).toBe('1200')
    expect(boundary?.change.previous?.toFixed()).toBe('0.2')
    expect(boundary?.change.yearBefore?.toFixed()).toBe('-0.2')
  })

  test('compares a month with a month, days with as many days', () => {
    const names = (name: string) => {
      const { previous, yearBefore } = comparedPeriods(reportPeriod(name, 'Asia/Shanghai'), 'Asia/Shanghai')
      return [previous.from, previous.to, yearBefore.from, yearBefore.to]
    }
    expect(names('2026-03')).toEqual(['2026-02-01', '2026-03-01', '2025-03-01', '2025-04-01'])
    expect(names('2026-Q1')).toEqual(['2025-10-01', '2026-01-01', '2025-01-01', '2025-04-01'])
    expect(names('2026-03-08..2026-03-14')).toEqual(['2026-03-01', '2026-03-08', '2025-03-08', '2025-03-15'])
    expect(() => reportPeriod('2026-13', 'Asia/Shanghai')).toThrow('is no month')
  })
})

describe('The data-quality statement', () => {
  const rule = qualityRuleFile.parse(readYaml('quality-rule.yaml'))
  const statementOf = (missing: Readonly<Record<string, number>>, day = '2026-03-31') => {
    const given = groundOf(({ id }) => energies[id] ?? '0', {}, missing)
    const measured = given.measured(piecesOf(march, 'Asia/Shanghai'))
    const scope = partsInScope(balanceIn(given, '2026-03').parts, 'food')
    const { closures } = tableOf({ parts: scope }, 'food')
    const all = (meter: Parameters<typeof measured>[0], quantity: Parameters<typeof measured>[1]) =>
      measured(meter, quantity).map((energy) => ({
        ...energy,
        sum: {
          ...NO_SLOTS,
          known: energy.sum.known,
          methods: {
            measured: { slots: energy.sum.known, energy: { count: 0, resolution: '1' } },
          },
        },
      }))
    return qualityStatement(scope, closures, all, day, rule)
  }

  test('grades by a rule, and says what keeps it from a better grade', () => {
    // One of ten meters is beyond its calibration.
    expect(statementOf({})).toMatchObject({
      grade: 'B',
      completeness: 1,
      calibrated: 0.9,
      beyond: [],
      failed: [{ grade: 'A', conditions: [{ name: 'calibrated', found: '90.0 % < 100.0 %' }] }],
    })
    expect(statementOf({}, '2025-06-01')).toMatchObject({ calibrated: 0.8 })
    const gaps = statementOf({ 'food-incoming': 2_900 })
    expect(gaps.grade).toBe('C')
    expect(gaps.meters.find(({ meter }) => meter.id === 'food-incoming')).toMatchObject({ missing: 2_900 })
  })

  const dayOf = (atMs: number): string =>
    Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO('Asia/Shanghai').toPlainDate().toString()

  test('says on which days slots are missing', () => {
    const lost = new Map([
      ['2026-03-04', 96],
      ['2026-03-05', 10],
      ['2026-03-31', 1],
    ])
    const ground = groundOf(() => '1')
    const measured: typeof ground.measured = (pieces) => (meter, quantity) =>
      ground
        .measured(pieces)(meter, quantity)
        .map((piece) => ({
          ...piece,
          missing: meter.id === 'food-incoming' ? (lost.get(dayOf(piece.fromMs)) ?? 0) : 0,
          sum: { ...NO_SLOTS, undecided: dayOf(piece.fromMs) === '2026-03-31' ? 1 : 0 },
        }))
    const [first, other] = [park.meters.get('food-incoming'), park.meters.get('steel-incoming')]
    if (first === undefined || other === undefined) throw new RangeError('the park has them')
    const gaps = atOnce(
      qualityGaps({ park, measured }, reportPeriod('2026-03', 'Asia/Shanghai'), [
        { meter: first, quantity: first.register, missing: 107 },
        { meter: other, quantity: other.register, missing: 0 },
      ]),
    )
    expect(gaps.map(({ meter, ...gap }) => [meter.id, gap])).toEqual([
      ['food-incoming', { from: '2026-03-04', to: '2026-03-05', missing: 106, undecided: 0 }],
      ['food-incoming', { from: '2026-03-31', to: '2026-03-31', missing: 1, undecided: 1 }],
    ])
  })

  test('says nothing of meters where there are none, and not that none of them is good', () => {
    const found = qualityStatement([], new Map(), () => [], '2026-03-31', rule)
    expect(found).toMatchObject({ completeness: undefined, classed: undefined, calibrated: undefined })
    expect(found.failed[0]?.conditions).toContainEqual({ name: 'classed', found: '– < 100.0 %' })
  })
})
