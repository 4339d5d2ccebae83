import { memo, type ReactNode } from 'react'
import { Alert, Tag } from 'antd'
import type { TargetView } from '#accounts/targets/target-view.ts'
import { useSpeech, type TextKey } from '#dashboards/web/src/language.tsx'
import { percentText, valueText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { targetTitle, unitText } from '#dashboards/web/src/target-text.ts'
import { accountTrace, balanceTrace, parkCarbonTrace } from '#dashboards/web/src/trace-paths.ts'
import { ConfidenceTag } from './confidence-tag.tsx'
import { TargetChart } from './target-chart.tsx'
import { Traced } from './traced.tsx'
import { Verbatim } from './verbatim.tsx'

type Grade = NonNullable<NonNullable<TargetView['status']>['grade']>

const gradeColours: Readonly<Record<string, string>> = {
  green: 'green',
  yellow: 'gold',
  orange: 'orange',
  red: 'red',
}

function GradeTag({ grade }: { grade: Grade | null }): ReactNode {
  const { t, nameOf } = useSpeech()
  if (grade === null) return <Tag>{t('targets.noGrade')}</Tag>
  return <Tag color={gradeColours[grade.colour] ?? 'default'}>{nameOf(grade.name)}</Tag>
}

const refusalKeys: Readonly<Record<string, TextKey>> = {
  'month-missing': 'targets.refusal.month-missing',
  'history-too-short': 'targets.refusal.history-too-short',
}

/** Four digits of an intensity, which may be far below one. */
function figureText(value: number, { per }: TargetView, locale: string): string {
  return per === null
    ? valueText(value, locale)
    : value.toLocaleString(locale, { maximumSignificantDigits: 4 })
}

/**
 * Where a total is opened: carbon in the account's statement, of the park in those of all accounts; energy in the
 * consumption of the balance table, of the year. What is deducted stands in no table.
 */
function traceOf({ account, of, year, per, deducts }: TargetView, park: string): string | undefined {
  if (per !== null) return undefined
  const isPark = account === park
  if (of === 'carbon') return isPark ? parkCarbonTrace(String(year)) : accountTrace(account, String(year))
  if (deducts.length > 0) return undefined
  return balanceTrace(isPark ? undefined : account, String(year), { row: 'consumption', item: 'total' })
}

function Figures({ target }: { target: TargetView }): ReactNode {
  const speech = useSpeech()
  const park = useParkTree()
  const { t, locale } = speech
  const { status, limit, unit } = target
  if (status === null) return <Alert type="info" showIcon title={t('targets.notBegun')} />
  const { toDate, left, pace, forecast, through, changeAgainstBase } = status
  const figure = (value: number): ReactNode => (
    <>
      <span className="number">{figureText(value, target, locale)}</span>{' '}
      <span className="unit">{unitText(unit, speech)}</span>
    </>
  )
  const lines: [string, ReactNode][] = [
    [t('targets.limit', { year: target.year }), figure(Number(limit))],
    [
      t('targets.toDate', { month: through }),
      toDate === null ? '—' : <Traced href={traceOf(target, park.id)}>{figure(Number(toDate))}</Traced>,
    ],
    [
      t('targets.pace'),
      pace === null ? (
        '—'
      ) : (
        <span className={pace.ratio > 1 ? 'is-incomplete' : ''}>
          {percentText(pace.ratio, locale)}{' '}
          <span className="unit">
            {t(pace.basis === 'last-year' ? 'targets.paceByYear' : 'targets.paceByDays', {
              share: percentText(pace.usualShare, locale),
            })}
          </span>
        </span>
      ),
    ],
    [t('targets.forecast'), forecast === null ? '—' : figure(forecast.expected)],
    [
      t('targets.band'),
      forecast === null ? (
        '—'
      ) : (
        <span className="number">
          {figureText(forecast.low, target, locale)} … {figureText(forecast.high, target, locale)}
        </span>
      ),
    ],
    [
      t('targets.left'),
      left === null ? (
        '—'
      ) : (
        <>
          <span className={Number(left) < 0 ? 'number is-trouble' : 'number'}>
            {valueText(Number(left), locale)}
          </span>{' '}
          <span className="unit">{unitText(unit, speech).split('/')[0]}</span>
        </>
      ),
    ],
  ]
  if (changeAgainstBase !== null)
    lines.push([
      t('targets.againstBase', { year: target.baseYear ?? '' }),
      percentText(changeAgainstBase, locale),
    ])
  return (
    <dl className="facts">
      {lines.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}

/** What limits the figures, in words. */
function Limits({ target }: { target: TargetView }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { status, document, confidence } = target
  const tonnes = status?.forecast?.tonnes
  const refusal = status?.refusal ?? null
  const twice = (target.output ?? []).flatMap(({ month, conflict }) => (conflict ? month : []))
  const key = refusal === null ? undefined : refusalKeys[refusal.reason]
  return (
    <div className="panel-note">
      {tonnes !== undefined && (
        <p>
          {t('targets.model', {
            model: nameOf(tonnes.modelName),
            trials: tonnes.trials.length,
            greatest: percentText(tonnes.greatestError, locale),
            root: percentText(tonnes.rootMeanSquareError, locale),
          })}
        </p>
      )}
      {refusal !== null && (
        <p className="is-incomplete">
          {key === undefined ? refusal.reason : t(key)} {refusal.months.join(', ')}
        </p>
      )}
      {refusal === null && status !== null && status.missing.length > 0 && (
        <p className="is-incomplete">{t('targets.missing', { months: status.missing.join(', ') })}</p>
      )}
      {twice.length > 0 && (
        <p className="is-incomplete">{t('targets.outputTwice', { months: twice.join(', ') })}</p>
      )}
      <p>
        <ConfidenceTag confidence={confidence} /> <Verbatim>{document}</Verbatim>
      </p>
    </div>
  )
}

function Panel({ target }: { target: TargetView }): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const { status } = target
  const [low, high] = [status?.gradeAtLow ?? null, status?.gradeAtHigh ?? null]
  const isOne = low?.id === high?.id
  return (
    <section className="panel" data-testid={`target-${target.id}`}>
      <div className="panel-head">
        <h2>
          {nameOf(target.name)} · {targetTitle(target, speech)}
          <small>{target.year}</small>
        </h2>
        <span>
          <GradeTag grade={status?.grade ?? null} />
          {!isOne && low !== null && high !== null && (
            <span className="unit">
              {t('targets.gradeBand', { low: nameOf(low.name), high: nameOf(high.name) })}
            </span>
          )}
        </span>
      </div>
      <Figures target={target} />
      <TargetChart target={target} />
      <Limits target={target} />
    </section>
  )
}

/** One target: where it stands, what the year will bring within which band, and how far that can be trusted. */
export const TargetPanel = memo(Panel)
