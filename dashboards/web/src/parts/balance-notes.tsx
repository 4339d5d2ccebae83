import { memo, type ReactNode } from 'react'
import { Alert, Collapse, Table, Tag, type TableColumnsType } from 'antd'
import type { BalanceView } from '#accounts/balance-view.ts'
import type { BalanceItem } from '#dashboards/web/src/balance-figures.ts'
import { useSpeech, type TextKey } from '#dashboards/web/src/language.tsx'
import { exactText, listText, roundText, valueText } from '#dashboards/web/src/numbers.ts'
import { metersById } from '#dashboards/web/src/meter-names.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { balanceTrace } from '#dashboards/web/src/trace-paths.ts'
import { CoefficientTable } from './coefficient-table.tsx'
import { Traced } from './traced.tsx'

type ClosureView = BalanceView['closures'][string]

const verdicts: Readonly<Record<string, { readonly text: TextKey; readonly colour: string }>> = {
  closes: { text: 'balance.verdict.closes', colour: 'green' },
  beyond: { text: 'balance.verdict.beyond', colour: 'red' },
  'cannot-be-judged': { text: 'balance.verdict.cannot-be-judged', colour: 'default' },
  incomplete: { text: 'balance.verdict.incomplete', colour: 'orange' },
}

const unplacedKeys: Readonly<Record<string, TextKey>> = {
  'no-item': 'balance.unplaced.no-item',
  'actual-volume': 'balance.unplaced.actual-volume',
  'no-enthalpy': 'balance.unplaced.no-enthalpy',
  'media-made-inside': 'balance.unplaced.media-made-inside',
  'conversion-not-in-plan': 'balance.unplaced.conversion-not-in-plan',
}

function VerdictTag({ verdict }: { verdict: string }): ReactNode {
  const { t } = useSpeech()
  const look = verdicts[verdict]
  return look === undefined ? <Tag>{verdict}</Tag> : <Tag color={look.colour}>{t(look.text)}</Tag>
}

/** An item's difference against what the accuracy classes of its meters allow. */
export function Closure({ closure, unit }: { closure: ClosureView; unit: string }): ReactNode {
  const { t, locale } = useSpeech()
  const { difference, allowed, verdict, unknown } = closure
  return (
    <div>
      <VerdictTag verdict={verdict} />
      {allowed === null
        ? t('balance.notAllowed', { difference: roundText(difference, locale), unit })
        : t('balance.allowed', {
            difference: roundText(difference, locale),
            unit,
            allowed: valueText(allowed, locale),
          })}
      {unknown.length > 0 && (
        <p className="panel-note">{t('balance.withoutClass', { what: unknown.join(', ') })}</p>
      )}
    </div>
  )
}

interface ClosureLine {
  readonly item: BalanceItem
  readonly closure: ClosureView
}

interface ClosuresProps {
  readonly view: BalanceView
  /** Undefined: the whole park. */
  readonly account: string | undefined
}

function Closures({ view, account }: ClosuresProps): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const lines = view.items.flatMap((item): ClosureLine[] => {
    const closure = view.closures[item.id]
    return closure === undefined ? [] : [{ item, closure }]
  })
  const number = (text: string): ReactNode => <span className="number">{text}</span>
  const columns: TableColumnsType<ClosureLine> = [
    { title: t('balance.item'), key: 'item', render: (_, { item }) => nameOf(item.name) },
    {
      title: t('balance.difference'),
      key: 'difference',
      align: 'right',
      render: (_, { item, closure }) => (
        <Traced href={balanceTrace(account, view.period.name, { row: 'difference', item: item.id })}>
          {number(`${roundText(closure.difference, locale)} ${item.unit}`)}
        </Traced>
      ),
    },
    {
      title: t('balance.allowedHead'),
      key: 'allowed',
      align: 'right',
      render: (_, { item, closure: { allowed } }) =>
        number(allowed === null ? '—' : `± ${valueText(allowed, locale)} ${item.unit}`),
    },
    {
      title: t('balance.verdictHead'),
      key: 'verdict',
      render: (_, { closure }) => <VerdictTag verdict={closure.verdict} />,
    },
    {
      title: t('balance.without'),
      key: 'unknown',
      render: (_, { closure: { unknown } }) => unknown.join(', '),
    },
  ]
  return (
    <section className="panel" data-testid="balance-closures">
      <h2>{t('balance.closures')}</h2>
      <Table<ClosureLine>
        columns={columns}
        dataSource={lines}
        rowKey={({ item }) => item.id}
        size="small"
        pagination={false}
        scroll={{ x: 'max-content' }}
      />
      <p className="panel-note">{t('balance.closuresNote')}</p>
    </section>
  )
}

function Notes({ view }: { view: BalanceView }): ReactNode {
  const { t, nameOf, language } = useSpeech()
  const park = useParkTree()
  const meters = metersById(park)
  const { unplaced, compared, coefficients } = view
  const doubtful = coefficients.filter(
    ({ confidence }) => confidence === 'unverified' || confidence === 'conflict',
  )
  return (
    <>
      {doubtful.length > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t('balance.doubtful', {
            codes: listText([...new Set(doubtful.map(({ code }) => code))], language),
          })}
        />
      )}
      <Collapse
        items={[
          {
            key: 'coefficients',
            label: t('balance.coefficientsCount', { count: coefficients.length }),
            children: <CoefficientTable coefficients={coefficients} />,
          },
          ...(unplaced.length === 0
            ? []
            : [
                {
                  key: 'unplaced',
                  label: t('balance.unplacedCount', { count: unplaced.length }),
                  children: (
                    <ul>
                      {unplaced.map(({ meter, reason }) => {
                        const [facts, key] = [meters.get(meter), unplacedKeys[reason]]
                        return (
                          <li key={meter}>
                            {facts === undefined ? meter : `${nameOf(facts.name)} (${meter})`} ·{' '}
                            {key === undefined ? reason : t(key)}
                          </li>
                        )
                      })}
                    </ul>
                  ),
                },
              ]),
          ...(compared.length === 0
            ? []
            : [
                {
                  key: 'compared',
                  label: t('balance.comparedCount', { count: compared.length }),
                  children: (
                    <ul>
                      {compared.map(({ record, account, item, amount }) => (
                        <li key={record}>
                          {t('account.record', { record })} · {account} · {item} ·{' '}
                          <span className="number">{exactText(amount)}</span>
                        </li>
                      ))}
                    </ul>
                  ),
                },
              ]),
        ]}
      />
    </>
  )
}

/** The differences of all items, judged. */
export const BalanceClosures = memo(Closures)
/** What the table rests on beside its meters, and what is not in it. */
export const BalanceNotes = memo(Notes)
