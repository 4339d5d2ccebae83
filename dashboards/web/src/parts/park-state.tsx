import { useMemo, type ReactNode } from 'react'
import { Link } from 'wouter'
import type { TargetView } from '#accounts/targets/target-view.ts'
import { alarmKinds } from '#contract/alarm.ts'
import '#dashboards/web/src/operations.css'
import '#dashboards/web/src/park-state.css'
import { alarmSubjects } from '#dashboards/web/src/alarm-subject.ts'
import type { Failure } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { percentText, spanText, valueText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { useAlarmsNow, useHealth, useTargetsNow } from '#dashboards/web/src/park-state.ts'
import { targetTitle, unitText } from '#dashboards/web/src/target-text.ts'
import { NotRead } from './not-read.tsx'
import { Nothing } from './nothing.tsx'

/** Lines of one panel: the whole lists have pages of their own. */
const LINES_MAX = 3

interface StatePanelProps {
  readonly title: string
  /** The page where there is more of it; none on a wall. */
  readonly page: string | undefined
  readonly testId: string
  readonly children: ReactNode
}

function StatePanel({ title, page, testId, children }: StatePanelProps): ReactNode {
  const { t } = useSpeech()
  return (
    <section className="panel state-panel" data-testid={testId}>
      <div className="panel-head">
        <h2>{title}</h2>
        {page !== undefined && (
          <Link href={page} className="link" aria-label={t('state.openOf', { what: title })}>
            {t('state.open')}
          </Link>
        )}
      </div>
      {children}
    </section>
  )
}

/** What it is while an answer is on its way, and what it is when there is none. */
function Waiting({ failure }: { failure: Failure | undefined }): ReactNode {
  return failure === undefined ? (
    <div className="skeleton state-waiting" />
  ) : (
    <NotRead why={failure} inPanel />
  )
}

/** How much of a year’s limit is used, with a mark where its pace would be now. */
function TargetLine({ target }: { target: TargetView }): ReactNode {
  const speech = useSpeech()
  const { t, locale, nameOf } = speech
  const { limit, status, unit, year } = target
  const toDate = status?.toDate ?? null
  const pace = status?.pace ?? null
  const used = toDate === null ? undefined : Number(toDate) / Number(limit)
  const expected = status?.forecast?.expected
  return (
    <li data-testid={`pace-${target.id}`}>
      <span>
        {targetTitle(target, speech)} <small>{year}</small>
      </span>
      <span className={pace !== null && pace.ratio > 1 ? 'number is-incomplete' : 'number'}>
        {pace === null ? t('state.noPace') : t('state.pace', { share: percentText(pace.ratio, locale) })}
      </span>
      <span className="bar bullet" aria-hidden="true">
        {used !== undefined && <span style={{ width: `${Math.max(0, Math.min(1, used)) * 100}%` }} />}
        {pace !== null && <i style={{ left: `${Math.min(1, pace.usualShare) * 100}%` }} />}
      </span>
      <span className="bullet-note">
        {status === null
          ? t('targets.notBegun')
          : [
              t(target.per === null ? 'state.used' : 'state.soFar', {
                used: toDate === null ? '—' : valueText(Number(toDate), locale),
                limit: valueText(Number(limit), locale),
                unit: unitText(unit, speech),
              }),
              expected === undefined ? '' : t('state.expected', { value: valueText(expected, locale) }),
              status.grade === null ? '' : nameOf(status.grade.name),
            ]
              .filter((text) => text !== '')
              .join(' · ')}
      </span>
    </li>
  )
}

interface TargetsProps {
  readonly page: string | undefined
  readonly answer: ReturnType<typeof useTargetsNow>
}

function Targets({ page, answer: { data, failure } }: TargetsProps): ReactNode {
  const { t } = useSpeech()
  return (
    <StatePanel title={t('state.targets')} page={page} testId="state-targets">
      {data === undefined ? (
        <Waiting failure={failure} />
      ) : data.length === 0 ? (
        <Nothing text={t('targets.empty')} />
      ) : (
        <ul className="bar-list">
          {data.slice(0, LINES_MAX).map((target) => (
            <TargetLine key={target.id} target={target} />
          ))}
        </ul>
      )}
    </StatePanel>
  )
}

function Alarms({ page }: { page: string | undefined }): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const { nowMs } = useMinute()
  const { data, failure } = useAlarmsNow()
  const park = useParkTree()
  const subjectOf = useMemo(() => alarmSubjects(park, speech), [park, speech])
  const sorted = data?.alarms.toSorted(
    (a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical') || b.begunMs - a.begunMs,
  )
  return (
    <StatePanel title={t('state.alarms')} page={page} testId="state-alarms">
      {data === undefined || sorted === undefined ? (
        <Waiting failure={failure} />
      ) : sorted.length === 0 ? (
        <p className="state-figure is-complete">{t('state.noAlarms')}</p>
      ) : (
        <>
          <p className="state-figure">
            <strong className="number is-trouble">{data.standing}</strong> {t('state.standing')}
            {data.unacknowledged > 0 && (
              <span className="is-incomplete">
                {' '}
                {t('state.unacknowledged', { count: data.unacknowledged })}
              </span>
            )}
          </p>
          <ul className="plain-list">
            {sorted.slice(0, LINES_MAX).map((alarm) => (
              <li key={alarm.id} className="state-line">
                <span className={`alarm is-${alarm.severity}`}>{nameOf(alarmKinds[alarm.kind])}</span>
                <span className="state-subject">{subjectOf(alarm)}</span>
                <span className="number">{spanText(Math.max(0, nowMs - alarm.begunMs), t)}</span>
              </li>
            ))}
          </ul>
          {sorted.length > LINES_MAX && (
            <p className="panel-note">{t('state.more', { count: sorted.length - LINES_MAX })}</p>
          )}
        </>
      )}
    </StatePanel>
  )
}

function Health({ page }: { page: string | undefined }): ReactNode {
  const { t, locale } = useSpeech()
  const { data, failure } = useHealth()
  if (data === undefined) {
    return (
      <StatePanel title={t('state.health')} page={page} testId="state-health">
        <Waiting failure={failure} />
      </StatePanel>
    )
  }
  const { slots, openGaps, quarantined, calibrationDue } = data
  const { known, expected } = slots
  const lines: [string, number][] = [
    [t('state.openGaps'), openGaps],
    ...(quarantined === null ? [] : [[t('state.quarantined'), quarantined] satisfies [string, number]]),
    [t('state.calibrationDue'), calibrationDue],
  ]
  return (
    <StatePanel title={t('state.health')} page={page} testId="state-health">
      <p className="state-figure">
        <strong className={known < expected ? 'number is-incomplete' : 'number is-complete'}>
          {/* Rounded down: what is not whole does not look whole. */}
          {expected === 0 ? '—' : percentText(Math.floor((known / expected) * 1_000) / 1_000, locale)}
        </strong>{' '}
        {t('state.slots', { known: known.toLocaleString(locale), expected: expected.toLocaleString(locale) })}
      </p>
      <ul className="plain-list">
        {lines.map(([name, count]) => (
          <li key={name} className="state-line">
            <span>{name}</span>
            <span className={count > 0 ? 'number is-incomplete' : 'number'}>{count}</span>
          </li>
        ))}
      </ul>
    </StatePanel>
  )
}

interface ParkStateProps {
  /** On a wall there is nothing to press. */
  readonly onWall?: boolean
}

/** Pace of the year’s targets, alarms that hold, and how far the data of the day can be trusted. */
export function ParkState({ onWall = false }: ParkStateProps): ReactNode {
  const { accounting } = useParkTree()
  const targets = useTargetsNow()
  const page = (path: string): string | undefined => (onWall ? undefined : path)
  return (
    <>
      {accounting && <Targets page={page('/targets')} answer={targets} />}
      <Alarms page={page('/alarms')} />
      <Health page={page('/quality')} />
    </>
  )
}
