import { equal, toDecimal, toNumber, type Amount } from '#contract/amount.ts'
import type { Meter } from '#contract/park.ts'
import type { RegisterMap } from './profile.ts'

/**
 * Twenty years. A register that would need longer to come round, all the time at its rating, is not asked about: a
 * checker that asks of every 64-bit register is not read.
 */
const CONCERN_HOURS = 20 * 8_766

function text({ count, resolution }: Amount): string {
  return `wrapsAt: { count: ${count}, resolution: '${resolution}' }`
}

/**
 * Where the park file and a profile (for the ratios of the site) do not agree about the value at which a meter's
 * register starts again from zero, and what the park file should say. Intervals are computed from the park file alone,
 * by a server that has no gateway files: without `wrapsAt` every rollover waits for a person, with a wrong one it is
 * wrong energy.
 */
export function wrapContradiction(meter: Meter, map: RegisterMap): string | undefined {
  const register = map.registers.find(({ quantity }) => quantity === meter.register)
  if (register?.wrapsAt === undefined || register.resolution === undefined) return undefined
  const wrap: Amount = { count: register.wrapsAt, resolution: register.resolution }
  const { wrapsAt: stated } = meter
  if (stated !== undefined) {
    if (equal(stated, wrap)) return undefined
    return `${meter.register} of ${map.id} starts again at ${toDecimal(wrap)}, the park file says ${toDecimal(stated)}: give "${meter.id}" ${text(wrap)}`
  }
  if (toNumber(wrap) / meter.ratingPerHour > CONCERN_HOURS) return undefined
  return `${meter.register} of ${map.id} starts again at ${toDecimal(wrap)}, which "${meter.id}" can reach: give it ${text(wrap)} in the park file`
}
