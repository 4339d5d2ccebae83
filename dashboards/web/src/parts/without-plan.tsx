import type { ReactNode } from 'react'
import { Alert } from 'antd'
import { useSpeech, type TextKey } from '#dashboards/web/src/language.tsx'
import { PageHead } from './page-head.tsx'

interface WithoutPlanProps {
  readonly title: TextKey
  readonly help: TextKey
  readonly why: TextKey
}

/** A page of a park that has no accounting plan, and with it nothing that the page could show. */
export function WithoutPlan({ title, help, why }: WithoutPlanProps): ReactNode {
  const { t } = useSpeech()
  return (
    <div className="stack">
      <PageHead title={t(title)} help={t(help)} />
      <Alert type="info" showIcon title={t(why)} />
    </div>
  )
}
