import { useState, type ReactNode } from 'react'
import { Button, Segmented, Table, type TableColumnsType } from 'antd'
import { z } from 'zod'
import { dataHealth, quarantineList } from '#dashboards/api/completeness-shapes.ts'
import { quarantineLine } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { faultTextKey } from '#dashboards/web/src/fault-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { momentText } from '#dashboards/web/src/numbers.ts'
import { useSession } from '#dashboards/web/src/session.tsx'
import { Nothing } from './nothing.tsx'
import { ReasonDialog } from './reason-dialog.tsx'
import { ReplayDialog } from './replay-dialog.tsx'
import { Verbatim } from './verbatim.tsx'
import { NotRead } from './not-read.tsx'

type Entry = z.output<typeof quarantineLine>
const states = ['open', 'replayed', 'accepted', 'discarded'] as const
const replayed = z.object({ stored: z.int(), refused: z.array(z.string()) })

/** The whole payload as it came; what is not text is shown in Base64. */
function Payload({ id }: { id: number }): ReactNode {
  const { t } = useSpeech()
  const { data, failure } = useAnswer(quarantineLine, `api/v1/quarantine/${id}`, 0)
  if (failure !== undefined && data === undefined) return <NotRead why={failure} inPanel />
  if (data === undefined) return t('loading')
  const { refusal, isCut, decision } = data
  return (
    <>
      {isCut && <p className="is-incomplete">{t('refused.cut')}</p>}
      {refusal.encoding === 'base64' && <p className="role">{t('refused.base64')}</p>}
      <pre className="payload">{refusal.payload}</pre>
      {decision?.payload !== undefined && (
        <>
          <p className="role">{t('refused.inItsPlace')}</p>
          <pre className="payload">{decision.payload}</pre>
        </>
      )}
    </>
  )
}

/** What was refused: its reason, its payload, and what a person decides. */
export function QuarantineWork({ refresh }: { refresh: number }): ReactNode {
  const { t, locale } = useSpeech()
  const timeZone = useTimeZone()
  const { may, change } = useSession()
  const [state, setState] = useState<(typeof states)[number]>('open')
  const [changes, setChanges] = useState(0)
  const [asked, setAsked] = useState<{ entry: Entry; what: 'replay' | 'discard' }>()
  const [outcome, setOutcome] = useState<string>()
  const answer = useAnswer(quarantineList, `api/v1/quarantine?state=${state}`, `${refresh} ${changes}`)
  const overflow = useAnswer(dataHealth, 'api/quality/health', refresh).data?.quarantineOverflow ?? 0
  const ask = (entry: Entry, what: 'replay' | 'discard'): void => {
    setOutcome(undefined)
    setAsked({ entry, what })
  }

  const columns: TableColumnsType<Entry> = [
    {
      title: t('refused.at'),
      key: 'at',
      render: (_, { committedAtMs }) => (
        <span className="number">{momentText(committedAtMs, locale, timeZone)}</span>
      ),
    },
    { title: t('fleet.gateway'), dataIndex: 'gateway' },
    { title: t('column.meter'), key: 'meter', render: (_, { refusal }) => refusal.meter ?? '—' },
    {
      title: t('refused.why'),
      key: 'why',
      render: (_, { refusal }) => (
        <>
          {t(faultTextKey(refusal.code))} <code className="role">{refusal.code}</code>
          <div className="role">
            <Verbatim>{refusal.detail}</Verbatim>
          </div>
        </>
      ),
    },
    {
      title: t('refused.decision'),
      key: 'decision',
      render: (_, { decision }) => (decision === undefined ? '' : `${decision.by}: ${decision.reason}`),
    },
    ...(may('manage') && state === 'open'
      ? [
          {
            title: '',
            key: 'act',
            render: (_: unknown, entry: Entry) => (
              <span className="session">
                <Button size="small" onClick={() => ask(entry, 'replay')}>
                  {t('refused.replay')}
                </Button>
                <Button size="small" danger onClick={() => ask(entry, 'discard')}>
                  {t('refused.discard')}
                </Button>
              </span>
            ),
          },
        ]
      : []),
  ]
  return (
    <section className="panel" data-testid="quarantine">
      <div className="panel-head">
        <h2>{t('meter.refused')}</h2>
        <Segmented
          aria-label={t('choice.state')}
          size="small"
          value={state}
          onChange={setState}
          options={states.map((value) => ({ value, label: t(`refusedState.${value}`) }))}
        />
      </div>
      <NotRead why={answer.failure} inPanel />
      {overflow > 0 && (
        <p className="role" data-testid="quarantine-overflow">
          {t('refused.overflow', { count: overflow })}
        </p>
      )}
      {outcome !== undefined && <p role="status">{outcome}</p>}
      <Table<Entry>
        columns={columns}
        dataSource={answer.data ?? []}
        loading={answer.data === undefined && !answer.failed}
        rowKey="id"
        size="small"
        scroll={{ x: true }}
        expandable={{ expandedRowRender: ({ id }) => <Payload id={id} /> }}
        pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
        locale={{ emptyText: <Nothing text={t('refused.nothing')} /> }}
      />
      {asked?.what === 'discard' && (
        <ReasonDialog
          title={t('refused.discard')}
          onClose={() => setAsked(undefined)}
          onSubmit={async (reason) => {
            await change('POST', `api/v1/quarantine/${asked.entry.id}/discard`, { reason })
            setChanges((count) => count + 1)
          }}
        >
          <p>{t('refused.discardNote')}</p>
        </ReasonDialog>
      )}
      {asked?.what === 'replay' && (
        <ReplayDialog
          entry={asked.entry}
          onClose={() => setAsked(undefined)}
          onSubmit={async (wish) => {
            const answered = await change('POST', `api/v1/quarantine/${asked.entry.id}/replay`, wish)
            const { stored, refused } = replayed.parse(answered)
            setOutcome([t('refused.stored', { count: stored }), ...refused].join(' · '))
            setChanges((count) => count + 1)
          }}
        />
      )}
    </section>
  )
}
