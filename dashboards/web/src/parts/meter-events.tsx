import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { toDecimal } from '#contract/amount.ts'
import type { MeterEvent } from '#contract/park.ts'
import { meterEvents, type MeterEvents } from '#dashboards/api/meter-care-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { exactText, momentText } from '#dashboards/web/src/numbers.ts'
import { NotRead } from './not-read.tsx'
import { Nothing } from './nothing.tsx'

interface Line {
  readonly key: string
  readonly atMs: number
  readonly toMs: number | null
  readonly kind: string
  readonly what: string
  readonly said: MeterEvents['entries'][number]['said'] | null
}

/** What an event says of the register, old → new. */
function whatOf(event: MeterEvent, { t }: Speech): string {
  switch (event.kind) {
    case 'replacement':
    case 'reset':
      return `${exactText(toDecimal(event.final))} → ${exactText(toDecimal(event.initial))}`
    case 'ratio':
      return `${t('event.perUnit')} ${event.before} → ${event.after}`
    case 'rollover':
      return `${t('event.wrapsAt')} ${exactText(toDecimal(event.wrapsAt))}`
    case 'ignored':
    case 'confirmed':
      break
  }
  return ''
}

function linesOf({ events, entries }: MeterEvents, speech: Speech): Line[] {
  const { t } = speech
  const happened = events.map(({ atMs, event, said }) => ({
    key: `${event.kind} ${event.quantity} ${atMs} ${said?.entry}`,
    atMs,
    toMs: null,
    kind: t(`event.${event.kind}`),
    what: `${event.quantity} ${whatOf(event, speech)}`,
    said,
  }))
  const entered = entries.map(({ kind, quantity, unit, value, fromMs, toMs, said }) => ({
    key: said.entry,
    atMs: fromMs,
    toMs,
    kind: t(`event.${kind}`),
    what: `${quantity} ${exactText(value)} ${unit}`,
    said,
  }))
  return [...happened, ...entered].toSorted((a, b) => b.atMs - a.atMs)
}

/** What happened to a meter and what persons said of it: in the park file, or entered with name and ground. */
export function MeterEventList({ meter, refresh }: { meter: string; refresh: number }): ReactNode {
  const speech = useSpeech()
  const { t, locale } = speech
  const timeZone = useTimeZone()
  const answer = useAnswer(meterEvents, `api/meters/${meter}/events`, refresh)
  const columns: TableColumnsType<Line> = [
    {
      title: t('event.when'),
      key: 'when',
      render: (_, { atMs, toMs }) => (
        <span className="number">
          {momentText(atMs, locale, timeZone)}
          {toMs === null ? '' : ` – ${momentText(toMs, locale, timeZone)}`}
        </span>
      ),
    },
    { title: t('event.kind'), dataIndex: 'kind' },
    { title: t('event.what'), dataIndex: 'what' },
    {
      title: t('event.said'),
      key: 'said',
      render: (_, { said }) => {
        if (said === null) return t('event.parkFile')
        const text = `${said.by}: ${said.why}`
        return said.withdrawn ? (
          <span className="is-stale">
            <del>{text}</del> {t('event.withdrawn')}
          </span>
        ) : (
          text
        )
      },
    },
  ]
  return (
    <section className="panel" data-testid="events">
      <h2>{t('event.title')}</h2>
      <NotRead why={answer.failure} inPanel />
      <Table<Line>
        columns={columns}
        dataSource={answer.data === undefined ? [] : linesOf(answer.data, speech)}
        loading={answer.data === undefined && !answer.failed}
        rowKey="key"
        size="small"
        scroll={{ x: true }}
        pagination={{ pageSize: 10, hideOnSinglePage: true }}
        locale={{ emptyText: <Nothing text={t('event.none')} /> }}
      />
    </section>
  )
}
