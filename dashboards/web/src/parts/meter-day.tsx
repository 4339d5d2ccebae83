import type { ReactNode } from 'react'
import { Empty, Skeleton } from 'antd'
import type { MeterIntervals } from '#dashboards/api/shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { SlotBars } from './slot-bars.tsx'
import { SlotTable } from './slot-table.tsx'
import { Completeness, energyText } from './tiles.tsx'

interface MeterDayProps {
  readonly day: MeterIntervals | undefined
  readonly failed: boolean
}

/** A day's slots: its sum, bars by method, and each slot with coverage, revision and both registers. */
export function MeterDay({ day, failed }: MeterDayProps): ReactNode {
  const { t } = useSpeech()
  return (
    <section className="panel" data-testid="day">
      <h2>
        {t('meter.slots')} <small>{day?.day}</small>
      </h2>
      {failed && <p className="is-incomplete">{t('failed.detail')}</p>}
      {day === undefined ? (
        <Skeleton active />
      ) : (
        <>
          <p className="day-total" data-testid="day-total">
            <strong className="number">{energyText(day.total.total)}</strong> {day.unit}{' '}
            <Completeness energy={day.total} />
          </p>
          {day.slots.length === 0 ? (
            <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('meter.noSlots')} />
          ) : (
            <>
              <SlotBars day={day} />
              <SlotTable day={day} />
            </>
          )}
        </>
      )}
    </section>
  )
}
