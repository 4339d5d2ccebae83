import { z } from 'zod'
import { languages, sayIn } from '#accounts/report-sheet.ts'
import { makeReport, type ReportKind } from '#accounts/report.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import { Fault } from '#contract/fault.ts'
import { openAccounting } from '../accounting-ground.ts'
import { reportFormats, writeReport } from '../report-file.ts'
import { text } from '../options.ts'
import { verb, type Verb } from '../verb.ts'

const options = z.object({
  park: text.meta({ description: 'The park file' }),
  data: text.meta({ description: 'The data folder of the server, running or not' }),
  accounting: text
    .optional()
    .meta({ description: 'The accounting plan (accounting.yaml beside the park file)' }),
  month: text.optional().meta({ description: 'Of a month, e.g. 2026-03' }),
  quarter: text.optional().meta({ description: 'Of a quarter, e.g. 2026-Q1' }),
  year: text.optional().meta({ description: 'Of a year, e.g. 2026' }),
  from: z.iso.date().optional().meta({ description: 'First day, with --to' }),
  to: z.iso.date().optional().meta({ description: 'Last day, included' }),
  enterprise: text.optional().meta({
    description: 'Of one enterprise, or of what is the park’s own by its id (the whole park)',
  }),
  format: z.enum(reportFormats).default('text').meta({ description: 'text, csv, json or xlsx (text)' }),
  language: z.enum(languages).default('zh').meta({ description: 'zh or en (zh)' }),
  out: text.optional().meta({ description: 'File to write (printed where it is not given)' }),
})

/** The one period that the arguments name. Throws `argument-invalid`. */
function periodName({ month, quarter, year, from, to }: z.output<typeof options>): string {
  const stretch = from === undefined || to === undefined ? undefined : `${from}..${to}`
  const [name, other] = [month, quarter, year, stretch].filter((given) => given !== undefined)
  const isHalf = (from === undefined) !== (to === undefined)
  if (name === undefined || other !== undefined || isHalf)
    throw new Fault('argument-invalid', 'Give one of --month, --quarter, --year, or --from and --to.')
  return name
}

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
