import { useState, type ReactNode } from 'react'
import { Alert, Button, Form, Input } from 'antd'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { EntryCard } from '#dashboards/web/src/parts/entry-card.tsx'
import { ProviderButton, refusalInAddress } from '#dashboards/web/src/parts/provider-button.tsx'
import { faultTextKey } from '#dashboards/web/src/fault-text.ts'
import { Refused, useSession } from '#dashboards/web/src/session.tsx'

interface Entered {
  readonly name: string
  readonly password: string
}

/** Name and password. */
export function SignInPage(): ReactNode {
  const { t } = useSpeech()
  const { open } = useSession()
  const [refused, setRefused] = useState<string | undefined>(() => {
    const code = refusalInAddress()
    if (code === undefined) return undefined
    return t(code === 'sign-in-refused' ? 'signIn.providerRefused' : faultTextKey(code))
  })
  const [busy, setBusy] = useState(false)
  const submit = async (entered: Entered): Promise<void> => {
    setBusy(true)
    try {
      await open('api/v1/session', { ...entered })
      window.location.hash = '/'
    } catch (error) {
      if (!(error instanceof Refused)) globalThis.reportError(error)
      setRefused(t(error instanceof Refused ? faultTextKey(error.fault.code) : 'fault.unreachable'))
    } finally {
      setBusy(false)
    }
  }
  return (
    <EntryCard title={t('signIn.title')}>
      <Form layout="vertical" requiredMark={false} onFinish={(entered: Entered) => void submit(entered)}>
        <Form.Item
          name="name"
          label={t('signIn.name')}
          rules={[{ required: true, message: t('signIn.needed') }]}
        >
          <Input autoComplete="username" autoFocus />
        </Form.Item>
        <Form.Item
          name="password"
          label={t('signIn.password')}
          rules={[{ required: true, message: t('signIn.needed') }]}
        >
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        {refused !== undefined && <Alert type="error" showIcon title={refused} />}
        <Button type="primary" htmlType="submit" block loading={busy}>
          {t('signIn.submit')}
        </Button>
        <ProviderButton />
      </Form>
    </EntryCard>
  )
}
