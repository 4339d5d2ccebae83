import { alarmKinds, type Alarm } from '#contract/alarm.ts'
import type { LocalName } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'

/** What a person is told of an alarm who does not look at the pages. Pure. */

type Language = keyof LocalName

/** What alarms of before have for a unit. */
const unsaidUnits: readonly string[] = ['power', 'slot']

function subjectName(park: Park, { subject: { kind, id }, enterprise }: Alarm): LocalName {
  const none = { zh: id, en: id }
  const nameOf = (of: string | undefined): LocalName | undefined =>
    park.description.enterprises.find((each) => each.id === of)?.name
  switch (kind) {
    case 'meter':
      return park.meters.get(id)?.name ?? none
    case 'gateway':
      return park.gateways.get(id)?.name ?? none
    case 'enterprise':
      return nameOf(id) ?? none
    case 'target': {
      const whose = nameOf(enterprise) ?? park.description.name
      return { zh: `${whose.zh} ${id}`, en: `${whose.en} ${id}` }
    }
    case 'server':
      break
  }
  return park.description.name
}

function moment(atMs: number, park: Park): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(park.description.timeZone)
  return zoned.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')
}

const words = {
  begun: { zh: '告警', en: 'Alarm' },
  ended: { zh: '恢复', en: 'Over' },
  value: { zh: '当前', en: 'now' },
  limit: { zh: '限值', en: 'limit' },
  since: { zh: '自', en: 'since' },
} as const satisfies Record<string, LocalName>

/** One line: what, of what, and what was seen. */
export function alarmLine(park: Park, alarm: Alarm, language: Language): string {
  const { kind, detail, endedMs } = alarm
  const number = (value: number): string => String(Math.round(value * 1_000) / 1_000)
  const unit = detail.unit === undefined || unsaidUnits.includes(detail.unit) ? '' : ` ${detail.unit}`
  const seen = [
    ...(detail.value === undefined ? [] : [`${words.value[language]} ${number(detail.value)}${unit}`]),
    ...(detail.limit === undefined ? [] : [`${words.limit[language]} ${number(detail.limit)}${unit}`]),
    ...(detail.sinceMs === undefined ? [] : [`${words.since[language]} ${moment(detail.sinceMs, park)}`]),
  ]
  const state = endedMs === undefined ? words.begun : words.ended
  const head = `[${state[language]}] ${alarmKinds[kind][language]}: ${subjectName(park, alarm)[language]}`
  return seen.length === 0 ? head : `${head} (${seen.join(', ')})`
}
