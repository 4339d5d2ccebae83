import { z } from 'zod'
import { positiveDecimalText } from '#contract/decimal-text.ts'
import { isTimeZone } from '#contract/grid.ts'
import { identifier, localName } from '#contract/identity.ts'
import { confidences } from '../factor.ts'
import { dated, priceRow, tariffPeriod, tariffPeriods } from './price.ts'

/** The shape of accounts/tariffs/*.yaml: which period of a time-of-use tariff holds at which time of which day. */

export const dayTypes = ['workday', 'weekend', 'holiday'] as const
export type DayType = (typeof dayTypes)[number]

/** A stretch of the day in local time, e.g. "22:00-24:00". */
const span = z
  .string()
  .regex(
    /^(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/,
    'a stretch of the day, e.g. "22:00-24:00"',
  )

const dayPlan = z.strictObject({
  on: z
    .array(z.enum(dayTypes))
    .min(1)
    .default([...dayTypes])
    .meta({ description: 'Kinds of day that this holds for; all where not given' }),
  periods: z.partialRecord(tariffPeriod, z.array(span).min(1)),
})

const season = z.strictObject({
  name: localName,
  months: z.array(z.int().min(1).max(12)).min(1),
  days: z.array(dayPlan).min(1),
})

/** Public holidays and the weekends that are worked instead. Of days that it does not cover, nothing is known. */
const holidayCalendar = z.strictObject({
  covers: z.strictObject({ from: z.iso.date(), to: z.iso.date() }).meta({
    description: 'First day, and first day no more, of what the calendar speaks of',
  }),
  holidays: z.array(z.iso.date()).default([]),
  workingDays: z.array(z.iso.date()).default([]),
  document: z.string().min(1),
})

const schedule = z.strictObject({
  ...dated,
  document: z.string().min(1),
  source: z.string().min(1),
  confidence: z.enum(confidences),
  note: z.string().min(1).optional(),
  seasons: z.array(season).min(1),
  calendar: holidayCalendar
    .optional()
    .meta({ description: 'Needed where kinds of day differ by more than the weekend' }),
  multipliers: z
    .partialRecord(tariffPeriod, z.strictObject({ of: tariffPeriod, times: positiveDecimalText }))
    .default({})
    .meta({ description: 'Price of a period = that of another one × this' }),
})
export type TariffSchedule = z.output<typeof schedule>

export const tariffFile = z.strictObject({
  id: identifier,
  name: localName,
  region: z.string().min(1),
  timeZone: z.string().default('Asia/Shanghai').refine(isTimeZone, 'a zone such as "Asia/Shanghai"'),
  schedules: z.array(schedule).min(1),
  prices: z
    .array(priceRow)
    .default([])
    .meta({ description: 'A published price list; an account’s own prices come before it' }),
})
export type Tariff = z.output<typeof tariffFile>

/** The periods that a schedule knows, dearest first. */
export function periodsOf(schedule: TariffSchedule): (typeof tariffPeriods)[number][] {
  return tariffPeriods.filter((period) =>
    schedule.seasons.some(({ days }) => days.some(({ periods }) => periods[period] !== undefined)),
  )
}

/** Minutes of the day, [from, to), of a span. */
export function minutesOf(text: string): readonly [number, number] {
  const [from = '', to = ''] = text.split('-')
  const minute = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
  return [minute(from), minute(to)]
}

/** True on days from the first one on and before the end. */
export function holdsOn(
  { from, to }: { readonly from: string; readonly to?: string | undefined },
  day: string,
): boolean {
  return from <= day && (to === undefined || day < to)
}
