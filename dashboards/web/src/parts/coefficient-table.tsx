import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import type { BalanceView } from '#accounts/balance-view.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { writtenUnit } from '#dashboards/web/src/numbers.ts'
import { ConfidenceTag } from './confidence-tag.tsx'
import { Verbatim } from './verbatim.tsx'

type Coefficient = BalanceView['coefficients'][number]

/** Digits of a coefficient that are shown; the exact value is a division that may never end. */
const DIGITS = 12

/** Standard-coal coefficients with the edition and document that they are from, and how far they can be trusted. */
export function CoefficientTable({ coefficients }: { coefficients: readonly Coefficient[] }): ReactNode {
  const { t } = useSpeech()
  const columns: TableColumnsType<Coefficient> = [
    { title: t('factor.code'), key: 'code', render: (_, { code }) => <Verbatim>{code}</Verbatim> },
    { title: t('factor.basis'), key: 'basis', render: (_, { basis }) => t(`balance.${basis}`) },
    {
      title: t('factor.value'),
      key: 'value',
      align: 'right',
      render: (_, { value, unit }) => (
        <>
          <span className="number">{value.slice(0, DIGITS)}</span>{' '}
          <span className="unit">{writtenUnit(unit)}</span>
        </>
      ),
    },
    {
      title: t('factor.confidence'),
      key: 'confidence',
      render: (_, { confidence }) => <ConfidenceTag confidence={confidence} />,
    },
    {
      title: t('factor.document'),
      key: 'document',
      render: (_, { document }) => <Verbatim>{document}</Verbatim>,
    },
  ]
  return (
    <Table<Coefficient>
      columns={columns}
      dataSource={coefficients}
      rowKey={({ code, basis }) => `${code} ${basis}`}
      size="small"
      pagination={false}
      scroll={{ x: true }}
    />
  )
}
