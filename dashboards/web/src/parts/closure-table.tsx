import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { Link } from 'wouter'
import type { Closures } from '#dashboards/api/completeness-shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { daysOf } from '#dashboards/web/src/days.ts'
import { meterNames, metersById } from '#dashboards/web/src/meter-names.ts'
import { percentColumnText, valueText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { MeterDays } from './meter-days.tsx'
import { Nothing } from './nothing.tsx'

type Line = Closures['lines'][number]
/** What somebody has to look at comes first. */
const order = { over: 0, open: 1, incomplete: 2, closes: 3 } as const

/** What each of its meters measured, opened down to slots and registers. */
function Measured({ line: { meter, feeds, behind }, month }: { line: Line; month: string }): ReactNode {
  const { nameOf } = useSpeech()
  const meters = metersById(useParkTree())
  return [meter, ...feeds, ...behind].map((id) => {
    const facts = meters.get(id)
    return (
      facts !== undefined && (
        <section key={id}>
          <h3>{nameOf(facts.name)}</h3>
          <MeterDays meter={id} quantity={facts.register.quantity} {...daysOf(month)} />
        </section>
      )
    )
  })
}

/** What flowed through a meter against what the meters behind it measured: more behind than through is wrong. */
export function ClosureTable({ data }: { data: Closures }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const park = useParkTree()
  const names = meterNames(park)
  const number = (text: string | null): string => (text === null ? '—' : valueText(Number(text), locale))
  const columns: TableColumnsType<Line> = [
    {
      title: t('column.meter'),
      key: 'meter',
      render: (_, { meter, feeds }) => (
        <>
          <Link href={`/meters/${meter}`}>{nameOf(names.get(meter) ?? { zh: meter, en: meter })}</Link>
          {feeds.map((id) => (
            <span key={id} className="role">
              {' + '}
              {nameOf(names.get(id) ?? { zh: id, en: id })}
            </span>
          ))}
        </>
      ),
    },
    {
      title: t('closure.behind'),
      key: 'behind',
      render: (_, { behind }) => (
        <span title={behind.map((id) => nameOf(names.get(id) ?? { zh: id, en: id })).join(', ')}>
          {t('closure.meters', { count: behind.length })}
        </span>
      ),
    },
    {
      title: t('closure.total'),
      key: 'total',
      align: 'right',
      render: (_, { total, unit }) => (
        <span className="value">
          <span className="number">{number(total)}</span> <span className="unit">{unit}</span>
        </span>
      ),
    },
    {
      title: t('closure.totalBehind'),
      key: 'totalBehind',
      align: 'right',
      render: (_, { totalBehind, unit }) => (
        <span className="value">
          <span className="number">{number(totalBehind)}</span> <span className="unit">{unit}</span>
        </span>
      ),
    },
    {
      title: t('closure.rest'),
      key: 'rest',
      align: 'right',
      render: (_, { rest, tolerance, unit }) => (
        <span className="value" title={tolerance === null ? undefined : `± ${number(tolerance)} ${unit}`}>
          <span className="number">{number(rest)}</span> <span className="unit">{unit}</span>
        </span>
      ),
    },
    {
      title: t('closure.share'),
      key: 'share',
      align: 'right',
      render: (_, { rest, total }) => (
        <span className="number">
          {rest !== null && total !== null && Number(total) > 0
            ? percentColumnText(Number(rest) / Number(total), locale)
            : '—'}
        </span>
      ),
    },
    {
      title: t('closure.verdict'),
      key: 'verdict',
      render: (_, { verdict }) => (
        <span
          className={
            verdict === 'over' ? 'is-trouble' : verdict === 'closes' ? 'is-complete' : 'is-incomplete'
          }
        >
          {t(`closure.is.${verdict}`)}
        </span>
      ),
    },
  ]
  return (
    <section className="panel" data-testid="closures">
      <h2>
        {t('closure.title')} <small>{data.month}</small>
      </h2>
      <Table<Line>
        columns={columns}
        dataSource={data.lines.toSorted((a, b) => order[a.verdict] - order[b.verdict])}
        rowKey="meter"
        size="small"
        scroll={{ x: true }}
        expandable={{ expandedRowRender: (line) => <Measured line={line} month={data.month} /> }}
        pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
        locale={{ emptyText: <Nothing text={t('closure.none')} /> }}
      />
      <p className="panel-note">{t('closure.note')}</p>
    </section>
  )
}
