import { memo, type ReactNode } from 'react'
import { Table, Tag, Tooltip, type TableColumnsType } from 'antd'
import type { Statement, StatementLine } from '#dashboards/api/account-shapes.ts'
import { sourceText } from '#dashboards/web/src/account-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { myriadUnit, roundText, tonnesText } from '#dashboards/web/src/numbers.ts'
import { unavailableText } from '#dashboards/web/src/unavailable-text.ts'
import { postingTrace } from '#dashboards/web/src/trace-paths.ts'
import { PostingEvidence } from './posting-evidence.tsx'
import { Verbatim } from './verbatim.tsx'

interface AccountLinesProps {
  readonly statement: Statement
  /** Every posting is opened from the beginning. */
  readonly isOpen?: boolean
}

function Lines({ statement, isOpen = false }: AccountLinesProps): ReactNode {
  const speech = useSpeech()
  const { t, locale, language } = speech
  const number = (text: string): ReactNode => <span className="number">{text}</span>
  const columns: TableColumnsType<StatementLine> = [
    { title: t('account.month'), key: 'month', render: (_, { month }) => number(month) },
    {
      title: t('account.source'),
      key: 'source',
      render: (_, { source }) => sourceText(statement, source, speech),
    },
    { title: t('account.scope'), key: 'scope', render: (_, { posting }) => t(`scope.${posting.scope}`) },
    {
      title: t('account.activity'),
      key: 'activity',
      align: 'right',
      render: (_, { posting: { activity } }) =>
        activity === undefined
          ? number('—')
          : number(`${roundText(activity.amount, locale)} ${myriadUnit(activity.unit, language)}`),
    },
    {
      title: t('account.factors'),
      key: 'factors',
      render: (_, { posting, doubtful }) => (
        <>
          <Verbatim>{[...new Set(posting.factors.map(({ code }) => code))].join(' · ')}</Verbatim>{' '}
          {doubtful.length > 0 && (
            <Tooltip title={doubtful.join(', ')}>
              <Tag color="orange">{t('account.doubtful')}</Tag>
            </Tooltip>
          )}
        </>
      ),
    },
    {
      title: `${t('account.result')} ${t('unit.tCo2')}`,
      key: 'result',
      align: 'right',
      render: (_, { posting: { tCo2, unavailable } }) =>
        unavailable === undefined ? (
          number(tCo2 === undefined ? '—' : tonnesText(tCo2, locale))
        ) : (
          <span className="is-incomplete">
            {t('account.unavailable', { why: unavailableText(unavailable, speech) })}
          </span>
        ),
    },
    {
      title: t('account.entry'),
      key: 'entry',
      align: 'right',
      render: (_, { entry }) =>
        entry === undefined ? <Tag>{t('account.provisional')}</Tag> : number(`№ ${entry}`),
    },
  ]
  return (
    <section className="panel" data-testid="account-lines">
      <h2>{t('account.lines')}</h2>
      <Table<StatementLine>
        columns={columns}
        dataSource={statement.lines.toReversed()}
        rowKey={({ month, source, entry }) => `${month} ${source} ${entry ?? ''}`}
        size="small"
        pagination={{ pageSize: 24, hideOnSinglePage: true }}
        scroll={{ x: 'max-content' }}
        expandable={{
          defaultExpandAllRows: isOpen,
          expandedRowRender: ({ month, source, posting }) => (
            <PostingEvidence
              posting={posting}
              pathOf={(meter, day) => postingTrace({ account: statement.account, month, source }, meter, day)}
            />
          ),
        }}
      />
    </section>
  )
}

/** Every posting of the statement, opened down to formula, factor, meters and records; not drawn again by the clock. */
export const AccountLines = memo(Lines)
