import { useState, type ReactNode } from 'react'
import { Button, Segmented, Table, type TableColumnsType } from 'antd'
import { Link } from 'wouter'
import type { z } from 'zod'
import { gapKinds } from '#contract/gap.ts'
import { gapList } from '#dashboards/api/completeness-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { useGapColumns } from './gap-columns.tsx'
import { Nothing } from './nothing.tsx'
import { ReasonDialog } from './reason-dialog.tsx'
import { NotRead } from './not-read.tsx'

type Gap = z.output<typeof gapList>[number]
const states = ['open', 'filled', 'accepted'] as const

/** What is missing, what became of it, and a person's word on it. */
export function GapWork({ refresh }: { refresh: number }): ReactNode {
  const { t, nameOf } = useSpeech()
  const park = useParkTree()
  const { may, change } = useSession()
  const [state, setState] = useState<(typeof states)[number]>('open')
  const [changes, setChanges] = useState(0)
  const [asked, setAsked] = useState<{ gap: Gap; what: 'accept' | 'remark' }>()
  const answer = useAnswer(gapList, `api/v1/gaps?state=${state}`, `${refresh} ${changes}`)
  const names = meterNames(park)
  const gateways = new Map(park.gateways.map(({ id, name }) => [id, name]))
  const subjectOf = ({ meter, gateway }: Gap): ReactNode =>
    meter === undefined ? (
      nameOf(gateways.get(gateway) ?? { zh: gateway, en: gateway })
    ) : (
      <Link href={`/meters/${meter}`}>{nameOf(names.get(meter) ?? { zh: meter, en: meter })}</Link>
    )

  const columns: TableColumnsType<Gap> = [
    { title: t('gap.what'), key: 'what', render: (_, { kind }) => nameOf(gapKinds[kind]) },
    { title: t('gap.of'), key: 'of', render: (_, gap) => subjectOf(gap) },
    ...useGapColumns<Gap>(),
    {
      title: t('gap.said'),
      key: 'said',
      render: (_, { decision, remarks }) => (
        <>
          {decision !== undefined && (
            <div>
              {decision.by}: {decision.reason}
            </div>
          )}
          {remarks.map(({ atMs, by, text }) => (
            <div key={`${atMs} ${text}`} className="role">
              {by}: {text}
            </div>
          ))}
        </>
      ),
    },
    ...(may('operate') && state === 'open'
      ? [
          {
            title: '',
            key: 'act',
            render: (_: unknown, gap: Gap) => (
              <span className="session">
                <Button size="small" onClick={() => setAsked({ gap, what: 'accept' })}>
                  {t('gap.accept')}
                </Button>
                <Button size="small" onClick={() => setAsked({ gap, what: 'remark' })}>
                  {t('gap.remark')}
                </Button>
              </span>
            ),
          },
        ]
      : []),
  ]
  return (
    <section className="panel" data-testid="gaps">
      <div className="panel-head">
        <h2>{t('meter.gaps')}</h2>
        <Segmented
          aria-label={t('choice.state')}
          size="small"
          value={state}
          onChange={setState}
          options={states.map((value) => ({ value, label: t(`gapState.${value}`) }))}
        />
      </div>
      <NotRead why={answer.failure} inPanel />
      <Table<Gap>
        columns={columns}
        dataSource={answer.data ?? []}
        loading={answer.data === undefined && !answer.failed}
        rowKey="id"
        size="small"
        scroll={{ x: true }}
        pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
        locale={{ emptyText: <Nothing text={t('gap.none')} /> }}
      />
      {asked !== undefined && (
        <ReasonDialog
          title={t(asked.what === 'accept' ? 'gap.accept' : 'gap.remark')}
          onClose={() => setAsked(undefined)}
          onSubmit={async (reason) => {
            await (asked.what === 'accept'
              ? change('POST', `api/v1/gaps/${asked.gap.id}/accept`, { reason })
              : change('POST', `api/v1/gaps/${asked.gap.id}/remarks`, { text: reason }))
            setChanges((count) => count + 1)
          }}
        >
          {asked.what === 'accept' && <p>{t('gap.acceptNote')}</p>}
        </ReasonDialog>
      )}
    </section>
  )
}
