import type { ReactNode } from 'react'
import { Button, Card, Checkbox, Form, Input, Select } from 'antd'
import type { z } from 'zod'
import { accessKinds, roles, type Access } from '#contract/access.ts'
import type { userShape } from '#dashboards/api/user-shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { spoken } from './spoken.tsx'

type User = z.output<typeof userShape>

/** A token as it is asked for; 0 days: until it is ended. */
export interface TokenWish {
  readonly name: string
  readonly user: number
  readonly access: readonly Access[]
  readonly days: number
}

const LIFETIMES_DAYS = [30, 90, 365, 0] as const

interface TokenFormProps {
  readonly users: readonly User[]
  /** True when the token was made: until then what was entered stays. */
  readonly onSubmit: (wish: TokenWish) => Promise<boolean>
}

/** Asks what a program is called, on whose behalf it asks, what it may, and until when. */
export function TokenForm({ users, onSubmit }: TokenFormProps): ReactNode {
  const { t, nameOf } = useSpeech()
  const [form] = Form.useForm<TokenWish>()
  const chosen = Form.useWatch('user', form)
  const owner = users.find(({ id }) => id === chosen)
  const send = async (wish: TokenWish): Promise<void> => {
    if (await onSubmit(wish)) form.resetFields()
  }
  const needed = [{ required: true, message: spoken('signIn.needed') }]
  return (
    <Card title={t('tokens.add')}>
      <Form
        form={form}
        layout="inline"
        className="token-form"
        initialValues={{ access: ['read'], days: 90 }}
        onFinish={(wish: TokenWish) => void send(wish)}
      >
        <Form.Item name="name" rules={needed}>
          <Input placeholder={t('tokens.name')} aria-label={t('tokens.name')} maxLength={64} />
        </Form.Item>
        <Form.Item name="user" rules={needed}>
          <Select
            style={{ minWidth: 200 }}
            placeholder={t('tokens.user')}
            aria-label={t('tokens.user')}
            options={users
              .filter(({ active }) => active)
              .map(({ id, name, role }) => ({ value: id, label: `${name} · ${nameOf(roles[role].name)}` }))}
          />
        </Form.Item>
        <Form.Item
          name="access"
          label={t('tokens.access')}
          // Not "required", which a group of boxes cannot say of itself (aria-required).
          rules={[{ type: 'array', min: 1, message: spoken('signIn.needed') }]}
        >
          <Checkbox.Group
            options={accessKinds.map((value) => ({
              value,
              label: t(`access.${value}`),
              // A token may at most what its user may.
              disabled: owner !== undefined && !roles[owner.role].access.some((each) => each === value),
            }))}
          />
        </Form.Item>
        <Form.Item name="days" label={t('tokens.until')}>
          <Select
            style={{ minWidth: 140 }}
            options={LIFETIMES_DAYS.map((days) => ({
              value: days,
              label: days === 0 ? t('tokens.forever') : t('tokens.days', { days }),
            }))}
          />
        </Form.Item>
        <Button type="primary" htmlType="submit">
          {t('tokens.submit')}
        </Button>
      </Form>
    </Card>
  )
}
