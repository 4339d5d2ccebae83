import type { ReactNode } from 'react'
import { Form, Input } from 'antd'
import { PASSWORD_CHARACTERS_MIN } from '#dashboards/api/session-shape.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { EntryForm } from '#dashboards/web/src/parts/entry-form.tsx'
import { spoken } from '#dashboards/web/src/parts/spoken.tsx'

interface Entered {
  readonly password: string
}

/** Where a one-time link leads: choosing a password. */
export function WelcomePage({ secret }: { secret: string }): ReactNode {
  const { t } = useSpeech()
  const tooShort = spoken('welcome.tooShort', { count: PASSWORD_CHARACTERS_MIN })
  return (
    <EntryForm<Entered>
      title={t('welcome.title')}
      hint={t('welcome.hint', { count: PASSWORD_CHARACTERS_MIN })}
      submit={t('welcome.submit')}
      path="api/v1/session/link"
      bodyOf={({ password }) => ({ secret, password })}
    >
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
            message: spoken('welcome.different'),
            validator: async (_, value: unknown) => {
              if (value !== getFieldValue('password')) throw new Error('the passwords differ')
            },
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
    </EntryForm>
  )
}
