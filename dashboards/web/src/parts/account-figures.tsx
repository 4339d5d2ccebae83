import type { ReactNode } from 'react'
import { Alert } from 'antd'
import type { Statement } from '#dashboards/api/account-shapes.ts'
import { monthSourceText, sourceText } from '#dashboards/web/src/account-text.ts'
import { useSpeech, type TextKey } from '#dashboards/web/src/language.tsx'
import { exactText, listText, tonnesText } from '#dashboards/web/src/numbers.ts'
import { Traced } from './traced.tsx'

const unsourcedKeys = {
  'no-source': 'account.unsourced.no-source',
  'passed-on': 'account.unsourced.passed-on',
  rest: 'account.unsourced.rest',
  'not-in-table': 'account.unsourced.not-in-table',
} as const satisfies Record<NonNullable<Statement['unsourced']>[number]['why'], TextKey>

interface FigureProps {
  readonly name: string
  readonly tonnes: string | undefined
  readonly note?: string | undefined
  readonly trace: string | undefined
}

function Figure({ name, tonnes, note, trace }: FigureProps): ReactNode {
  const { t, locale } = useSpeech()
  const figure = (
    <>
      <span className="number">{tonnes === undefined ? '—' : tonnesText(tonnes, locale)}</span>{' '}
      <span className="unit">{t('unit.tCo2')}</span>
    </>
  )
  return (
    <section className="tile">
      <h2>{name}</h2>
      <p className="tile-value">
        <Traced href={trace}>{figure}</Traced>
      </p>
      <div className="tile-note">{note}</div>
    </section>
  )
}

interface AccountFiguresProps {
  readonly statement: Statement
  /** Where they are opened; undefined where that is here. */
  readonly trace?: string
  /** More tiles of the same row. */
  readonly children?: ReactNode
}

/** The totals of a statement, with what is not in them. */
export function AccountFigures({ statement, trace, children }: AccountFiguresProps): ReactNode {
  const speech = useSpeech()
  const { t, locale, language, nameOf } = speech
  const { totals, months, missing, incomplete, unsourced, clocks, differences } = statement
  const percent = (share: string): string =>
    Number(share).toLocaleString(locale, { style: 'percent', maximumFractionDigits: 1 })
  const uncertainty =
    totals.uncertainty === undefined
      ? t('account.uncertaintyUnknown')
      : t(totals.uncertaintyLacks === undefined ? 'account.uncertainty' : 'account.uncertaintyOfKnown', {
          share: percent(totals.uncertainty),
          missing: percent(totals.uncertaintyLacks?.slots ?? '0'),
        })
  const closed = months.filter(({ state }) => state === 'closed').length
  return (
    <>
      <div className="tiles">
        <Figure name={t('account.total')} tonnes={totals.total} note={uncertainty} trace={trace} />
        <Figure
          name={t('account.market')}
          tonnes={totals.totalMarketBased}
          note={t('account.marketNote')}
          trace={trace}
        />
        <Figure
          name={t('account.scope1')}
          tonnes={totals.byScope['1']}
          note={t('account.scope1Note')}
          trace={trace}
        />
        <Figure
          name={t('account.scope2')}
          tonnes={totals.byScope['2']}
          note={t('account.scope2Note')}
          trace={trace}
        />
        {children}
        <section className="tile">
          <h2>{t('account.closed')}</h2>
          <p className="tile-value">
            <span className="number">
              {closed} / {months.length}
            </span>{' '}
            <span className="unit">{t('unit.months')}</span>
          </p>
        </section>
      </div>
      {missing.length > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t('account.missing', { months: listText(missing, language) })}
        />
      )}
      {incomplete.length > 0 && (
        <Alert
          type="info"
          showIcon
          title={t('account.incomplete', {
            what: listText(
              incomplete.map((each) => monthSourceText(statement, each, speech)),
              language,
            ),
          })}
        />
      )}
      {unsourced !== undefined && unsourced.length > 0 && (
        <Alert
          type="warning"
          showIcon
          data-testid="account-unsourced"
          title={t('account.unsourced', { count: unsourced.length })}
          description={
            <ul>
              {unsourced.map((each) => {
                const { name, meter, record, amount, unit, incomplete: isPart, from, to, why } = each
                const where =
                  meter === null ? t('account.record', { record: record ?? '' }) : nameOf(meter.name)
                const much = amount === null ? t('balance.missing') : `${exactText(amount)} ${unit}`
                return (
                  <li key={`${meter?.id ?? ''} ${record ?? ''} ${why}`}>
                    {nameOf(name)} · {where} · <span className="number">{isPart ? `${much} *` : much}</span> ·{' '}
                    {t('account.unsourcedDays', { from, to })} · {t(unsourcedKeys[why])}
                  </li>
                )
              })}
            </ul>
          }
        />
      )}
      {clocks.length > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t('account.clockWrong', { entries: clocks.map(({ entry }) => `№ ${entry}`).join(', ') })}
        />
      )}
      {differences.length > 0 && (
        <Alert
          type="info"
          showIcon
          title={t('account.differences', {
            what: listText(
              differences.map(({ month, source }) => `${month} ${sourceText(statement, source, speech)}`),
              language,
            ),
          })}
        />
      )}
    </>
  )
}
