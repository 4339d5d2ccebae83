import { z } from 'zod'
import { dayOf, type Period } from '#contract/grid.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { measuringPoint, type Park } from '#contract/park.ts'
import type { ReadingStore } from '#store/port.ts'
import { accountMonthOf, monthCount, monthNames } from '../account-month.ts'
import type { Basis } from '../factor.ts'
import type { ReportGround } from '../report.ts'
import { energyMonths } from '#accounts/targets/target-months.ts'
import type { BaselineMonth } from './baseline-report.ts'
import { degreeDays } from './degree-days.ts'
import { measuredBy, outputOf } from './product-output.ts'
import { recordedDegreeDays } from './production.ts'

/** Months of an account with what its energy depends on: production by records or meters, degree days by a thermometer or by records. */

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month, e.g. "2026-03"')
/** Years of a baseline and of the months that are held against it. */
const MONTHS_MAX = 60

/** What is asked for. Names of drivers: "heating", "cooling", or a product of the account. */
export const baselineWish = z.object({
  from: month.meta({ description: 'First month of the baseline' }),
  to: month.meta({ description: 'Last month of the baseline' }),
  until: month
    .optional()
    .meta({ description: 'Months after the baseline that are held against it, to this one' }),
  drivers: z.string().min(1).max(200).meta({
    description: 'Products, "heating" and "cooling" (degree days), with commas: "steel-tube,heating"',
  }),
  thermometer: identifier.optional().meta({
    description:
      'The sensor of the outdoor temperature (or a meter that has it too), for degree days; without it they are those of records (kind degree-days)',
  }),
  basis: z
    .enum(['calorific', 'equal'])
    .default('calorific')
    .meta({ description: 'calorific or equal value' }),
})
export type BaselineWish = z.output<typeof baselineWish>

/** The months of a wish: those of the baseline, and those after it. Throws `request-invalid`. */
export function monthsOfWish({ from, to, until }: BaselineWish): {
  readonly base: readonly string[]
  readonly judged: readonly string[]
} {
  if (from > to || (until !== undefined && until <= to))
    throw new Fault('request-invalid', 'The baseline begins before it ends, and other months come after it.')
  if (monthCount(from, until ?? to) > MONTHS_MAX)
    throw new Fault('request-invalid', `Baselines are of ${MONTHS_MAX} months at most.`)
  return { base: monthNames(from, to), judged: until === undefined ? [] : monthNames(to, until).slice(1) }
}

export const driversOf = ({ drivers }: Pick<BaselineWish, 'drivers'>): string[] =>
  drivers
    .split(',')
    .map((driver) => driver.trim())
    .filter((driver) => driver !== '')

const isClimate = (driver: string): driver is 'heating' | 'cooling' =>
  driver === 'heating' || driver === 'cooling'

export interface BaselineGround extends ReportGround {
  readonly readings: ReadingStore['readings']
}

/** Degree days of a month, day by day so that no month of readings is held at once; undefined where a day is missing. */
async function climateOf(
  { readings }: BaselineGround,
  thermometer: string,
  days: Iterable<Period>,
): Promise<{ readonly heating: number; readonly cooling: number } | undefined> {
  let [heating, cooling] = [0, 0]
  for (const day of days) {
    const found = degreeDays(await readings(thermometer, 'outdoorTemperature', day), [day])
    if (found.missingDays > 0) return undefined
    heating += found.heating
    cooling += found.cooling
  }
  return { heating, cooling }
}

/** The same of a weather station, as it was entered. */
function recordedClimate(
  records: Parameters<typeof recordedDegreeDays>[0],
  accounts: readonly string[],
  days: Parameters<typeof recordedDegreeDays>[2],
): Awaited<ReturnType<typeof climateOf>> {
  const found = recordedDegreeDays(records, accounts, days)
  return found && { heating: Number(found.heating.toString()), cooling: Number(found.cooling.toString()) }
}

function* daysOf({ fromMs, toMs }: Period, timeZone: string): Generator<Period> {
  for (let day = dayOf(fromMs, timeZone); day.fromMs < toMs; day = dayOf(day.toMs, timeZone)) yield day
}

function unitOf({ plan }: ReportGround, account: string, product: string): string {
  const found = plan.accounts
    .find((each) => each.account === account)
    ?.products.find(({ id }) => id === product)
  if (found === undefined) throw new Fault('request-invalid', `${account} has no product ${product}.`)
  return found.unit
}

function checkThermometer(park: Park, thermometer: string): string {
  if (measuringPoint(park, thermometer) !== undefined) return thermometer
  throw new Fault('request-invalid', `There is no sensor or meter ${thermometer} in the park file.`)
}

/** The months with energy and drivers. Throws `request-invalid` for a driver that there is not. */
export async function baselineMonths(
  ground: BaselineGround,
  account: string,
  months: readonly string[],
  drivers: readonly string[],
  { thermometer, basis }: { readonly thermometer?: string | undefined; readonly basis: Basis },
): Promise<BaselineMonth[]> {
  const { timeZone, id: park } = ground.park.description
  const sensor = thermometer === undefined ? undefined : checkThermometer(ground.park, thermometer)
  const needsClimate = drivers.some(isClimate)
  const units = new Map(
    drivers.flatMap((driver) => (isClimate(driver) ? [] : [[driver, unitOf(ground, account, driver)]])),
  )
  const records = ground.records.map(({ record }) => record)
  if (needsClimate && sensor === undefined && !records.some(({ kind }) => kind === 'degree-days'))
    throw new Fault(
      'request-invalid',
      'Degree days need "thermometer", a sensor of the park, or records of the kind degree-days.',
    )
  const counting = { ...ground, measuredIn: measuredBy(ground.measured) }
  const found: BaselineMonth[] = []
  for (const name of months) {
    const days = accountMonthOf(name, timeZone)
    const [energy] = energyMonths(ground, account, [name], basis)
    const climate = needsClimate
      ? sensor === undefined
        ? recordedClimate(records, [account, park], days)
        : await climateOf(ground, sensor, daysOf(days, timeZone))
      : undefined
    const reasons: Record<string, string> = {}
    const of = (driver: string): number | undefined => {
      if (isClimate(driver)) return climate?.[driver]
      const made = outputOf(
        counting,
        records,
        { account, product: driver, unit: units.get(driver) ?? '' },
        days,
      )
      if (!made.complete && made.why !== undefined) reasons[driver] = made.why
      return made.complete && made.total !== undefined ? Number(made.total.toString()) : undefined
    }
    const values = Object.fromEntries(drivers.map((driver) => [driver, of(driver)]))
    const figure = energy?.figure
    found.push({
      month: name,
      energy: figure?.tonnes,
      complete: figure?.complete === true,
      drivers: values,
      reasons,
    })
  }
  return found
}
