import type { Park } from '#contract/park.ts'
import { accountMonthOf, monthNameAt, monthNames } from '../account-month.ts'
import type { AccountState } from '../account-state.ts'
import type { AccountPlan } from '../accounting-plan.ts'
import { balanceTable, partsInScope } from '../balance-table.ts'
import { parkBalance, type ParkBalance } from '../balance.ts'
import { decimal, type Decimal } from '../decimal.ts'
import { outputValueOf, productionOf } from '#accounts/performance/production.ts'
import { reportPeriod } from '../report-period.ts'
import type { ReportGround } from '../report.ts'
import { isIncomplete, totalsOf } from '../statement.ts'
import { deducted, laterMonth, type MonthFigure } from './month-figure.ts'
import { renewableMonth } from './renewable-months.ts'
import type { Target } from './target.ts'

/** Figures of months as targets are held against them: carbon from the ledgers, energy from the balance table. */
export interface TargetGround extends ReportGround {
  /** The ledger of an account as it stands. */
  readonly stateOf: (account: string) => AccountState
}

/** Years before this one that a forecast learns from. */
const YEARS_BEFORE = 3

/** Names of the months that are over, oldest first, from the first one in which the park had a meter. */
export function monthsOver({ description, meters }: Park, nowMs: number): string[] {
  const { timeZone } = description
  const running = monthNameAt(nowMs, timeZone)
  const installedMs = Math.min(nowMs, ...[...meters.values()].map((meter) => meter.installedMs))
  const first = monthNameAt(installedMs, timeZone)
  const oldest = `${Number(running.slice(0, 4)) - YEARS_BEFORE}-01`
  return monthNames(first > oldest ? first : oldest, laterMonth(running, -1))
}

const isTotal = (scope: string): boolean => scope === '1' || scope === '2'

/** tCO2 of an account's months by its ledger; complete where each of its sources is posted in full. */
function carbonOfAccount(
  plan: AccountPlan,
  state: AccountState,
  months: readonly string[],
  method: Target['method'],
): MonthFigure[] {
  const sources = plan.sources.filter(({ kind }) => kind !== 'biomass' && kind !== 'scope3')
  return months.map((month) => {
    const postings = state.postingsOf(month).map(({ body }) => body)
    const adjustments = [...state.adjustments.values()]
      .map(({ body }) => body)
      .filter((each) => each.month === month)
    const { total, totalMarketBased } = totalsOf(postings, adjustments)
    const text = method === 'market' ? totalMarketBased : total
    const known = new Set(
      postings.filter((each) => isTotal(each.scope) && !isIncomplete(each)).map(({ source }) => source),
    )
    return {
      month,
      tonnes: text === undefined ? undefined : decimal(text),
      complete: sources.length > 0 && sources.every(({ id }) => known.has(id)),
    }
  })
}

/** Months of several accounts as one: unknown where one of them is. */
function together(parts: readonly (readonly MonthFigure[])[], months: readonly string[]): MonthFigure[] {
  return months.map((month, index) => {
    const each = parts.map((figures) => figures[index])
    const known = each.flatMap((figure) => (figure?.tonnes === undefined ? [] : [figure.tonnes]))
    return {
      month,
      tonnes: known.length === 0 ? undefined : known.reduce((a, b) => a.plus(b)),
      complete: each.length > 0 && each.every((figure) => figure?.complete === true),
    }
  })
}

/** tCO2 of months: of an enterprise by its ledger, of the park by those of all accounts. */
export function carbonMonths(
  ground: TargetGround,
  account: string,
  months: readonly string[],
  method: Target['method'],
): MonthFigure[] {
  const isPark = account === ground.park.description.id
  const plans = ground.plan.accounts.filter((plan) => isPark || plan.account === account)
  return together(
    plans.map((plan) => carbonOfAccount(plan, ground.stateOf(plan.account), months, method)),
    months,
  )
}

/** Balances of months that a ground was asked for: one does for all targets of a report. */
const balances = new WeakMap<ReportGround, Map<string, ParkBalance>>()

function balanceOf(ground: ReportGround, month: string): ParkBalance {
  const known = balances.get(ground) ?? new Map<string, ParkBalance>()
  balances.set(ground, known)
  const found = known.get(month) ?? parkBalance(ground, reportPeriod(month, ground.park.description.timeZone))
  known.set(month, found)
  return found
}

/** An energy month with what a target may leave out of it. */
interface EnergyMonth {
  readonly figure: MonthFigure
  readonly feedstock: Decimal
}

/** Energy consumption of months in tce, by the balance table; of the park by its own, in which inside flows cancel. */
export function energyMonths(
  ground: ReportGround,
  account: string,
  months: readonly string[],
  basis: Target['basis'],
): EnergyMonth[] {
  const { park, rows, items } = ground
  const scope = account === park.description.id ? undefined : account
  return months.map((month) => {
    const { parts } = balanceOf(ground, month)
    const { lines } = balanceTable(partsInScope(parts, scope), rows, items)
    const total = lines.find(({ row }) => row.id === 'consumption')?.total
    const feedstock = lines.find(({ row }) => row.id === 'feedstock')?.total.coal[basis]
    const tonnes = total?.coal[basis]
    return {
      figure: { month, tonnes, complete: tonnes !== undefined && total?.incomplete === false },
      feedstock: feedstock ?? decimal('0'),
    }
  })
}

/** Renewable electricity of months, and of the same months of the base year, in tce; unknown ones are not in it. */
function renewableMonths(
  ground: TargetGround,
  { account, basis, baseYear }: Target,
  months: readonly string[],
): ReadonlyMap<string, Decimal> {
  const before = baseYear === undefined ? [] : months.map((month) => `${baseYear}${month.slice(4)}`)
  return new Map(
    [...new Set([...months, ...before])].flatMap((month): [string, Decimal][] => {
      const found = renewableMonth(ground, balanceOf(ground, month), account, month, basis)
      return found === undefined ? [] : [[month, found]]
    }),
  )
}

/**
 * Months of a target, deductions made. A month is complete where its deductions are known, and for newly added renewable
 * electricity those of the same month of the base year.
 */
export function targetMonths(ground: TargetGround, target: Target, months: readonly string[]): MonthFigure[] {
  const { account, of, basis, method, deducts, baseYear } = target
  if (of === 'carbon') return carbonMonths(ground, account, months, method)
  const energy = energyMonths(ground, account, months, basis)
  return deducted(
    energy.map(({ figure }) => figure),
    {
      ...(deducts.includes('feedstock')
        ? { feedstock: new Map(energy.map(({ figure, feedstock }) => [figure.month, feedstock])) }
        : {}),
      ...(deducts.includes('new-renewable') ? { renewable: renewableMonths(ground, target, months) } : {}),
      baseYear,
    },
  )
}

/** Output of months in the unit of an intensity, from records; undefined for a target of the total. */
export function outputMonths(
  { park, records }: TargetGround,
  { account, intensity }: Target,
  months: readonly string[],
): MonthFigure[] | undefined {
  if (intensity === undefined) return undefined
  const all = records.map(({ record }) => record)
  return months.map((month) => {
    const days = accountMonthOf(month, park.description.timeZone)
    const { total, complete } =
      intensity.per === 'product'
        ? productionOf(all, account, intensity.product, intensity.unit, days)
        : outputValueOf(all, account, intensity.measure, intensity.prices, days)
    return { month, tonnes: total, complete }
  })
}
