import type { Park } from '#contract/park.ts'
import { accountMonthOf, monthNameAt, monthNames } from '../account-month.ts'
import type { AccountPlan } from '../accounting-plan.ts'
import { balanceTable, partsInScope } from '../balance-table.ts'
import { parkBalance, parkBalances, type ParkBalance } from '../balance.ts'
import { decimal, type Decimal } from '../decimal.ts'
import { measuredBy, outputOf } from '#accounts/performance/product-output.ts'
import { outputValueOf } from '#accounts/performance/production.ts'
import { reportPeriod } from '../report-period.ts'
import type { ReportGround } from '../report.ts'
import type { LedgerMonth } from './ledger-months.ts'
import { deducted, laterMonth, type MonthFigure } from './month-figure.ts'
import { MonthMemory, type EnergyMonth } from './month-memory.ts'
import { renewableMonth } from './renewable-months.ts'
import type { Target } from './target.ts'

/** Figures of months as targets are held against them: carbon from the ledgers, energy from the balance table. */
export interface TargetGround extends ReportGround {
  /** What the ledger of an account says of its months as it stands. */
  readonly ledgerMonths: (account: string) => ReadonlyMap<string, LedgerMonth>
  /** What was summed up for an earlier report and has not changed since. */
  readonly memory?: MonthMemory
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

/** tCO2 of an account's months by its ledger; complete where each of its sources is posted in full. */
function carbonOfAccount(
  plan: AccountPlan,
  ledger: ReadonlyMap<string, LedgerMonth>,
  months: readonly string[],
  method: Target['method'],
): MonthFigure[] {
  const sources = plan.sources.filter(({ kind }) => kind !== 'biomass' && kind !== 'scope3')
  return months.map((month) => {
    const found = ledger.get(month)
    return {
      month,
      tonnes: found?.[method],
      complete: sources.length > 0 && sources.every(({ id }) => found?.whole.has(id) === true),
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
    plans.map((plan) => carbonOfAccount(plan, ground.ledgerMonths(plan.account), months, method)),
    months,
  )
}

/** Balances of months that a ground was asked for: one does for all targets of a report. */
const balances = new WeakMap<ReportGround, Map<string, ParkBalance>>()

function balancesOf(ground: ReportGround): Map<string, ParkBalance> {
  const known = balances.get(ground) ?? new Map<string, ParkBalance>()
  balances.set(ground, known)
  return known
}

function balanceOf(ground: ReportGround, month: string): ParkBalance {
  const known = balancesOf(ground)
  const found = known.get(month) ?? parkBalance(ground, reportPeriod(month, ground.park.description.timeZone))
  known.set(month, found)
  return found
}

/** Memories of grounds that brought none: months are summed up once for all targets of a report. */
const memories = new WeakMap<ReportGround, MonthMemory>()

function memoryOf(ground: ReportGround & { readonly memory?: MonthMemory }): MonthMemory {
  const memory = ground.memory ?? memories.get(ground) ?? new MonthMemory()
  if (ground.memory === undefined) memories.set(ground, memory)
  return memory
}

/** What a figure of a month is of: an account's energy by a value, or its carbon. */
export type MonthWish = Pick<Target, 'account' | 'of' | 'basis'>

/** Sums up what reports of these months will ask for. Gives `undefined` where other work may pass. */
export function* monthsAhead(
  ground: TargetGround,
  wishes: readonly MonthWish[],
  months: readonly string[],
): Generator<undefined> {
  const energy = wishes.filter((each) => each.of === 'energy')
  if (energy.length > 0) yield* energyAhead(ground, energy, months)
  const carbon = new Set(wishes.filter((each) => each.of === 'carbon').map(({ account }) => account))
  const isAll = carbon.has(ground.park.description.id)
  for (const { account } of ground.plan.accounts) {
    if (!isAll && !carbon.has(account)) continue
    ground.ledgerMonths(account)
    yield undefined
  }
}

/** Energy that nobody has asked for yet, with one reading of every meter. */
function* energyAhead(
  ground: TargetGround,
  asked: readonly MonthWish[],
  months: readonly string[],
): Generator<undefined> {
  const memory = memoryOf(ground)
  const { timeZone } = ground.park.description
  const missing = months.filter((month) =>
    asked.some(({ account, basis }) => !memory.hasEnergy(month, account, basis)),
  )
  if (missing.length === 0) return
  const known = balancesOf(ground)
  for (const made of parkBalances(
    ground,
    missing.map((month) => reportPeriod(month, timeZone)),
  )) {
    if (made !== undefined) known.set(made.period.name, made)
    yield undefined
  }
  for (const month of missing) {
    for (const { account, basis } of asked) {
      energyMonths(ground, account, [month], basis)
      yield undefined
    }
  }
}

/** Energy consumption of months in tce, by the balance table; of the park by its own, in which inside flows cancel. */
export function energyMonths(
  ground: ReportGround,
  account: string,
  months: readonly string[],
  basis: Target['basis'],
): EnergyMonth[] {
  const memory = memoryOf(ground)
  return months.map((month) =>
    memory.energy(month, account, basis, () => energyMonth(ground, account, month, basis)),
  )
}

function energyMonth(
  ground: ReportGround,
  account: string,
  month: string,
  basis: Target['basis'],
): EnergyMonth {
  const { park, rows, items } = ground
  const scope = account === park.description.id ? undefined : account
  const { parts } = balanceOf(ground, month)
  const { lines } = balanceTable(partsInScope(parts, scope), rows, items)
  const total = lines.find(({ row }) => row.id === 'consumption')?.total
  const feedstock = lines.find(({ row }) => row.id === 'feedstock')?.total.coal[basis]
  const tonnes = total?.coal[basis]
  return {
    figure: { month, tonnes, complete: tonnes !== undefined && total?.incomplete === false },
    feedstock: feedstock ?? decimal('0'),
  }
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
      const found = memoryOf(ground).renewable(month, account, basis, () =>
        renewableMonth(ground, balanceOf(ground, month), account, month, basis),
      )
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

/** Output of months in the unit of an intensity, from records or a product's meter; undefined for a target of the total. */
export function outputMonths(
  ground: TargetGround,
  { account, intensity }: Target,
  months: readonly string[],
): MonthFigure[] | undefined {
  if (intensity === undefined) return undefined
  const { park, records, measured } = ground
  const all = records.map(({ record }) => record)
  const counting = { ...ground, measuredIn: measuredBy(measured) }
  return months.map((month) => {
    const days = accountMonthOf(month, park.description.timeZone)
    const { total, complete, why, conflict } =
      intensity.per === 'product'
        ? outputOf(counting, all, { account, product: intensity.product, unit: intensity.unit }, days)
        : outputValueOf(all, account, intensity.measure, intensity.prices, days)
    return { month, tonnes: total, complete, ...(complete ? {} : { why, conflict }) }
  })
}
