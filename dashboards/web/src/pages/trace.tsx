import type { ReactNode } from 'react'
import { Route, Switch } from 'wouter'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { Notice } from '#dashboards/web/src/parts/notice.tsx'
import { TraceAccount } from '#dashboards/web/src/parts/trace-account.tsx'
import { TraceBalance } from '#dashboards/web/src/parts/trace-balance.tsx'
import { TraceCost } from '#dashboards/web/src/parts/trace-cost.tsx'
import { TraceDay } from '#dashboards/web/src/parts/trace-day.tsx'
import { TraceEnergy } from '#dashboards/web/src/parts/trace-energy.tsx'
import { TraceMeter } from '#dashboards/web/src/parts/trace-meter.tsx'
import { TraceParkCarbon } from '#dashboards/web/src/parts/trace-park-carbon.tsx'
import { TracePosting } from '#dashboards/web/src/parts/trace-posting.tsx'
import { TracePower } from '#dashboards/web/src/parts/trace-power.tsx'
import { TraceStatistics } from '#dashboards/web/src/parts/trace-statistics.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

/**
 * From any figure down to the register, each step with an address of its own: formula and factors, interval revisions,
 * register readings with gateway, epoch and sequence. trace-paths.ts has the addresses.
 */
export function TracePage(): ReactNode {
  const { t } = useSpeech()
  return (
    <div className="stack" data-testid="trace-page">
      <Parts>
        <Switch>
          <Route path="/trace/meters/:meter/:day/:slot?">{(at) => <TraceMeter {...at} />}</Route>
          <Route path="/trace/energy/:scope/:carrier/:flow/:from/:to">
            {(at) => <TraceEnergy {...at} />}
          </Route>
          <Route path="/trace/power/:scope/:flow">{(at) => <TracePower {...at} />}</Route>
          <Route path="/trace/cost/:account/:month">{(at) => <TraceCost {...at} />}</Route>
          <Route path="/trace/co2/:day">{({ day }) => <TraceDay day={day} />}</Route>
          <Route path="/trace/accounts/:account/:period">{(at) => <TraceAccount {...at} />}</Route>
          <Route path="/trace/accounts/:account/:month/:source/:meter/:day/:slot?">
            {(at) => <TracePosting {...at} />}
          </Route>
          <Route path="/trace/statistics/:place/:period/:item">{(at) => <TraceStatistics {...at} />}</Route>
          <Route path="/trace/carbon/:period">{({ period }) => <TraceParkCarbon period={period} />}</Route>
          <Route path="/trace/balance/:account/:period/:row/:item">{(at) => <TraceBalance {...at} />}</Route>
          <Route>
            <Notice tone="warning">{t('trace.unknown')}</Notice>
          </Route>
        </Switch>
      </Parts>
    </div>
  )
}
