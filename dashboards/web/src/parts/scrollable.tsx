import type { ReactNode } from 'react'

interface ScrollableProps {
  readonly className: string
  /** What is in it, for those who do not see it. */
  readonly label: string
  readonly testId?: string
  readonly children: ReactNode
}

/** A part that scrolls by itself, by the keyboard too. */
export function Scrollable({ className, label, testId, children }: ScrollableProps): ReactNode {
  return (
    <div className={className} role="region" aria-label={label} tabIndex={0} data-testid={testId}>
      {children}
    </div>
  )
}
