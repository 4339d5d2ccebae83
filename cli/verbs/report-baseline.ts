import {
  baselineMonths,
  baselineWish,
  driversOf,
  monthsOfWish,
  type BaselineGround,
} from '#accounts/performance/baseline-months.ts'
import { baselineReport } from '#accounts/performance/baseline-report.ts'
import { baselineSheets } from '#accounts/performance/baseline-sheets.ts'
import { baselineViewOf } from '#accounts/performance/baseline-view.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import { languages, sayIn } from '#accounts/report-sheet.ts'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { accountNames } from '#dashboards/api/targets.ts'
import { openReadingStore } from '#store/open.ts'
import { openAccounting } from '../accounting-ground.ts'
import { dataOption, text } from '../options.ts'
import { reportFormats, writeReport } from '../report-file.ts'
import { storeAddress } from '../server-folder.ts'
import { verb } from '../verb.ts'

const options = z.object({
  park: text.meta({ description: 'The park file; accounting.yaml lies beside it' }),
  data: dataOption,
  account: identifier.meta({ description: 'An account of the plan; the park by its id is all of it' }),
  ...baselineWish.shape,
  store: text.optional().meta({
    description: 'The reading store, for the outdoor temperature (readings.sqlite beside the books)',
  }),
  format: z.enum(reportFormats).default('text').meta({ description: 'text, csv, json or xlsx (text)' }),
  language: z.enum(languages).default('zh').meta({ description: 'zh or en (zh)' }),
  out: text.optional().meta({ description: 'File to write (printed where it is not given)' }),
})

const noReadings: BaselineGround['readings'] = () => Promise.resolve([])

/** `tanbiao report baseline`. */
export const reportBaseline = verb(
  'An energy baseline by regression on production and degree days, and later months held against it',
  options,
  async (given) => {
    const ground = openAccounting({ park: given.park, data: given.data })
    // Degree days of a weather station are records: without a thermometer no reading is asked for.
    const store =
      given.thermometer === undefined
        ? undefined
        : await openReadingStore(storeAddress(given.data, given.store))
    try {
      const { account, basis } = given
      const { description } = ground.park
      const known = [description.id, ...description.enterprises.map(({ id }) => id)]
      if (!known.includes(account))
        throw new Fault('argument-invalid', `--account: there is no ${account} in the park file`)
      const { base, judged } = monthsOfWish(given)
      const drivers = driversOf(given)
      const from = { ...ground, readings: store?.readings.bind(store) ?? noReadings }
      const months = async (of: readonly string[]) => baselineMonths(from, account, of, drivers, given)
      const report = baselineReport(await months(base), await months(judged), drivers)
      const view = baselineViewOf(account, basis, report)
      const last = reportPeriod(given.until ?? given.to, description.timeZone)
      const first = reportPeriod(given.from, description.timeZone)
      const head = {
        park: description.name,
        whose: accountNames(ground.park)(account),
        period: { name: `${given.from}..${given.until ?? given.to}`, from: first.from, to: last.to },
        planRevision: ground.plan.revision,
      }
      await writeReport(
        { sheets: baselineSheets(head, view, sayIn(given.language)), view },
        given.format,
        given.out,
      )
    } finally {
      await store?.close()
      ground.close()
    }
  },
)
