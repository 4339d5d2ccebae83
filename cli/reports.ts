import { balanceSheets, type ReportHead } from '#accounts/balance-report.ts'
import { balanceTable, partsInScope } from '#accounts/balance-table.ts'
import { balanceViewOf } from '#accounts/balance-view.ts'
import { parkBalance } from '#accounts/balance.ts'
import { energyFormSheets } from '#accounts/energy-form-report.ts'
import { energyForm } from '#accounts/energy-form.ts'
import { energyStatistics } from '#accounts/energy-statistics.ts'
import { qualitySheets } from '#accounts/quality-report.ts'
import { qualityStatement } from '#accounts/quality-statement.ts'
import { piecesOf, type ReportPeriod } from '#accounts/report-period.ts'
import { formsViewOf, qualityViewOf, statisticsViewOf } from '#accounts/report-views.ts'
import { statisticsSheets } from '#accounts/statistics-report.ts'
import { Fault } from '#contract/fault.ts'
import { readQualityRule } from './accounting-files.ts'
import type { Say } from '#accounts/report-sheet.ts'
import type { LocalName } from '#contract/identity.ts'
import type { AccountingGround } from './accounting-ground.ts'
import type { Report } from './report-file.ts'

export type ReportKind = 'balance' | 'statistics' | 'forms' | 'quality'

/** What is asked for. */
export interface ReportWish {
  readonly period: ReportPeriod
  /** An enterprise, or the park's id for its own; undefined for the whole park. */
  readonly account: string | undefined
  readonly say: Say
  readonly nowMs: number
}

const WHOLE: LocalName = { zh: '园区合计', en: 'whole park' }
const OWN: LocalName = { zh: '园区自身', en: 'the park’s own' }

function headOf({ park, plan }: AccountingGround, { account, period }: ReportWish): ReportHead {
  const { description } = park
  const enterprise = description.enterprises.find(({ id }) => id === account)
  const whose = account === undefined ? WHOLE : (enterprise?.name ?? OWN)
  return { park: description.name, whose, period, planRevision: plan.revision }
}

/** A report of a kind, from the books as they are now. */
export function makeReport(kind: ReportKind, ground: AccountingGround, wish: ReportWish): Report {
  return kinds[kind](ground, wish)
}

const kinds: Readonly<Record<ReportKind, (ground: AccountingGround, wish: ReportWish) => Report>> = {
  balance: (ground, wish) => {
    const { items, rows } = ground
    const head = headOf(ground, wish)
    const balance = parkBalance(ground, wish.period)
    const parts = partsInScope(balance.parts, wish.account)
    const table = balanceTable(parts, rows, items)
    const { unplaced, compared } = balance
    return {
      sheets: balanceSheets(head, { table, parts, unplaced }, items, wish.say),
      view: balanceViewOf(head, { table, unplaced, compared }, items),
    }
  },
  statistics: (ground, wish) => {
    const head = headOf(ground, wish)
    const lines = energyStatistics(ground, wish.period, wish.account)
    return {
      sheets: statisticsSheets(head, lines, ground.items, wish.say),
      view: statisticsViewOf(head, lines),
    }
  },
  forms: (ground, wish) => {
    const plan = ground.plan.accounts.find(({ account }) => account === wish.account)
    if (plan === undefined)
      throw new Fault('argument-invalid', '--enterprise: forms are of one account of the accounting plan')
    const head = headOf(ground, wish)
    const { parts } = parkBalance(ground, wish.period)
    const form = energyForm(parts, wish.period, { ...ground, plan })
    return { sheets: energyFormSheets(head, form, ground, wish.say), view: formsViewOf(head, form) }
  },
  quality: (ground, wish) => {
    const { items, rows, park } = ground
    const head = headOf(ground, wish)
    const parts = partsInScope(parkBalance(ground, wish.period).parts, wish.account)
    const { closures } = balanceTable(parts, rows, items)
    const measured = ground.measured(piecesOf(wish.period, park.description.timeZone))
    const lastDay = Temporal.PlainDate.from(wish.period.to).subtract({ days: 1 }).toString()
    const rule = readQualityRule()
    const statement = qualityStatement(parts, closures, measured, lastDay, rule)
    return {
      sheets: qualitySheets(head, statement, rule, wish.say),
      view: qualityViewOf(head, statement, rule),
    }
  },
}
