import type { Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import type { AccountingPlan } from './accounting-plan.ts'
import type { EnergyItems } from './energy-item.ts'
import { measuredFromBooks } from './measured-energy.ts'
import { liveRecords } from './recorded-activity.ts'
import { reportPeriod } from './report-period.ts'
import { energyWithoutSource } from './unsourced.ts'
import type { UnsourcedView } from './unsourced-shape.ts'
import { unsourcedViewOf } from './unsourced-view.ts'

/** What a statement of months needs to name the energy that no emission source counts. */
export interface StatementGround {
  readonly park: Park
  readonly plan: AccountingPlan
  readonly items: EnergyItems
  readonly books: Pick<Books, 'records' | 'sumsOver'>
  readonly nowMs: number
}

/** Energy without an emission source of an account in months that follow one another. */
export function unsourcedOfMonths(
  { park, plan, items, books, nowMs }: StatementGround,
  account: string,
  months: readonly string[],
): UnsourcedView[] {
  const [first, last] = [months[0], months.at(-1)]
  if (first === undefined || last === undefined) return []
  const to = Temporal.PlainYearMonth.from(last)
    .toPlainDate({ day: 1 })
    .add({ months: 1 })
    .subtract({ days: 1 })
  const period = reportPeriod(`${first}-01..${to.toString()}`, park.description.timeZone)
  const ground = {
    park,
    plan,
    items,
    records: liveRecords(books.records({ account })),
    measured: measuredFromBooks(books, nowMs),
  }
  return unsourcedViewOf(energyWithoutSource(ground, period, account), period, items)
}
