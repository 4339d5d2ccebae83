import { useState, type ReactNode } from 'react'
import { Input, Modal } from 'antd'
import { refusalOf, type Refusal } from '#dashboards/web/src/fault-text.ts'
import { useFocusReturn } from '#dashboards/web/src/focus-return.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { NamedField } from './named-field.tsx'
import { RefusalAlert } from './refusal-alert.tsx'

const REASON_CHARACTERS_MAX = 500

interface ReasonDialogProps {
  readonly title: string
  /** What the text is, where it is no reason. */
  readonly label?: string
  /** True while something beside the reason is still to be said. */
  readonly lacks?: boolean
  /** What is said above the field. */
  readonly children?: ReactNode
  /** Sends the change; what it throws is shown, and the dialog stays. */
  readonly onSubmit: (reason: string) => Promise<unknown>
  readonly onClose: () => void
}

/** Asks for the reason of a decision: it stays with it. */
export function ReasonDialog({
  title,
  label,
  lacks = false,
  children,
  onSubmit,
  onClose,
}: ReasonDialogProps): ReactNode {
  const { t } = useSpeech()
  const asked = label ?? t('dialog.reason')
  const [reason, setReason] = useState('')
  useFocusReturn()
  const [refused, setRefused] = useState<Refusal>()
  const [busy, setBusy] = useState(false)
  const submit = async (): Promise<void> => {
    setBusy(true)
    setRefused(undefined)
    try {
      await onSubmit(reason.trim())
      onClose()
    } catch (error) {
      setRefused(refusalOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal
      open
      title={title}
      okText={t('dialog.submit')}
      cancelText={t('dialog.cancel')}
      okButtonProps={{ disabled: lacks || reason.trim() === '' }}
      confirmLoading={busy}
      onOk={() => void submit()}
      onCancel={onClose}
    >
      {children}
      <NamedField name={asked}>
        <Input.TextArea
          aria-label={asked}
          rows={3}
          maxLength={REASON_CHARACTERS_MAX}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
        />
      </NamedField>
      <RefusalAlert why={refused} />
    </Modal>
  )
}
