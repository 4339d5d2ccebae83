import { z } from 'zod'
import { stateOf } from '#accounts/account-state.ts'
import { ledgerMonthsOf } from '#accounts/targets/ledger-months.ts'
import { languages, sayIn } from '#accounts/report-sheet.ts'
import { targetReport } from '#accounts/targets/target-report.ts'
import { targetSheets } from '#accounts/targets/target-sheets.ts'
import { targetsViewOf } from '#accounts/targets/target-view.ts'
import { Fault } from '#contract/fault.ts'
import { accountNames } from '#dashboards/api/targets.ts'
import { accountingPlanBeside } from '../accounting-files.ts'
import { openAccounting } from '../accounting-ground.ts'
import { dataOption, text } from '../options.ts'
import { reportFormats, writeReport } from '../report-file.ts'
import { readTargets, targetsBeside } from '../target-files.ts'
import { verb } from '../verb.ts'

const options = z.object({
  park: text.meta({ description: 'The park file; accounting.yaml and targets.yaml lie beside it' }),
  data: dataOption,
  enterprise: text
    .optional()
    .meta({ description: 'Of one enterprise, or of the whole park by its id (all, with the curves)' }),
  format: z.enum(reportFormats).default('text').meta({ description: 'text, csv, json or xlsx (text)' }),
  language: z.enum(languages).default('zh').meta({ description: 'zh or en (zh)' }),
  out: text.optional().meta({ description: 'File to write (printed where it is not given)' }),
})

/** `tanbiao report targets`. */
export const reportTargets = verb(
  'Print where the targets of energy and carbon stand, and the park’s curves',
  options,
  async (given) => {
    const plan = accountingPlanBeside(given.park)
    const file = plan === undefined ? undefined : targetsBeside(plan)
    if (file === undefined)
      throw new Fault('file-unreadable', `There is no targets.yaml beside ${given.park}.`, {
        place: { file: given.park },
      })
    const ground = openAccounting({ park: given.park, data: given.data })
    try {
      const { park, books, nowMs } = ground
      const { description } = park
      const known = [description.id, ...description.enterprises.map(({ id }) => id)]
      if (given.enterprise !== undefined && !known.includes(given.enterprise))
        throw new Fault('argument-invalid', `--enterprise: there is no ${given.enterprise} in the park file`)
      const targets = readTargets(file, ground.plan)
      const withLedgers = {
        ...ground,
        ledgerMonths: (account: string) => ledgerMonthsOf(stateOf(books.ledger(account))),
      }
      const report = targetReport(withLedgers, targets, given.enterprise, nowMs)
      const nameOf = accountNames(park)
      const view = targetsViewOf(report, description.name, nameOf)
      const sheets = targetSheets(report, sayIn(given.language), nameOf)
      await writeReport({ sheets, view }, given.format, given.out)
    } finally {
      ground.close()
    }
  },
)
