import { useState, type ReactNode } from 'react'
import { Alert, Button, Card, Form, Input, Select, Typography } from 'antd'
import { z } from 'zod'
import { roleNames, roles, type Role } from '#contract/access.ts'
import { userShape, userWithLink } from '#dashboards/api/user-shapes.ts'
import '#dashboards/web/src/access.css'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { refusalOf, type Refusal } from '#dashboards/web/src/fault-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { AccessTable } from '#dashboards/web/src/parts/access-table.tsx'
import { AccessTabs } from '#dashboards/web/src/parts/access-tabs.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'
import { RefusalAlert } from '#dashboards/web/src/parts/refusal-alert.tsx'
import { spoken } from '#dashboards/web/src/parts/spoken.tsx'

type User = z.output<typeof userShape>

interface Entered {
  readonly name: string
  readonly role: Role
  readonly enterprise?: string
}

const users = z.array(userShape)

/** Who may come in, and as what. */
export function UsersPage(): ReactNode {
  const { t, nameOf } = useSpeech()
  const park = useParkTree()
  const { change } = useSession()
  const [changes, setChanges] = useState(0)
  const [made, setMade] = useState<{ name: string; link: string }>()
  const [refused, setRefused] = useState<Refusal>()
  const [form] = Form.useForm<Entered>()
  const role = Form.useWatch('role', form)
  const found = useAnswer(users, 'api/v1/users', changes)

  const act = (work: () => Promise<void>): void => {
    setRefused(undefined)
    work()
      .catch((error: unknown) => setRefused(refusalOf(error)))
      .finally(() => setChanges((count) => count + 1))
  }
  const linkFor = (method: 'POST', path: string, body?: object): void =>
    act(async () => {
      const { user, link } = userWithLink.parse(await change(method, path, body))
      setMade({ name: user.name, link: new URL(link, window.location.href).href })
      form.resetFields()
    })

  const columns = [
    { title: t('users.name'), render: (_: unknown, user: User) => <span translate="no">{user.name}</span> },
    { title: t('users.role'), render: (_: unknown, user: User) => nameOf(roles[user.role].name) },
    {
      title: t('users.enterprise'),
      render: (_: unknown, user: User) => {
        const enterprise = park.enterprises.find(({ id }) => id === user.enterprise)
        return enterprise === undefined ? '—' : nameOf(enterprise.name)
      },
    },
    {
      title: t('users.state'),
      render: (_: unknown, user: User) => {
        if (!user.active) return <span className="state is-silent">{t('users.shutOut')}</span>
        return user.hasPassword ? (
          <span className="state is-ok">{t('users.active')}</span>
        ) : (
          <span className="state">{t('users.invited')}</span>
        )
      },
    },
    {
      title: '',
      render: (_: unknown, user: User) => (
        <span className="session">
          <Button size="small" onClick={() => linkFor('POST', `api/v1/users/${user.id}/link`)}>
            {t('users.link')}
          </Button>
          <Button
            size="small"
            danger={user.active}
            onClick={() =>
              act(async () => {
                await change('PATCH', `api/v1/users/${user.id}`, { active: !user.active })
              })
            }
          >
            {t(user.active ? 'users.toShutOut' : 'users.toLetIn')}
          </Button>
        </span>
      ),
    },
  ]
  return (
    <div className="stack">
      <Parts>
        <PageHead title={t('page.users')} help={t('users.help')} />
        <AccessTabs />
        <Card title={t('users.add')}>
          <Form
            form={form}
            layout="inline"
            onFinish={(entered: Entered) => linkFor('POST', 'api/v1/users', { ...entered })}
          >
            <Form.Item name="name" rules={[{ required: true, message: spoken('signIn.needed') }]}>
              <Input placeholder={t('users.name')} aria-label={t('users.name')} />
            </Form.Item>
            <Form.Item name="role" rules={[{ required: true, message: spoken('signIn.needed') }]}>
              <Select
                style={{ minWidth: 160 }}
                placeholder={t('users.role')}
                aria-label={t('users.role')}
                options={roleNames.map((value) => ({ value, label: nameOf(roles[value].name) }))}
              />
            </Form.Item>
            {role === 'enterprise-user' && (
              <Form.Item name="enterprise" rules={[{ required: true, message: spoken('signIn.needed') }]}>
                <Select
                  style={{ minWidth: 180 }}
                  placeholder={t('users.enterprise')}
                  aria-label={t('users.enterprise')}
                  options={park.enterprises.map(({ id, name }) => ({ value: id, label: nameOf(name) }))}
                />
              </Form.Item>
            )}
            <Button type="primary" htmlType="submit">
              {t('users.submit')}
            </Button>
          </Form>
        </Card>
        <RefusalAlert why={refused} />
        {made !== undefined && (
          <Alert
            type="success"
            showIcon
            title={t('users.linkFor', { name: made.name })}
            description={<Typography.Text copyable>{made.link}</Typography.Text>}
          />
        )}
        <AccessTable<User> answer={found} columns={columns} />
      </Parts>
    </div>
  )
}
