import type { AlarmLine } from '#dashboards/api/alarm-shapes.ts'
import type { LocalName } from '#contract/identity.ts'
import type { ParkTree } from '#dashboards/api/shapes.ts'
import type { Speech } from './language.tsx'
import { meterNames } from './meter-names.ts'

type Subject = AlarmLine['subject']

/** What the subjects of alarms are called: a target after whose it is and what it limits, the server after its park. */
export function alarmSubjects(
  park: ParkTree,
  { t, nameOf }: Pick<Speech, 't' | 'nameOf'>,
): (alarm: Pick<AlarmLine, 'subject' | 'target'>) => string {
  const named = ({ id, name }: { id: string; name: LocalName }): [string, LocalName] => [id, name]
  const accounts = new Map([park, ...park.enterprises].map(named))
  const names: Readonly<Record<Subject['kind'], ReadonlyMap<string, LocalName>>> = {
    meter: meterNames(park),
    gateway: new Map(park.gateways.map(named)),
    enterprise: accounts,
    target: new Map(),
    server: new Map([named(park)]),
  }
  return ({ subject: { kind, id }, target }) => {
    if (target !== null) {
      const whose = accounts.get(target.account)
      const what = t(`targets.${target.of}.${target.isIntensity ? 'intensity' : 'total'}`)
      return `${whose === undefined ? target.account : nameOf(whose)} · ${what}`
    }
    const name = names[kind].get(id)
    return name === undefined ? id : nameOf(name)
  }
}
