import { useState, type ReactNode } from 'react'
import { Button, Descriptions, Table, Tag, Tooltip, type TableColumnsType } from 'antd'
import { intervalMethods } from '#contract/interval.ts'
import type { Statement, StatementLine } from '#dashboards/api/account-shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { exactText, percentText, tonnesText } from '#dashboards/web/src/numbers.ts'
import { EvidenceDrawer, type OpenEvidence } from './evidence-drawer.tsx'

/** How an amount is known. */
const methods = [...intervalMethods, 'recorded'] as const

function Evidence({
  line,
  open,
}: {
  line: StatementLine
  open: (evidence: OpenEvidence) => void
}): ReactNode {
  const { t, locale } = useSpeech()
  const { posting, entry } = line
  return (
    <div className="stack">
      <Descriptions size="small" column={1} bordered>
        <Descriptions.Item label={t('account.formula')}>{t(`formula.${posting.formula}`)}</Descriptions.Item>
        {posting.factors.map((factor) => (
          <Descriptions.Item key={`${factor.what} ${factor.code}`} label={t(`factor.${factor.what}`)}>
            <span className="number">{factor.value}</span> {factor.unit} · {factor.code} ·{' '}
            {t(`confidence.${factor.confidence}`)} · {factor.document}
          </Descriptions.Item>
        ))}
        {posting.evidence.meters.map((meter) => (
          <Descriptions.Item key={`${meter.meter} ${meter.quantity}`} label={t('account.meter')}>
            {meter.meter} × <span className="number">{meter.share}</span> ={' '}
            <span className="number">{meter.energy === undefined ? '—' : exactText(meter.energy)}</span>{' '}
            {meter.unit} ({t('account.slots', { known: meter.slots.known, expected: meter.slots.expected })}){' '}
            {entry !== undefined && (
              <Button size="small" onClick={() => open({ entry, meter: meter.meter, fromMs: meter.fromMs })}>
                {t('account.open')}
              </Button>
            )}
          </Descriptions.Item>
        ))}
        {posting.evidence.records.map(({ record, amount, use }) => (
          <Descriptions.Item key={`record ${record} ${use}`} label={t('account.record', { record })}>
            <span className="number">{amount}</span>
          </Descriptions.Item>
        ))}
        {methods.map((method) => {
          const share = posting.methods[method]
          return share === undefined ? null : (
            <Descriptions.Item key={method} label={t(`method.${method}`)}>
              {percentText(Number(share), locale)}
            </Descriptions.Item>
          )
        })}
      </Descriptions>
    </div>
  )
}

/** Every posting of the statement, opened down to formula, factor, meters and records. */
export function AccountLines({ statement }: { statement: Statement }): ReactNode {
  const { t, locale } = useSpeech()
  const [evidence, setEvidence] = useState<OpenEvidence>()
  const number = (text: string): ReactNode => <span className="number">{text}</span>
  const columns: TableColumnsType<StatementLine> = [
    { title: t('account.month'), key: 'month', render: (_, { month }) => number(month) },
    { title: t('account.source'), key: 'source', render: (_, { source }) => source },
    { title: t('account.scope'), key: 'scope', render: (_, { posting }) => t(`scope.${posting.scope}`) },
    {
      title: t('account.activity'),
      key: 'activity',
      align: 'right',
      render: (_, { posting: { activity } }) =>
        activity === undefined ? number('—') : number(`${exactText(activity.amount)} ${activity.unit}`),
    },
    {
      title: t('account.factors'),
      key: 'factors',
      render: (_, { posting, doubtful }) => (
        <>
          {posting.factors.map(({ code }) => code).join(' · ')}{' '}
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
      render: (_, { posting: { tCo2 } }) => number(tCo2 === undefined ? '—' : tonnesText(tCo2, locale)),
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
        expandable={{ expandedRowRender: (line) => <Evidence line={line} open={setEvidence} /> }}
      />
      <EvidenceDrawer
        account={statement.account}
        evidence={evidence}
        onClose={() => setEvidence(undefined)}
      />
    </section>
  )
}
