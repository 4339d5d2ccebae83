import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { Link, useLocation } from 'wouter'
import { meterIntervals, type Slot } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { exactText, minuteText, percentText } from '#dashboards/web/src/numbers.ts'
import { intervalsPath } from '#dashboards/web/src/register-paths.ts'
import { DayChoice } from './day-choice.tsx'
import { SlotRevisions } from './slot-revisions.tsx'
import { Completeness, energyText } from './tiles.tsx'
import { NotRead } from './not-read.tsx'

interface TraceSlotsProps {
  readonly meter: string
  /** Undefined: the meter's own register. */
  readonly quantity: string | undefined
  readonly day: string
  readonly slotMs: number | undefined
  /** The address of a day, or of a slot of it. */
  readonly pathOf: (day: string, slotMs?: number) => string
  /** The revision of a slot that the traced figure rests on; undefined where it rests on the newest. */
  readonly usedIn?: (slotMs: number) => number | undefined
}

/** A day's slots of a meter with their revisions, one of them opened down to its register readings. */
export function TraceSlots({ meter, quantity, day, slotMs, pathOf, usedIn }: TraceSlotsProps): ReactNode {
  const { t, locale } = useSpeech()
  const { nowMs, timeZone } = useMinute()
  const [, go] = useLocation()
  const { data, failed, failure } = useAnswer(meterIntervals, intervalsPath(meter, day, quantity), 0)
  const number = (text: string): ReactNode => <span className="number">{text}</span>
  const columns: TableColumnsType<Slot> = [
    {
      title: t('slot.time'),
      key: 'time',
      render: (_, slot) => (
        <Link
          href={pathOf(day, slot.slotMs)}
          className={slot.slotMs === slotMs ? 'link number is-chosen' : 'link number'}
          aria-current={slot.slotMs === slotMs ? 'true' : undefined}
        >
          {minuteText(slot.slotMs, locale, timeZone)}
        </Link>
      ),
    },
    {
      title: `${t('slot.energy')} ${data?.unit ?? ''}`,
      key: 'energy',
      align: 'right',
      render: (_, slot) =>
        slot.state === 'known' ? (
          number(exactText(slot.energy))
        ) : (
          <span className={slot.state === 'missing' ? 'slot-missing' : 'is-stale'}>
            {t(`slot.${slot.state}`)}
          </span>
        ),
    },
    {
      title: t('slot.method'),
      key: 'method',
      render: (_, slot) => (slot.state === 'known' ? t(`method.${slot.method}`) : '—'),
    },
    {
      title: t('slot.coverage'),
      key: 'coverage',
      align: 'right',
      render: (_, slot) => number(slot.state === 'known' ? percentText(slot.coverage, locale) : '—'),
    },
    {
      title: t('slot.revision'),
      key: 'revision',
      align: 'right',
      render: (_, slot) =>
        number(slot.state === 'pending' ? '—' : String(usedIn?.(slot.slotMs) ?? slot.revision ?? '—')),
    },
  ]
  return (
    <div className="trace-slots">
      <section className="panel" data-testid="trace-slots">
        <div className="panel-head">
          <h2>{t('trace.step.slots')}</h2>
          <DayChoice day={day} last={dayOf(nowMs, timeZone)} onChange={(next) => go(pathOf(next))} />
        </div>
        <NotRead why={failure} />
        {data !== undefined && (
          <p className="day-total">
            {t('trace.daySum')} <strong className="number">{energyText(data.total.total)}</strong> {data.unit}{' '}
            <Completeness energy={data.total} />
          </p>
        )}
        <Table<Slot>
          columns={columns}
          dataSource={data?.slots ?? []}
          rowKey="slotMs"
          rowClassName={(slot) => (slot.slotMs === slotMs ? 'is-chosen' : '')}
          onRow={(slot) => ({ onClick: () => go(pathOf(day, slot.slotMs)) })}
          loading={data === undefined && !failed}
          size="small"
          pagination={false}
          scroll={{ x: 'max-content', y: 520 }}
        />
      </section>
      {slotMs === undefined ? (
        <section className="panel trace-hint">
          <p>{t('trace.chooseSlot')}</p>
        </section>
      ) : (
        <SlotRevisions
          key={`${meter} ${slotMs}`}
          meter={meter}
          quantity={quantity}
          slotMs={slotMs}
          used={usedIn?.(slotMs)}
        />
      )}
    </div>
  )
}
