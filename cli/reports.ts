import { balanceSheets, type ReportHead } from '#accounts/balance-report.ts'
import { balanceTable, partsInScope } from '#accounts/balance-table.ts'
import { balanceViewOf } from '#accounts/balance-view.ts'
import { parkBalance } from '#accounts/balance.ts'
import type { ReportPeriod } from '#accounts/report-period.ts'
import type { Say } from '#accounts/report-sheet.ts'
import type { LocalName } from '#contract/identity.ts'
import type { AccountingGround } from './accounting-ground.ts'
import type { Report } from './report-file.ts'

export type ReportKind = 'balance'

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

export function headOf({ park, plan }: AccountingGround, { account, period }: ReportWish): ReportHead {
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
}
