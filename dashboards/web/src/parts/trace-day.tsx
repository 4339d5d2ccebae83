import type { ReactNode } from 'react'
import { accountList } from '#dashboards/api/account-shapes.ts'
import { dayPostings } from '#dashboards/api/trace-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { minuteText, tonnesText } from '#dashboards/web/src/numbers.ts'
import { meterTrace } from '#dashboards/web/src/trace-paths.ts'
import { Loading } from './loading.tsx'
import { PostingEvidence } from './posting-evidence.tsx'
import { TraceHead } from './trace-head.tsx'
import { NotRead } from './not-read.tsx'

/** Sources of one account in a day so far. */
function AccountDay({ account, name, day }: { account: string; name: string; day: string }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const timeZone = useTimeZone()
  const { data, failed, failure } = useAnswer(dayPostings, `api/v1/accounts/${account}/day?day=${day}`, 0)
  return (
    <section className="panel" data-testid={`day-of-${account}`}>
      <h2>{name}</h2>
      <NotRead why={failure} />
      {data === undefined ? (
        !failed && <Loading text={t('loading')} />
      ) : (
        <div className="stack">
          <p className="trace-sum">
            <span className="number">{data.tCo2 === null ? '—' : tonnesText(data.tCo2, locale)}</span>{' '}
            <span className="unit">{t('unit.tCo2')}</span>{' '}
            <small className="unit">
              {t('day.co2.note', { time: minuteText(data.toMs, locale, timeZone) })}
            </small>
          </p>
          {data.incomplete && <p className="is-incomplete">{t('day.incomplete')}</p>}
          {data.postings.map((posting) => (
            <div key={posting.source}>
              <h3>
                {nameOf(data.sourceNames[posting.source] ?? { zh: posting.source, en: posting.source })} ·{' '}
                {t(`scope.${posting.scope}`)}
              </h3>
              <PostingEvidence posting={posting} pathOf={(meter) => meterTrace(meter, day)} />
            </div>
          ))}
        </div>
      )}
    </section>
  )
}

/** CO2 of a day so far: what each source of each account counts, by which formula and factors. */
export function TraceDay({ day }: { day: string }): ReactNode {
  const { t, nameOf } = useSpeech()
  const { data, failed, failure } = useAnswer(accountList, 'api/v1/accounts', 0)
  return (
    <>
      <TraceHead title={`${t('trace.dayCo2')} · ${day}`} step="formula" />
      <p className="panel-note">{t('trace.dayNote')}</p>
      <NotRead why={failure} />
      {data === undefined
        ? !failed && <Loading text={t('loading')} />
        : data.accounts.map(({ account, name }) => (
            <AccountDay key={account} account={account} name={nameOf(name)} day={day} />
          ))}
    </>
  )
}
