import { useState, type ReactNode } from 'react'
import { Alert, Button } from 'antd'
import { faultTextKey } from '#dashboards/web/src/fault-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { FileField } from './file-field.tsx'
import { Refused, useSession } from '#dashboards/web/src/session.tsx'

interface ConfigurationPushProps {
  readonly gateway: string
  readonly onDone: () => void
}

/** Publishes a configuration that was signed elsewhere: the key never comes near the server. */
export function ConfigurationPush({ gateway, onDone }: ConfigurationPushProps): ReactNode {
  const { t } = useSpeech()
  const { change } = useSession()
  const [text, setText] = useState<string>()
  const [file, setFile] = useState('')
  const [refused, setRefused] = useState<string>()
  const [published, setPublished] = useState(false)

  const publish = async (): Promise<void> => {
    setRefused(undefined)
    setPublished(false)
    let message: unknown
    try {
      message = JSON.parse(text ?? '')
    } catch {
      setRefused(t('push.noJson'))
      return
    }
    if (typeof message !== 'object' || message === null) {
      setRefused(t('push.noJson'))
      return
    }
    try {
      await change('POST', `api/v1/fleet/${gateway}/configuration`, message)
      setPublished(true)
      onDone()
    } catch (error) {
      if (!(error instanceof Refused)) globalThis.reportError(error)
      setRefused(
        error instanceof Refused
          ? `${t(faultTextKey(error.fault.code))} ${error.fault.message}`
          : t('fault.unreachable'),
      )
    }
  }
  return (
    <div className="push">
      <p className="panel-note">{t('push.note')}</p>
      <span className="push-file">
        {t('push.file')}{' '}
        <FileField
          label={t('push.file')}
          accept="application/json,.json"
          onChoose={(chosen) => {
            setFile(chosen?.name ?? '')
            setText(undefined)
            setPublished(false)
            void chosen?.text().then(setText, globalThis.reportError)
          }}
        />
      </span>
      <Button size="small" type="primary" disabled={text === undefined} onClick={() => void publish()}>
        {t('push.publish')}
      </Button>
      {refused !== undefined && <Alert type="error" showIcon title={refused} />}
      {published && <Alert type="success" showIcon title={t('push.published', { file })} />}
    </div>
  )
}
