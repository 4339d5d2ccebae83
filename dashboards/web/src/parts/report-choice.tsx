import { memo, useMemo, useState, type ReactNode } from 'react'
import { Segmented, Select } from 'antd'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'

/** Whose report, and of what period: what every report is asked with. */

const spans = ['month', 'quarter', 'year'] as const
type Span = (typeof spans)[number]

/** Periods that are offered: this one and those before it. */
const OFFERED = { month: 25, quarter: 9, year: 5 } as const satisfies Record<Span, number>

/**
 * Names of the newest periods of a span, the one under way first: "2026-03", "2026-Q1", "2026".
 * @param thisMonth e.g. "2026-03"
 */
function periodsOf(span: Span, thisMonth: string): string[] {
  const [year = 0, month = 1] = thisMonth.split('-').map(Number)
  return Array.from({ length: OFFERED[span] }, (_, back) => {
    if (span === 'year') return String(year - back)
    const length = span === 'month' ? 1 : 3
    const index = Math.floor((year * 12 + month - 1) / length) - back
    const part = index % (12 / length)
    const name = span === 'month' ? String(part + 1).padStart(2, '0') : `Q${part + 1}`
    return `${Math.floor(index / (12 / length))}-${name}`
  })
}

/** What a report can be kept as. */
export type ReportFormat = 'xlsx' | 'csv' | 'pdf' | 'json'

/** The whole park, as a choice beside its accounts. */
const WHOLE = ''

export interface ReportChoice {
  /** Undefined: the whole park. */
  readonly account: string | undefined
  readonly span: Span
  readonly period: string
  /** Periods that are offered. */
  readonly offered: readonly string[]
  /** Where a report of that kind is answered; `file` adds what a spreadsheet needs. */
  readonly report: (kind: string) => string
  readonly file: (kind: string, format: ReportFormat) => string
  readonly choose: {
    readonly account: (account: string) => void
    readonly span: (span: Span) => void
    readonly period: (period: string) => void
  }
}

export function reportPath(kind: string, account: string | undefined): string {
  return account === undefined ? `api/v1/reports/${kind}` : `api/v1/accounts/${account}/reports/${kind}`
}

/** First and last month of "2026-03", "2026-Q1" or "2026", the month under way at most. */
export function monthsOf(period: string, thisMonth: string): { readonly from: string; readonly to: string } {
  const [year = '', part] = period.split('-')
  const month = (number: number): string => `${year}-${String(number).padStart(2, '0')}`
  const last = part === undefined ? 12 : part.startsWith('Q') ? Number(part.slice(1)) * 3 : Number(part)
  const first = part === undefined ? 1 : part.startsWith('Q') ? last - 2 : last
  const end = month(last)
  return { from: month(first), to: end < thisMonth ? end : thisMonth }
}

/** The month under way in the park's time, e.g. "2026-03". */
export function useThisMonth(): string {
  const { nowMs, timeZone } = useMinute()
  return new Intl.DateTimeFormat('sv', { year: 'numeric', month: '2-digit', timeZone }).format(nowMs)
}

/** What is chosen; an enterprise user begins with its own account, everybody else with the park, of last month. */
export function useReportChoice(): ReportChoice {
  const { language } = useSpeech()
  const { info } = useSession()
  const thisMonth = useThisMonth()
  const [chosen, setChosen] = useState(info?.enterprise ?? WHOLE)
  const [span, setSpan] = useState<Span>('month')
  const [given, setGiven] = useState<string>()
  return useMemo(() => {
    const offered = periodsOf(span, thisMonth)
    const period = given ?? offered[span === 'year' ? 0 : 1] ?? ''
    const account = chosen === WHOLE ? undefined : chosen
    return {
      account,
      span,
      period,
      offered,
      report: (kind) => `${reportPath(kind, account)}?period=${period}`,
      file: (kind, format) =>
        `${reportPath(kind, account)}/file?period=${period}&format=${format}&language=${language}`,
      choose: {
        account: setChosen,
        span: (next) => {
          setSpan(next)
          setGiven(undefined)
        },
        period: setGiven,
      },
    }
  }, [chosen, span, given, thisMonth, language])
}

/** The name of a period on the screen: "2026年3月", "2026年第1季度", "2026年". */
export function periodText(period: string, { t }: Pick<Speech, 't'>): string {
  if (period.includes('..')) return period.replace('..', ' – ')
  const [year = '', part] = period.split('-')
  if (part === undefined) return t('period.year', { year })
  return part.startsWith('Q')
    ? t('period.quarter', { year, quarter: part.slice(1) })
    : t('period.month', { year, month: part })
}

function Choices({ choice, whole = true }: { choice: ReportChoice; whole?: boolean }): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const { info } = useSession()
  const park = useParkTree()
  const seesPark = (info?.enterprise ?? null) === null
  const accounts = [
    ...(seesPark && whole ? [{ value: WHOLE, label: t('report.wholePark') }] : []),
    ...(seesPark ? [{ value: park.id, label: t('report.ownOfPark') }] : []),
    ...park.enterprises.map(({ id, name }) => ({ value: id, label: nameOf(name) })),
  ]
  return (
    <>
      <Select
        aria-label={t('account.whose')}
        style={{ minWidth: 180 }}
        value={choice.account ?? WHOLE}
        onChange={choice.choose.account}
        options={accounts}
      />
      <Segmented<Span>
        aria-label={t('report.span')}
        value={choice.span}
        onChange={choice.choose.span}
        options={spans.map((span) => ({ value: span, label: t(`span.${span}`) }))}
      />
      <Select
        aria-label={t('report.period')}
        style={{ minWidth: 132 }}
        value={choice.period}
        onChange={choice.choose.period}
        options={choice.offered.map((period) => ({
          value: period,
          label: periodText(period, speech),
        }))}
      />
    </>
  )
}

/** The choices of a report page. `whole`: whether the whole park can be chosen. */
export const ReportChoices = memo(Choices)
