import type { ReactNode } from 'react'
import { Skeleton } from 'antd'
import { alarmKinds } from '#contract/alarm.ts'
import { alarmRules } from '#dashboards/api/alarm-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'

/** The rules that are looked at, with their thresholds as they stand in the file. */
export function AlarmRuleList(): ReactNode {
  const { t, nameOf } = useSpeech()
  const { data, failed } = useAnswer(alarmRules, 'api/alarms/rules', 0)
  return (
    <section className="panel" data-testid="alarm-rules">
      <h2>
        {t('alarm.rules')} <small>{t('alarm.rulesNote')}</small>
      </h2>
      {failed && <p className="is-incomplete">{t('failed.detail')}</p>}
      {data === undefined ? (
        <Skeleton active />
      ) : (
        <dl className="facts">
          {data.rules.map(({ id, kind, severity, ...thresholds }) => (
            <div key={id}>
              <dt>
                <span className={`alarm is-${severity}`}>{nameOf(alarmKinds[kind])}</span>
              </dt>
              <dd className="number">
                {Object.entries(thresholds)
                  .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(', ') : value}`)
                  .join(' · ')}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  )
}
