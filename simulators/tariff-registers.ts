import { z } from 'zod'
import { dayOfInstant, instantOf, type PlantTime } from './load-curve.ts'
import { timeOfDay } from './time-of-day.ts'

/**
 * Time-of-use registers of an electricity meter (sharp, peak, flat, valley): the same energy as in its total register,
 * each part in the register of the time of day at which it flowed.
 */

export const tariffNames = ['sharp', 'peak', 'flat', 'valley'] as const
export type TariffName = (typeof tariffNames)[number]

export const isTariffName = (name: string): name is TariffName => tariffNames.some((each) => each === name)

export const tariffPeriods = z
  .array(z.tuple([timeOfDay, z.enum(tariffNames)]))
  .min(1)
  .prefault([['00:00', 'flat']])
  .refine(
    (periods) =>
      periods[0]?.[0] === 0 && periods.every(([minute], i) => i === 0 || minute > (periods[i - 1]?.[0] ?? 0)),
    'periods in order of time, the first from "00:00"',
  )
  .meta({
    description:
      'From which time of day on meters count in which tariff register, until the next; all in "flat" by default',
  })

type TariffPeriods = z.output<typeof tariffPeriods>

/** Reads a tariff register at an instant, in the unit of the total register; 0 before the start. It never decreases. */
export type TariffRegister = (atMs: number) => number

/**
 * One tariff register of a meter. `total` reads its total register, 0 before the start; `beforeDay` holds what was
 * counted up to each midnight since the first day, and is gone on with.
 */
export function tariffRegister(
  name: TariffName,
  total: (atMs: number) => number,
  periods: TariffPeriods,
  time: PlantTime,
  beforeDay: number[],
): TariffRegister {
  const firstDay = dayOfInstant(time.startMs, time)
  const own = periods.flatMap(([from, register], index) =>
    register === name ? [[from, periods[index + 1]?.[0] ?? 1_440] as const] : [],
  )
  /** What was counted on a day up to an instant in it. */
  const onDay = (day: number, untilMs: number): number => {
    let sum = 0
    for (const [from, to] of own) {
      const begin = instantOf(day, from, time)
      if (begin >= untilMs) break
      sum += total(Math.min(instantOf(day, to, time), untilMs)) - total(begin)
    }
    return sum
  }
  return (atMs) => {
    const day = dayOfInstant(atMs, time)
    if (day < firstDay) return 0
    while (beforeDay.length <= day - firstDay) {
      const next = firstDay + beforeDay.length - 1
      beforeDay.push((beforeDay.at(-1) ?? 0) + onDay(next, instantOf(next + 1, 0, time)))
    }
    return (beforeDay[day - firstDay] ?? 0) + onDay(day, atMs)
  }
}
