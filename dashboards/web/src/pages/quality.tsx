import { useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import { closures, completeness } from '#dashboards/api/completeness-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { ClosureTable } from '#dashboards/web/src/parts/closure-table.tsx'
import { CompletenessTable } from '#dashboards/web/src/parts/completeness-table.tsx'
import { GapWork } from '#dashboards/web/src/parts/gap-work.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { MonthChoice } from '#dashboards/web/src/parts/month-choice.tsx'
import { Nothing } from '#dashboards/web/src/parts/nothing.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { QuarantineWork } from '#dashboards/web/src/parts/quarantine-work.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

const REFRESH_MS = 60_000

/** How complete and how sound the data of a month are, and what persons have to decide. */
export function QualityPage(): ReactNode {
  const { t, nameOf } = useSpeech()
  const park = useParkTree()
  const { info } = useSession()
  const { nowMs, timeZone } = useMinute()
  const thisMonth = dayOf(nowMs, timeZone).slice(0, 7)
  const [chosen, setChosen] = useState<string>()
  const month = chosen ?? thisMonth
  const refresh = Math.floor(nowMs / REFRESH_MS)
  const days = useAnswer(completeness, `api/quality/completeness?month=${month}`, refresh)
  const balance = useAnswer(closures, `api/quality/closures?month=${month}`, refresh)
  const names = meterNames(park)
  const seesPark = (info?.enterprise ?? null) === null
  return (
    <div className="stack" data-testid="quality-page">
      <Parts>
        <PageHead title={t('page.quality')} help={t('quality.help')}>
          <MonthChoice month={month} last={thisMonth} onChange={setChosen} />
        </PageHead>
        <NotRead why={days.failure ?? balance.failure} />
        {days.data === undefined ? (
          !days.failed && <Loading text={t('loading')} />
        ) : (
          <CompletenessTable data={days.data} />
        )}
        <GapWork refresh={refresh} />
        {seesPark && <QuarantineWork refresh={refresh} />}
        {balance.data !== undefined && <ClosureTable data={balance.data} />}
        {days.data !== undefined && (
          <section className="panel" data-testid="calibration">
            <h2>{t('calibration.title')}</h2>
            {days.data.calibration.length === 0 ? (
              <Nothing text={t('calibration.none')} />
            ) : (
              <ul className="plain-list">
                {days.data.calibration.map(({ meter, due }) => (
                  <li key={meter}>
                    <Link href={`/meters/${meter}`}>
                      {nameOf(names.get(meter) ?? { zh: meter, en: meter })}
                    </Link>{' '}
                    <span className={due === null ? 'role' : 'is-trouble'}>
                      {due === null ? t('calibration.unknown') : t('calibration.due', { day: due })}
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </section>
        )}
      </Parts>
    </div>
  )
}
