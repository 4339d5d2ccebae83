import type { ReactNode } from 'react'
import { Drawer, Empty, Skeleton, Table, type TableColumnsType } from 'antd'
import { carriers } from '#contract/carriers.ts'
import { balanceRoles } from '#contract/park.ts'
import { badCauses } from '#contract/reading.ts'
import {
  meterDetail,
  meterIntervals,
  type LiveMeter,
  type MeterDetail,
  type ParkTree,
} from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { isFresh, usePresent } from '#dashboards/web/src/live.ts'
import { ageText, dateText, exactText, valueText } from '#dashboards/web/src/numbers.ts'
import { headlineOf, StateCell } from './live-cells.tsx'
import { SlotBars } from './slot-bars.tsx'
import { SlotTable } from './slot-table.tsx'
import { Completeness, energyText } from './tiles.tsx'

const WIDTH_PX = 760

function Facts({ park, detail }: { park: ParkTree; detail: MeterDetail }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { timeZone } = usePresent()
  const { facts } = detail
  const gateway = park.gateways.find(({ id }) => id === facts.gateway)
  const lines: [string, string][] = [
    [t('drawer.id'), facts.id],
    [t('drawer.carrier'), nameOf(carriers[facts.carrier])],
    [t('drawer.role'), nameOf(balanceRoles[facts.role])],
    [t('drawer.gateway'), gateway === undefined ? (facts.gateway ?? '—') : nameOf(gateway.name)],
    [t('drawer.upstream'), facts.upstream ?? '—'],
    [t('drawer.rating'), `${valueText(detail.ratingPerHour, locale)} ${facts.register.unit}/h`],
    [t('drawer.installed'), dateText(detail.installedMs, locale, timeZone)],
  ]
  return (
    <dl className="facts">
      {lines.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}

type ReadingLine = MeterDetail['readings'][number]

function Readings({ detail }: { detail: MeterDetail }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { nowMs, live } = usePresent()
  const isOld = (line: ReadingLine): boolean => !live || nowMs - line.atMs > detail.live.limitMs
  const columns: TableColumnsType<ReadingLine> = [
    { title: t('column.quantity'), key: 'quantity', render: (_, { label }) => nameOf(label) },
    {
      title: t('column.reading'),
      key: 'value',
      align: 'right',
      render: (_, line) =>
        line.value === null ? (
          <span className="slot-missing">{line.cause === null ? '—' : nameOf(badCauses[line.cause])}</span>
        ) : (
          <span className={isOld(line) ? 'value is-stale' : 'value'}>
            <span className="number">
              {line.exact === null ? valueText(line.value, locale) : exactText(line.exact)}
            </span>{' '}
            <span className="unit">{line.unit === '1' ? '' : line.unit}</span>
          </span>
        ),
    },
    {
      title: t('column.quality'),
      key: 'quality',
      render: (_, { quality }) => <span className={`quality is-${quality}`}>{t(`quality.${quality}`)}</span>,
    },
    {
      title: t('column.age'),
      key: 'age',
      align: 'right',
      render: (_, { atMs }) => <span className="age number">{ageText(nowMs - atMs, t)}</span>,
    },
  ]
  return (
    <Table<ReadingLine>
      columns={columns}
      dataSource={detail.readings}
      rowKey="quantity"
      size="small"
      pagination={false}
      locale={{ emptyText: t('drawer.noReadings') }}
    />
  )
}

interface MeterDrawerProps {
  readonly park: ParkTree
  /** The meter that is open; undefined: closed. */
  readonly live: LiveMeter | undefined
  readonly onClose: () => void
}

/** One meter opened: its facts, all its readings, and the day's slots down to the register. */
export function MeterDrawer({ park, live, onClose }: MeterDrawerProps): ReactNode {
  const { t, nameOf } = useSpeech()
  const present = usePresent()
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
      {(detail.failed || day.failed) && <p className="is-incomplete">{t('failed.detail')}</p>}
      {detail.data === undefined ? (
        <Skeleton active />
      ) : (
        <>
          <p className="path">{detail.data.path.map(({ name }) => nameOf(name)).join(' / ')}</p>
          <section>
            <h3>{t('drawer.today')}</h3>
            {day.data !== undefined && (
              <>
                <p className="day-total" data-testid="day-total">
                  <strong className="number">{energyText(day.data.total.total)}</strong> {day.data.unit}{' '}
                  <Completeness energy={day.data.total} />
                </p>
                {day.data.slots.length === 0 ? (
                  <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('drawer.noSlots')} />
                ) : (
                  <>
                    <SlotBars day={day.data} />
                    <div className="slot-table" data-testid="slots">
                      <SlotTable day={day.data} />
                    </div>
                  </>
                )}
              </>
            )}
          </section>
          <section data-testid="readings">
            <h3>{t('drawer.readings')}</h3>
            <Readings detail={detail.data} />
          </section>
          <section>
            <h3>{t('drawer.facts')}</h3>
            <Facts park={park} detail={detail.data} />
          </section>
        </>
      )}
    </Drawer>
  )
}
