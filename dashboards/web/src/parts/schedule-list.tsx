import { useState, type ReactNode } from 'react'
import { Button, Popconfirm, Table, type TableColumnsType } from 'antd'
import { WHOLE_PARK } from '#contract/report-schedule.ts'
import type { ScheduledReportList, ScheduleLine } from '#dashboards/api/scheduled-shapes.ts'
import { refusalOf, type Refusal } from '#dashboards/web/src/fault-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { momentText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { Verbatim } from '#dashboards/web/src/parts/verbatim.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { ScheduleDialog, type ScheduleWish } from './schedule-dialog.tsx'
import { RefusalAlert } from './refusal-alert.tsx'

const PATH = 'api/v1/report-schedules'

interface ScheduleListProps {
  readonly data: ScheduledReportList
  readonly onChange: () => void
}

/** Schedules with what is next; who may, makes, changes and ends those of the page. */
export function ScheduleList({ data: { schedules, can }, onChange }: ScheduleListProps): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const timeZone = useTimeZone()
  const park = useParkTree()
  const { may, change } = useSession()
  const [asked, setAsked] = useState<{ readonly before: ScheduleLine | undefined }>()
  const [refused, setRefused] = useState<Refusal>()
  const mayChange = may('manage') && can.schedule
  const names = new Map(park.enterprises.map(({ id, name }) => [id, nameOf(name)]))
  const ofText = ({ of }: ScheduleLine): string =>
    of === null
      ? t('schedule.all')
      : of
          .map((each) => (each === WHOLE_PARK ? t('scheduled.wholePark') : (names.get(each) ?? each)))
          .join(' · ')
  const send = async (wish: ScheduleWish): Promise<void> => {
    const before = asked?.before
    const { of, mailTo, ...rest } = wish
    // A new one leaves out what it does not say; a change ends it.
    if (before === undefined)
      await change('POST', PATH, {
        ...rest,
        ...(of === null ? {} : { of }),
        ...(mailTo === null ? {} : { mailTo }),
      })
    else await change('PATCH', `${PATH}/${before.id}`, wish)
    onChange()
  }
  const end = async ({ id }: ScheduleLine): Promise<void> => {
    try {
      await change('DELETE', `${PATH}/${id}`)
      setRefused(undefined)
      onChange()
    } catch (error) {
      setRefused(refusalOf(error))
    }
  }
  const columns: TableColumnsType<ScheduleLine> = [
    { title: t('schedule.id'), key: 'id', render: (_, { id }) => <Verbatim>{id}</Verbatim> },
    {
      title: t('schedule.every'),
      key: 'every',
      render: (_, { every, day, at }) => t('schedule.when', { every: t(`schedule.every.${every}`), day, at }),
    },
    {
      title: t('schedule.reports'),
      key: 'reports',
      render: (_, { reports }) => reports.map((kind) => t(`reports.${kind}`)).join(' · '),
    },
    { title: t('scheduled.of'), key: 'of', render: (_, line) => ofText(line) },
    {
      title: t('schedule.next'),
      key: 'next',
      render: (_, { next: { period, dueMs } }) => (
        <span className="number">
          {t('schedule.due', { period, time: momentText(dueMs, locale, timeZone) })}
        </span>
      ),
    },
    {
      title: t('schedule.mailTo'),
      key: 'mail',
      render: (_, { mailTo, mailed }) => mailTo?.join(', ') ?? (mailed ? t('schedule.mailed') : '—'),
    },
    {
      title: t('schedule.by'),
      key: 'by',
      render: (_, { by }) => (by === null ? t('schedule.ofFile') : <Verbatim>{by}</Verbatim>),
    },
    ...(mayChange
      ? [
          {
            title: '',
            key: 'act',
            render: (_: unknown, line: ScheduleLine) =>
              line.by !== null && (
                <span className="page-choices">
                  <Button size="small" onClick={() => setAsked({ before: line })}>
                    {t('schedule.change')}
                  </Button>
                  <Popconfirm
                    title={t('schedule.endNote')}
                    okText={t('schedule.end')}
                    cancelText={t('schedule.cancel')}
                    onConfirm={() => void end(line)}
                  >
                    <Button size="small" danger>
                      {t('schedule.end')}
                    </Button>
                  </Popconfirm>
                </span>
              ),
          },
        ]
      : []),
  ]
  return (
    <div data-testid="schedules">
      <RefusalAlert why={refused} />
      {schedules.length > 0 && (
        <Table<ScheduleLine>
          columns={columns}
          dataSource={schedules}
          rowKey="id"
          size="small"
          scroll={{ x: true }}
          pagination={false}
        />
      )}
      {mayChange && (
        <Button className="schedule-make" onClick={() => setAsked({ before: undefined })}>
          {t('schedule.make')}
        </Button>
      )}
      {asked !== undefined && (
        <ScheduleDialog
          before={asked.before}
          canMail={can.mail}
          onClose={() => setAsked(undefined)}
          onSubmit={send}
        />
      )}
    </div>
  )
}
