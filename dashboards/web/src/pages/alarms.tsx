import { useState, type ReactNode } from 'react'
import { Button, Segmented, Table, type TableColumnsType } from 'antd'
import { Link } from 'wouter'
import { alarmKinds } from '#contract/alarm.ts'
import { alarmList, type AlarmLine } from '#dashboards/api/alarm-shapes.ts'
import { subjectPage } from '#dashboards/alarms/subject-page.ts'
import { alarmSubjects } from '#dashboards/web/src/alarm-subject.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { refusalOf, type Refusal } from '#dashboards/web/src/fault-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useFiveSeconds, useTimeZone } from '#dashboards/web/src/live.ts'
import { momentText, spanText, valueText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { unitText } from '#dashboards/web/src/target-text.ts'
import { AlarmRuleList } from '#dashboards/web/src/parts/alarm-rules.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { Nothing } from '#dashboards/web/src/parts/nothing.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { ReasonDialog } from '#dashboards/web/src/parts/reason-dialog.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'
import { RefusalAlert } from '#dashboards/web/src/parts/refusal-alert.tsx'

const REFRESH_MS = 10_000
const states = ['standing', 'all'] as const

/** What is seen of an alarm: a value beside its limit, and since when. */
function Seen({ alarm }: { alarm: AlarmLine }): ReactNode {
  const speech = useSpeech()
  const { t, locale } = speech
  const timeZone = useTimeZone()
  const { value, limit, unit, sinceMs } = alarm.detail
  // Alarms of before have these two for a unit.
  const shown = unit === undefined || unit === 'power' || unit === 'slot' ? '' : ` ${unitText(unit, speech)}`
  return (
    <span className="number">
      {value !== undefined && `${valueText(value, locale)}${shown}`}
      {limit !== undefined && ` ${t('alarm.limit', { limit: `${valueText(limit, locale)}${shown}` })}`}
      {sinceMs !== undefined && ` ${t('alarm.since', { time: momentText(sinceMs, locale, timeZone) })}`}
    </span>
  )
}

/** What holds now and what held: acknowledged by whom, and what was remarked. */
export function AlarmsPage(): ReactNode {
  const speech = useSpeech()
  const { t, locale, nameOf } = speech
  const { nowMs, timeZone } = useFiveSeconds()
  const park = useParkTree()
  const { may, change, info } = useSession()
  const [state, setState] = useState<(typeof states)[number]>('standing')
  const [changes, setChanges] = useState(0)
  const [asked, setAsked] = useState<{ id: number }>()
  const [refused, setRefused] = useState<Refusal>()
  const answer = useAnswer(
    alarmList,
    `api/alarms?state=${state}`,
    `${Math.floor(nowMs / REFRESH_MS)} ${changes}`,
  )
  const nameOfSubject = alarmSubjects(park, speech)
  const subjectOf = (alarm: AlarmLine): ReactNode => (
    <Link href={subjectPage(alarm.subject)}>{nameOfSubject(alarm)}</Link>
  )
  const acknowledge = (id: number): void => {
    setRefused(undefined)
    change('POST', `api/v1/alarms/${id}/acknowledge`, {})
      .catch((error: unknown) => setRefused(refusalOf(error)))
      .finally(() => setChanges((count) => count + 1))
  }

  const columns: TableColumnsType<AlarmLine> = [
    {
      title: t('alarm.what'),
      key: 'kind',
      render: (_, { kind, severity, endedMs }) => (
        <span className={endedMs === null ? `alarm is-${severity}` : 'alarm is-over'}>
          {nameOf(alarmKinds[kind])}
        </span>
      ),
    },
    { title: t('alarm.of'), key: 'of', render: (_, alarm) => subjectOf(alarm) },
    { title: t('alarm.seen'), key: 'seen', render: (_, alarm) => <Seen alarm={alarm} /> },
    {
      title: t('alarm.begun'),
      key: 'begun',
      render: (_, { begunMs }) => <span className="number">{momentText(begunMs, locale, timeZone)}</span>,
    },
    {
      title: t('alarm.lasted'),
      key: 'lasted',
      align: 'right',
      render: (_, { begunMs, endedMs }) => (
        <span className="number">
          {spanText(Math.max(0, (endedMs ?? nowMs) - begunMs), t)}
          {endedMs === null ? '' : ` · ${t('alarm.over')}`}
        </span>
      ),
    },
    {
      title: t('alarm.said'),
      key: 'said',
      render: (_, { acknowledged, remarks }) => (
        <>
          {acknowledged !== null && (
            <div>
              {t('alarm.acknowledgedBy', {
                by: acknowledged.by,
                time: momentText(acknowledged.atMs, locale, timeZone),
              })}
            </div>
          )}
          {remarks.map(({ atMs, by, text }) => (
            <div key={`${atMs} ${text}`} className="role" translate="no">
              {by}: {text}
            </div>
          ))}
        </>
      ),
    },
    ...(may('operate')
      ? [
          {
            title: '',
            key: 'act',
            render: (_: unknown, { id, acknowledged }: AlarmLine) => (
              <span className="session">
                {acknowledged === null && (
                  <Button size="small" type="primary" onClick={() => acknowledge(id)}>
                    {t('alarm.acknowledge')}
                  </Button>
                )}
                <Button size="small" onClick={() => setAsked({ id })}>
                  {t('gap.remark')}
                </Button>
              </span>
            ),
          },
        ]
      : []),
  ]
  return (
    <div className="stack" data-testid="alarms-page">
      <Parts>
        <PageHead title={t('page.alarms')} help={t('alarm.help')}>
          <Segmented
            aria-label={t('choice.state')}
            value={state}
            onChange={setState}
            options={states.map((value) => ({ value, label: t(`alarm.${value}`) }))}
          />
        </PageHead>
        <NotRead why={answer.failure} />
        <RefusalAlert why={refused} />
        <section className="panel alarm-list">
          <Table<AlarmLine>
            columns={columns}
            dataSource={answer.data?.alarms ?? []}
            loading={answer.data === undefined && !answer.failed}
            rowKey="id"
            size="small"
            scroll={{ x: 'max-content' }}
            pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
            locale={{ emptyText: <Nothing text={t('alarm.none')} /> }}
          />
        </section>
        {(info?.enterprise ?? null) === null && <AlarmRuleList />}
        {asked !== undefined && (
          <ReasonDialog
            title={t('gap.remark')}
            onClose={() => setAsked(undefined)}
            onSubmit={async (text) => {
              await change('POST', `api/v1/alarms/${asked.id}/remarks`, { text })
              setChanges((count) => count + 1)
            }}
          />
        )}
      </Parts>
    </div>
  )
}
