import type { Logger } from 'pino'
import type { ElectricitySources } from '#accounts/account-electricity.ts'
import { faultText } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import { InvalidFile } from '#firmware-config/document.ts'
import { accountingPlanBeside, readAccountingPlan } from './accounting-files.ts'
import { readFactorFiles } from './factor-files.ts'
import { readPowerFactors, readTariffs } from './tariff-files.ts'

/**
 * What the pages show of accounts: from the plan beside the park file, where there is one. A plan that is not valid is
 * told of and left out, because readings are taken in without it; `tanbiao check` names its faults.
 */
export function accountingOption(
  parkFile: string,
  park: Park,
  log: Logger,
): { readonly accounting?: Pick<ElectricitySources, 'plan' | 'tariffs' | 'powerFactors'> } {
  const file = accountingPlanBeside(parkFile)
  if (file === undefined) return {}
  try {
    const plan = readAccountingPlan(file, park, readFactorFiles())
    return { accounting: { plan, tariffs: readTariffs(file), powerFactors: readPowerFactors() } }
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error
    log.error({ code: error.code, file }, faultText(error))
    return {}
  }
}
