import type { ReactNode } from 'react'
import { useSpeech } from '#dashboards/web/src/language.tsx'

interface PageHeadProps {
  readonly title: string
  /** What this page is, and where its figures come from. */
  readonly help: string
  /** What is chosen here. */
  readonly children?: ReactNode
}

/** The head of a page: its name, a short help that needs no network, and what can be chosen. */
export function PageHead({ title, help, children }: PageHeadProps): ReactNode {
  const { t } = useSpeech()
  return (
    <div className="page-head">
      <h2>{title}</h2>
      <details className="help">
        <summary className="help-button" aria-label={t('help')}>
          ?
        </summary>
        <p className="page-help">{help}</p>
      </details>
      <div className="page-choices">{children}</div>
    </div>
  )
}
