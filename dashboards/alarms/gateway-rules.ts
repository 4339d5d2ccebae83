import type { AlarmDetail } from '#contract/alarm.ts'
import { MINUTE_MS } from '#contract/duration.ts'
import { since, type AlarmFacts, type AlarmRules, type Found, type GatewayFacts } from './alarm-facts.ts'

/** Rules about gateways and the server. Pure. */

const SECOND_MS = 1_000

const gateway = ({ id }: GatewayFacts, detail: AlarmDetail): Found => ({
  subject: { kind: 'gateway', id },
  detail,
})

export function gatewayOffline(
  rule: AlarmRules['gateway-offline'],
  { gateways, nowMs }: AlarmFacts,
): Found[] {
  return gateways.flatMap((facts) => {
    if (facts.presence.state === 'online') return []
    const { heardMs, silentAfterMs } = facts
    const isLong = heardMs === undefined || nowMs - heardMs > silentAfterMs + rule.afterSeconds * SECOND_MS
    return isLong ? gateway(facts, since(heardMs)) : []
  })
}

export function journalBacklog(
  rule: AlarmRules['journal-backlog'],
  { gateways, nowMs }: AlarmFacts,
): Found[] {
  return gateways.flatMap((facts) => {
    const { oldestMs, presence } = facts
    // What a silent gateway said of its journal is as old as its silence.
    if (oldestMs === undefined || presence.state !== 'online') return []
    return nowMs - oldestMs > rule.olderThanMinutes * MINUTE_MS ? gateway(facts, since(oldestMs)) : []
  })
}

/** Two contents under one number: an old copy of its journal was put back, or the gateway exists twice. */
export function journalReused(_rule: AlarmRules['journal-reused'], { gateways }: AlarmFacts): Found[] {
  return gateways.flatMap((facts) =>
    facts.reused === undefined
      ? []
      : gateway(facts, { value: facts.reused.entries, sinceMs: facts.reused.sinceMs }),
  )
}

export function clockOffset(rule: AlarmRules['clock-offset'], { gateways }: AlarmFacts): Found[] {
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

export function quarantineWaits(rule: AlarmRules['quarantine'], { park, quarantined }: AlarmFacts): Found[] {
  if (quarantined < rule.entries) return []
  return [{ subject: { kind: 'server', id: park }, detail: { value: quarantined, limit: rule.entries } }]
}
