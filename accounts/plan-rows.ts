import type { AccountingPlan } from './accounting-plan.ts'
import type { BalanceRows } from './balance-row.ts'
import type { PlanFinding } from './plan-check.ts'

/** Rows that an accounting plan names and the balance table does not have, or has elsewhere. */
export function unknownRows(plan: AccountingPlan, rows: BalanceRows): PlanFinding[] {
  const findings: PlanFinding[] = []
  const check = (path: readonly (string | number)[], id: string, sections: readonly string[]): void => {
    if (!rows.has(id)) findings.push({ path, message: `the balance table has no row ${id}` })
    else if (!sections.includes(rows.sectionOf(id)))
      findings.push({ path, message: `row ${id} does not belong to ${sections.join(' or ')}` })
  }
  for (const [index, account] of plan.accounts.entries()) {
    const path = ['accounts', index]
    check([...path, 'sector'], account.sector, ['terminal'])
    for (const [place, { row, inputs, outputs }] of account.conversions.entries()) {
      check([...path, 'conversions', place, 'row'], row, ['transformation'])
      for (const [side, terms] of [['inputs', inputs] as const, ['outputs', outputs] as const]) {
        for (const [number, term] of terms.entries()) {
          if (term.row !== undefined)
            check([...path, 'conversions', place, side, number, 'row'], term.row, ['transformation'])
        }
      }
    }
    for (const [place, { row }] of account.assigned.entries())
      check([...path, 'assigned', place, 'row'], row, ['losses', 'terminal'])
  }
  return findings
}
