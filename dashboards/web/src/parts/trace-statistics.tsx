import type { ReactNode } from 'react'
import { Alert, Table, type TableColumnsType } from 'antd'
import { Link } from 'wouter'
import { statisticsView, type StatisticsView } from '#accounts/report-views.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { dayAfter, dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { metersById } from '#dashboards/web/src/meter-names.ts'
import { exactText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { meterTrace } from '#dashboards/web/src/trace-paths.ts'
import { CoefficientTable } from './coefficient-table.tsx'
import { Loading } from './loading.tsx'
import { MeterDays } from './meter-days.tsx'
import { NotRead } from './not-read.tsx'
import { periodText, reportPath } from './report-choice.tsx'
import { TraceHead } from './trace-head.tsx'
import { Verbatim } from './verbatim.tsx'

type Line = StatisticsView['lines'][number]

function Figures({ line: { now, unit } }: { line: Line }): ReactNode {
  const { t } = useSpeech()
  const figures = [
    [t('balance.physical'), now.amount, unit],
    [t('balance.calorific'), now.calorific, t('unit.tce')],
    [t('balance.equal'), now.equal, t('unit.tce')],
  ] as const
  return (
    <dl className="facts">
      {figures.map(([name, value, its]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <span className={now.incomplete ? 'number is-incomplete' : 'number'}>
              {value === null ? '—' : `${exactText(value)}${now.incomplete ? '*' : ''}`}
            </span>{' '}
            <span className="unit">{its}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Meters({ line, from, to }: { line: Line; from: string; to: string }): ReactNode {
  const { t, nameOf } = useSpeech()
  const meters = metersById(useParkTree())
  const columns: TableColumnsType<{ readonly meter: string }> = [
    {
      title: t('column.meter'),
      key: 'meter',
      render: (_, { meter }) => {
        const facts = meters.get(meter)
        return (
          <>
            <Link href={meterTrace(meter, to)} data-testid={`part-${meter}`}>
              {facts === undefined ? meter : nameOf(facts.name)}
            </Link>{' '}
            <Verbatim className="role">{meter}</Verbatim>
          </>
        )
      },
    },
  ]
  return (
    <Table
      columns={columns}
      dataSource={line.meters.map((meter) => ({ meter }))}
      rowKey="meter"
      size="small"
      pagination={false}
      scroll={{ x: true }}
      expandable={{
        rowExpandable: ({ meter }) => meters.has(meter),
        defaultExpandAllRows: line.meters.length === 1,
        expandedRowRender: ({ meter }) => {
          const facts = meters.get(meter)
          return (
            facts !== undefined && (
              <MeterDays meter={meter} quantity={facts.register.quantity} from={from} to={to} />
            )
          )
        },
      }}
    />
  )
}

interface TraceStatisticsProps {
  /** An account, or a workshop or equipment of it, from the account down. */
  readonly place: string
  readonly period: string
  readonly item: string
}

/** A line of the energy statistics: its meters down to their registers, and the coefficients of its standard coal. */
export function TraceStatistics({ place, period, item }: TraceStatisticsProps): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const { nowMs, timeZone } = useMinute()
  const [account = ''] = place.split('~')
  const path = `${reportPath('statistics', account)}?period=${period}`
  const { data, failed, failure } = useAnswer(statisticsView, path, 0)
  const line = data?.lines.find((each) => each.path.join('~') === place && each.item === item)
  const title = line === undefined ? '' : ` · ${nameOf(line.name)}`
  const today = dayOf(nowMs, timeZone)
  const lastDay = data === undefined ? today : dayAfter(data.period.to, -1)
  const to = lastDay < today ? lastDay : today
  return (
    <>
      <TraceHead
        title={`${t('reports.statistics')} · ${periodText(period, speech)}${title}`}
        step="formula"
      />
      <NotRead why={failure} />
      {data === undefined ? (
        !failed && <Loading text={t('report.loading')} />
      ) : line === undefined ? (
        <Alert type="warning" showIcon title={t('trace.unknown')} />
      ) : (
        <section className="panel">
          <h2>{t('account.formula')}</h2>
          <p className="trace-formula">{t('trace.statisticsFormula')}</p>
          <Figures line={line} />
          <Meters line={line} from={data.period.from} to={to} />
          {line.coefficients.length > 0 && (
            <>
              <h3>{t('balance.coefficients')}</h3>
              <CoefficientTable coefficients={line.coefficients} />
            </>
          )}
        </section>
      )}
    </>
  )
}
