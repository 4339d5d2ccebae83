import type { ReactNode } from 'react'
import { Drawer, Skeleton } from 'antd'
import { Link } from 'wouter'
import { meterDetail, meterIntervals, type LiveMeter, type ParkTree } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { isFresh, useFiveSeconds } from '#dashboards/web/src/live.ts'
import { headlineOf, StateCell } from './live-cells.tsx'
import { MeterFactList } from './meter-facts.tsx'
import { MeterReadings } from './meter-readings.tsx'
import { SlotBars } from './slot-bars.tsx'
import { SlotTable } from './slot-table.tsx'
import { Completeness, energyText } from './tiles.tsx'
import { NotRead } from './not-read.tsx'
import { Nothing } from './nothing.tsx'

const WIDTH_PX = 760

interface MeterDrawerProps {
  readonly park: ParkTree
  /** The meter that is open; undefined: closed. */
  readonly live: LiveMeter | undefined
  readonly onClose: () => void
}

/** One meter opened: its facts, all its readings, and the day's slots down to the register. */
export function MeterDrawer({ park, live, onClose }: MeterDrawerProps): ReactNode {
  const { t, nameOf } = useSpeech()
  const present = useFiveSeconds()
  const path = live === undefined ? undefined : `api/meters/${live.meter}`
  const headline = headlineOf(live)
  const refresh = `${headline?.atMs} ${live?.state} ${live?.today.total} ${live?.today.expected} ${live?.today.pending}`
  const detail = useAnswer(meterDetail, path, refresh)
  const day = useAnswer(meterIntervals, path === undefined ? undefined : `${path}/intervals`, refresh)
  const stale = live !== undefined && headline !== undefined && !isFresh(headline, live.limitMs, present)

  return (
    <Drawer
      open={live !== undefined}
      onClose={onClose}
      size={`min(${WIDTH_PX}px, 100vw)`}
      title={detail.data === undefined ? '' : nameOf(detail.data.facts.name)}
      extra={<StateCell live={live} />}
      className={stale ? 'meter-drawer is-old' : 'meter-drawer'}
    >
      <NotRead why={detail.failure ?? day.failure} inPanel />
      {detail.data === undefined ? (
        !detail.failed && <Skeleton active />
      ) : (
        <>
          <p className="path">
            {detail.data.path.map(({ name }) => nameOf(name)).join(' / ')}{' '}
            <Link href={`/meters/${detail.data.facts.id}`}>{t('meter.open')}</Link>
          </p>
          <section>
            <h3>{t('drawer.today')}</h3>
            {day.data !== undefined && (
              <>
                <p className="day-total" data-testid="day-total">
                  <strong className="number">{energyText(day.data.total.total)}</strong> {day.data.unit}{' '}
                  <Completeness energy={day.data.total} />
                </p>
                {day.data.slots.length === 0 ? (
                  <Nothing text={t('drawer.noSlots')} />
                ) : (
                  <>
                    <SlotBars day={day.data} />
                    <SlotTable day={day.data} />
                  </>
                )}
              </>
            )}
          </section>
          <section data-testid="readings">
            <h3>{t('drawer.readings')}</h3>
            <MeterReadings detail={detail.data} />
          </section>
          <section>
            <h3>{t('drawer.facts')}</h3>
            <MeterFactList park={park} detail={detail.data} />
          </section>
        </>
      )}
    </Drawer>
  )
}
