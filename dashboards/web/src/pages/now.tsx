import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { Alert, Spin } from 'antd'
import { parkTree, type Overview, type ParkTree } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { PresentContext, useLiveStream, useServerNow } from '#dashboards/web/src/live.ts'
import { secondText } from '#dashboards/web/src/numbers.ts'
import { GatewayCards } from '#dashboards/web/src/parts/gateway-cards.tsx'
import { HeaderBar } from '#dashboards/web/src/parts/header-bar.tsx'
import { LoadCurvePanel } from '#dashboards/web/src/parts/load-curve.tsx'
import { MeterDrawer } from '#dashboards/web/src/parts/meter-drawer.tsx'
import { MeterTable } from '#dashboards/web/src/parts/meter-table.tsx'
import { Tiles } from '#dashboards/web/src/parts/tiles.tsx'

function Content({ park, overview }: { park: ParkTree; overview: Overview }): ReactNode {
  const [meter, setMeter] = useState<string>()
  return (
    <>
      <Tiles overview={overview} />
      <div className="columns">
        <LoadCurvePanel park={park} />
        <GatewayCards park={park} gateways={overview.gateways} />
      </div>
      <MeterTable park={park} overview={overview} onOpen={setMeter} />
      <MeterDrawer
        park={park}
        live={overview.meters.find((each) => each.meter === meter)}
        onClose={() => setMeter(undefined)}
      />
    </>
  )
}

/** The park now: power, energy of the day, who uses what, and what is wrong. */
export function NowPage(): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { connection, overview, time, snapshots } = useLiveStream('api/live')
  const park = useAnswer(parkTree, 'api/park', snapshots)
  const nowMs = useServerNow(time)
  const timeZone = park.data?.timeZone ?? 'UTC'
  const live = connection === 'live'
  const present = useMemo(() => ({ nowMs: nowMs ?? 0, live, timeZone }), [nowMs, live, timeZone])

  const title = park.data === undefined ? t('app') : nameOf(park.data.name)
  useEffect(() => {
    document.title = `${title} · ${t('app')}`
  }, [title, t])

  const brokenTitle =
    time === undefined
      ? t('stream.neverTitle')
      : t('stream.brokenTitle', { time: secondText(time.nowMs, locale, timeZone) })
  return (
    <PresentContext value={present}>
      <HeaderBar
        title={title}
        connection={connection}
        simulated={overview?.simulated ?? false}
        known={time !== undefined}
      />
      <main className={connection === 'broken' ? 'is-broken' : ''}>
        {connection === 'broken' && <Alert className="broken" type="error" showIcon title={brokenTitle} />}
        {park.failed && <Alert type="warning" showIcon title={t('failed.park')} />}
        {park.data === undefined || overview === undefined ? (
          <div className="loading" role="status">
            <Spin />
            <p>{t('loading')}</p>
          </div>
        ) : (
          <Content park={park.data} overview={overview} />
        )}
      </main>
    </PresentContext>
  )
}
