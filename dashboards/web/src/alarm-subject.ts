import type { AlarmLine } from '#dashboards/api/alarm-shapes.ts'
import type { LocalName } from '#contract/identity.ts'
import type { ParkTree } from '#dashboards/api/shapes.ts'
import { meterNames } from './meter-names.ts'

type Subject = AlarmLine['subject']

/** A target and what it is called in the language of the page. */
export interface NamedTarget {
  readonly id: string
  readonly title: string
}

/** What the subjects of alarms are called; the server is called after its park. */
export function alarmSubjects(
  park: ParkTree,
  targets: readonly NamedTarget[],
): (subject: Subject) => LocalName {
  const named = ({ id, name }: { id: string; name: LocalName }): [string, LocalName] => [id, name]
  const names: Readonly<Record<Subject['kind'], ReadonlyMap<string, LocalName>>> = {
    meter: meterNames(park),
    gateway: new Map(park.gateways.map(named)),
    enterprise: new Map([park, ...park.enterprises].map(named)),
    target: new Map(targets.map(({ id, title }) => [id, { zh: title, en: title }])),
    server: new Map([named(park)]),
  }
  return ({ kind, id }) => names[kind].get(id) ?? { zh: id, en: id }
}
