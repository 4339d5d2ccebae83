import access from './en/access.json'
import account from './en/account.json'
import alarms from './en/alarms.json'
import balance from './en/balance.json'
import closing from './en/closing.json'
import common from './en/common.json'
import day from './en/day.json'
import enterprise from './en/enterprise.json'
import factors from './en/factors.json'
import faults from './en/faults.json'
import fleet from './en/fleet.json'
import meter from './en/meter.json'
import quality from './en/quality.json'
import operations from './en/operations.json'
import overview from './en/overview.json'
import report from './en/report.json'
import reports from './en/reports.json'
import scheduled from './en/scheduled.json'
import signIn from './en/sign-in.json'
import targets from './en/targets.json'
import trace from './en/trace.json'
import users from './en/users.json'
import type { texts as chinese } from './zh-CN.ts'

/** All texts in English. */
export const texts: Record<keyof typeof chinese, string> = {
  ...common,
  ...overview,
  ...day,
  ...meter,
  ...alarms,
  ...quality,
  ...faults,
  ...fleet,
  ...enterprise,
  ...operations,
  ...account,
  ...closing,
  ...users,
  ...access,
  ...signIn,
  ...report,
  ...balance,
  ...targets,
  ...reports,
  ...scheduled,
  ...factors,
  ...trace,
}
