import { z } from 'zod'
import { monitoringChecks } from '#accounts/monitoring-checks.ts'
import { monitoringSheets } from '#accounts/monitoring-sheets.ts'
import { monitoringViewOf } from '#accounts/monitoring-view.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import { languages, sayIn } from '#accounts/report-sheet.ts'
import { Fault } from '#contract/fault.ts'
import { accountNames } from '#dashboards/api/targets.ts'
import { openAccounting } from '../accounting-ground.ts'
import { dataOption, text } from '../options.ts'
import { reportFormats, writeReport } from '../report-file.ts'
import { periodName, periodOptions } from '../report-period-options.ts'
import { verb } from '../verb.ts'

const options = z.object({
  park: text.meta({ description: 'The park file; accounting.yaml lies beside it' }),
  data: dataOption,
  ...periodOptions,
  enterprise: text.optional().meta({ description: 'Of one enterprise, or the park’s own by its id (all)' }),
  format: z.enum(reportFormats).default('text').meta({ description: 'text, csv, json or xlsx (text)' }),
  language: z.enum(languages).default('zh').meta({ description: 'zh or en (zh)' }),
  out: text.optional().meta({ description: 'File to write (printed where it is not given)' }),
})

/** `tanbiao report monitoring`. */
export const reportMonitoring = verb(
  'Check boundary meters by the demands of the national on-line monitoring',
  options,
  async (given) => {
    const ground = openAccounting({ park: given.park, data: given.data })
    try {
      const { park, plan, books, nowMs } = ground
      const { description } = park
      const account = given.enterprise
      const known = [description.id, ...description.enterprises.map(({ id }) => id)]
      if (account !== undefined && !known.includes(account))
        throw new Fault('argument-invalid', `--enterprise: there is no ${account} in the park file`)
      const period = reportPeriod(periodName(given), description.timeZone)
      const rule = ground.monitoringRule
      const meters = monitoringChecks({ park, books, nowMs }, period, account, rule)
      const whose = account === undefined ? description.name : accountNames(park)(account)
      const head = { park: description.name, whose, period, planRevision: plan.revision }
      const view = monitoringViewOf(period, meters, rule)
      const sheets = monitoringSheets(head, meters, rule, sayIn(given.language))
      await writeReport({ sheets, view }, given.format, given.out)
    } finally {
      ground.close()
    }
  },
)
