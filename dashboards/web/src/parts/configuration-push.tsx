import { useState, type ReactNode } from 'react'
import { Alert, Button } from 'antd'
import { refusalOf, type Refusal } from '#dashboards/web/src/fault-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { FileField } from './file-field.tsx'
import { RefusalAlert } from './refusal-alert.tsx'

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
  const [refused, setRefused] = useState<Refusal>()
  const [published, setPublished] = useState(false)

  const publish = async (): Promise<void> => {
    setRefused(undefined)
    setPublished(false)
    let message: unknown
    try {
      message = JSON.parse(text ?? '')
    } catch {
      setRefused({ key: 'push.noJson' })
      return
    }
    if (typeof message !== 'object' || message === null) {
      setRefused({ key: 'push.noJson' })
      return
    }
    try {
      await change('POST', `api/v1/fleet/${gateway}/configuration`, message)
      setPublished(true)
      onDone()
    } catch (error) {
      setRefused(refusalOf(error))
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
      <RefusalAlert why={refused} />
      {published && <Alert type="success" showIcon title={t('push.published', { file })} />}
    </div>
  )
}
