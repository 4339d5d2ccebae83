import type { z } from 'zod'
import type { accountingRecord } from '#contract/accounting-record.ts'
import { decimal, type Decimal } from '../decimal.ts'
import type { PeriodTotal } from './specific.ts'

type Records = readonly z.output<typeof accountingRecord>[]

/** First day, and first day no more. */
interface Days {
  readonly from: string
  readonly to: string
}

/** Records of these days added up; complete where they leave no day of the
 * period out and speak of none twice. None that only overlaps counts. */
function totalOf(
  rows: readonly (Days & { readonly value: Decimal })[],
  period: Days,
  unit: string,
): PeriodTotal {
  const within = rows
    .filter(({ from, to }) => from >= period.from && to <= period.to)
    .toSorted((a, b) => a.from.localeCompare(b.from))
  let reached = period.from
  let complete = within.length > 0
  for (const { from, to } of within) {
    // A day that is left out, or that two records speak of: was it the same production twice?
    if (from !== reached) complete = false
    if (to > reached) reached = to
  }
  return {
    total: within.length === 0 ? undefined : within.reduce((sum, { value }) => sum.plus(value), decimal('0')),
    unit,
    complete: complete && reached >= period.to,
  }
}

/**
 * Production of a product in a period, from records that lie within it; of a record that reaches over its end nothing is
 * known about the part within, so it does not count. Records of another unit are not converted.
 */
export function productionOf(
  records: Records,
  account: string,
  product: string,
  unit: string,
  period: Days,
): PeriodTotal {
  const rows = records.flatMap((record) =>
    record.kind === 'production' &&
    record.account === account &&
    record.product === product &&
    record.unit === unit
      ? [{ from: record.from, to: record.to, value: decimal(record.quantity) }]
      : [],
  )
  return totalOf(rows, period, unit)
}

const TEN_THOUSANDTH = decimal('0.0001')

/** Output value, or value added, of a period in 10⁴ yuan at one price basis. */
export function outputValueOf(
  records: Records,
  account: string,
  measure: 'gross-output' | 'value-added',
  prices: string,
  period: Days,
): PeriodTotal {
  const rows = records.flatMap((record) =>
    record.kind === 'output-value' &&
    record.account === account &&
    record.measure === measure &&
    record.prices === prices
      ? [{ from: record.from, to: record.to, value: decimal(record.cny).times(TEN_THOUSANDTH) }]
      : [],
  )
  return totalOf(rows, period, '10⁴CNY')
}

/**
 * Degree days of a period from records that lie within it, of the account or else of the park; undefined where a day is left
 * out or is in two of them, or where they are by different base temperatures.
 */
export function recordedDegreeDays(
  records: Records,
  accounts: readonly string[],
  period: Days,
): { readonly heating: Decimal; readonly cooling: Decimal } | undefined {
  for (const account of accounts) {
    const its = records.flatMap((record) =>
      record.kind === 'degree-days' &&
      record.account === account &&
      record.from >= period.from &&
      record.to <= period.to
        ? [record]
        : [],
    )
    if (new Set(its.map(({ heatingBase, coolingBase }) => `${heatingBase} ${coolingBase}`)).size > 1)
      return undefined
    const sum = (of: 'heating' | 'cooling'): PeriodTotal =>
      totalOf(
        its.map((record) => ({ from: record.from, to: record.to, value: decimal(record[of]) })),
        period,
        '°C·d',
      )
    const [heating, cooling] = [sum('heating'), sum('cooling')]
    if (heating.total === undefined || cooling.total === undefined) continue
    return heating.complete && cooling.complete
      ? { heating: heating.total, cooling: cooling.total }
      : undefined
  }
  return undefined
}
