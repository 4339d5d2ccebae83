import type { AccountingRecord } from '#contract/accounting-record.ts'
import { decimal, type Decimal } from './decimal.ts'
import { outputValueOf } from './performance/production.ts'
import type { Statement } from './statement.ts'

/** Emissions of months and the value added of the very same months: what an intensity is made of. */
export interface GradedMonths {
  /** Months of which something is posted, in order. */
  readonly months: readonly string[]
  readonly tCo2: Decimal
  /** CNY; undefined where the records do not speak of these months, all of them and no others. */
  readonly valueAdded: Decimal | undefined
}

const next = (month: string): string => Temporal.PlainYearMonth.from(month).add({ months: 1 }).toString()

/** Months that follow one another, as stretches. */
function stretchesOf(months: readonly string[]): { first: string; last: string }[] {
  const stretches: { first: string; last: string }[] = []
  for (const month of months) {
    const current = stretches.at(-1)
    if (current !== undefined && next(current.last) === month) current.last = month
    else stretches.push({ first: month, last: month })
  }
  return stretches
}

const TEN_THOUSAND = decimal('10000')

/**
 * The months of a statement with a figure, and their value added at one price basis. Undefined where no month has a figure.
 * @param records those that count
 */
export function gradedMonths(
  { months }: Pick<Statement, 'months'>,
  records: readonly AccountingRecord[],
  account: string,
  prices: string,
): GradedMonths | undefined {
  const known = months.flatMap(({ month, total }) => (total === undefined ? [] : [{ month, total }]))
  if (known.length === 0) return undefined
  let valueAdded: Decimal | undefined = decimal('0')
  for (const { first, last } of stretchesOf(known.map(({ month }) => month))) {
    const days = { from: `${first}-01`, to: `${next(last)}-01` }
    const { total, complete } = outputValueOf(records, account, 'value-added', prices, days)
    valueAdded = complete && total !== undefined ? valueAdded?.plus(total.times(TEN_THOUSAND)) : undefined
  }
  return {
    months: known.map(({ month }) => month),
    tCo2: known.reduce((sum, { total }) => sum.plus(decimal(total)), decimal('0')),
    valueAdded,
  }
}
