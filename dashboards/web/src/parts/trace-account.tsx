import type { ReactNode } from 'react'
import { statement } from '#dashboards/api/account-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { AccountLines } from './account-lines.tsx'
import { AccountFigures } from './account-figures.tsx'
import { Loading } from './loading.tsx'
import { monthsOf, useThisMonth } from './report-choice.tsx'
import { TraceHead } from './trace-head.tsx'
import { NotRead } from './not-read.tsx'
import { Nothing } from './nothing.tsx'

interface TraceAccountProps {
  readonly account: string
  /** A month ("2026-03"), quarter ("2026-Q1") or year. */
  readonly period: string
}

/** A figure of an account’s statement: the postings that it is the sum of, each with formula, factors and meters. */
export function TraceAccount({ account, period }: TraceAccountProps): ReactNode {
  const { t, nameOf } = useSpeech()
  const park = useParkTree()
  const { from, to } = monthsOf(period, useThisMonth())
  const { data, failed, failure } = useAnswer(
    statement,
    from > to ? undefined : `api/v1/accounts/${account}/statement?from=${from}&to=${to}`,
    0,
  )
  const name = [park, ...park.enterprises].find(({ id }) => id === account)?.name
  return (
    <>
      <TraceHead
        title={`${name === undefined ? account : nameOf(name)} · ${t('page.account')} · ${period}`}
        step="formula"
      />
      <p className="panel-note">{t('trace.accountNote')}</p>
      <NotRead why={failure} />
      {data === undefined ? (
        !failed && <Loading text={t('loading')} />
      ) : data.lines.length === 0 ? (
        <Nothing text={t('account.empty')} />
      ) : (
        <>
          <AccountFigures statement={data} />
          <AccountLines statement={data} isOpen />
        </>
      )}
    </>
  )
}
