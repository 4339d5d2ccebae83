import { memo, useState, type ReactNode } from 'react'
import { Alert, Input, Table, type TableColumnsType } from 'antd'
import type { FactorRow } from '#accounts/factor-list.ts'
import type { FactorsAnswer } from '#dashboards/api/factor-shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { writtenUnit } from '#dashboards/web/src/numbers.ts'
import { ConfidenceTag } from './confidence-tag.tsx'
import { Verbatim } from './verbatim.tsx'

interface FactorTableProps {
  readonly answer: FactorsAnswer
  readonly kind: FactorRow['kind']
  /** The one that is looked for from the beginning. */
  readonly code?: string | undefined
}

function FactorsOf({ answer, kind, code = '' }: FactorTableProps): ReactNode {
  const { t, nameOf } = useSpeech()
  const [sought, setSought] = useState(code)
  const needle = sought.trim().toLowerCase()
  const rows = answer.factors.filter(
    (row) =>
      row.kind === kind &&
      [row.code, row.name.zh, row.name.en, row.document].some((text) => text.toLowerCase().includes(needle)),
  )
  const doubtful = rows.filter(({ confidence }) => confidence === 'unverified' || confidence === 'conflict')
  const columns: TableColumnsType<FactorRow> = [
    {
      title: t('factors.name'),
      key: 'name',
      render: (_, { name, code }) => (
        <>
          {nameOf(name)}
          <div>
            <Verbatim className="role">{code}</Verbatim>
          </div>
        </>
      ),
    },
    { title: t('factors.family'), key: 'family', render: (_, { familyName }) => nameOf(familyName) },
    ...(kind === 'electricity'
      ? [
          {
            title: t('factors.year'),
            key: 'year',
            align: 'right' as const,
            render: (_: unknown, { year }: FactorRow) => <span className="number">{year}</span>,
          },
        ]
      : []),
    {
      title: t('factor.value'),
      key: 'values',
      align: 'right',
      render: (_, { values }) =>
        values.map(({ what, value, unit }) => (
          <div key={what}>
            {what !== 'value' && <span className="unit">{t(`factor.${what}`)} </span>}
            <span className="number">{value}</span>{' '}
            <span className="unit">{unit === '1' ? '' : writtenUnit(unit)}</span>
          </div>
        )),
    },
    {
      title: t('factors.validity'),
      key: 'validity',
      render: (_, { from, to }) =>
        from === null && to === null ? (
          '—'
        ) : (
          <span className="number">{`${from ?? '…'} – ${to ?? '…'}`}</span>
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
      width: 420,
      render: (_, { document, clause, source, note, supersedes }) => (
        <div className="factor-document" translate="no">
          {document}
          {clause !== null && ` · ${clause}`}
          {source !== null && source !== document && <div className="role">{source}</div>}
          {supersedes !== null && <div className="role">{t('factors.supersedes', { code: supersedes })}</div>}
          {note !== null && <div className="role">{note}</div>}
        </div>
      ),
    },
  ]
  return (
    <section className="panel" data-testid="factors">
      <div className="panel-head">
        <h2>
          {t(`factors.${kind}`)}
          <small>{t('factors.count', { count: rows.length })}</small>
        </h2>
        <Input
          aria-label={t('factors.search')}
          placeholder={t('factors.search')}
          style={{ width: 220 }}
          value={sought}
          onChange={({ target }) => setSought(target.value)}
        />
      </div>
      {doubtful.length > 0 && (
        <Alert type="warning" showIcon title={t('factors.doubtful', { count: doubtful.length })} />
      )}
      <Table<FactorRow>
        columns={columns}
        dataSource={rows}
        rowKey="code"
        size="small"
        pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
      />
    </section>
  )
}

/** Factors of a kind, each with the document that it was seen in. */
export const FactorTable = memo(FactorsOf)
