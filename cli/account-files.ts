import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import type { EnergyItems } from '#accounts/energy-item.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { accountingPlanBeside, readAccountingPlan, readEnergyItems } from './accounting-files.ts'
import { readFactorFiles } from './factor-files.ts'

/** What the verbs of records and ledger work on: the park with its plan. */

/** The park file with what lies beside it. */
export interface AccountFiles {
  readonly park: Park
  readonly plan: AccountingPlan | undefined
  readonly items: EnergyItems
}

/** Reads a park file, and the accounting plan beside it where there is one. Throws `file-unreadable` or `InvalidFile`. */
export function readAccountFiles(parkFile: string): AccountFiles {
  const park = readParkFile(parkFile)
  const planFile = accountingPlanBeside(parkFile)
  return {
    park,
    plan: planFile === undefined ? undefined : readAccountingPlan(planFile, park, readFactorFiles()),
    items: readEnergyItems(),
  }
}

/** The same for verbs that cannot do without a plan. Throws `file-unreadable` where there is none. */
export function requiredPlan(parkFile: string): AccountFiles & { readonly plan: AccountingPlan } {
  const { plan, ...files } = readAccountFiles(parkFile)
  if (plan !== undefined) return { ...files, plan }
  throw new Fault('file-unreadable', `There is no accounting.yaml beside ${parkFile}.`, {
    place: { file: parkFile },
  })
}
