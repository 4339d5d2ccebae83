import type { ReactNode } from 'react'

interface VerbatimProps {
  readonly className?: string
  readonly children: ReactNode
}

/** What stands as it was written, in whatever language: codes, names of documents, words of persons and programs. */
export function Verbatim({ className, children }: VerbatimProps): ReactNode {
  return (
    <span translate="no" className={className}>
      {children}
    </span>
  )
}
