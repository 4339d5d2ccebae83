import { useState, type ReactNode } from 'react'
import { Segmented, Switch } from 'antd'
import { balanceView } from '#accounts/balance-view.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { measures, type Measure } from '#dashboards/web/src/balance-figures.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { Nothing } from '#dashboards/web/src/parts/nothing.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { BalanceCellDrawer } from '#dashboards/web/src/parts/balance-cell-drawer.tsx'
import { BalanceGrid, type OpenCell } from '#dashboards/web/src/parts/balance-grid.tsx'
import { BalanceClosures, BalanceNotes } from '#dashboards/web/src/parts/balance-notes.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { WithoutPlan } from '#dashboards/web/src/parts/without-plan.tsx'
import '#dashboards/web/src/accounts.css'
import { periodText, ReportChoices, useReportChoice } from '#dashboards/web/src/parts/report-choice.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { ReportDownloads } from '#dashboards/web/src/parts/report-downloads.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

/** Tables change with the quarter-hour. */
const REFRESH_MS = 300_000

function Balance(): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const { nowMs } = useMinute()
  const choice = useReportChoice()
  const [measure, setMeasure] = useState<Measure>('physical')
  const [allRows, setAllRows] = useState(false)
  const [opened, setOpened] = useState<OpenCell>()
  const { data, failed, failure } = useAnswer(
    balanceView,
    choice.report('balance'),
    Math.floor(nowMs / REFRESH_MS),
  )
  return (
    <div className="stack">
      <Parts>
        <PageHead title={t('page.balance')} help={t('balance.help')}>
          <ReportChoices choice={choice} />
          <Segmented<Measure>
            aria-label={t('balance.measure')}
            value={measure}
            onChange={setMeasure}
            options={measures.map((each) => ({ value: each, label: t(`balance.${each}`) }))}
          />
          <ReportDownloads kind="balance" choice={choice} />
        </PageHead>
        <NotRead why={failure} />
        {data === undefined ? (
          !failed && <Loading text={t('report.loading')} />
        ) : data.items.length === 0 ? (
          <section className="panel">
            <Nothing text={t('report.empty')} />
          </section>
        ) : (
          <>
            <section className="panel" data-testid="balance">
              <div className="panel-head">
                <h2>
                  {nameOf(data.account)} · {periodText(data.period.name, speech)}
                  <small>{t('report.plan', { revision: data.planRevision })}</small>
                </h2>
                <label className="switch">
                  <Switch size="small" checked={allRows} onChange={setAllRows} /> {t('balance.allRows')}
                </label>
              </div>
              <BalanceGrid view={data} measure={measure} allRows={allRows} open={setOpened} />
              <p className="panel-note">{t('balance.legend')}</p>
            </section>
            <BalanceClosures view={data} account={choice.account} />
            <BalanceNotes view={data} />
            <BalanceCellDrawer view={data} account={choice.account} opened={opened} open={setOpened} />
          </>
        )}
      </Parts>
    </div>
  )
}

/** The energy balance table of the park or an account, each cell opened down to the registers. */
export function BalancePage(): ReactNode {
  const { t } = useSpeech()
  const { accounting } = useParkTree()
  return accounting ? (
    <Balance />
  ) : (
    <WithoutPlan title={t('page.balance')} help={t('balance.help')} why={t('report.noPlan')} />
  )
}
