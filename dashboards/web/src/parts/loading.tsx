import type { ReactNode } from 'react'

/** Something is on its way. */
export function Loading({ text }: { text: string }): ReactNode {
  return (
    <div className="loading" role="status">
      <span className="spinner" aria-hidden="true" />
      <p>{text}</p>
    </div>
  )
}
