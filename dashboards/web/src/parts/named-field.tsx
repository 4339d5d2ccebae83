import type { ReactNode } from 'react'

interface NamedFieldProps {
  readonly name: string
  /** What is wrong with what was entered; undefined: nothing. */
  readonly wrong?: string | undefined
  readonly children: ReactNode
}

/** A field below its name, which stays when the field is filled. The field itself carries it for who listens. */
export function NamedField({ name, wrong, children }: NamedFieldProps): ReactNode {
  return (
    <div className="named-field">
      <span aria-hidden="true">{name}</span>
      {children}
      <FieldFault text={wrong} />
    </div>
  )
}

/** What is wrong with a field, in words: a red frame says that something is, not what. */
export function FieldFault({ text }: { text: string | undefined }): ReactNode {
  return (
    <span className="field-fault" role="status">
      {text}
    </span>
  )
}
