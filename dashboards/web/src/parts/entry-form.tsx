import { useState, type ReactNode } from 'react'
import { Alert, Button, Form } from 'antd'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { faultTextKey } from '#dashboards/web/src/fault-text.ts'
import { Refused, useSession } from '#dashboards/web/src/session.tsx'
import { EntryCard } from './entry-card.tsx'

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
  readonly refusedBefore?: string | undefined
  /** Other ways in, below the button. */
  readonly beside?: ReactNode
}

/** A form that opens a session: what was refused is said above its button, and the park follows where it was not. */
export function EntryForm<T>(given: EntryFormProps<T>): ReactNode {
  const { title, hint, submit, path, bodyOf, children, refusedBefore, beside } = given
  const { t } = useSpeech()
  const { open } = useSession()
  const [refused, setRefused] = useState(refusedBefore)
  const [busy, setBusy] = useState(false)
  const enter = async (entered: T): Promise<void> => {
    setBusy(true)
    try {
      await open(path, bodyOf(entered))
      // Whose session had ended finds the page again that was open.
      if (/^#?\/?$|^#\/(sign-in|welcome)/.test(window.location.hash)) window.location.hash = '/'
    } catch (error) {
      if (!(error instanceof Refused)) globalThis.reportError(error)
      setRefused(t(error instanceof Refused ? faultTextKey(error.fault.code) : 'fault.unreachable'))
    } finally {
      setBusy(false)
    }
  }
  return (
    <EntryCard title={title}>
      {hint !== undefined && <p className="entry-hint">{hint}</p>}
      <Form layout="vertical" requiredMark={false} onFinish={(entered: T) => void enter(entered)}>
        {children}
        {refused !== undefined && <Alert type="error" showIcon title={refused} />}
        <Button type="primary" htmlType="submit" block loading={busy}>
          {submit}
        </Button>
        {beside}
      </Form>
    </EntryCard>
  )
}
