import type { Decimal } from '../decimal.ts'
import {
  baselineOf,
  performanceOf,
  usualRules,
  type Baseline,
  type BaselinePeriod,
  type BaselineRefusal,
  type Performance,
} from './baseline.ts'

/** A baseline of an account’s months, and how later months stand to it. */

/** A month with what is known of it. A driver that is not known is undefined, never zero. */
export interface BaselineMonth {
  readonly month: string
  /** tce. */
  readonly energy: Decimal | undefined
  readonly complete: boolean
  readonly drivers: Readonly<Record<string, number | undefined>>
  /** Why a driver is not known, where that can be said. */
  readonly reasons?: Readonly<Record<string, string>>
}

/** A month that is in neither part, and why. */
export interface LeftOut {
  readonly month: string
  readonly why: readonly string[]
}

export interface BaselineReport {
  readonly drivers: readonly string[]
  readonly base: readonly BaselinePeriod[]
  readonly result: Baseline | BaselineRefusal
  readonly judged: readonly Performance[]
  readonly leftOut: readonly LeftOut[]
}

/** True for a refusal, which has a reason. */
export const isRefusal = (result: Baseline | BaselineRefusal): result is BaselineRefusal => 'reason' in result

function periodOf(month: BaselineMonth, drivers: readonly string[]): BaselinePeriod | LeftOut {
  const unknown = drivers.filter((driver) => month.drivers[driver] === undefined)
  const reasonOf = (driver: string): string => {
    const reason = month.reasons?.[driver]
    return reason === undefined ? driver : `${driver}: ${reason}`
  }
  const why = [
    ...(month.energy === undefined || !month.complete ? ['energy'] : []),
    ...unknown.map((driver) => reasonOf(driver)),
  ]
  if (why.length > 0 || month.energy === undefined) return { month: month.month, why }
  return {
    name: month.month,
    energy: Number(month.energy.toString()),
    drivers: Object.fromEntries(drivers.map((driver) => [driver, month.drivers[driver] ?? 0])),
  }
}

const isPeriod = (each: BaselinePeriod | LeftOut): each is BaselinePeriod => 'name' in each

/** @param base months that the baseline is made of; `judged` are held against it */
export function baselineReport(
  base: readonly BaselineMonth[],
  judged: readonly BaselineMonth[],
  drivers: readonly string[],
): BaselineReport {
  const periods = base.map((month) => periodOf(month, drivers))
  const later = judged.map((month) => periodOf(month, drivers))
  const known = periods.filter((each) => isPeriod(each))
  const result = baselineOf(known, drivers, usualRules)
  return {
    drivers,
    base: known,
    result,
    judged: isRefusal(result)
      ? []
      : later.filter((each) => isPeriod(each)).map((period) => performanceOf(period, result)),
    leftOut: [...periods, ...later].filter((each): each is LeftOut => !isPeriod(each)),
  }
}
