import type { ReactNode } from 'react'
import type { Failure } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { Notice } from './notice.tsx'

interface NotReadProps {
  /** Undefined: nothing failed. */
  readonly why: Failure | undefined
  /** Within a panel, where it is a line among others. */
  readonly inPanel?: boolean
}

/** Says that something could not be read, why, and whether what is shown is of before. */
export function NotRead({ why, inPanel = false }: NotReadProps): ReactNode {
  const { t } = useSpeech()
  if (why === undefined) return null
  const text = `${t(`failed.${why.why}`)}${why.stale ? t('failed.stale') : ''}`
  return inPanel ? (
    <p className="is-incomplete" role="status">
      {text}
    </p>
  ) : (
    <Notice tone="warning">{text}</Notice>
  )
}
