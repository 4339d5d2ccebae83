import { dayOf, type Period } from '#contract/grid.ts'
import { tariffPeriods, type TariffPeriod } from './price.ts'
import { holdsOn, minutesOf, type DayType, type Tariff, type TariffSchedule } from './tariff.ts'

const DAY_MS = 24 * 3_600_000
const MINUTE_MS = 60_000
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
function dayTypeOf(day: Temporal.PlainDate, { calendar }: TariffSchedule): DayType | undefined {
  const text = day.toString()
  if (calendar !== undefined) {
    if (text < calendar.covers.from || text >= calendar.covers.to) return undefined
    if (calendar.holidays.includes(text)) return 'holiday'
    if (calendar.workingDays.includes(text)) return 'workday'
  }
  return day.dayOfWeek >= 6 ? 'weekend' : 'workday'
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

interface TariffDay extends Period {
  readonly schedule: TariffSchedule | undefined
  readonly quarters: readonly (TariffPeriod | undefined)[]
}

/**
 * The clock of a tariff that passed `tariffContradictions`. Slots are asked in the tariff's own zone, by the time on the
 * wall: on a day on which clocks are changed an hour is skipped or comes twice, as the meter's own tariff clock has it.
 */
export function tariffClock(tariff: Tariff): TariffClock {
  const { timeZone } = tariff
  const tables = new Map<string, readonly (TariffPeriod | undefined)[]>()
  let day: TariffDay = { fromMs: 0, toMs: 0, schedule: undefined, quarters: [] }

  const dayAt = (atMs: number): TariffDay => {
    const period = dayOf(atMs, timeZone)
    const date = Temporal.Instant.fromEpochMilliseconds(period.fromMs)
      .toZonedDateTimeISO(timeZone)
      .toPlainDate()
    const schedule = tariff.schedules.find((each) => holdsOn(each, date.toString()))
    const type = schedule === undefined ? undefined : dayTypeOf(date, schedule)
    if (schedule === undefined || type === undefined) return { ...period, schedule: undefined, quarters: [] }
    const key = `${schedule.from} ${date.month} ${type}`
    const quarters = tables.get(key) ?? quartersOf(schedule, date.month, type)
    tables.set(key, quarters)
    return { ...period, schedule, quarters }
  }

  return (slotMs) => {
    if (slotMs < day.fromMs || slotMs >= day.toMs) day = dayAt(slotMs)
    const { schedule, quarters, fromMs, toMs } = day
    if (schedule === undefined) return undefined
    const minute =
      toMs - fromMs === DAY_MS ? (slotMs - fromMs) / MINUTE_MS : minuteOnTheWall(slotMs, timeZone)
    const period = quarters[Math.floor(minute / SLOT_MINUTES)]
    return period === undefined ? undefined : { period, schedule }
  }
}

function minuteOnTheWall(atMs: number, timeZone: string): number {
  const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone)
  return hour * 60 + minute
}
