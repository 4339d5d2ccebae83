import { describe, expect, test } from 'vitest'
import { accountingRecord } from '#contract/accounting-record.ts'
import { balanceIn, groundOf, items, plan, rows, tableOf } from './balance.test-support.ts'
import { accountingPlan } from './accounting-plan.ts'
import { textOf, type Decimal } from './decimal.ts'
import { energyForm } from './energy-form.ts'
import { energyStatistics } from './energy-statistics.ts'
import { reportPeriod } from './report-period.ts'

const source = (id: string, meter: string) => ({
  id,
  name: { zh: id, en: id },
  kind: 'fuel',
  item: 'naturalGas',
  fuel: 'naturalGas',
  measured: [{ meter }],
})
/** The food factory, whose boiler and canteen burn gas of their own suppliers. */
const twoBurners = accountingPlan.parse({
  ...plan,
  accounts: plan.accounts.map((account) =>
    account.account === 'food'
      ? { ...account, sources: [source('boiler', 'food-boiler-gas'), source('canteen', 'food-canteen-gas')] }
      : account,
  ),
})
const ncv = (number: number, of: string, value: string) => ({
  number,
  record: accountingRecord.parse({
    kind: 'fuel-property',
    account: 'food',
    source: of,
    property: 'ncv',
    value,
    unit: 'MJ/m³',
    from: '2026-03-01',
    to: '2026-04-01',
    document: 'laboratory',
    by: 'energy officer',
  }),
})
const energies: Readonly<Record<string, string>> = {
  'food-gas-incoming': '5000',
  'food-boiler-gas': '4000',
  'food-canteen-gas': '1000',
}
const groundWith = (records: Parameters<typeof groundOf>[1], over = energies) =>
  groundOf(({ id }) => over[id] ?? '0', { ...records, plan: twoBurners })
const coalOf = (ground: ReturnType<typeof groundOf>) => {
  const { parts } = balanceIn(ground, '2026-03')
  const table = tableOf({ parts }, 'food')
  const of = (row: string) => {
    const figure = table.lines.find((line) => line.row.id === row)?.cells.get('naturalGas')?.figure
    return figure?.coal.calorific ?? figure?.absent.calorific
  }
  return { of, table, parts }
}
const tonnes = (value: Decimal | string | undefined): number =>
  typeof value === 'object' ? Number(textOf(value)) : Number.NaN

describe('An item that two sources burn under heating values of their own', () => {
  const records = [ncv(1, 'boiler', '36'), ncv(2, 'canteen', '30')]

  test('is converted by that of each, and before both by their mean', () => {
    const { of, table, parts } = coalOf(groundWith({ records }))
    // k = NCV / 29,307 kJ/kg: 4,000 m³ of 36,000 kJ/m³, 1,000 m³ of 30,000 kJ/m³.
    const [boiler, canteen] = [(4 * 36_000) / 29_307, (1 * 30_000) / 29_307]
    expect(tonnes(of('heat-supply'))).toBeCloseTo(-boiler, 9)
    expect(tonnes(of('industry'))).toBeCloseTo(canteen, 9)
    expect(tonnes(of('inflow'))).toBeCloseTo(boiler + canteen, 9)
    // What comes in is what goes out, in standard coal as in cubic metres.
    expect(tonnes(of('difference'))).toBeCloseTo(0, 9)
    expect(table.coefficients.map(({ code, rule }) => [code, rule])).toEqual(
      expect.arrayContaining([
        ['record/1', 'measured'],
        ['record/2', 'measured'],
        ['sources/food/naturalGas/2026-03-01', 'mean-of-sources'],
      ]),
    )
    const food = twoBurners.accounts.find(({ account }) => account === 'food')
    if (food === undefined) throw new Error('the plan has food')
    const march = reportPeriod('2026-03', 'Asia/Shanghai')
    const { lines } = energyForm(parts, march, { plan: food, rows, items, records })
    const gas = lines.find(({ item }) => item === 'naturalGas')
    // The form's coefficient is the mean weighted by quantity.
    expect(tonnes(gas?.coefficient)).toBeCloseTo((boiler + canteen) / 5_000, 12)
    const statistics = energyStatistics(groundWith({ records }), march, 'food')
    const boundary = statistics.find(({ level, item }) => level === 'account' && item === 'naturalGas')
    expect(tonnes(boundary?.now.coal.calorific)).toBeCloseTo(boiler + canteen, 9)
  })

  test('of which one was measured keeps the default for the other', () => {
    const { of } = coalOf(groundWith({ records: records.slice(0, 1) }))
    expect(tonnes(of('industry'))).toBeCloseTo(1.33, 9)
    expect(tonnes(of('inflow'))).toBeCloseTo((4 * 36_000) / 29_307 + 1.33, 9)
  })

  test('has none before both where nobody knows how much each burnt', () => {
    const { 'food-canteen-gas': _, ...known } = energies
    const ground = groundOf(({ id }) => (id === 'food-canteen-gas' ? undefined : (known[id] ?? '0')), {
      records,
      plan: twoBurners,
    })
    const { of } = coalOf(ground)
    expect(of('inflow')).toBe('differs-by-source')
    expect(tonnes(of('heat-supply'))).toBeCloseTo((-4 * 36_000) / 29_307, 9)
  })
})
