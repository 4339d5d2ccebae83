import type { ReactNode } from 'react'
import { Skeleton } from 'antd'
import type { MeterIntervals } from '#dashboards/api/shapes.ts'
import type { Failure } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { SlotBars } from './slot-bars.tsx'
import { SlotTable } from './slot-table.tsx'
import { Completeness, energyText } from './tiles.tsx'
import { NotRead } from './not-read.tsx'
import { Nothing } from './nothing.tsx'

interface MeterDayProps {
  readonly day: MeterIntervals | undefined
  readonly failure: Failure | undefined
}

/** A day's slots: its sum, bars by method, and each slot with coverage, revision and both registers. */
export function MeterDay({ day, failure }: MeterDayProps): ReactNode {
  const { t } = useSpeech()
  return (
    <section className="panel" data-testid="day">
      <h2>
        {t('meter.slots')} <small>{day?.day}</small>
      </h2>
      <NotRead why={failure} inPanel />
      {day === undefined ? (
        failure === undefined && <Skeleton active />
      ) : (
        <>
          <p className="day-total" data-testid="day-total">
            <strong className="number">{energyText(day.total.total)}</strong> {day.unit}{' '}
            <Completeness energy={day.total} />
          </p>
          {day.slots.length === 0 ? (
            <Nothing text={t('meter.noSlots')} />
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
