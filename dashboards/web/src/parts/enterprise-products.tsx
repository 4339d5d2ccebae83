import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { carriers } from '#contract/carriers.ts'
import type { EnterpriseMonth } from '#dashboards/api/enterprise-shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { valueText } from '#dashboards/web/src/numbers.ts'
import { Nothing } from './nothing.tsx'

type Product = EnterpriseMonth['products'][number]

/** What was produced in a month, and the energy that an amount of it took. */
export function EnterpriseProducts({ data }: { data: EnterpriseMonth }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const columns: TableColumnsType<Product> = [
    { title: t('product.name'), dataIndex: 'product' },
    {
      title: t('product.quantity'),
      key: 'quantity',
      align: 'right',
      render: (_, { quantity, unit, state }) =>
        quantity === null ? (
          '—'
        ) : (
          <span className={state === 'counted-in-part' ? 'value is-partial' : 'value'}>
            <span className="number">{valueText(Number(quantity), locale)}</span>{' '}
            <span className="unit">{unit}</span>
          </span>
        ),
    },
    {
      title: t('product.source'),
      key: 'source',
      render: (_, { meter, state, records }) =>
        t(`product.${state}`, { meter: meter ?? '', records: records.join(', ') }),
    },
    {
      title: t('product.specific'),
      key: 'specific',
      render: (_, { specific, unit, state }) =>
        specific.length === 0
          ? t(state === 'counted-in-part' || state === 'conflict' ? 'product.unknown' : 'product.several')
          : specific.map(({ carrier, unit: energyUnit, perUnit, complete }) => (
              <div key={`${carrier} ${energyUnit}`} className={complete ? 'value' : 'value is-partial'}>
                {nameOf(carriers[carrier])}{' '}
                <span className="number">{valueText(Number(perUnit), locale)}</span>{' '}
                <span className="unit">
                  {energyUnit}/{unit}
                </span>
              </div>
            )),
    },
  ]
  return (
    <section className="panel" data-testid="enterprise-products">
      <h2>
        {t('enterprise.products')} <small>{data.month}</small>
      </h2>
      <Table<Product>
        columns={columns}
        dataSource={data.products}
        rowKey={({ product, unit }) => `${product} ${unit}`}
        size="small"
        scroll={{ x: true }}
        pagination={false}
        locale={{ emptyText: <Nothing text={t('product.none')} /> }}
      />
      {data.recordsBeyond.length > 0 && (
        <p className="panel-note">{t('product.beyond', { records: data.recordsBeyond.join(', ') })}</p>
      )}
    </section>
  )
}
