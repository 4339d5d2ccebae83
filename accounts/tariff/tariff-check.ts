import type { AccountingPlan } from '../accounting-plan.ts'
import type { PlanFinding } from '../plan-check.ts'
import type { PriceRow, TariffPeriod } from './price.ts'
import { dayTypes, minutesOf, periodsOf, type Tariff, type TariffSchedule } from './tariff.ts'

/** A contradiction in a tariff file: where in it, and what. */
export interface TariffFinding {
  readonly path: readonly (string | number)[]
  readonly message: string
}

type Place = readonly (string | number)[]
type Tell = (path: Place, message: string) => void

const DAY_MINUTES = 24 * 60
const SLOT_MINUTES = 15

const timeText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

/** Dated rows whose validities overlap, or end before they begin. */
function datedContradictions(
  rows: readonly { readonly from: string; readonly to?: string | undefined }[],
  path: Place,
  tell: Tell,
): void {
  for (const [index, row] of rows.entries()) {
    if (row.to !== undefined && row.to <= row.from)
      tell([...path, index, 'to'], 'the end is not after the beginning')
    const other = rows.findIndex(
      (each, place) =>
        place < index &&
        (each.to === undefined || row.from < each.to) &&
        (row.to === undefined || each.from < row.to),
    )
    if (other >= 0) tell([...path, index, 'from'], `overlaps with the one from ${rows[other]?.from ?? ''}`)
  }
}

type Periods = TariffSchedule['seasons'][number]['days'][number]['periods']

/** Minutes of a day that no span or several spans cover, and boundaries inside a slot. */
function coverage(periods: Periods, path: Place, tell: Tell): void {
  const spans = Object.entries(periods)
    .flatMap(([period, list]) =>
      (list ?? []).map((text, index) => ({ text, path: [...path, period, index], minutes: minutesOf(text) })),
    )
    .toSorted((a, b) => a.minutes[0] - b.minutes[0])
  let covered = 0
  for (const { text, path, minutes } of spans) {
    const [from, to] = minutes
    if (from >= to) tell(path, `${text} ends before it begins; a stretch over midnight is written as two`)
    if (from % SLOT_MINUTES !== 0 || to % SLOT_MINUTES !== 0)
      tell(path, `${text} begins or ends inside a slot of 15 minutes`)
    if (from < covered) tell(path, `${text} covers again what another stretch covers`)
    if (from > covered) tell(path, `nothing covers ${timeText(covered)}-${timeText(from)}`)
    covered = Math.max(covered, to)
  }
  if (covered < DAY_MINUTES) tell(path, `nothing covers ${timeText(covered)}-24:00`)
}

function seasonContradictions(schedule: TariffSchedule, path: Place, tell: Tell): void {
  const months = schedule.seasons.flatMap(({ months }) => months)
  for (let month = 1; month <= 12; month += 1) {
    const times = months.filter((each) => each === month).length
    if (times !== 1) tell([...path, 'seasons'], `month ${month} is in ${times} seasons`)
  }
  for (const [index, { days }] of schedule.seasons.entries()) {
    const place = [...path, 'seasons', index, 'days']
    for (const type of dayTypes) {
      const times = days.filter(({ on }) => on.includes(type)).length
      if (times !== 1) tell(place, `a ${type} is in ${times} of its day plans`)
    }
    for (const [dayIndex, { on, periods }] of days.entries()) {
      coverage(periods, [...place, dayIndex, 'periods'], tell)
      // Holidays like weekends still need to be known: a holiday may fall on any day.
      if (on.length < dayTypes.length && schedule.calendar === undefined)
        tell([...place, dayIndex, 'on'], 'kinds of day differ, but there is no calendar of holidays')
    }
  }
}

/** Multipliers must lead every period of the schedule to one and the same base. */
function multiplierContradictions(schedule: TariffSchedule, path: Place, tell: Tell): void {
  const { multipliers } = schedule
  if (Object.keys(multipliers).length === 0) return
  const bases = new Set<TariffPeriod>()
  for (const period of periodsOf(schedule)) {
    const passed = new Set<TariffPeriod>()
    let at: TariffPeriod = period
    for (let next = multipliers[at]?.of; next !== undefined && !passed.has(at); next = multipliers[at]?.of) {
      passed.add(at)
      at = next
    }
    if (passed.has(at)) tell([...path, 'multipliers', period], `${period} is a multiple of itself`)
    else bases.add(at)
  }
  if (bases.size > 1)
    tell([...path, 'multipliers'], `several periods are no multiple of another: ${[...bases].join(', ')}`)
}

/** What is wrong with price rows under a tariff: overlaps, periods without a price, multipliers that are not there. */
export function priceContradictions(rows: readonly PriceRow[], tariff: Tariff, path: Place): TariffFinding[] {
  const findings: TariffFinding[] = []
  const tell: Tell = (path, message) => findings.push({ path, message })
  datedContradictions(rows, path, tell)
  for (const [index, { from, to, energy, fundsCnyPerKwh }] of rows.entries()) {
    const place = [...path, index, 'energy']
    if (fundsCnyPerKwh?.startsWith('-') === true)
      tell([...path, index, 'fundsCnyPerKwh'], 'funds are not below zero')
    for (const schedule of tariff.schedules) {
      if ((to !== undefined && schedule.from >= to) || (schedule.to !== undefined && from >= schedule.to))
        continue
      const periods = periodsOf(schedule)
      if (energy.by === 'multiplier') {
        const bases = periods.filter((period) => schedule.multipliers[period] === undefined)
        if (bases.length > 1) tell(place, `the tariff’s schedule from ${schedule.from} has no multipliers`)
      } else {
        for (const period of periods) {
          if (energy.cnyPerKwh[period] === undefined)
            tell(place, `there is no price for the period ${period}`)
        }
      }
    }
  }
  return findings
}

/**
 * What a tariff file's schema cannot see: minutes that no period or several periods cover, boundaries inside a slot of
 * 15 minutes, months and kinds of day in no season, validities that overlap, multipliers without a base.
 */
export function tariffContradictions(tariff: Tariff): TariffFinding[] {
  const findings: TariffFinding[] = []
  const tell: Tell = (path, message) => findings.push({ path, message })
  datedContradictions(tariff.schedules, ['schedules'], tell)
  for (const [index, schedule] of tariff.schedules.entries()) {
    const path = ['schedules', index]
    seasonContradictions(schedule, path, tell)
    multiplierContradictions(schedule, path, tell)
    const { calendar } = schedule
    if (calendar === undefined) continue
    if (calendar.covers.to <= calendar.covers.from)
      tell([...path, 'calendar', 'covers', 'to'], 'the end is not after the beginning')
    for (const list of ['holidays', 'workingDays'] as const) {
      for (const [place, day] of calendar[list].entries()) {
        const at = [...path, 'calendar', list, place]
        if (day < calendar.covers.from || day >= calendar.covers.to)
          tell(at, `${day} is not in what it covers`)
        if (list === 'workingDays' && calendar.holidays.includes(day)) tell(at, `${day} is a holiday too`)
      }
    }
  }
  return [...findings, ...priceContradictions(tariff.prices, tariff, ['prices'])]
}

/** Tariffs that an accounting plan names and that are not there, and own prices that do not fit theirs. */
export function planTariffContradictions(
  plan: AccountingPlan,
  tariffs: ReadonlyMap<string, Tariff>,
): PlanFinding[] {
  return plan.accounts.flatMap(({ tariff: id, prices }, index): readonly PlanFinding[] => {
    const path = ['accounts', index]
    if (id === undefined) {
      return prices.length === 0 ? [] : [{ path: [...path, 'prices'], message: 'prices need a tariff' }]
    }
    const tariff = tariffs.get(id)
    return tariff === undefined
      ? [{ path: [...path, 'tariff'], message: `there is no tariff ${id}` }]
      : priceContradictions(prices, tariff, [...path, 'prices'])
  })
}
