import { useState, type ReactNode } from 'react'
import { Alert, Checkbox, Modal, Select, Steps } from 'antd'
import type { ClosingDraft } from '#contract/closing.ts'
import { preparedClosing } from '#dashboards/api/closing-shapes.ts'
import type { Statement } from '#dashboards/api/account-shapes.ts'
import { sourceText } from '#dashboards/web/src/account-text.ts'
import { isSignature, signatureOf } from '#dashboards/web/src/closing-signature.ts'
import { refusalOf, type Refusal } from '#dashboards/web/src/fault-text.ts'
import { useFocusReturn } from '#dashboards/web/src/focus-return.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { answerOf } from '#dashboards/web/src/session.tsx'
import { ClosingKey, type Signer } from './closing-key.tsx'
import { ClosingFigures } from './closing-figures.tsx'
import { RefusalAlert } from './refusal-alert.tsx'

interface ClosingDialogProps {
  readonly account: string
  readonly names: Pick<Statement, 'sourceNames'>
  /** Months that are over and not closed. */
  readonly months: readonly string[]
  readonly onSubmit: (body: object) => Promise<void>
  readonly onClose: () => void
}

type Prepared = { readonly draft: ClosingDraft; readonly keys: readonly string[] }

/** Closes a month in two steps: what would be signed is shown and confirmed, then signed with a key of the person's. */
export function ClosingDialog({ account, names, months, onSubmit, onClose }: ClosingDialogProps): ReactNode {
  const speech = useSpeech()
  const { t } = speech
  const [month, setMonth] = useState(months[0])
  const [prepared, setPrepared] = useState<Prepared>()
  const [isChecked, setChecked] = useState(false)
  const [isAccepted, setAccepted] = useState(false)
  const [signer, setSigner] = useState<Signer>()
  useFocusReturn()
  const [refused, setRefused] = useState<Refusal>()
  const [busy, setBusy] = useState(false)

  const act = (work: () => Promise<void>): void => {
    setBusy(true)
    setRefused(undefined)
    work()
      .catch((error: unknown) => setRefused(refusalOf(error)))
      .finally(() => setBusy(false))
  }
  const choose = (next: string): void => {
    setMonth(next)
    setPrepared(undefined)
    setChecked(false)
    setAccepted(false)
    setRefused(undefined)
  }
  const prepare = async (): Promise<void> => {
    const path = `api/v1/accounts/${account}/closing-draft?month=${month ?? ''}`
    setPrepared(preparedClosing.parse(await answerOf(await fetch(path))))
  }
  const close = async ({ draft }: Prepared): Promise<void> => {
    if (signer === undefined) return
    const signature = 'key' in signer ? await signatureOf(draft, signer.key) : signer.signature
    const { previous, closing } = draft
    await onSubmit({ month: closing.month, previous, signature, incomplete: isAccepted })
    onClose()
  }
  const lacks = prepared !== undefined && prepared.draft.closing.incomplete.length > 0
  const isReady =
    prepared === undefined
      ? month !== undefined
      : isChecked &&
        (!lacks || isAccepted) &&
        signer !== undefined &&
        ('key' in signer || isSignature(signer.signature))
  return (
    <Modal
      open
      width={640}
      title={t('closing.title')}
      okText={t(prepared === undefined ? 'closing.prepare' : 'closing.submit')}
      cancelText={t('dialog.cancel')}
      okButtonProps={{ disabled: !isReady, danger: prepared !== undefined }}
      confirmLoading={busy}
      onOk={() => act(async () => (prepared === undefined ? prepare() : close(prepared)))}
      onCancel={onClose}
    >
      <div className="stack" data-testid="closing">
        <Steps
          size="small"
          current={prepared === undefined ? 0 : 1}
          items={[{ title: t('closing.step1') }, { title: t('closing.step2') }]}
        />
        <p>{t('closing.note')}</p>
        <Select
          aria-label={t('account.month')}
          value={month ?? null}
          onChange={choose}
          options={months.map((value) => ({ value, label: value }))}
        />
        {prepared !== undefined && (
          <>
            <ClosingFigures draft={prepared.draft} />
            {lacks && (
              <Alert
                type="warning"
                showIcon
                title={t('closing.incomplete', {
                  sources: prepared.draft.closing.incomplete
                    .map((source) => sourceText(names, source, speech))
                    .join(', '),
                })}
                description={
                  <Checkbox checked={isAccepted} onChange={({ target }) => setAccepted(target.checked)}>
                    {t('closing.accept')}
                  </Checkbox>
                }
              />
            )}
            <Checkbox checked={isChecked} onChange={({ target }) => setChecked(target.checked)}>
              {t('closing.checked', { name: prepared.draft.closing.by })}
            </Checkbox>
            <ClosingKey prepared={prepared} onChange={setSigner} />
          </>
        )}
        <RefusalAlert why={refused} />
      </div>
    </Modal>
  )
}
