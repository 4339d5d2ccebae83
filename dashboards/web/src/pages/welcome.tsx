import { useState, type ReactNode } from 'react'
import { Alert, Button, Form, Input } from 'antd'
import { PASSWORD_CHARACTERS_MIN } from '#dashboards/api/session-shape.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { EntryCard } from '#dashboards/web/src/parts/entry-card.tsx'
import { faultTextKey } from '#dashboards/web/src/fault-text.ts'
import { Refused, useSession } from '#dashboards/web/src/session.tsx'

interface Entered {
  readonly password: string
}

/** Where a one-time link leads: choosing a password. */
export function WelcomePage({ secret }: { secret: string }): ReactNode {
  const { t } = useSpeech()
  const { open } = useSession()
  const [refused, setRefused] = useState<string>()
  const [busy, setBusy] = useState(false)
  const submit = async ({ password }: Entered): Promise<void> => {
    setBusy(true)
    try {
      await open('api/v1/session/link', { secret, password })
      window.location.hash = '/'
    } catch (error) {
      if (!(error instanceof Refused)) globalThis.reportError(error)
      setRefused(t(error instanceof Refused ? faultTextKey(error.fault.code) : 'fault.unreachable'))
    } finally {
      setBusy(false)
    }
  }
  const tooShort = t('welcome.tooShort', { count: PASSWORD_CHARACTERS_MIN })
  return (
    <EntryCard title={t('welcome.title')}>
      <p className="entry-hint">{t('welcome.hint', { count: PASSWORD_CHARACTERS_MIN })}</p>
      <Form layout="vertical" requiredMark={false} onFinish={(entered: Entered) => void submit(entered)}>
        <Form.Item
          name="password"
          label={t('welcome.password')}
          rules={[{ required: true, min: PASSWORD_CHARACTERS_MIN, message: tooShort }]}
        >
          <Input.Password autoComplete="new-password" autoFocus />
        </Form.Item>
        <Form.Item
          name="again"
          label={t('welcome.again')}
          dependencies={['password']}
          rules={[
            ({ getFieldValue }) => ({
              validator: async (_, value: unknown) => {
                if (value !== getFieldValue('password')) throw new Error(t('welcome.different'))
              },
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {refused !== undefined && <Alert type="error" showIcon title={refused} />}
        <Button type="primary" htmlType="submit" block loading={busy}>
          {t('welcome.submit')}
        </Button>
      </Form>
    </EntryCard>
  )
}
