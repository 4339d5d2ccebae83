import { useState, type ReactNode } from 'react'
import { Alert, Button, Select } from 'antd'
import { reportSheets } from '#dashboards/api/report-shapes.ts'
import '#dashboards/web/src/accounts.css'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { WithoutPlan } from '#dashboards/web/src/parts/without-plan.tsx'
import { PrintedSheets } from '#dashboards/web/src/parts/printed-sheets.tsx'
import { ScheduledReportsPanel } from '#dashboards/web/src/parts/scheduled-reports.tsx'
import { ReportChoices, useReportChoice } from '#dashboards/web/src/parts/report-choice.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { ReportDownloads } from '#dashboards/web/src/parts/report-downloads.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

const kinds = ['balance', 'statistics', 'quality', 'forms', 'carbon'] as const
type Kind = (typeof kinds)[number]
/** Of one account, never of the whole park. */
const ofAccount: readonly Kind[] = ['forms', 'carbon']

function Reports(): ReactNode {
  const { t, language } = useSpeech()
  const choice = useReportChoice()
  const [kind, setKind] = useState<Kind>('balance')
  const needsAccount = ofAccount.includes(kind) && choice.account === undefined
  const path = needsAccount ? undefined : `${choice.report(`${kind}/sheets`)}&language=${language}`
  const { data, failed, failure } = useAnswer(reportSheets, path, 0)
  return (
    <div className="stack">
      <Parts>
        <PageHead title={t('page.reports')} help={t('reports.help')}>
          <Select<Kind>
            aria-label={t('reports.kind')}
            style={{ minWidth: 200 }}
            value={kind}
            onChange={setKind}
            options={kinds.map((each) => ({ value: each, label: t(`reports.${each}`) }))}
          />
          <ReportChoices choice={choice} />
          {!needsAccount && <ReportDownloads kind={kind} choice={choice} />}
          <Button type="primary" disabled={data === undefined} onClick={() => window.print()}>
            {t('reports.print')}
          </Button>
        </PageHead>
        <NotRead why={failure} />
        {needsAccount ? (
          <Alert type="info" showIcon title={t('reports.needsAccount')} />
        ) : data === undefined ? (
          !failed && <Loading text={t('report.loading')} />
        ) : (
          <PrintedSheets sheets={data.sheets} account={choice.account} period={choice.period} />
        )}
        <ScheduledReportsPanel />
      </Parts>
    </div>
  )
}

/** Reports as they are handed in: on the screen, as a spreadsheet, and printed on A4. */
export function ReportsPage(): ReactNode {
  const { t } = useSpeech()
  const { accounting } = useParkTree()
  return accounting ? (
    <Reports />
  ) : (
    <WithoutPlan title={t('page.reports')} help={t('reports.help')} why={t('report.noPlan')} />
  )
}
