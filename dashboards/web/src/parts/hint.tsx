import { useId, type ReactNode } from 'react'

/** A text that explains itself under the pointer and under the keyboard's focus. */
export function Hint({ text, children }: { text: string; children: ReactNode }): ReactNode {
  const id = useId()
  return (
    <span className="hint" tabIndex={0} aria-describedby={id}>
      {children}
      <span className="hint-text" role="tooltip" id={id}>
        {text}
      </span>
    </span>
  )
}
