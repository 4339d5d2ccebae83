import { useId, useState, type ReactNode } from 'react'
import { Alert, Button, Input } from 'antd'
import type { ClosingDraft } from '#contract/closing.ts'
import { canSignHere, isSignature, signingKeyOf } from '#dashboards/web/src/closing-signature.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { saveFile } from '#dashboards/web/src/saved-file.ts'
import { FileField } from './file-field.tsx'

/** A key in this browser, or a signature that was made elsewhere. */
export type Signer = { readonly key: CryptoKey } | { readonly signature: string }

interface ClosingKeyProps {
  readonly prepared: { readonly draft: ClosingDraft; readonly keys: readonly string[] }
  readonly onChange: (signer: Signer | undefined) => void
}

/** Asks for the key file, which stays in the browser, or for a signature from the machine that has the key. */
export function ClosingKey({ prepared: { draft, keys }, onChange }: ClosingKeyProps): ReactNode {
  const { t } = useSpeech()
  const fieldId = useId()
  const [isNoKey, setNoKey] = useState(false)
  const [signature, setSignature] = useState('')
  const name = `closing-${draft.account}-${draft.closing.month}.json`

  const readKey = async (file: File | undefined): Promise<void> => {
    const key = file === undefined ? undefined : await signingKeyOf(await file.text())
    setNoKey(file !== undefined && key === undefined)
    onChange(key === undefined ? undefined : { key })
  }
  const sign = (text: string): void => {
    setSignature(text)
    onChange(isSignature(text.trim()) ? { signature: text.trim() } : undefined)
  }
  if (keys.length === 0) return <Alert type="warning" showIcon title={t('closing.noKeys')} />
  return (
    <>
      <p className="panel-note">{t('closing.keys', { keys: keys.join(', ') })}</p>
      {canSignHere() && (
        <div>
          <label htmlFor={fieldId}>{t('closing.keyFile')}</label>{' '}
          <FileField
            label={t('closing.keyFile')}
            id={fieldId}
            accept=".pem,.key"
            onChoose={(file) => void readKey(file)}
          />
          {isNoKey && <div className="is-trouble">{t('closing.noKey')}</div>}
        </div>
      )}
      <details open={!canSignHere()}>
        <summary>{t('closing.elsewhere')}</summary>
        <p className="panel-note">
          <Button
            size="small"
            onClick={() => saveFile(name, new Blob([`${JSON.stringify(draft, undefined, 2)}\n`]))}
          >
            {t('closing.save')}
          </Button>{' '}
          <code>{`tanbiao ledger sign --draft ${name} --key …`}</code>
        </p>
        <Input
          aria-label={t('closing.signature')}
          placeholder={t('closing.signature')}
          status={signature === '' || isSignature(signature.trim()) ? '' : 'error'}
          value={signature}
          onChange={({ target }) => sign(target.value)}
        />
      </details>
    </>
  )
}
