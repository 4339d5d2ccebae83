import type { AlarmCondition, AlarmDetail, AlarmRule, AlarmSubject } from '#contract/alarm.ts'
import type { Meter } from '#contract/park.ts'
import type { GatewayPresence, MeterState } from '../presence.ts'
import type { SlotWindow } from './slot-window.ts'

/** Which rules hold now, of what. Pure: everything that was seen comes in as facts. */

export interface GatewayFacts {
  readonly id: string
  readonly presence: GatewayPresence
  readonly heardMs: number | undefined
  readonly silentAfterMs: number
  readonly clock:
    | { readonly condition: 'set' | 'doubtful' | 'unset'; readonly aheadMs?: number | undefined }
    | undefined
  /** When the oldest row that waits was read. */
  readonly oldestMs: number | undefined
}

export interface MeterFacts {
  readonly meter: Meter
  readonly state: MeterState
  readonly usableMs: number | undefined
  /** Its fresh power or flow in the unit of its register an hour; undefined where it has none now. */
  readonly power: number | undefined
  readonly powerFactor: number | undefined
}

/** What an enterprise's demand comes to by the end of the slot under way, as far as it can be told. */
export interface DemandFacts {
  readonly enterprise: string
  readonly contractKw: number
  readonly projectedKw: number | undefined
}

export interface AlarmFacts {
  readonly nowMs: number
  readonly park: string
  readonly gateways: readonly GatewayFacts[]
  readonly meters: readonly MeterFacts[]
  readonly demands: readonly DemandFacts[]
  /** Entries of quarantine that nobody has decided on. */
  readonly quarantined: number
  /** Settled slots of a meter: their energy, newest last. */
  readonly slots: SlotWindow
}

interface Found {
  readonly subject: AlarmSubject
  readonly enterprise?: string | undefined
  readonly detail: AlarmDetail
}

const SECOND_MS = 1_000
const MINUTE_MS = 60_000

const gateway = ({ id }: GatewayFacts, detail: AlarmDetail): Found => ({
  subject: { kind: 'gateway', id },
  detail,
})
const meter = ({ meter: { id, enterprise } }: MeterFacts, detail: AlarmDetail): Found => ({
  subject: { kind: 'meter', id },
  enterprise,
  detail,
})
const since = (sinceMs: number | undefined): AlarmDetail => (sinceMs === undefined ? {} : { sinceMs })

/** True while a meter runs: its power is at least that share of its rating. */
function runs({ power, meter: { ratingPerHour } }: MeterFacts, share: number): boolean {
  return power !== undefined && Math.abs(power) >= share * ratingPerHour
}

type Rule<K extends AlarmRule['kind']> = Extract<AlarmRule, { kind: K }>

function offline(rule: Rule<'gateway-offline'>, { gateways, nowMs }: AlarmFacts): Found[] {
  return gateways.flatMap((facts) => {
    if (facts.presence.state === 'online') return []
    const { heardMs, silentAfterMs } = facts
    const isLong = heardMs === undefined || nowMs - heardMs > silentAfterMs + rule.afterSeconds * SECOND_MS
    return isLong ? gateway(facts, since(heardMs)) : []
  })
}

function silent(rule: Rule<'meter-silent'>, { meters, nowMs }: AlarmFacts): Found[] {
  return meters.flatMap((facts) => {
    const { state, usableMs, meter: described } = facts
    // A meter that persons read is not silent, and one behind a silent gateway is not the one to look at.
    if (described.gateway === undefined || state === 'ok' || state === 'gateway-silent') return []
    const isLong = usableMs === undefined || nowMs - usableMs > rule.afterSeconds * SECOND_MS
    return isLong ? meter(facts, since(usableMs)) : []
  })
}

function stuck(rule: Rule<'register-stuck'>, { meters, slots }: AlarmFacts): Found[] {
  return meters.flatMap((facts) => {
    if (!runs(facts, rule.powerShare)) return []
    const last = slots.last(facts.meter, rule.slots)
    const isStuck = last.length === rule.slots && last.every(({ energy }) => energy === 0)
    return isStuck ? meter(facts, { value: facts.power, unit: 'power', ...since(last[0]?.slotMs) }) : []
  })
}

function demand(rule: Rule<'demand'>, { demands }: AlarmFacts): Found[] {
  return demands.flatMap(({ enterprise, contractKw, projectedKw }) => {
    const limit = rule.share * contractKw
    if (projectedKw === undefined || projectedKw < limit) return []
    const detail = { value: Math.round(projectedKw * 10) / 10, limit: contractKw, unit: 'kW' }
    return { subject: { kind: 'enterprise' as const, id: enterprise }, enterprise, detail }
  })
}

function powerFactor(rule: Rule<'power-factor'>, { meters }: AlarmFacts): Found[] {
  return meters.flatMap((facts) => {
    const value = facts.powerFactor
    if (value === undefined || Math.abs(value) >= rule.below || !runs(facts, rule.powerShare)) return []
    return meter(facts, { value: Math.abs(value), limit: rule.below })
  })
}

function atNight(rule: Rule<'night-consumption'>, { meters, slots }: AlarmFacts): Found[] {
  return meters.flatMap((facts) => {
    const [newest] = slots.last(facts.meter, 1)
    if (newest?.energy === undefined || !slots.isWithin(newest.slotMs, rule)) return []
    const usual = slots.usual(facts.meter, newest.slotMs)
    if (usual === undefined || usual <= 0 || newest.energy <= rule.factor * usual) return []
    return meter(facts, {
      value: newest.energy,
      limit: usual * rule.factor,
      unit: 'slot',
      sinceMs: newest.slotMs,
    })
  })
}

function leak(rule: Rule<'leak'>, { meters, slots }: AlarmFacts): Found[] {
  return meters.flatMap((facts) => {
    if (!rule.carriers.includes(facts.meter.carrier)) return []
    const standstill = slots.lastWhole(facts.meter, rule)
    if (standstill === undefined) return []
    const least = Math.min(...standstill.map(({ energy }) => energy))
    const limit = (rule.ratingShare * facts.meter.ratingPerHour) / 4
    if (least <= limit) return []
    return meter(facts, { value: least, limit, unit: 'slot', ...since(standstill[0]?.slotMs) })
  })
}

function backlog(rule: Rule<'journal-backlog'>, { gateways, nowMs }: AlarmFacts): Found[] {
  return gateways.flatMap((facts) => {
    const { oldestMs, presence } = facts
    // What a silent gateway said of its journal is as old as its silence.
    if (oldestMs === undefined || presence.state !== 'online') return []
    return nowMs - oldestMs > rule.olderThanMinutes * MINUTE_MS ? gateway(facts, since(oldestMs)) : []
  })
}

function clockOff(rule: Rule<'clock-offset'>, { gateways }: AlarmFacts): Found[] {
  return gateways.flatMap((facts) => {
    const { clock, presence } = facts
    if (clock === undefined || presence.state !== 'online') return []
    const seconds = clock.aheadMs === undefined ? undefined : clock.aheadMs / SECOND_MS
    const isOff = seconds !== undefined && Math.abs(seconds) > rule.overSeconds
    if (clock.condition === 'set' && !isOff) return []
    return gateway(facts, {
      ...(seconds === undefined ? {} : { value: seconds }),
      limit: rule.overSeconds,
      unit: 's',
    })
  })
}

function quarantined(rule: Rule<'quarantine'>, { park, quarantined }: AlarmFacts): Found[] {
  if (quarantined < rule.entries) return []
  return [{ subject: { kind: 'server', id: park }, detail: { value: quarantined, limit: rule.entries } }]
}

function found(rule: AlarmRule, facts: AlarmFacts): Found[] {
  switch (rule.kind) {
    case 'gateway-offline':
      return offline(rule, facts)
    case 'meter-silent':
      return silent(rule, facts)
    case 'register-stuck':
      return stuck(rule, facts)
    case 'demand':
      return demand(rule, facts)
    case 'power-factor':
      return powerFactor(rule, facts)
    case 'night-consumption':
      return atNight(rule, facts)
    case 'leak':
      return leak(rule, facts)
    case 'journal-backlog':
      return backlog(rule, facts)
    case 'clock-offset':
      return clockOff(rule, facts)
    case 'quarantine':
      break
  }
  return quarantined(rule, facts)
}

/** All rules that hold now, each with its subject. The same facts give the same conditions. */
export function conditionsOf(rules: readonly AlarmRule[], facts: AlarmFacts): AlarmCondition[] {
  return rules.flatMap((rule) =>
    found(rule, facts)
      .filter(({ subject }) => rule.only === undefined || rule.only.includes(subject.id))
      .map(({ subject, enterprise, detail }) => ({
        rule: rule.id,
        kind: rule.kind,
        severity: rule.severity,
        subject,
        enterprise,
        detail,
      })),
  )
}
