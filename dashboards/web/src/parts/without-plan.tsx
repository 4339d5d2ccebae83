import type { ReactNode } from 'react'
import { Alert } from 'antd'
import { PageHead } from './page-head.tsx'

interface WithoutPlanProps {
  readonly title: string
  readonly help: string
  readonly why: string
}

/** A page of a park that has no accounting plan, and with it nothing that the page could show. */
export function WithoutPlan({ title, help, why }: WithoutPlanProps): ReactNode {
  return (
    <div className="stack">
      <PageHead title={title} help={help} />
      <Alert type="info" showIcon title={why} />
    </div>
  )
}
