import { useState, type ReactNode } from 'react'
import { Button, Form } from 'antd'
import type { TextKey } from '#dashboards/web/src/language.tsx'
import { refusalOf, type Refusal } from '#dashboards/web/src/fault-text.ts'
import { useSession } from '#dashboards/web/src/session.tsx'
import { EntryCard } from './entry-card.tsx'
import { RefusalAlert } from './refusal-alert.tsx'

interface EntryFormProps<T> {
  readonly title: string
  readonly hint?: string
  readonly submit: string
  /** Where what was entered is sent, and as what. */
  readonly path: string
  readonly bodyOf: (entered: T) => object
  /** The fields. */
  readonly children: ReactNode
  /** What was refused before the form was filled in. */
  readonly refusedBefore?: TextKey | undefined
  /** Other ways in, below the button. */
  readonly beside?: ReactNode
}

/** A form that opens a session: what was refused is said above its button, and the park follows where it was not. */
export function EntryForm<T>(given: EntryFormProps<T>): ReactNode {
  const { title, hint, submit, path, bodyOf, children, refusedBefore, beside } = given
  const { open } = useSession()
  const [refused, setRefused] = useState<Refusal | undefined>(
    refusedBefore === undefined ? undefined : { key: refusedBefore },
  )
  const [busy, setBusy] = useState(false)
  const enter = async (entered: T): Promise<void> => {
    setBusy(true)
    try {
      await open(path, bodyOf(entered))
      // Whose session had ended finds the page again that was open.
      if (/^#?\/?$|^#\/(sign-in|welcome)/.test(window.location.hash)) window.location.hash = '/'
    } catch (error) {
      setRefused(refusalOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <EntryCard title={title}>
      {hint !== undefined && <p className="entry-hint">{hint}</p>}
      <Form layout="vertical" requiredMark={false} onFinish={(entered: T) => void enter(entered)}>
        {children}
        <RefusalAlert why={refused} />
        <Button type="primary" htmlType="submit" block loading={busy}>
          {submit}
        </Button>
        {beside}
      </Form>
    </EntryCard>
  )
}
