import { expect, test } from 'vitest'
import { decimal } from '#accounts/decimal.ts'
import { accountingRecord } from '#contract/accounting-record.ts'
import type { PeriodTotal } from '#accounts/performance/specific.ts'
import { productionOf } from './production.ts'

const june = { from: '2026-06-01', to: '2026-07-01' }
const record = {
  number: 7,
  enteredAtMs: 0,
  replacedBy: undefined,
  record: accountingRecord.parse({
    kind: 'production',
    account: 'forge',
    product: 'forgings',
    quantity: '40',
    unit: 't',
    document: 'shift book',
    by: 'planner',
    ...june,
  }),
}
const electricity: Parameters<typeof productionOf>[2] = [
  {
    carrier: 'electricity',
    flow: 'in',
    unit: 'kWh',
    total: '100.00',
    complete: true,
    simulated: false,
    expected: 2_880,
    known: 2_880,
    partial: 0,
    missing: 0,
    pending: 0,
    meters: ['forge-main'],
  },
]
const of = (output: PeriodTotal, entered: readonly (typeof record)[] = []) =>
  productionOf(entered, june, electricity, [{ product: 'forgings', meter: 'scale', output }])

test('a product that a meter counts has its energy per unit, as one that is entered', () => {
  const counted = of({ total: decimal('50'), unit: 't', complete: true })
  expect(counted.products).toMatchObject([
    { quantity: '50', meter: 'scale', state: 'counted', records: [], specific: [{ perUnit: '2' }] },
  ])
  expect(productionOf([record], june, electricity).products).toMatchObject([
    { quantity: '40', meter: null, state: 'recorded', records: [7], specific: [{ perUnit: '2.5' }] },
  ])
})

test('what was counted in part, or is stated twice, is divided into nothing', () => {
  expect(of({ total: decimal('50'), unit: 't', complete: false }).products).toMatchObject([
    { quantity: '50', state: 'counted-in-part', specific: [] },
  ])
  expect(of({ total: undefined, unit: 't', complete: false }).products).toMatchObject([
    { quantity: null, state: 'counted-in-part', specific: [] },
  ])
  const twice = of({ total: undefined, unit: 't', complete: false, conflict: true }, [record])
  expect(twice).toMatchObject({
    products: [{ quantity: null, state: 'conflict', records: [7], specific: [] }],
    recordsBeyond: [],
  })
})
