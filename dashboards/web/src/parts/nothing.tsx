import type { ReactNode } from 'react'

/** There is nothing to show here, and why. */
export function Nothing({ text }: { text: string }): ReactNode {
  return <p className="nothing">{text}</p>
}
