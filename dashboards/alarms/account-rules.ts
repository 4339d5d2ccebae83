import type { AlarmFacts, AlarmRules, Found } from './alarm-facts.ts'

/** Rules about what several meters or a whole account come to. Pure. */

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000

export function demand(rule: AlarmRules['demand'], { demands }: AlarmFacts): Found[] {
  return demands.flatMap(({ enterprise, contractKw, projectedKw }) => {
    const limit = rule.share * contractKw
    if (projectedKw === undefined || projectedKw < limit) return []
    const detail = { value: Math.round(projectedKw * 10) / 10, limit: contractKw, unit: 'kW' }
    return { subject: { kind: 'enterprise' as const, id: enterprise }, enterprise, detail }
  })
}

/** Above what the year's usual course allows by now; of an intensity, above its limit. */
export function targetPace(rule: AlarmRules['target-pace'], { targets }: AlarmFacts): Found[] {
  return targets.flatMap(({ target, enterprise, toDate, allowed, unit }) => {
    if (toDate <= rule.over * allowed) return []
    const detail = { value: rounded(toDate), limit: rounded(allowed), unit }
    return { subject: { kind: 'target' as const, id: target }, enterprise, detail }
  })
}

/**
 * More was measured behind a meter than flowed through it, which cannot be; or, where the rule says how much may be lost
 * on the way, less.
 */
export function balanceDifference(rule: AlarmRules['balance-difference'], { closures }: AlarmFacts): Found[] {
  return closures.flatMap(({ meter: { id, enterprise }, dayMs, unit, through, behind, tolerance = 0 }) => {
    const rest = through - behind
    const least = -tolerance - rule.overShare * Math.abs(through)
    const most = rule.lossShare === undefined ? Infinity : tolerance + rule.lossShare * Math.abs(through)
    if (rest >= least && rest <= most) return []
    const limit = rounded(rest < least ? least : most)
    const detail = { value: rounded(rest), limit, unit, sinceMs: dayMs }
    return { subject: { kind: 'meter' as const, id }, enterprise, detail }
  })
}
