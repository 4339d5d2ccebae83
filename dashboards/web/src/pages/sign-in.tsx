import type { ReactNode } from 'react'
import { Form, Input } from 'antd'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { faultTextKey } from '#dashboards/web/src/fault-text.ts'
import { EntryForm } from '#dashboards/web/src/parts/entry-form.tsx'
import { ProviderButton, refusalInAddress } from '#dashboards/web/src/parts/provider-button.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { spoken } from '#dashboards/web/src/parts/spoken.tsx'

interface Entered {
  readonly name: string
  readonly password: string
}

/** Name and password. */
export function SignInPage(): ReactNode {
  const { t } = useSpeech()
  const { hasEnded } = useSession()
  const code = refusalInAddress()
  const refused =
    code === undefined
      ? undefined
      : code === 'sign-in-refused'
        ? 'signIn.providerRefused'
        : faultTextKey(code)
  const hint = hasEnded ? { hint: t('signIn.ended') } : {}
  const rules = [{ required: true, message: spoken('signIn.needed') }]
  return (
    <EntryForm<Entered>
      title={t('signIn.title')}
      {...hint}
      submit={t('signIn.submit')}
      path="api/v1/session"
      bodyOf={(entered) => ({ ...entered })}
      refusedBefore={refused}
      beside={<ProviderButton />}
    >
      <Form.Item name="name" label={t('signIn.name')} rules={rules}>
        <Input autoComplete="username" autoFocus />
      </Form.Item>
      <Form.Item name="password" label={t('signIn.password')} rules={rules}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
    </EntryForm>
  )
}
