import type { ReactNode } from 'react'

interface NoticeProps {
  readonly tone: 'error' | 'warning'
  readonly children: ReactNode
}

/** A line above the page that says what is wrong. */
export function Notice({ tone, children }: NoticeProps): ReactNode {
  return (
    <p className={`notice is-${tone}`} role="alert">
      {children}
    </p>
  )
}
