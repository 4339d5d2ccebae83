import { z } from 'zod'
import { accountCost, accountLoad, type ElectricitySources } from '#accounts/account-electricity.ts'
import type { ReportHead } from '#accounts/balance-report.ts'
import { costSheets, loadSheets } from '#accounts/electricity-sheets.ts'
import { factorLibrary } from '#accounts/factor-library.ts'
import { cbamCommunicationOf, flowsCsv } from '#accounts/footprint/communication.ts'
import { footprintDatasetOf } from '#accounts/footprint/dataset.ts'
import { footprintSheets } from '#accounts/footprint/footprint-sheets.ts'
import { productReport } from '#accounts/footprint/product-report.ts'
import { reportPeriod, type ReportPeriod } from '#accounts/report-period.ts'
import type { Report } from '#accounts/report.ts'
import { languages, sayIn } from '#accounts/report-sheet.ts'
import { liveRecords } from '#accounts/recorded-activity.ts'
import { identifier } from '#contract/identity.ts'
import { loadShapeOf } from '#dashboards/api/load.ts'
import { accountNames } from '#dashboards/api/targets.ts'
import { accountMonthQuery, costShapeOf } from '#dashboards/api/tariff.ts'
import type { Books } from '#store/port.ts'
import { requiredPlan } from '../account-files.ts'
import { readEnergyItems } from '../accounting-files.ts'
import { readFactorFiles } from '../factor-files.ts'
import { dataOption, text } from '../options.ts'
import { reportFormats, writeReport, writeContent } from '../report-file.ts'
import { periodName, periodOptions } from '../report-period-options.ts'
import { withBooks } from '../server-folder.ts'
import { readContractedDemand, readLoadRule, readPowerFactors, readTariffs } from '../tariff-files.ts'
import { verb } from '../verb.ts'

/** Reports on one account: what its electricity cost, its load, the footprint of a product. */

const accountOptions = {
  park: text.meta({ description: 'The park file; its accounting.yaml lies beside it' }),
  data: dataOption,
  account: identifier.meta({ description: 'An account of the accounting plan' }),
}
const monthOption = {
  ...accountOptions,
  month: accountMonthQuery.shape.month.meta({ description: 'A month, e.g. 2026-03' }),
}

const fileOptions = {
  format: z.enum(reportFormats).default('text').meta({ description: 'text, csv, json or xlsx (text)' }),
  language: z.enum(languages).default('zh').meta({ description: 'zh or en (zh)' }),
  out: text.optional().meta({ description: 'File to write (printed where it is not given)' }),
}

function electricitySources(parkFile: string, books: Books, nowMs: number): ElectricitySources {
  const tariffs = readTariffs(parkFile)
  const powerFactors = readPowerFactors()
  const contractRule = readContractedDemand()
  const loadRule = readLoadRule()
  return { ...requiredPlan(parkFile), tariffs, powerFactors, contractRule, loadRule, books, nowMs }
}

/** Whose, of what, by which plan: the lines above every sheet. */
function headOf(
  { park, plan }: Pick<ElectricitySources, 'park' | 'plan'>,
  account: string,
  period: ReportPeriod,
): ReportHead {
  const { name } = park.description
  return { park: name, whose: accountNames(park)(account), period, planRevision: plan.revision }
}

type FileWish = z.output<z.ZodObject<typeof monthOption & typeof fileOptions>>

/** Writes a report of an account's electricity in a month, made of the books. */
function electricityReport(
  given: FileWish,
  made: (sources: ElectricitySources, period: ReportPeriod, head: ReportHead, timeZone: string) => Report,
): Promise<void> {
  return withBooks(given.data, async (books, clock) => {
    const sources = electricitySources(given.park, books, clock.wallMs())
    const { timeZone } = sources.park.description
    const period = reportPeriod(given.month, timeZone)
    const report = made(sources, period, headOf(sources, given.account, period), timeZone)
    await writeReport(report, given.format, given.out)
  })
}

/** The electricity bill of a month. */
export const reportCost = verb(
  'Cost of an account’s electricity in a month, by tariff period',
  z.object({ ...monthOption, ...fileOptions }),
  (given) =>
    electricityReport(given, (sources, period, head, timeZone) => {
      const cost = accountCost(sources, given.account, period)
      return {
        sheets: costSheets(head, cost, timeZone, sayIn(given.language)),
        view: costShapeOf(given.account, period, cost),
      }
    }),
)

/** Load figures of a month. */
export const reportLoad = verb(
  'Load figures of an account’s electricity in a month',
  z.object({ ...monthOption, ...fileOptions }),
  (given) =>
    electricityReport(given, (sources, period, head, timeZone) => {
      const load = accountLoad(sources, given.account, period)
      return {
        sheets: loadSheets(head, load, timeZone, sayIn(given.language)),
        view: loadShapeOf(given.account, period, load),
      }
    }),
)

/** The footprint of a product. */
export const reportFootprint = verb(
  'Gate-to-gate footprint of a product, for CBAM or as a data set',
  z.object({
    ...accountOptions,
    product: identifier.meta({ description: 'A product of the account' }),
    ...periodOptions,
    format: z
      .enum(['cbam', 'dataset', 'csv', 'xlsx', 'text'])
      .default('cbam')
      .meta({ description: 'cbam or dataset (JSON); csv: one flow a line; xlsx or text: sheets' }),
    language: fileOptions.language,
    out: fileOptions.out,
  }),
  (given) =>
    withBooks(given.data, async (books, clock) => {
      const { account, product, format, out } = given
      const plan = requiredPlan(given.park)
      const period = reportPeriod(periodName(given), plan.park.description.timeZone)
      const { from, to } = period
      // From the day before: a stock at the end of it is that at the beginning of the period.
      const before = Temporal.PlainDate.from(from).subtract({ days: 1 }).toString()
      const records = liveRecords(books.records({ account, from: before, to }))
      const library = factorLibrary(readFactorFiles())
      const items = readEnergyItems()
      const sources = { ...plan, library, items, books, records, nowMs: clock.wallMs() }
      const { facts, footprint, electricity } = productReport(sources, { account, product, from, to })
      const communication = cbamCommunicationOf(facts, footprint)
      const head = {
        ...headOf(sources, account, period),
        whose: facts.account.name,
      }
      const sheets = footprintSheets(head, communication, sayIn(given.language))
      if (format === 'csv' && out === undefined) process.stdout.write(flowsCsv(communication))
      else if (format === 'csv') writeContent(out ?? '', flowsCsv(communication))
      else if (format === 'xlsx' || format === 'text')
        await writeReport({ sheets, view: communication }, format, out)
      else {
        const shape = format === 'cbam' ? communication : footprintDatasetOf(facts, footprint, electricity)
        await writeReport({ sheets, view: shape }, 'json', out)
      }
    }),
)
