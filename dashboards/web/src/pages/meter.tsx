import { memo, useState, type ReactNode } from 'react'
import { Alert } from 'antd'
import { useParams } from 'wouter'
import { meterDetail, meterIntervals, type LiveMeter, type LiveValue } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { isFresh, useMinute, usePresent } from '#dashboards/web/src/live.ts'
import { ageText, exactText, valueText } from '#dashboards/web/src/numbers.ts'
import { usePark } from '#dashboards/web/src/park-context.tsx'
import { DayChoice } from '#dashboards/web/src/parts/day-choice.tsx'
import { headlineOf, StateCell } from '#dashboards/web/src/parts/live-cells.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { MeterDay } from '#dashboards/web/src/parts/meter-day.tsx'
import { MeterEventList } from '#dashboards/web/src/parts/meter-events.tsx'
import { MeterFactList } from '#dashboards/web/src/parts/meter-facts.tsx'
import { MeterQuality } from '#dashboards/web/src/parts/meter-quality.tsx'
import { MeterReader } from '#dashboards/web/src/parts/meter-reader.tsx'
import { MeterReadings } from '#dashboards/web/src/parts/meter-readings.tsx'
import { MeterTrend } from '#dashboards/web/src/parts/meter-trend.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { Tile } from '#dashboards/web/src/parts/tile.tsx'
import { Completeness, energyText } from '#dashboards/web/src/parts/tiles.tsx'
import { meterTrace } from '#dashboards/web/src/trace-paths.ts'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

/** What persons decide and gateways say changes with the minute, not with the second. */
const SLOW_REFRESH_MS = 60_000
/** Tables follow a meter that is read every second at a pace at which they can be read themselves. */
const TABLES_REFRESH_MS = 5_000

// Live values draw the page again four times a second, and these are what it is made of.
const Trend = memo(MeterTrend)
const Day = memo(MeterDay)
const Readings = memo(MeterReadings)
const Facts = memo(MeterFactList)
const Events = memo(MeterEventList)
const Quality = memo(MeterQuality)

function LiveTile({
  name,
  value,
  live,
  testId,
}: {
  name: string
  value: LiveValue | null
  live: LiveMeter
  testId: string
}): ReactNode {
  const { t, locale } = useSpeech()
  const present = usePresent()
  if (value === null) {
    return (
      <Tile name={name} testId={testId} value="—" unit="">
        {t('meter.neverRead')}
      </Tile>
    )
  }
  const fresh = isFresh(value, live.limitMs, present)
  return (
    <Tile
      name={name}
      testId={testId}
      value={value.exact === null ? valueText(value.value, locale) : exactText(value.exact)}
      unit={value.unit}
      isStale={!fresh}
    >
      <span>{ageText(present.nowMs - value.atMs, t)}</span>
      <span className={fresh ? `quality is-${value.quality}` : 'quality is-old'}>
        {fresh ? t(`quality.${value.quality}`) : t('value.stale')}
      </span>
    </Tile>
  )
}

/** One meter: what it reads now, how it ran, its slots down to the register, what happened to it, and who reads it. */
export function MeterPage(): ReactNode {
  const { t, nameOf } = useSpeech()
  const { id } = useParams<{ id: string }>()
  const { park, overview } = usePark()
  const { nowMs, timeZone } = useMinute()
  const today = dayOf(nowMs, timeZone)
  const [chosen, setChosen] = useState<string>()
  const day = chosen ?? today
  const live = overview.meters.find(({ meter }) => meter === id)
  const path = live === undefined ? undefined : `api/meters/${id}`
  const headline = headlineOf(live)
  const read = Math.floor((headline?.atMs ?? 0) / TABLES_REFRESH_MS)
  const slow = Math.floor(nowMs / SLOW_REFRESH_MS)
  const { known, pending, expected } = live?.today ?? {}
  const refresh = `${read} ${live?.state} ${known} ${pending} ${expected} ${slow}`
  const detail = useAnswer(meterDetail, path, refresh)
  const slots = useAnswer(
    meterIntervals,
    path === undefined ? undefined : `${path}/intervals?day=${day}`,
    day === today ? refresh : day,
  )

  if (live === undefined) return <Alert type="warning" showIcon title={t('meter.unknown', { id })} />
  if (detail.data === undefined) {
    return detail.failed ? <NotRead why={detail.failure} /> : <Loading text={t('loading')} />
  }
  const { facts, path: place } = detail.data
  return (
    <div className="stack" data-testid="meter-page">
      <Parts>
        <PageHead title={nameOf(facts.name)} help={t('meter.help')}>
          <StateCell live={live} />
          <DayChoice day={day} last={today} onChange={setChosen} />
        </PageHead>
        <p className="path">{place.map(({ name }) => nameOf(name)).join(' / ')}</p>
        <div className="tiles">
          {facts.power !== null && (
            <LiveTile name={t('meter.power')} value={live.power} live={live} testId="tile-meter-power" />
          )}
          <LiveTile name={t('meter.register')} value={live.register} live={live} testId="tile-register" />
          <Tile
            name={t('meter.today')}
            testId="tile-today"
            value={energyText(live.today.total)}
            unit={live.today.unit}
            trace={meterTrace(id, today)}
          >
            <Completeness energy={live.today} />
          </Tile>
        </div>
        <Trend meter={id} hasPower={facts.power !== null} day={day} bounds={slots.data} />
        <div className="halves">
          <Day day={slots.data} failure={slots.failure} />
          <section className="panel" data-testid="readings">
            <h2>{t('drawer.readings')}</h2>
            <Readings detail={detail.data} />
          </section>
        </div>
        <div className="halves">
          <MeterReader meter={id} park={park} gateways={overview.gateways} refresh={slow} />
          <section className="panel">
            <h2>{t('drawer.facts')}</h2>
            <Facts park={park} detail={detail.data} />
          </section>
        </div>
        <div className="halves">
          <Events meter={id} refresh={slow} />
          <Quality meter={id} refresh={slow} />
        </div>
      </Parts>
    </div>
  )
}
