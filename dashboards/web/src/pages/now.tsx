import { useState, type ReactNode } from 'react'
import { usePark } from '#dashboards/web/src/park-context.tsx'
import { GatewayCards } from '#dashboards/web/src/parts/gateway-cards.tsx'
import { LoadCurvePanel } from '#dashboards/web/src/parts/load-curve.tsx'
import { MeterDrawer } from '#dashboards/web/src/parts/meter-drawer.tsx'
import { MeterTable } from '#dashboards/web/src/parts/meter-table.tsx'
import { Tiles } from '#dashboards/web/src/parts/tiles.tsx'

/** The park now: power, energy of the day, who uses what, and what is wrong. */
export function NowPage(): ReactNode {
  const { park, overview } = usePark()
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
