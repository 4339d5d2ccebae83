import access from './zh-CN/access.json'
import account from './zh-CN/account.json'
import alarms from './zh-CN/alarms.json'
import balance from './zh-CN/balance.json'
import closing from './zh-CN/closing.json'
import common from './zh-CN/common.json'
import day from './zh-CN/day.json'
import enterprise from './zh-CN/enterprise.json'
import factors from './zh-CN/factors.json'
import faults from './zh-CN/faults.json'
import fleet from './zh-CN/fleet.json'
import meter from './zh-CN/meter.json'
import quality from './zh-CN/quality.json'
import operations from './zh-CN/operations.json'
import overview from './zh-CN/overview.json'
import report from './zh-CN/report.json'
import reports from './zh-CN/reports.json'
import scheduled from './zh-CN/scheduled.json'
import signIn from './zh-CN/sign-in.json'
import targets from './zh-CN/targets.json'
import trace from './zh-CN/trace.json'
import users from './zh-CN/users.json'

/** All texts in Chinese, the first language: its keys are those of every other. */
export const texts = {
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
