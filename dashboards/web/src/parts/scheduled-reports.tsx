import { useState, type ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { WHOLE_PARK } from '#contract/report-schedule.ts'
import { scheduledReports, type ScheduledReportList } from '#dashboards/api/scheduled-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { faultTextKey } from '#dashboards/web/src/fault-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { momentText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { Nothing } from '#dashboards/web/src/parts/nothing.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { NotRead } from './not-read.tsx'
import { Verbatim } from './verbatim.tsx'
import { ScheduleList } from './schedule-list.tsx'

type Report = ScheduledReportList['reports'][number]

function fileAddress({ account, schedule, period }: Report, name: string): string {
  const place = `scheduled-reports/${schedule}/${period}/${name}`
  return account === WHOLE_PARK ? `api/v1/${place}` : `api/v1/accounts/${account}/${place}`
}

/** The files of one report, by kind. */
function Files({ report }: { report: Report }): ReactNode {
  const { t } = useSpeech()
  const kinds = [...new Set(report.files.map((file) => file.report))]
  return (
    <>
      {kinds.map((kind) => (
        <div key={kind}>
          {t(`reports.${kind}`)}{' '}
          {report.files
            .filter((file) => file.report === kind)
            .map(({ name, format, sha256 }) => (
              <a key={name} href={fileAddress(report, name)} title={`SHA-256 ${sha256}`} download>
                {format.toUpperCase()}{' '}
              </a>
            ))}
        </div>
      ))}
      {report.refused.map(({ report: kind, code, message }) => (
        <div key={kind} className="is-incomplete">
          {t('scheduled.refused', { report: t(`reports.${kind}`), why: t(faultTextKey(code)) })}
          <div className="role">
            <Verbatim>{message}</Verbatim>
          </div>
        </div>
      ))}
      {report.withoutPdf !== null && <div className="is-incomplete">{t('scheduled.withoutPdf')}</div>}
    </>
  )
}

/** Reports that the server made by itself, newest first, and what it makes next. */
export function ScheduledReportsPanel(): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const timeZone = useTimeZone()
  const park = useParkTree()
  const { may } = useSession()
  const [changes, setChanges] = useState(0)
  const { data, failed, failure } = useAnswer(scheduledReports, 'api/v1/scheduled-reports', changes)
  const isEmpty = data !== undefined && data.schedules.length === 0 && data.reports.length === 0
  if (isEmpty && !(may('manage') && data.can.schedule)) return null
  const names = new Map([park, ...park.enterprises].map(({ id, name }) => [id, name]))
  const columns: TableColumnsType<Report> = [
    { title: t('scheduled.period'), dataIndex: 'period' },
    {
      title: t('scheduled.of'),
      key: 'of',
      render: (_, { account }) =>
        account === WHOLE_PARK
          ? t('scheduled.wholePark')
          : nameOf(names.get(account) ?? { zh: account, en: account }),
    },
    { title: t('scheduled.files'), key: 'files', render: (_, report) => <Files report={report} /> },
    {
      title: t('scheduled.made'),
      key: 'made',
      render: (_, { madeAtMs }) => <span className="number">{momentText(madeAtMs, locale, timeZone)}</span>,
    },
  ]
  return (
    <section className="panel scheduled" data-testid="scheduled-reports">
      <h2>{t('scheduled.title')}</h2>
      <NotRead why={failure} inPanel />
      {data !== undefined && <ScheduleList data={data} onChange={() => setChanges((count) => count + 1)} />}
      <Table<Report>
        columns={columns}
        dataSource={data?.reports ?? []}
        loading={data === undefined && !failed}
        rowKey={({ schedule, period, account }) => `${schedule} ${period} ${account}`}
        size="small"
        scroll={{ x: true }}
        pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
        locale={{ emptyText: <Nothing text={t('scheduled.none')} /> }}
      />
    </section>
  )
}
