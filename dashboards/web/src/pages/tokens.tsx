import { useState, type ReactNode } from 'react'
import { Alert, Button, Popconfirm, Tag, Typography, type TableColumnsType } from 'antd'
import { z } from 'zod'
import { tokenShape, tokenWithSecret, userShape } from '#dashboards/api/user-shapes.ts'
import '#dashboards/web/src/access.css'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { refusalOf, type Refusal } from '#dashboards/web/src/fault-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { momentText } from '#dashboards/web/src/numbers.ts'
import { AccessTable } from '#dashboards/web/src/parts/access-table.tsx'
import { AccessTabs } from '#dashboards/web/src/parts/access-tabs.tsx'

import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { TokenForm, type TokenWish } from '#dashboards/web/src/parts/token-form.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'
import { RefusalAlert } from '#dashboards/web/src/parts/refusal-alert.tsx'

type Token = z.output<typeof tokenShape>
const tokens = z.array(tokenShape)
const users = z.array(userShape)

/** Tokens of programs: made and shown once, with what they may and until when, and ended. */
export function TokensPage(): ReactNode {
  const { t, locale } = useSpeech()
  const { nowMs, timeZone } = useMinute()
  const { change } = useSession()
  const [changes, setChanges] = useState(0)
  const [made, setMade] = useState<{ id: number; name: string; secret: string }>()
  const [refused, setRefused] = useState<Refusal>()
  const found = useAnswer(tokens, 'api/v1/tokens', changes)
  const people = useAnswer(users, 'api/v1/users', 0)

  /** True when it was done; why it was not is shown. */
  const act = async (work: () => Promise<void>): Promise<boolean> => {
    setRefused(undefined)
    try {
      await work()
      return true
    } catch (error) {
      setRefused(refusalOf(error))
      return false
    } finally {
      setChanges((count) => count + 1)
    }
  }
  const add = async ({ days, ...wish }: TokenWish): Promise<boolean> =>
    act(async () => {
      const body = { ...wish, ...(days === 0 ? {} : { days }) }
      const { token, secret } = tokenWithSecret.parse(await change('POST', 'api/v1/tokens', body))
      setMade({ id: token.id, name: token.name, secret })
    })
  const end = async (id: number): Promise<boolean> =>
    act(async () => {
      await change('DELETE', `api/v1/tokens/${id}`)
      // A secret that opens nothing any more is nothing to copy.
      setMade((before) => (before?.id === id ? undefined : before))
    })

  const columns: TableColumnsType<Token> = [
    { title: t('tokens.name'), key: 'name', render: (_, { name }) => <span translate="no">{name}</span> },
    { title: t('tokens.user'), key: 'user', render: (_, { user }) => <span translate="no">{user}</span> },
    {
      title: t('tokens.access'),
      key: 'access',
      render: (_, { access }) => access.map((each) => <Tag key={each}>{t(`access.${each}`)}</Tag>),
    },
    {
      title: t('tokens.created'),
      key: 'created',
      render: (_, { createdAtMs }) => (
        <span className="number">{momentText(createdAtMs, locale, timeZone)}</span>
      ),
    },
    {
      title: t('tokens.until'),
      key: 'until',
      render: (_, { expiresAtMs }) => {
        if (expiresAtMs === null) return t('tokens.forever')
        const until = <span className="number">{momentText(expiresAtMs, locale, timeZone)}</span>
        return expiresAtMs > nowMs ? (
          until
        ) : (
          <span className="state is-silent">
            {t('tokens.expired')} {until}
          </span>
        )
      },
    },
    {
      title: '',
      key: 'act',
      render: (_, { id, name }) => (
        <Popconfirm
          title={t('tokens.endAsk', { name })}
          okText={t('tokens.end')}
          cancelText={t('dialog.cancel')}
          onConfirm={() => void end(id)}
        >
          <Button size="small" danger>
            {t('tokens.end')}
          </Button>
        </Popconfirm>
      ),
    },
  ]
  return (
    <div className="stack" data-testid="tokens">
      <Parts>
        <PageHead title={t('page.tokens')} help={t('tokens.help')} />
        <AccessTabs />
        <TokenForm users={people.data ?? []} onSubmit={add} />
        <RefusalAlert why={refused} />
        {made !== undefined && (
          <Alert
            type="success"
            showIcon
            title={t('tokens.secretOf', { name: made.name })}
            description={
              <>
                <Typography.Text copyable code data-testid="secret">
                  {made.secret}
                </Typography.Text>
                <p>
                  <code>{`curl -H 'Authorization: Bearer …' ${new URL('api/overview', document.baseURI).href}`}</code>
                </p>
              </>
            }
          />
        )}
        <AccessTable<Token> answer={found} columns={columns} none={t('tokens.none')} />
      </Parts>
    </div>
  )
}
