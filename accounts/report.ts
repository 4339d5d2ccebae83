import type { LocalName } from '#contract/identity.ts'
import { Fault } from '#contract/fault.ts'
import { balanceSheets, type ReportHead } from './balance-report.ts'
import { accountOf } from './balance-flows.ts'
import type { BalanceRows } from './balance-row.ts'
import { balanceTable, partsInScope } from './balance-table.ts'
import { balanceViewOf, type BalanceView } from './balance-view.ts'
import { parkBalanceSteps, readAhead, type BalanceGround } from './balance.ts'
import { comprehensiveSheet } from './comprehensive-sheet.ts'
import { energyFormSheets } from './energy-form-report.ts'
import { energyForm } from './energy-form.ts'
import { energyStatisticsSteps } from './energy-statistics.ts'
import { qualitySheets } from './quality-report.ts'
import { qualityGaps } from './quality-gaps.ts'
import { energyWithoutSource } from './unsourced.ts'
import { qualityStatement, type QualityRule } from './quality-statement.ts'
import type { MonitoringRule } from './monitoring-checks.ts'
import { comparedPeriods, piecesOf, type ReportPeriod } from './report-period.ts'
import type { ReportSheet, Say } from './report-sheet.ts'
import {
  formsViewOf,
  qualityViewOf,
  statisticsViewOf,
  type FormsView,
  type QualityView,
  type StatisticsView,
} from './report-views.ts'
import { statisticsSheets } from './statistics-report.ts'
import { atOnce, type Steps } from './steps.ts'

/** What each kind of report is for programs. */
export interface ReportViews {
  readonly balance: BalanceView
  readonly statistics: StatisticsView
  readonly forms: FormsView
  readonly quality: QualityView
}
export type ReportKind = keyof ReportViews

/** A report in every form, each made when it is asked for: sheets for people, a view for programs. */
export interface Report<View = unknown> {
  readonly sheets: readonly ReportSheet[]
  readonly view: View
}

/** What reports are made from. */
export interface ReportGround extends BalanceGround {
  readonly rows: BalanceRows
  readonly qualityRule: QualityRule
  readonly monitoringRule: MonitoringRule
}

/** What is asked for. */
export interface ReportWish {
  readonly period: ReportPeriod
  /** An enterprise, or the park's id for its own; undefined for the whole park. */
  readonly account: string | undefined
  readonly say: Say
}

const WHOLE: LocalName = { zh: '园区合计', en: 'whole park' }
const OWN: LocalName = { zh: '园区自身', en: 'the park’s own' }

function headOf({ park, plan }: ReportGround, { account, period }: ReportWish): ReportHead {
  const { description } = park
  const enterprise = description.enterprises.find(({ id }) => id === account)
  const whose = account === undefined ? WHOLE : (enterprise?.name ?? OWN)
  return { park: description.name, whose, period, planRevision: plan.revision }
}

/**
 * A report of a kind, from the books as they are now, with pauses for other work. That of an account says nothing of another
 * one. Throws `request-invalid` for forms of no account of the plan, `factor-ambiguous`, `unit-mismatch`.
 */
export function* reportSteps<Kind extends ReportKind>(
  kind: Kind,
  ground: ReportGround,
  wish: ReportWish,
): Steps<Report<ReportViews[Kind]>> {
  const { previous, yearBefore } = comparedPeriods(wish.period, ground.park.description.timeZone)
  for (const each of kind === 'statistics' ? [wish.period, previous, yearBefore] : [wish.period])
    yield* readAhead(ground, each)
  return yield* makers[kind](ground, wish)
}

/** The same at once. */
export function makeReport<Kind extends ReportKind>(
  kind: Kind,
  ground: ReportGround,
  wish: ReportWish,
): Report<ReportViews[Kind]> {
  return atOnce(reportSteps(kind, ground, wish))
}

type Makers = {
  readonly [Kind in ReportKind]: (ground: ReportGround, wish: ReportWish) => Steps<Report<ReportViews[Kind]>>
}

const makers: Makers = {
  *balance(ground, wish) {
    const { items, rows, park } = ground
    const { account } = wish
    const head = headOf(ground, wish)
    const balance = yield* parkBalanceSteps(ground, wish.period)
    const parts = partsInScope(balance.parts, account)
    yield undefined
    const table = balanceTable(parts, rows, items)
    const unplaced = balance.unplaced.filter(({ meter: id }) => {
      const meter = park.meters.get(id)
      return account === undefined || (meter !== undefined && accountOf(park, meter) === account)
    })
    yield undefined
    const compared = balance.compared.filter((each) => account === undefined || each.account === account)
    return {
      get sheets() {
        return [
          ...balanceSheets(head, { table, parts, unplaced }, items, wish.say),
          comprehensiveSheet(head, table, items, wish.say),
        ]
      },
      get view() {
        return balanceViewOf(head, { table, unplaced, compared }, items)
      },
    }
  },
  *statistics(ground, wish) {
    const head = headOf(ground, wish)
    const { previous, yearBefore } = comparedPeriods(wish.period, ground.park.description.timeZone)
    const periods = { now: wish.period.name, previous: previous.name, yearBefore: yearBefore.name }
    const lines = yield* energyStatisticsSteps(ground, wish.period, wish.account)
    return {
      get sheets() {
        return statisticsSheets(head, lines, ground.items, periods, wish.say)
      },
      get view() {
        return statisticsViewOf(head, lines, ground.items)
      },
    }
  },
  *forms(ground, wish) {
    const plan = ground.plan.accounts.find(({ account }) => account === wish.account)
    if (plan === undefined)
      throw new Fault('request-invalid', 'Forms are of one account of the accounting plan.')
    const head = headOf(ground, wish)
    const { parts } = yield* parkBalanceSteps(ground, wish.period)
    yield undefined
    const form = energyForm(parts, wish.period, { ...ground, plan })
    return { sheets: energyFormSheets(head, form, ground, wish.say), view: formsViewOf(head, form) }
  },
  *quality(ground, wish) {
    const { items, rows, park, qualityRule: rule } = ground
    const head = headOf(ground, wish)
    const balance = yield* parkBalanceSteps(ground, wish.period)
    const parts = partsInScope(balance.parts, wish.account)
    yield undefined
    const { closures } = balanceTable(parts, rows, items)
    const measured = ground.measured(piecesOf(wish.period, park.description.timeZone))
    const lastDay = Temporal.PlainDate.from(wish.period.to).subtract({ days: 1 }).toString()
    yield undefined
    const unsourced = energyWithoutSource(ground, wish.period, wish.account)
    yield undefined
    const statement = qualityStatement(parts, closures, measured, lastDay, rule, unsourced)
    const gaps = yield* qualityGaps(ground, wish.period, statement.meters)
    return {
      get sheets() {
        return qualitySheets(head, statement, { rule, items, gaps }, wish.say)
      },
      get view() {
        return qualityViewOf(head, statement, { rule, items, gaps })
      },
    }
  },
}
