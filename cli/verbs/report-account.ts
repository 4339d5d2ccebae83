import { dirname, join } from 'node:path'
import { z } from 'zod'
import { accountCost, accountLoad, type ElectricitySources } from '#accounts/account-electricity.ts'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { decimal, presented } from '#accounts/decimal.ts'
import { factorLibrary } from '#accounts/factor-library.ts'
import { cbamCommunicationOf, flowsCsv } from '#accounts/footprint/communication.ts'
import { footprintDatasetOf } from '#accounts/footprint/dataset.ts'
import { productReport } from '#accounts/footprint/product-report.ts'
import { liveRecords } from '#accounts/recorded-activity.ts'
import { costGaps } from '#accounts/tariff/cost-gaps.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { ElectricityCostShape } from '#dashboards/api/electricity-shapes.ts'
import { loadShapeOf } from '#dashboards/api/load.ts'
import { accountMonthQuery, costShapeOf, monthNamed } from '#dashboards/api/tariff.ts'
import type { Books } from '#store/port.ts'
import { readAccountFiles, withBooks } from '../account-files.ts'
import { readEnergyItems } from '../accounting-files.ts'
import { readFactorFiles } from '../factor-files.ts'
import { text } from '../options.ts'
import { tableLines } from '../table.ts'
import { readPowerFactors, readTariffs } from '../tariff-files.ts'
import { verb } from '../verb.ts'

/** Reports on one account: what its electricity cost, its load, the footprint of a product. */

const accountOptions = {
  park: text.meta({ description: 'The park file; its accounting.yaml lies beside it' }),
  data: text
    .default('./data')
    .meta({ description: 'The data folder of the server, running or not (./data)' }),
  account: identifier.meta({ description: 'An account of the accounting plan' }),
}
const monthOption = {
  ...accountOptions,
  month: accountMonthQuery.shape.month.meta({ description: 'A month, e.g. 2026-03' }),
}

function planOf(parkFile: string): { readonly park: Park; readonly plan: AccountingPlan } {
  const { park, plan } = readAccountFiles(parkFile)
  if (plan === undefined) {
    const file = join(dirname(parkFile), 'accounting.yaml')
    throw new Fault('file-unreadable', `There is no accounting plan ${file}.`, { place: { file } })
  }
  return { park, plan }
}

function electricitySources(parkFile: string, books: Books, nowMs: number): ElectricitySources {
  const tariffs = readTariffs(parkFile)
  return { ...planOf(parkFile), tariffs, powerFactors: readPowerFactors(), books, nowMs }
}

const money = (text: string | null): string => (text === null ? '' : presented(decimal(text), 2))

function costLines(
  { lines, demand, powerFactor, ...cost }: ElectricityCostShape,
  timeZone: string,
): string[] {
  const rows = lines.map(({ period, kwh, known, missing, cnyPerKwh, cny, price }) => [
    period ?? 'no tariff known',
    money(kwh),
    cnyPerKwh ?? '',
    money(cny),
    String(known),
    String(missing),
    price === null ? '' : `${price.document} (${price.confidence})`,
  ])
  const charge = (name: string, { cny, notAvailable }: ElectricityCostShape['total']): string =>
    `${name}: ${cny === null ? `not available: ${notAvailable.map((gap) => costGaps[gap].en).join('; ')}` : `${money(cny)} CNY`}`
  return [
    ...tableLines(
      [['period', 'kWh', 'CNY/kWh', 'CNY', 'slots', 'missing', 'price from'], ...rows],
      new Set([1, 2, 3, 4, 5]),
    ),
    demand === null
      ? 'maximum demand: no slot was measured in full'
      : `maximum demand: ${demand.kw} kW at ${Temporal.Instant.fromEpochMilliseconds(demand.slotMs)
          .toZonedDateTimeISO(timeZone)
          .toPlainDateTime()
          .toString({ smallestUnit: 'minute' })} (${demand.unmeasured} slots not measured in full)`,
    `power factor: ${powerFactor ?? 'not available'}`,
    charge('energy', cost.energyCharge),
    ...(cost.basicCharge === null ? [] : [charge('basic charge', cost.basicCharge)]),
    ...(cost.powerFactorCharge === null ? [] : [charge('power-factor adjustment', cost.powerFactorCharge)]),
    charge('total', cost.total),
  ]
}

/** The electricity bill of a month. */
export const reportCost = verb(
  'Cost of an account’s electricity in a month, by tariff period',
  z.object({
    ...monthOption,
    format: z.enum(['text', 'json']).default('text').meta({ description: 'text or json' }),
  }),
  (given) =>
    withBooks(given.data, (books, clock) => {
      const sources = electricitySources(given.park, books, clock.wallMs())
      const { timeZone } = sources.park.description
      const period = monthNamed(given.month, timeZone)
      const shape = costShapeOf(given.account, period, accountCost(sources, given.account, period))
      const lines =
        given.format === 'json' ? [JSON.stringify(shape, undefined, 2)] : costLines(shape, timeZone)
      for (const line of lines) console.log(line)
    }),
)

/** Load figures of a month. */
export const reportLoad = verb(
  'Load figures of an account’s electricity in a month, as JSON',
  z.object(monthOption),
  (given) =>
    withBooks(given.data, (books, clock) => {
      const sources = electricitySources(given.park, books, clock.wallMs())
      const period = monthNamed(given.month, sources.park.description.timeZone)
      const shape = loadShapeOf(given.account, period, accountLoad(sources, given.account, period))
      console.log(JSON.stringify(shape, undefined, 2))
    }),
)

/** The footprint of a product. */
export const reportFootprint = verb(
  'Gate-to-gate footprint of a product, for CBAM or as a data set',
  z.object({
    ...accountOptions,
    product: identifier.meta({ description: 'A product of the account' }),
    from: z.iso.date().meta({ description: 'First day' }),
    to: z.iso.date().meta({ description: 'First day no more' }),
    format: z
      .enum(['cbam', 'dataset', 'csv'])
      .default('cbam')
      .meta({ description: 'cbam or dataset (JSON), or csv: one flow a line' }),
  }),
  (given) =>
    withBooks(given.data, (books, clock) => {
      const { account, product, from, to, format } = given
      if (from >= to) throw new Fault('argument-invalid', '--to: after --from')
      // From the day before: a stock at the end of it is that at the beginning of the period.
      const before = Temporal.PlainDate.from(from).subtract({ days: 1 }).toString()
      const records = liveRecords(books.records({ account, from: before, to }))
      const library = factorLibrary(readFactorFiles())
      const items = readEnergyItems()
      const sources = { ...planOf(given.park), library, items, books, records, nowMs: clock.wallMs() }
      const { facts, footprint, electricity } = productReport(sources, { account, product, from, to })
      const communication = cbamCommunicationOf(facts, footprint)
      if (format === 'csv') process.stdout.write(flowsCsv(communication))
      else {
        const shape = format === 'cbam' ? communication : footprintDatasetOf(facts, footprint, electricity)
        console.log(JSON.stringify(shape, undefined, 2))
      }
    }),
)
