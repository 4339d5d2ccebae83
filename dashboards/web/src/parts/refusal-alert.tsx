import type { ReactNode } from 'react'
import { Alert } from 'antd'
import type { Refusal } from '#dashboards/web/src/fault-text.ts'
import { useSpeech, type TextKey } from '#dashboards/web/src/language.tsx'
import { Verbatim } from './verbatim.tsx'

interface RefusalAlertProps {
  /** Undefined: nothing was refused. */
  readonly why: Refusal | undefined
  readonly type?: 'error' | 'warning'
}

/** Texts that leave it to the server to say what exactly. */
const vague: ReadonlySet<TextKey> = new Set(['fault.request-invalid', 'fault.entry-invalid', 'fault.other'])

/** Why a change was not made, and below it what the server said, for who wants to know more. */
export function RefusalAlert({ why, type = 'error' }: RefusalAlertProps): ReactNode {
  const { t } = useSpeech()
  if (why === undefined) return null
  return (
    <Alert
      type={type}
      showIcon
      title={t(why.key)}
      description={
        why.said !== undefined && (
          <details className="refusal-said" open={vague.has(why.key)}>
            <summary>{t('fault.detail')}</summary>
            <Verbatim>{why.said}</Verbatim>
          </details>
        )
      }
    />
  )
}
