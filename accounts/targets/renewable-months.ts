import type { Period } from '#contract/grid.ts'
import { accountMonthOf } from '../account-month.ts'
import { partsInScope } from '../balance-table.ts'
import type { ParkBalance } from '../balance.ts'
import { coalCoefficient } from '../coal-coefficient.ts'
import { isCover } from '../coverage.ts'
import { decimal, type Decimal } from '../decimal.ts'
import { heatingValuesOf } from '../balance-records.ts'
import { partOf } from '../recorded-activity.ts'
import type { ReportGround } from '../report.ts'
import { standardCoalOfItem } from '../standard-coal.ts'
import type { Target } from './target.ts'

/**
 * Renewable electricity of an account in a month, in tce of a basis: what its own primary electricity came to (row
 * primary production: wind, sun, water), and what contracts and cancelled certificates of a vintage that holds name. Undefined where a part of it
 * is not known: a meter without slots, or no coefficient. Who has neither has none, which is known.
 */
export function renewableMonth(
  ground: ReportGround,
  { parts }: ParkBalance,
  account: string,
  month: string,
  basis: Target['basis'],
): Decimal | undefined {
  const { park, plan, items, library, records } = ground
  const { timeZone, id } = park.description
  const days = accountMonthOf(month, timeZone)
  if (!isMetered(ground, days)) return undefined
  const isPark = account === id
  let sum = decimal('0')
  const own = partsInScope(parts, isPark ? undefined : account).filter(
    ({ row, item }) => row === 'primary-production' && item === 'electricity',
  )
  for (const { figure } of own) {
    const coal = figure.coal[basis]
    if (coal === undefined || figure.incomplete) return undefined
    sum = sum.plus(coal)
  }
  let kwh = decimal('0')
  for (const each of records) {
    const { record } = each
    if (!isPark && record.account !== account) continue
    const its = plan.accounts.find((each) => each.account === record.account)
    if (!isCover(record, days, its?.certificateYears ?? 0)) continue
    const part = partOf(each, days, decimal(record.kwh), 'contract')
    if (part !== undefined) kwh = kwh.plus(decimal(part.amount))
  }
  const item = items['electricity']
  if (kwh.eq(0) || item === undefined) return sum
  const heatingValues = heatingValuesOf(records, plan, library)
  const wish = { account, item: 'electricity', basis, day: days.from }
  const coefficient = coalCoefficient(wish, { plan, library, items, heatingValues })
  return typeof coefficient === 'string' ? undefined : sum.plus(standardCoalOfItem(kwh, item, coefficient))
}

/** Of a month before the park's first meter nothing is known. */
const isMetered = ({ park }: ReportGround, { toMs }: Period): boolean =>
  [...park.meters.values()].some(({ installedMs }) => installedMs < toMs)
