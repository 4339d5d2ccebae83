import { accountMonthOf, monthNameAt, monthNames } from '#accounts/account-month.ts'
import { accountingRecord, type AccountingRecord } from '#contract/accounting-record.ts'
import type { Period } from '#contract/grid.ts'

/**
 * What the works of the demo park made, so that intensities and specific consumption can be looked at. Nobody made it:
 * every record says that it is simulated.
 */

const SATURDAY = 6

/** Products of the demo park's accounting plan, with tonnes a day that are in proportion to its simulated loads. */
const works = [
  { account: 'steel', product: 'steel-tube', unit: 't', perDay: 84, everyDay: false },
  { account: 'food', product: 'frozen-meals', unit: 't', perDay: 21, everyDay: true },
] as const

/** Production of the whole months of a period, a record for each. */
export function simulatedProduction({ fromMs, toMs }: Period, timeZone: string): AccountingRecord[] {
  return monthNames(monthNameAt(fromMs, timeZone), monthNameAt(toMs, timeZone))
    .map((name) => accountMonthOf(name, timeZone))
    .filter((month) => month.fromMs >= fromMs && month.toMs <= toMs)
    .flatMap(({ from, to }) =>
      works.map(({ account, product, unit, perDay, everyDay }) => {
        const first = Temporal.PlainDate.from(from)
        const days = Array.from({ length: first.daysInMonth }, (_, day) => first.add({ days: day }))
        const worked = days.filter(({ dayOfWeek }) => everyDay || dayOfWeek < SATURDAY).length
        return accountingRecord.parse({
          kind: 'production',
          account,
          product,
          quantity: String(worked * perDay),
          unit,
          from,
          to,
          document: '模拟产量，非实测 simulated, nobody measured it',
          by: 'tanbiao demo',
        })
      }),
    )
}
