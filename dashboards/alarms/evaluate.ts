import type { AlarmCondition, AlarmKind, AlarmRule } from '#contract/alarm.ts'
import { balanceDifference, demand, targetPace } from './account-rules.ts'
import type { AlarmFacts, AlarmRules, Found } from './alarm-facts.ts'
import {
  clockOffset,
  gatewayOffline,
  journalBacklog,
  journalReused,
  quarantineWaits,
} from './gateway-rules.ts'
import { leak, lowPowerFactor, meterSilent, nightConsumption, registerStuck } from './meter-rules.ts'

/** Which rules hold now, of what. Pure: everything that was seen comes in as facts. */

/** What a kind of rule finds, and whether it says something new at any moment or when a slot has settled. */
type RuleKinds = {
  readonly [Kind in AlarmKind]: {
    readonly find: (rule: AlarmRules[Kind], facts: AlarmFacts) => Found[]
    readonly anew: 'always' | 'with-slots'
  }
}

const ruleKinds: RuleKinds = {
  'gateway-offline': { find: gatewayOffline, anew: 'always' },
  'meter-silent': { find: meterSilent, anew: 'always' },
  'register-stuck': { find: registerStuck, anew: 'with-slots' },
  demand: { find: demand, anew: 'always' },
  'target-pace': { find: targetPace, anew: 'with-slots' },
  'balance-difference': { find: balanceDifference, anew: 'with-slots' },
  'power-factor': { find: lowPowerFactor, anew: 'always' },
  'night-consumption': { find: nightConsumption, anew: 'with-slots' },
  leak: { find: leak, anew: 'with-slots' },
  'journal-backlog': { find: journalBacklog, anew: 'always' },
  'journal-reused': { find: journalReused, anew: 'always' },
  'clock-offset': { find: clockOffset, anew: 'always' },
  quarantine: { find: quarantineWaits, anew: 'always' },
}

/** True for a rule that need not be looked at before another slot has settled. */
export function waitsForSlots({ kind }: AlarmRule): boolean {
  return ruleKinds[kind].anew === 'with-slots'
}

function found<Kind extends AlarmKind>(kind: Kind, rule: AlarmRules[Kind], facts: AlarmFacts): Found[] {
  return ruleKinds[kind].find(rule, facts)
}

/** All rules that hold now, each with its subject. The same facts give the same conditions. */
export function conditionsOf(rules: readonly AlarmRule[], facts: AlarmFacts): AlarmCondition[] {
  return rules.flatMap((rule) =>
    found(rule.kind, rule, facts)
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
