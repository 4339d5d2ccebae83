import { z } from 'zod'
import { languages, sayIn } from '#accounts/report-sheet.ts'
import { makeReport, type ReportKind } from '#accounts/report.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import { Fault } from '#contract/fault.ts'
import { openAccounting } from '../accounting-ground.ts'
import { reportFormats, writeReport } from '../report-file.ts'
import { periodName, periodOptions } from '../report-period-options.ts'
import { dataOption, text } from '../options.ts'
import { verb, type Verb } from '../verb.ts'

const options = z.object({
  park: text.meta({ description: 'The park file' }),
  data: dataOption,
  accounting: text
    .optional()
    .meta({ description: 'The accounting plan (accounting.yaml beside the park file)' }),
  ...periodOptions,
  enterprise: text.optional().meta({
    description: 'Of one enterprise, or of what is the park’s own by its id (the whole park)',
  }),
  format: z.enum(reportFormats).default('text').meta({ description: 'text, csv, json or xlsx (text)' }),
  language: z.enum(languages).default('zh').meta({ description: 'zh or en (zh)' }),
  out: text.optional().meta({ description: 'File to write (printed where it is not given)' }),
})

/** `tanbiao report KIND`. */
export function reportVerb(kind: ReportKind, summary: string): Verb {
  return verb(summary, options, async (given) => {
    const name = periodName(given)
    const ground = openAccounting(given)
    try {
      const { park } = ground
      const known = [park.description.id, ...park.description.enterprises.map(({ id }) => id)]
      if (given.enterprise !== undefined && !known.includes(given.enterprise))
        throw new Fault('argument-invalid', `--enterprise: there is no ${given.enterprise} in the park file`)
      const period = reportPeriod(name, park.description.timeZone)
      const report = makeReport(kind, ground, {
        period,
        account: given.enterprise,
        say: sayIn(given.language),
      })
      await writeReport(report, given.format, given.out)
    } finally {
      ground.close()
    }
  })
}
