import { decimal, quotient, type Decimal } from '../decimal.ts'
import type { TariffClock } from '#accounts/tariff/tariff-clock.ts'
import { tariffPeriods, type TariffPeriod } from '#accounts/tariff/price.ts'
import { demandOf, maximumDemand, type MaximumDemand } from './demand.ts'
import { wallClock } from '../wall-time.ts'
import type { LoadRule } from './load-rule.ts'
import type { SlotEnergy } from './slot-energy.ts'

/**
 * Figures of a load curve. Powers are means of fully measured slots of 15 minutes; shares are of the energy of the known
 * slots. What was not measured is in none of them, and is counted; where too much of it is missing, they are not available.
 */

/** Base load: the smallest power that at least this share of the measured slots do not exceed (nearest rank). */
const BASE_LOAD_PERCENT = 5
/** Hours of the night, from and to, on the wall. */
const NIGHT = { from: 22, to: 6 } as const
const SATURDAY = 6
const HOURS = 24
/** Minutes. */
const HOUR = 60
const SLOTS_PER_HOUR = 4

/** How the figures are made, to be shown beside them. */
const loadRules = {
  demand: {
    zh: '固定15分钟窗口平均功率的最大值，仅取完整测量的时段',
    en: 'greatest mean power of fixed windows of 15 minutes that were measured in full',
  },
  baseLoad: {
    zh: `完整测量时段功率的第${BASE_LOAD_PERCENT}百分位（最近秩法）`,
    en: `${BASE_LOAD_PERCENT}th percentile of the power of slots measured in full (nearest rank)`,
  },
  night: { zh: '22:00至次日06:00', en: '22:00 to 06:00' },
  weekend: { zh: '星期六和星期日，不计节假日调休', en: 'Saturdays and Sundays, whatever the holidays' },
} as const

export interface LoadFigures {
  readonly rules: typeof loadRules
  readonly energy: Decimal | undefined
  readonly known: number
  readonly missing: number
  /** Known slots that were not measured in full, and so tell no power. */
  readonly unmeasured: number
  /** Slots measured in full, of those that are over, 0 to 1; undefined of none. */
  readonly coverage: Decimal | undefined
  /**
   * Why figures of the load are not there: too few slots were measured in full for them, by the rule beside them. Energy and
   * the maximum of what was measured stand.
   */
  readonly notAvailable: 'too-few-slots' | undefined
  readonly rule: LoadRule
  readonly demand: MaximumDemand | undefined
  /** Maximum demand / contract. */
  readonly contractUse: Decimal | undefined
  readonly meanKw: Decimal | undefined
  /** Mean power / maximum demand. */
  readonly loadFactor: Decimal | undefined
  readonly baseLoadKw: Decimal | undefined
  /** Shares of the energy of known slots, 0 to 1. */
  readonly nightShare: Decimal | undefined
  readonly weekendShare: Decimal | undefined
  /** By tariff period; empty where no tariff was given, and what no tariff is known for is in none. */
  readonly periodShares: readonly { readonly period: TariffPeriod; readonly share: Decimal }[]
}

const share = (part: Decimal, whole: Decimal): Decimal | undefined =>
  whole.gt(0) ? quotient(part, whole) : undefined

export interface LoadOptions {
  readonly timeZone: string
  readonly rule: LoadRule
  readonly contractKw?: Decimal | undefined
  readonly tariffAt?: TariffClock | undefined
}

/** Base load, load factor and shares of a load curve in order of time. */
export function loadFigures(slots: readonly SlotEnergy[], options: LoadOptions): LoadFigures {
  const { timeZone, rule, contractKw, tariffAt } = options
  const wallOf = wallClock(timeZone)
  const powers: Decimal[] = []
  const byPeriod = new Map<TariffPeriod, Decimal>()
  let [energy, night, weekend] = [decimal('0'), decimal('0'), decimal('0')]
  let known = 0
  for (const slot of slots) {
    const kw = demandOf(slot)
    if (kw !== undefined) powers.push(kw)
    if (slot.energy === undefined) continue
    known += 1
    energy = energy.plus(slot.energy)
    const { minute, weekday } = wallOf(slot.slotMs)
    if (minute >= NIGHT.from * HOUR || minute < NIGHT.to * HOUR) night = night.plus(slot.energy)
    if (weekday >= SATURDAY) weekend = weekend.plus(slot.energy)
    const period = tariffAt?.(slot.slotMs)?.period
    if (period !== undefined) byPeriod.set(period, (byPeriod.get(period) ?? decimal('0')).plus(slot.energy))
  }
  const demand = maximumDemand(slots)
  const meanKw =
    powers.length === 0
      ? undefined
      : quotient(
          powers.reduce((a, b) => a.plus(b)),
          decimal(String(powers.length)),
        )
  const coverage =
    slots.length === 0 ? undefined : share(decimal(String(powers.length)), decimal(String(slots.length)))
  const isEnough = powers.length >= rule.slots && coverage?.gte(decimal(rule.completeness)) === true
  const enough = <T>(value: T | undefined): T | undefined => (isEnough ? value : undefined)
  return {
    rules: loadRules,
    coverage,
    notAvailable: isEnough ? undefined : 'too-few-slots',
    rule,
    energy: known === 0 ? undefined : energy,
    known,
    missing: slots.length - known,
    unmeasured: known - powers.length,
    demand,
    contractUse: demand === undefined || contractKw === undefined ? undefined : share(demand.kw, contractKw),
    meanKw: enough(meanKw),
    loadFactor: demand === undefined || meanKw === undefined ? undefined : enough(share(meanKw, demand.kw)),
    baseLoadKw: enough(percentile(powers, BASE_LOAD_PERCENT)),
    nightShare: enough(share(night, energy)),
    weekendShare: enough(share(weekend, energy)),
    periodShares: (isEnough ? tariffPeriods : []).flatMap((period) => {
      const part = byPeriod.get(period)
      const of = part === undefined ? undefined : share(part, energy)
      return of === undefined ? [] : { period, share: of }
    }),
  }
}

/** The smallest value that at least so many percent of the values do not exceed; undefined of none. */
function percentile(values: readonly Decimal[], percent: number): Decimal | undefined {
  return values.toSorted((a, b) => a.cmp(b))[Math.max(0, Math.ceil((values.length * percent) / 100) - 1)]
}

/** A day of the profile: energy of each hour on the wall, null where a slot of it is missing. */
export interface ProfileDay {
  readonly date: string
  readonly weekday: number
  readonly hours: readonly (Decimal | null)[]
}

/**
 * Hour × day: energy of every hour of every local day. An hour that comes twice, where clocks are set back, is both; one
 * of which a slot is missing, or that is skipped, is null.
 */
export function hourProfile(slots: readonly SlotEnergy[], timeZone: string): ProfileDay[] {
  const wallOf = wallClock(timeZone)
  const days = new Map<
    string,
    { weekday: number; hours: ({ sum: Decimal; slots: number; isWhole: boolean } | null)[] }
  >()
  for (const { slotMs, energy } of slots) {
    const { date, weekday, minute } = wallOf(slotMs)
    const hour = Math.floor(minute / HOUR)
    let day = days.get(date)
    if (day === undefined) {
      day = { weekday, hours: Array.from({ length: HOURS }, () => null) }
      days.set(date, day)
    }
    const before = day.hours[hour] ?? { sum: decimal('0'), slots: 0, isWhole: true }
    day.hours[hour] = {
      sum: before.sum.plus(energy ?? 0),
      slots: before.slots + 1,
      isWhole: before.isWhole && energy !== undefined,
    }
  }
  return [...days].map(([date, { weekday, hours }]) => ({
    date,
    weekday,
    hours: hours.map((hour) =>
      hour !== null && hour.isWhole && hour.slots >= SLOTS_PER_HOUR ? hour.sum : null,
    ),
  }))
}
