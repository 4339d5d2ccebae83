import type { AlarmLine } from '#dashboards/api/alarm-shapes.ts'
import type { LocalName } from '#contract/identity.ts'
import type { ParkTree } from '#dashboards/api/shapes.ts'
import { meterNames } from './meter-names.ts'

type Subject = AlarmLine['subject']

/** What the subjects of alarms are called; the server is called after its park. */
export function alarmSubjects(park: ParkTree): (subject: Subject) => LocalName {
  const named = ({ id, name }: { id: string; name: LocalName }): [string, LocalName] => [id, name]
  const names: Readonly<Record<Subject['kind'], ReadonlyMap<string, LocalName>>> = {
    meter: meterNames(park),
    gateway: new Map(park.gateways.map(named)),
    enterprise: new Map([park, ...park.enterprises].map(named)),
    // A target is known by its own id.
    target: new Map(),
    server: new Map([named(park)]),
  }
  return ({ kind, id }) => names[kind].get(id) ?? { zh: id, en: id }
}
