import type { ReactNode } from 'react'
import { Alert } from 'antd'
import { useLocation } from 'wouter'
import { balanceView } from '#accounts/balance-view.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import '#dashboards/web/src/accounts.css'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { balanceTrace, WHOLE_PARK } from '#dashboards/web/src/trace-paths.ts'
import { BalanceCell, balanceCellTitle } from './balance-cell.tsx'
import { Loading } from './loading.tsx'
import { periodText, reportPath } from './report-choice.tsx'
import { TraceHead } from './trace-head.tsx'
import { NotRead } from './not-read.tsx'

interface TraceBalanceProps {
  readonly account: string
  readonly period: string
  readonly row: string
  readonly item: string
}

/** A cell of a balance table: cells that it sums, meters and records, coefficients with their documents. */
export function TraceBalance({ account, period, row, item }: TraceBalanceProps): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const [, go] = useLocation()
  const of = account === WHOLE_PARK ? undefined : account
  const { data, failed, failure } = useAnswer(balanceView, `${reportPath('balance', of)}?period=${period}`, 0)
  const cell = { row, item }
  const title = data === undefined ? undefined : balanceCellTitle(data, cell, speech)
  return (
    <>
      <TraceHead
        title={
          data === undefined || title === undefined
            ? t('page.balance')
            : `${nameOf(data.account)} · ${periodText(period, speech)} · ${title}`
        }
        step="formula"
      />
      <NotRead why={failure} />
      {data === undefined ? (
        !failed && <Loading text={t('report.loading')} />
      ) : title === undefined ? (
        <Alert type="warning" showIcon title={t('trace.unknown')} />
      ) : (
        <section className="panel">
          <BalanceCell view={data} opened={cell} open={(next) => go(balanceTrace(of, period, next))} />
        </section>
      )}
    </>
  )
}
