import type { AlarmDetail } from '#contract/alarm.ts'
import type { Meter } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import { since, type AlarmFacts, type AlarmRules, type Found, type MeterFacts } from './alarm-facts.ts'

/** Rules about single meters. Pure. */

const SECOND_MS = 1_000

const meter = ({ meter: { id, enterprise } }: MeterFacts, detail: AlarmDetail): Found => ({
  subject: { kind: 'meter', id },
  enterprise,
  detail,
})

/** The unit of what flows through a meter: that of its register an hour. */
export function rateUnitOf({ register }: Meter): string {
  const { unit } = quantityOf(register)
  return unit === 'kWh' ? 'kW' : `${unit}/h`
}

/** The unit of what a meter counts in a slot. */
const slotUnitOf = ({ register }: Meter): string => `${quantityOf(register).unit}/15 min`

/** True while a meter runs: its power is at least that share of its rating. */
function runs({ power, meter: { ratingPerHour } }: MeterFacts, share: number): boolean {
  return power !== undefined && Math.abs(power) >= share * ratingPerHour
}

export function meterSilent(rule: AlarmRules['meter-silent'], { meters, nowMs }: AlarmFacts): Found[] {
  return meters.flatMap((facts) => {
    const { state, usableMs, meter: described } = facts
    // A meter that persons read is not silent, and one behind a silent gateway is not the one to look at.
    if (described.gateway === undefined || state === 'ok' || state === 'gateway-silent') return []
    const isLong = usableMs === undefined || nowMs - usableMs > rule.afterSeconds * SECOND_MS
    return isLong ? meter(facts, since(usableMs)) : []
  })
}

export function registerStuck(rule: AlarmRules['register-stuck'], { meters, slots }: AlarmFacts): Found[] {
  return meters.flatMap((facts) => {
    if (!runs(facts, rule.powerShare)) return []
    const last = slots.last(facts.meter, rule.slots)
    const isStuck = last.length === rule.slots && last.every(({ energy }) => energy === 0)
    return isStuck
      ? meter(facts, { value: facts.power, unit: rateUnitOf(facts.meter), ...since(last[0]?.slotMs) })
      : []
  })
}

export function lowPowerFactor(rule: AlarmRules['power-factor'], { meters }: AlarmFacts): Found[] {
  return meters.flatMap((facts) => {
    const value = facts.powerFactor
    if (value === undefined || Math.abs(value) >= rule.below || !runs(facts, rule.powerShare)) return []
    return meter(facts, { value: Math.abs(value), limit: rule.below })
  })
}

export function nightConsumption(
  rule: AlarmRules['night-consumption'],
  { meters, slots }: AlarmFacts,
): Found[] {
  return meters.flatMap((facts) => {
    const [newest] = slots.last(facts.meter, 1)
    if (newest?.energy === undefined || !slots.isWithin(newest.slotMs, rule)) return []
    const usual = slots.usual(facts.meter, newest.slotMs)
    if (usual === undefined || usual <= 0 || newest.energy <= rule.factor * usual) return []
    return meter(facts, {
      value: newest.energy,
      limit: usual * rule.factor,
      unit: slotUnitOf(facts.meter),
      sinceMs: newest.slotMs,
    })
  })
}

export function leak(rule: AlarmRules['leak'], { meters, slots }: AlarmFacts): Found[] {
  return meters.flatMap((facts) => {
    if (!rule.carriers.includes(facts.meter.carrier)) return []
    const standstill = slots.lastWhole(facts.meter, rule)
    if (standstill === undefined) return []
    const least = Math.min(...standstill.map(({ energy }) => energy))
    const limit = (rule.ratingShare * facts.meter.ratingPerHour) / 4
    if (least <= limit) return []
    return meter(facts, {
      value: least,
      limit,
      unit: slotUnitOf(facts.meter),
      ...since(standstill[0]?.slotMs),
    })
  })
}
