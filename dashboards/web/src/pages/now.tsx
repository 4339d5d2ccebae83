import { lazy, Suspense, useState, type ReactNode } from 'react'
import { usePark } from '#dashboards/web/src/park-context.tsx'
import { useDayOnce } from '#dashboards/web/src/day.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { Later } from '#dashboards/web/src/later.tsx'
import { DayShares } from '#dashboards/web/src/parts/day-shares.tsx'
import { FlowSankey } from '#dashboards/web/src/parts/flow-sankey.tsx'
import { GatewayCards } from '#dashboards/web/src/parts/gateway-cards.tsx'
import { LoadCurvePanel } from '#dashboards/web/src/parts/load-curve.tsx'
import { MeterTable } from '#dashboards/web/src/parts/meter-table.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { Tiles } from '#dashboards/web/src/parts/tiles.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

// Asked for after the first values, which it must not hold up.
const ParkState = lazy(async () => ({
  default: (await import('#dashboards/web/src/parts/park-state.tsx')).ParkState,
}))
// Made of components that the first look needs none of.
const MeterDrawer = lazy(async () => ({
  default: (await import('#dashboards/web/src/parts/meter-drawer.tsx')).MeterDrawer,
}))

/** The park now: power, energy of the day, who uses what, and what is wrong. */
export function NowPage(): ReactNode {
  const { t } = useSpeech()
  const { park, overview } = usePark()
  const { data: day, hasCome, failure } = useDayOnce()
  const [meter, setMeter] = useState<string>()
  // It stays when it is closed: its closing is a movement of its own.
  const [everOpened, setEverOpened] = useState(false)
  return (
    <Parts>
      <Tiles overview={overview} day={day} traced />
      <div className="park-state">
        <Suspense>{hasCome && <ParkState />}</Suspense>
      </div>
      <div className="columns">
        <LoadCurvePanel park={park} />
        <GatewayCards park={park} gateways={overview.gateways} />
      </div>
      {day === undefined && failure !== undefined && (
        <section className="panel">
          <h2>{t('day.flow.day')}</h2>
          <NotRead why={failure} inPanel />
        </section>
      )}
      {day !== undefined && (
        <div className="day">
          <FlowSankey day={day} />
          <DayShares day={day} />
        </div>
      )}
      <MeterTable
        park={park}
        overview={overview}
        onOpen={(opened) => {
          setMeter(opened)
          setEverOpened(true)
        }}
      />
      {everOpened && (
        <Later>
          <MeterDrawer
            park={park}
            live={overview.meters.find((each) => each.meter === meter)}
            onClose={() => setMeter(undefined)}
          />
        </Later>
      )}
    </Parts>
  )
}
