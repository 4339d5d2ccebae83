import type { ReactNode } from 'react'
import { Skeleton } from 'antd'
import { alarmKinds, type AlarmRule } from '#contract/alarm.ts'
import { carrierNames, carriers } from '#contract/carriers.ts'
import { alarmRules } from '#dashboards/api/alarm-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech, type Speech, type TextKey } from '#dashboards/web/src/language.tsx'
import { percentText } from '#dashboards/web/src/numbers.ts'
import { NotRead } from './not-read.tsx'

/** How a threshold is said; each text has the place of its value. */
const phrases: Readonly<Record<string, TextKey>> = {
  afterSeconds: 'alarmRule.afterSeconds',
  slots: 'alarmRule.slots',
  powerShare: 'alarmRule.powerShare',
  share: 'alarmRule.share',
  below: 'alarmRule.below',
  factor: 'alarmRule.factor',
  carriers: 'alarmRule.carriers',
  ratingShare: 'alarmRule.ratingShare',
  olderThanMinutes: 'alarmRule.olderThanMinutes',
  overSeconds: 'alarmRule.overSeconds',
  entries: 'alarmRule.entries',
  over: 'alarmRule.over',
  overShare: 'alarmRule.overShare',
  lossShare: 'alarmRule.lossShare',
  only: 'alarmRule.only',
  from: 'alarmRule.from',
  to: 'alarmRule.to',
}
/** Thresholds that are shares of something. */
const shares = new Set(['powerShare', 'share', 'ratingShare', 'over', 'overShare', 'lossShare'])

/** A value of a rule as it is read: shares in percent, carriers by name. */
function valueText(name: string, value: unknown, { locale, nameOf }: Speech): string {
  if (typeof value === 'number')
    return shares.has(name) ? percentText(value, locale) : value.toLocaleString(locale)
  const each = (part: unknown): string => {
    const carrier = carrierNames.find((known) => known === part)
    return carrier === undefined ? String(part) : nameOf(carriers[carrier])
  }
  return (Array.isArray(value) ? value : [value]).map(each).join(locale === 'zh-CN' ? '、' : ', ')
}

/** What every rule has, which is no threshold. */
const common = new Set(['id', 'kind', 'severity'])

/** The thresholds of a rule in words. */
function thresholdsOf(rule: AlarmRule, speech: Speech): string {
  return Object.entries(rule)
    .filter(([name]) => !common.has(name))
    .map(([name, value]) => {
      const phrase = phrases[name]
      const text = valueText(name, value, speech)
      return phrase === undefined ? `${name} ${text}` : speech.t(phrase, { value: text })
    })
    .join(speech.locale === 'zh-CN' ? '，' : ', ')
}

/** The rules that are looked at, with their thresholds as they stand in the file. */
export function AlarmRuleList(): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const { data, failed, failure } = useAnswer(alarmRules, 'api/alarms/rules', 0)
  return (
    <section className="panel" data-testid="alarm-rules">
      <h2>
        {t('alarm.rules')} <small>{t('alarm.rulesNote')}</small>
      </h2>
      <NotRead why={failure} inPanel />
      {data === undefined ? (
        !failed && <Skeleton active />
      ) : (
        <dl className="facts is-wide">
          {data.rules.map((rule) => (
            <div key={rule.id}>
              <dt>
                <span className={`alarm is-${rule.severity}`}>{nameOf(alarmKinds[rule.kind])}</span>
              </dt>
              <dd>{thresholdsOf(rule, speech)}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  )
}
