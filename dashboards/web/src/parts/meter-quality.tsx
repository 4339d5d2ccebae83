import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { meterQuality, type MeterQuality as Answer } from '#dashboards/api/meter-care-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { faultTextKey } from '#dashboards/web/src/fault-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { momentText } from '#dashboards/web/src/numbers.ts'
import { useGapColumns } from './gap-columns.tsx'
import { Verbatim } from './verbatim.tsx'
import { NotRead } from './not-read.tsx'
import { Nothing } from './nothing.tsx'

type Gap = Answer['gaps'][number]
type Refused = Answer['quarantine'][number]

/** What is missing of a meter, and what of it was refused. */
export function MeterQuality({ meter, refresh }: { meter: string; refresh: number }): ReactNode {
  const { t, locale } = useSpeech()
  const timeZone = useTimeZone()
  const answer = useAnswer(meterQuality, `api/meters/${meter}/quality`, refresh)
  const loading = answer.data === undefined && !answer.failed
  const gapColumns: TableColumnsType<Gap> = [
    ...useGapColumns<Gap>(),
    {
      title: t('gap.state'),
      key: 'state',
      render: (_, { state, decision }) => (
        <span className={`gap-state is-${state}`} title={decision && `${decision.by}: ${decision.reason}`}>
          {t(`gapState.${state}`)}
        </span>
      ),
    },
  ]
  const refusedColumns: TableColumnsType<Refused> = [
    {
      title: t('refused.at'),
      key: 'at',
      render: (_, { committedAtMs }) => (
        <span className="number">{momentText(committedAtMs, locale, timeZone)}</span>
      ),
    },
    {
      title: t('refused.why'),
      key: 'why',
      render: (_, { refusal }) => (
        <>
          {t(faultTextKey(refusal.code))}
          <div className="role">
            <Verbatim>{refusal.detail}</Verbatim>
          </div>
        </>
      ),
    },
    { title: t('refused.state'), key: 'state', render: (_, { state }) => t(`refusedState.${state}`) },
  ]
  return (
    <section className="panel" data-testid="quality">
      <h2>{t('meter.gaps')}</h2>
      <NotRead why={answer.failure} inPanel />
      <Table<Gap>
        columns={gapColumns}
        dataSource={answer.data?.gaps ?? []}
        loading={loading}
        rowKey="id"
        size="small"
        scroll={{ x: true }}
        pagination={{ pageSize: 8, hideOnSinglePage: true }}
        locale={{ emptyText: <Nothing text={t('gap.none')} /> }}
      />
      <h2 className="panel-second">{t('meter.refused')}</h2>
      <Table<Refused>
        columns={refusedColumns}
        dataSource={answer.data?.quarantine ?? []}
        loading={loading}
        rowKey="id"
        size="small"
        scroll={{ x: true }}
        pagination={{ pageSize: 8, hideOnSinglePage: true }}
        locale={{ emptyText: <Nothing text={t('refused.none', { count: answer.data?.searched ?? '…' })} /> }}
      />
    </section>
  )
}
