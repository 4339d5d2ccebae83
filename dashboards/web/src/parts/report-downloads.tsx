import { useState, type ReactNode } from 'react'
import { Button, Space } from 'antd'
import { refusalOf, type Refusal } from '#dashboards/web/src/fault-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { saveFile } from '#dashboards/web/src/saved-file.ts'
import { refuseFailed } from '#dashboards/web/src/session.tsx'
import type { ReportChoice } from './report-choice.tsx'
import { RefusalAlert } from './refusal-alert.tsx'

interface ReportDownloadsProps {
  readonly kind: string
  readonly choice: ReportChoice
}

/** A report to keep: as a spreadsheet, as PDF, and for programs. */
export function ReportDownloads({ kind, choice }: ReportDownloadsProps): ReactNode {
  const { t } = useSpeech()
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Refusal>()
  const pdf = choice.file(kind, 'pdf')

  // Setting a report takes a moment, and a server may have no font: both are said here and not in an empty tab.
  const savePdf = async (): Promise<void> => {
    const answer = await refuseFailed(await fetch(pdf))
    const name = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1]
    saveFile(name ?? `${kind}.pdf`, await answer.blob())
  }
  const start = (): void => {
    setBusy(true)
    setRefused(undefined)
    savePdf()
      .catch((error: unknown) => setRefused(refusalOf(error)))
      .finally(() => setBusy(false))
  }
  return (
    <>
      <Space.Compact>
        <Button href={choice.file(kind, 'xlsx')}>{t('report.xlsx')}</Button>
        <Button onClick={start} loading={busy} aria-label={t('report.pdf')}>
          {'pdf'.toUpperCase()}
        </Button>
        {(['csv', 'json'] as const).map((format) => (
          <Button key={format} href={choice.file(kind, format)} aria-label={t(`report.${format}`)}>
            {format.toUpperCase()}
          </Button>
        ))}
      </Space.Compact>
      <RefusalAlert why={refused} type="warning" />
    </>
  )
}
