import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { parkCarbon, type ParkCarbon } from '#dashboards/api/account-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { tonnesText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { accountTrace } from '#dashboards/web/src/trace-paths.ts'
import { Loading } from './loading.tsx'
import { NotRead } from './not-read.tsx'
import { monthsOf, useThisMonth } from './report-choice.tsx'
import { TraceHead } from './trace-head.tsx'
import { Traced } from './traced.tsx'
import { Nothing } from './nothing.tsx'

type Line = ParkCarbon['accounts'][number]

/** The carbon of a whole park: the accounts that it is the sum of, each opened in its statement. */
export function TraceParkCarbon({ period }: { period: string }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const park = useParkTree()
  const { from, to } = monthsOf(period, useThisMonth())
  const path = from > to ? undefined : `api/v1/carbon?from=${from}&to=${to}`
  const { data, failed, failure } = useAnswer(parkCarbon, path, 0)
  const tonnes = (value: string | null): string => (value === null ? '—' : tonnesText(value, locale))
  const columns: TableColumnsType<Line> = [
    { title: t('account.whose'), key: 'account', render: (_, { name }) => nameOf(name) },
    {
      title: `${t('account.total')} ${t('unit.tCo2')}`,
      key: 'total',
      align: 'right',
      render: (_, { account, total }) => (
        <Traced href={total === null ? undefined : accountTrace(account, period)}>
          <span className="number" data-testid={`carbon-${account}`}>
            {tonnes(total)}
          </span>
        </Traced>
      ),
    },
    {
      title: `${t('account.market')} ${t('unit.tCo2')}`,
      key: 'market',
      align: 'right',
      render: (_, { market }) => <span className="number">{tonnes(market)}</span>,
    },
    {
      title: t('trace.postedMonths'),
      key: 'months',
      align: 'right',
      render: (_, { months }) => <span className="number">{months}</span>,
    },
  ]
  return (
    <>
      <TraceHead title={`${nameOf(park.name)} · ${t('page.account')} · ${period}`} step="formula" />
      <p className="panel-note">{t('trace.carbonNote')}</p>
      <NotRead why={failure} />
      {data === undefined ? (
        !failed && <Loading text={t('loading')} />
      ) : data.accounts.length === 0 ? (
        <Nothing text={t('account.empty')} />
      ) : (
        <section className="panel">
          <p className="trace-sum">
            <span className="number">{tonnes(data.total)}</span>{' '}
            <span className="unit">{t('unit.tCo2')}</span>
          </p>
          <Table<Line>
            columns={columns}
            dataSource={[...data.accounts]}
            rowKey="account"
            size="small"
            pagination={false}
            scroll={{ x: true }}
          />
        </section>
      )}
    </>
  )
}
