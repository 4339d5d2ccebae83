import { wallClock, type WallTime } from '../wall-time.ts'
import { tariffPeriods, type TariffPeriod } from './price.ts'
import { holdsOn, minutesOf, type DayType, type Tariff, type TariffSchedule } from './tariff.ts'

const SLOT_MINUTES = 15
const SLOTS_PER_DAY = 96

/** The period that holds in a slot, and by which schedule. */
export interface TariffMoment {
  readonly period: TariffPeriod
  readonly schedule: TariffSchedule
}

/** Tells the period of slots; undefined where no tariff is known, e.g. before the first schedule. */
export type TariffClock = (slotMs: number) => TariffMoment | undefined

/** The kind of a day; undefined where the schedule has a calendar of holidays that does not reach it. */
function dayTypeOf(date: string, weekday: number, { calendar }: TariffSchedule): DayType | undefined {
  if (calendar !== undefined) {
    if (date < calendar.covers.from || date >= calendar.covers.to) return undefined
    if (calendar.holidays.includes(date)) return 'holiday'
    if (calendar.workingDays.includes(date)) return 'workday'
  }
  return weekday >= 6 ? 'weekend' : 'workday'
}

/** The period of each quarter of an hour of a kind of day in a month. */
function quartersOf(
  schedule: TariffSchedule,
  month: number,
  type: DayType,
): readonly (TariffPeriod | undefined)[] {
  const quarters: (TariffPeriod | undefined)[] = Array.from({ length: SLOTS_PER_DAY })
  const season = schedule.seasons.find(({ months }) => months.includes(month))
  const plan = season?.days.find(({ on }) => on.includes(type))
  for (const period of tariffPeriods) {
    for (const text of plan?.periods[period] ?? []) {
      const [from, to] = minutesOf(text)
      quarters.fill(period, from / SLOT_MINUTES, to / SLOT_MINUTES)
    }
  }
  return quarters
}

interface TariffDay {
  readonly schedule: TariffSchedule | undefined
  readonly quarters: readonly (TariffPeriod | undefined)[]
}

const NO_TARIFF: TariffDay = { schedule: undefined, quarters: [] }

/**
 * The clock of a tariff that passed `tariffContradictions`, in the tariff's own zone by the time on the wall: where
 * clocks are changed an hour is skipped or comes twice, as the meter's own tariff clock has it.
 */
export function tariffClock(tariff: Tariff): TariffClock {
  const wallOf = wallClock(tariff.timeZone)
  const tables = new Map<string, readonly (TariffPeriod | undefined)[]>()
  let dayOf: { readonly date: string; readonly day: TariffDay } = { date: '', day: NO_TARIFF }

  const dayAt = ({ date, month, weekday }: WallTime): TariffDay => {
    const schedule = tariff.schedules.find((each) => holdsOn(each, date))
    const type = schedule === undefined ? undefined : dayTypeOf(date, weekday, schedule)
    if (schedule === undefined || type === undefined) return NO_TARIFF
    const key = `${schedule.from} ${month} ${type}`
    const quarters = tables.get(key) ?? quartersOf(schedule, month, type)
    tables.set(key, quarters)
    return { schedule, quarters }
  }

  return (slotMs) => {
    const wall = wallOf(slotMs)
    if (wall.date !== dayOf.date) dayOf = { date: wall.date, day: dayAt(wall) }
    const { schedule, quarters } = dayOf.day
    const period = quarters[Math.floor(wall.minute / SLOT_MINUTES)]
    return schedule === undefined || period === undefined ? undefined : { period, schedule }
  }
}
