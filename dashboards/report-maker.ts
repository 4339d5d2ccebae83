import { monthNames } from '#accounts/account-month.ts'
import { sayIn, type Language, type ReportSheet } from '#accounts/report-sheet.ts'
import { reportSteps, type Report, type ReportKind } from '#accounts/report.ts'
import { statementSheets } from '#accounts/statement-sheets.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { startOfDay } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import { requireAccount, requirePlan } from './asked-of.ts'
import { planOf, statementView, type AccountSources } from './account-view.ts'
import { inSteps } from './in-steps.ts'
import { groundOf, periodIn, type ReportSources } from './report-ground.ts'

/** Reports of every kind, as sheets for people and as a view for programs. */

export const reportNames = ['balance', 'statistics', 'quality', 'forms', 'carbon'] as const
export type ReportName = (typeof reportNames)[number]
/** Forms and carbon statements are of one account. */
export const reportsOfPark: readonly ReportName[] = ['balance', 'statistics', 'quality']

export interface ReportMaking {
  readonly park: Park
  readonly clock: Clock
  readonly sources: ReportSources | undefined
  readonly accounts: AccountSources | undefined
}

export interface ReportQuery {
  readonly period: string
  readonly language: Language
}

/** A report, for people and for programs. */
export interface MadeReport {
  readonly sheets: readonly ReportSheet[]
  readonly view: unknown
}

/** The names of all whose reports there are: enterprises, and the park for its own. */
const namesOf = ({ description }: Park) =>
  new Map([description, ...description.enterprises].map(({ id, name }) => [id, name]))

async function energyReport(
  { park, clock, sources }: ReportMaking,
  kind: ReportKind,
  account: string | undefined,
  query: ReportQuery,
): Promise<Report> {
  requirePlan(sources)
  const wish = {
    period: periodIn(query.period, park.description.timeZone),
    account,
    say: sayIn(query.language),
  }
  const ground = groundOf(sources, park, clock.wallMs())
  return inSteps(reportSteps(kind, ground, wish))
}

/** The statement of whole months. Throws `request-invalid` for days that are none. */
function carbonReport(
  { park, clock, accounts }: ReportMaking,
  account: string,
  query: ReportQuery,
): MadeReport {
  requirePlan(accounts)
  const { timeZone, name } = park.description
  const period = periodIn(query.period, timeZone)
  if (!period.from.endsWith('-01') || !period.to.endsWith('-01'))
    throw new Fault('request-invalid', '/period: a carbon statement is of whole months.')
  const last = Temporal.PlainDate.from(period.to).subtract({ days: 1 }).toString().slice(0, 7)
  const from = period.from.slice(0, 7)
  const nowMs = clock.wallMs()
  const running = monthNames(from, last).filter((month) => startOfDay(`${month}-01`, timeZone) <= nowMs)
  const to = running.at(-1) ?? from
  const view = statementView(accounts, park, planOf(accounts, account), { from, to }, nowMs)
  const whose = namesOf(park).get(account) ?? { zh: account, en: account }
  const head = { park: name, whose, period, planRevision: accounts.plan.revision }
  return { sheets: statementSheets(head, account, view, sayIn(query.language)), view: { account, ...view } }
}

/**
 * A report of an account, or of the whole park. Throws `not-found` for an account that is not there, and
 * `request-invalid` for a period that is none, or a report that the whole park does not have.
 */
export async function reportOf(
  making: ReportMaking,
  name: ReportName,
  account: string | undefined,
  query: ReportQuery,
): Promise<MadeReport> {
  if (account !== undefined) requireAccount(making.park, account)
  if (name !== 'carbon') return energyReport(making, name, account, query)
  if (account === undefined) throw new Fault('request-invalid', 'A carbon statement is of one account.')
  return carbonReport(making, account, query)
}
