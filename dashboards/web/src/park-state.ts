import type { z } from 'zod'
import { targetsView, type TargetView } from '#accounts/targets/target-view.ts'
import { alarmList } from '#dashboards/api/alarm-shapes.ts'
import { dataHealth, type DataHealth } from '#dashboards/api/completeness-shapes.ts'
import { useAnswer, type Fetched } from '#dashboards/web/src/answers.ts'
import { useMinute, useFiveSeconds } from '#dashboards/web/src/live.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'

/** How the park stands beside its live values, asked for again each at the pace at which it changes. */

const ALARMS_MS = 15_000
const HEALTH_MS = 60_000
/** Targets change when a month is posted. */
const TARGETS_MS = 600_000

/** The number of the stretch under way; while nothing is heard from the server nothing new is asked for. */
function useTurn(everyMs: number): string | number {
  const { nowMs, live } = useFiveSeconds()
  return live ? Math.floor(nowMs / everyMs) : 'broken'
}

/** Alarms that hold, of what the viewer sees. */
export function useAlarmsNow(): Fetched<z.output<typeof alarmList>> {
  return useAnswer(alarmList, 'api/alarms?state=standing', useTurn(ALARMS_MS))
}

/** Completeness of the day’s data, and what waits for a person. */
export function useHealth(): Fetched<DataHealth> {
  return useAnswer(dataHealth, 'api/quality/health', useTurn(HEALTH_MS))
}

/** This year’s targets of the park as a whole, or of the viewer’s own enterprise. */
export function useTargetsNow(): Fetched<readonly TargetView[]> {
  const park = useParkTree()
  const { info } = useSession()
  const { nowMs, timeZone } = useMinute()
  const turn = useTurn(TARGETS_MS)
  const account = info?.enterprise ?? park.id
  // Of one account: those of all of them, and the park’s curves, are the page’s own and cost much more.
  const { data, ...rest } = useAnswer(
    targetsView,
    park.accounting ? `api/v1/accounts/${account}/targets` : undefined,
    turn,
  )
  const year = Number(new Intl.DateTimeFormat('en', { year: 'numeric', timeZone }).format(nowMs))
  return { data: data?.targets.filter((target) => target.year === year), ...rest }
}
