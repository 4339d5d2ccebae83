import type { Target } from '#accounts/targets/target.ts'
import { alarmKinds, type Alarm } from '#contract/alarm.ts'
import type { LocalName } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { subjectPage } from './subject-page.ts'

/** What a person is told of an alarm who does not look at the pages. Pure. */

type Language = keyof LocalName

/** What is told about, and where its pages are. */
export interface Told {
  readonly park: Park
  /** Targets that alarms may be of. */
  readonly targets: readonly Pick<Target, 'id' | 'account' | 'year' | 'of' | 'intensity'>[]
  /** Address of the pages; undefined where nobody said it, and then nothing links to them. */
  readonly pages: string | undefined
}

/** What alarms of before have for a unit. */
const unsaidUnits: readonly string[] = ['power', 'slot']

const words = {
  begun: { zh: '告警', en: 'Alarm' },
  ended: { zh: '恢复', en: 'Over' },
  value: { zh: '当前', en: 'now' },
  limit: { zh: '限值', en: 'limit' },
  since: { zh: '自', en: 'since' },
  tenThousandYuan: { zh: '万元', en: '10⁴ CNY' },
} as const satisfies Record<string, LocalName>

const targetWords = {
  energy: {
    total: { zh: '能源消费总量', en: 'energy consumption' },
    intensity: { zh: '能耗强度', en: 'energy intensity' },
  },
  carbon: {
    total: { zh: '碳排放总量', en: 'carbon emissions' },
    intensity: { zh: '碳排放强度', en: 'carbon intensity' },
  },
} as const satisfies Record<Target['of'], Record<'total' | 'intensity', LocalName>>

/**
 * A name in a line of text: breaks and signs that are not seen (a subject is a header of its mail, and marks of direction
 * would turn what follows) are a space.
 */
const inLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()

/** What an alarm is of, by its name; of a target whose it is, of which year, and what it limits. */
export function subjectName(
  { park, targets }: Told,
  { subject: { kind, id }, enterprise }: Alarm,
): LocalName {
  const none = { zh: id, en: id }
  const { description } = park
  const nameOf = (of: string | undefined): LocalName | undefined =>
    of === description.id ? description.name : description.enterprises.find((each) => each.id === of)?.name
  switch (kind) {
    case 'meter':
      return park.meters.get(id)?.name ?? none
    case 'gateway':
      return park.gateways.get(id)?.name ?? none
    case 'enterprise':
      return nameOf(id) ?? none
    case 'target': {
      const target = targets.find((each) => each.id === id)
      const whose = nameOf(target?.account ?? enterprise) ?? description.name
      // One that the file does not have any more has its id alone.
      if (target === undefined) return { zh: `${whose.zh} ${id}`, en: `${whose.en} ${id}` }
      const what = targetWords[target.of][target.intensity === undefined ? 'total' : 'intensity']
      return { zh: `${whose.zh} ${target.year}年${what.zh}`, en: `${whose.en}, ${what.en} of ${target.year}` }
    }
    case 'server':
      break
  }
  return description.name
}

function moment(atMs: number, park: Park): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(park.description.timeZone)
  return zoned.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')
}

/** The address of the page where there is more to see; undefined where nobody said where the pages are. */
export function pageOf({ pages }: Told, { subject }: Alarm): string | undefined {
  return pages === undefined ? undefined : `${pages.replace(/\/+$/, '')}/#${subjectPage(subject)}`
}

/** One line: what, of what, and what was seen. */
export function alarmLine(told: Told, alarm: Alarm, language: Language): string {
  const { park } = told
  const { kind, detail, endedMs } = alarm
  const number = (value: number): string => String(Math.round(value * 1_000) / 1_000)
  const unit =
    detail.unit === undefined || unsaidUnits.includes(detail.unit)
      ? ''
      : ` ${detail.unit.replace('CO2', 'CO₂').replace('10⁴CNY', words.tenThousandYuan[language])}`
  const seen = [
    ...(detail.value === undefined ? [] : [`${words.value[language]} ${number(detail.value)}${unit}`]),
    ...(detail.limit === undefined ? [] : [`${words.limit[language]} ${number(detail.limit)}${unit}`]),
    ...(detail.sinceMs === undefined ? [] : [`${words.since[language]} ${moment(detail.sinceMs, park)}`]),
  ]
  const state = endedMs === undefined ? words.begun : words.ended
  const name = inLine(subjectName(told, alarm)[language])
  const head = `[${state[language]}] ${alarmKinds[kind][language]}: ${name}`
  return seen.length === 0 ? head : `${head} (${seen.join(', ')})`
}

/** What a mail or message says of some alarms: a subject of one line, and a text with the pages to look at. */
export function noticeText(
  told: Told,
  alarms: readonly Alarm[],
  language: Language,
): { readonly subject: string; readonly text: string } {
  const lines = alarms.map((alarm) => alarmLine(told, alarm, language))
  const more = alarms.length > 1 ? ` (+${alarms.length - 1})` : ''
  const text = alarms.flatMap((alarm, index) => {
    const page = pageOf(told, alarm)
    return [lines[index] ?? '', ...(page === undefined ? [] : [`  ${page}`])]
  })
  return {
    subject: `${inLine(told.park.description.name[language])}: ${lines[0] ?? ''}${more}`,
    text: `${text.join('\n')}\n`,
  }
}
