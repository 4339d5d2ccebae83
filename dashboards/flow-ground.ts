import { parkBalanceSteps } from '#accounts/balance.ts'
import { energyStatisticsSteps } from '#accounts/energy-statistics.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import type { ReportGround } from '#accounts/report.ts'
import type { Steps } from '#accounts/steps.ts'
import type { FlowGround, UsedEnergy } from './energy-flow.ts'

/**
 * What an energy flow of a day is drawn from: the parts of its balance table, and what processes used by its statistics.
 * Throws as `parkBalanceSteps`.
 * @param date of the park's calendar: "2026-03-01"
 */
export function* flowGroundSteps(ground: ReportGround, date: string): Steps<FlowGround> {
  const { park, plan, rows, items } = ground
  const today = reportPeriod(`${date}..${date}`, park.description.timeZone)
  const { parts } = yield* parkBalanceSteps(ground, today)
  // Media such as water are no energy.
  const statistics = (yield* energyStatisticsSteps(ground, today, undefined)).filter(
    ({ item }) => items[item]?.media === false,
  )
  const lines = statistics.map(({ path, name, level, item, meters, now }): UsedEnergy => {
    const { calorific } = now.coal
    return { path, name, level, item, meters, tce: now.amount === undefined ? undefined : calorific }
  })
  return { park, plan, rows, items, parts, lines }
}
