import type { ReactNode } from 'react'
import { Table, Tooltip, type TableColumnsType } from 'antd'
import { Link } from 'wouter'
import type { MeterIntervals, Slot } from '#dashboards/api/shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { exactText, minuteText, percentText, secondText } from '#dashboards/web/src/numbers.ts'
import { methodColours } from '#dashboards/web/src/palette.ts'
import { meterTrace } from '#dashboards/web/src/trace-paths.ts'
import { Scrollable } from './scrollable.tsx'

type KnownSlot = Extract<Slot, { state: 'known' }>

/** A register at a boundary; on asking, the two readings that it rests on. */
type KnownBoundary = NonNullable<KnownSlot['opening']>

function RegisterCell({ boundary, unit }: { boundary: KnownBoundary; unit: string }): ReactNode {
  const { t, locale } = useSpeech()
  const timeZone = useTimeZone()
  const points =
    boundary.before.atMs === boundary.after.atMs ? [boundary.before] : [boundary.before, boundary.after]
  const evidence = points
    .map(({ atMs, register }) => `${secondText(atMs, locale, timeZone)}  ${exactText(register)} ${unit}`)
    .join(' → ')
  return (
    <Tooltip title={`${t(`method.${boundary.method}`)} · ${evidence}`}>
      <span className="number">{exactText(boundary.register)}</span>
    </Tooltip>
  )
}

function MethodCell({ slot }: { slot: Slot }): ReactNode {
  const { t } = useSpeech()
  if (slot.state === 'pending') return <span className="is-stale">{t('slot.pending')}</span>
  if (slot.state === 'missing') {
    return (
      <span className="slot-missing">
        {t('slot.missing')} · {t(`cause.${slot.cause}`)}
      </span>
    )
  }
  return (
    <span className="method">
      <span className="swatch" style={{ background: methodColours[slot.method] }} />
      {t(`method.${slot.method}`)}
      {slot.undecided.length > 0 && <span className="slot-missing">{t('slot.undecided')}</span>}
    </span>
  )
}

interface SlotTableProps {
  readonly day: MeterIntervals
  /** Of another register than the meter's own. */
  readonly quantity?: string
}

/** Every slot of the day, newest first, opened down to the registers between which its energy lies. */
export function SlotTable({ day, quantity }: SlotTableProps): ReactNode {
  const { t, locale } = useSpeech()
  const timeZone = useTimeZone()
  const known = (slot: Slot, show: (slot: KnownSlot) => ReactNode): ReactNode =>
    slot.state === 'known' ? show(slot) : <span className="is-stale">—</span>
  const register = (boundary: KnownSlot['opening']): ReactNode =>
    boundary === null ? <span>—</span> : <RegisterCell boundary={boundary} unit={day.unit} />
  const number = (text: string): ReactNode => <span className="number">{text}</span>
  const columns: TableColumnsType<Slot> = [
    {
      title: t('slot.time'),
      key: 'time',
      render: (_, { slotMs }) => (
        <Link
          href={meterTrace(day.meter, day.day, slotMs, quantity)}
          className="link number"
          title={t('trace.open')}
        >
          {minuteText(slotMs, locale, timeZone)}
        </Link>
      ),
    },
    {
      title: `${t('slot.energy')} ${day.unit}`,
      key: 'energy',
      align: 'right',
      render: (_, slot) => known(slot, ({ energy }) => number(exactText(energy))),
    },
    {
      title: t('slot.opening'),
      key: 'opening',
      align: 'right',
      render: (_, slot) => known(slot, ({ opening }) => register(opening)),
    },
    {
      title: t('slot.closing'),
      key: 'closing',
      align: 'right',
      render: (_, slot) => known(slot, ({ closing }) => register(closing)),
    },
    { title: t('slot.method'), key: 'method', render: (_, slot) => <MethodCell slot={slot} /> },
    {
      title: t('slot.coverage'),
      key: 'coverage',
      align: 'right',
      render: (_, slot) => known(slot, ({ coverage }) => number(percentText(coverage, locale))),
    },
    {
      title: t('slot.revision'),
      key: 'revision',
      align: 'right',
      render: (_, slot) => known(slot, ({ revision }) => number(String(revision))),
    },
  ]
  return (
    <Scrollable className="slot-table" label={t('slots.table')} testId="slots">
      <Table<Slot>
        columns={columns}
        dataSource={day.slots.toReversed()}
        rowKey="slotMs"
        size="small"
        pagination={false}
        scroll={{ x: 'max-content' }}
      />
    </Scrollable>
  )
}
