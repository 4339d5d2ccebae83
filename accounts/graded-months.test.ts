import { describe, expect, test } from 'vitest'
import { accountingRecord } from '#contract/accounting-record.ts'
import { textOf } from './decimal.ts'
import { gradedMonths } from './graded-months.ts'
import type { Statement } from './statement.ts'

const month = (name: string, total?: string): Statement['months'][number] => ({
  month: name,
  total,
  totalMarketBased: undefined,
  byScope: {},
  adjustments: {},
  uncertainty: undefined,
  uncertaintyLacks: undefined,
  state: 'open',
  restatements: 0,
})
const value = (from: string, to: string, cny: string, prices = 'current') =>
  accountingRecord.parse({
    account: 'steel',
    kind: 'output-value',
    measure: 'value-added',
    from,
    to,
    cny,
    prices,
    document: 'D',
    by: 'office',
  })
const quarter = [month('2026-01', '100'), month('2026-02', '110'), month('2026-03', '120')]
const of = (months: Statement['months'], ...records: ReturnType<typeof value>[]): unknown => {
  const found = gradedMonths({ months }, records, 'steel', 'current')
  return (
    found && [
      found.months.length,
      textOf(found.tCo2),
      found.valueAdded === undefined ? undefined : textOf(found.valueAdded),
    ]
  )
}

describe('Months that are graded', () => {
  test('have the value added of the very same months', () => {
    const first = value('2026-01-01', '2026-02-01', '1000000')
    const rest = value('2026-02-01', '2026-04-01', '2500000')
    expect(of(quarter, first, rest)).toEqual([3, '330', '3500000'])
    // Of a part of them there is no intensity, and none of a year over a quarter's emissions.
    expect(of(quarter, first)).toEqual([3, '330', undefined])
    expect(of(quarter, value('2026-01-01', '2027-01-01', '9000000'))).toEqual([3, '330', undefined])
    expect(of([month('2026-01')], first)).toBeUndefined()
  })

  test('leave out months without a figure, and values at other prices', () => {
    const monthly = ['01', '02', '03'].map((name, index) =>
      value(`2026-${name}-01`, `2026-0${index + 2}-01`, '1000000'),
    )
    const base = value('2026-01-01', '2026-02-01', '900000', '2020')
    expect(
      of([month('2026-01', '100'), month('2026-02'), month('2026-03', '120')], ...monthly, base),
    ).toEqual([2, '220', '2000000'])
    // Stated twice: nobody knows which holds.
    expect(of(quarter, ...monthly, value('2026-01-01', '2026-02-01', '1'))).toEqual([3, '330', undefined])
  })
})
