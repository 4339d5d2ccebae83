import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { InvalidFile, type Finding } from '#firmware-config/document.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import { scenarioFindings, shippedScenarios } from '#simulators/scenario-files.ts'
import {
  accountingPlanBeside,
  readAccountingPlan,
  readBalanceRows,
  readEnergyItems,
  readMonitoringRule,
  readQualityRule,
} from '../accounting-files.ts'
import { alarmsFileOf, readAlarmsFile } from '../alarm-files.ts'
import { closingKeysBeside, readClosingKeys } from '../closing.ts'
import { factorFolder, factorPaths, readFactorFiles } from '../factor-files.ts'
import { text } from '../options.ts'
import { gradePaths, readGradeRule, readUncertainty } from '../posting-rules.ts'
import {
  readContractedDemand,
  readLoadRule,
  readPowerFactors,
  readTariff,
  tariffPaths,
} from '../tariff-files.ts'
import { readReportSchedules, reportSchedulesBeside, withoutPlan } from '../report-schedules.ts'
import { readSignInFile, signInBeside } from '../sign-in-file.ts'
import { readDeductionRules, readTargets, targetsBeside } from '../target-files.ts'
import { verb } from '../verb.ts'
import { checkedFiles, checkOf, checkOptions, tellChecked } from './check.ts'

const options = checkOptions.extend({
  scenario: z.array(text).optional().meta({
    description:
      'A scenario file; may be given several times (those that are shipped, where no file is given)',
  }),
  accounting: text.optional().meta({
    description: 'The accounting plan of the park (accounting.yaml beside the park file, where there is one)',
  }),
  factors: text.default(factorFolder).meta({ description: 'Folder of the factor files (those of tanbiao)' }),
})

/** Findings of the targets beside a plan; a plan that cannot be read is told of by its own check. */
function targetFindings(
  park: string | undefined,
  given: string | undefined,
  factors: string,
): readonly Finding[] {
  const file = given ?? (park === undefined ? undefined : accountingPlanBeside(park))
  if (file === undefined || park === undefined || accountingFindings(park, given, factors).length > 0)
    return []
  const targets = targetsBeside(file)
  if (targets === undefined || findingsOf(() => readParkFile(park)).length > 0) return []
  const plan = readAccountingPlan(file, readParkFile(park), readFactorFiles(factors))
  return findingsOf(() => readTargets(targets, plan))
}

/** Findings of tariff files: those of tanbiao and those beside the park file. */
function tariffFindings(files: readonly string[]): readonly Finding[] {
  return files.flatMap((file) => findingsOf(() => readTariff(file)))
}

/** Rules that are the same in every park, each in a file of its own. */
const rules: readonly (() => unknown)[] = [
  () => readEnergyItems(),
  () => readBalanceRows(),
  () => readQualityRule(),
  () => readMonitoringRule(),
  readUncertainty,
  readPowerFactors,
  readLoadRule,
  readContractedDemand,
  readDeductionRules,
]

/** Files that hold for a park and lie beside it, or come with tanbiao where it has none of its own. */
function besidePark(park: string | undefined, accounting: string | undefined): string[] {
  if (park === undefined) return []
  const plan = accounting ?? accountingPlanBeside(park)
  const targets = plan === undefined ? undefined : targetsBeside(plan)
  const settings = [reportSchedulesBeside(park), signInBeside(park), closingKeysBeside(park)]
  return [plan, targets, alarmsFileOf(park), ...settings].filter((file) => file !== undefined)
}

/** What reading finds wrong. */
function findingsOf(read: () => unknown): readonly Finding[] {
  try {
    read()
    return []
  } catch (error) {
    if (error instanceof InvalidFile) return error.findings
    throw error
  }
}

/** Findings of a park's accounting plan; a park file that cannot be read is told of by its own check. */
function accountingFindings(
  park: string | undefined,
  given: string | undefined,
  factors: string,
): readonly Finding[] {
  const file = given ?? (park === undefined ? undefined : accountingPlanBeside(park))
  if (file === undefined || park === undefined || findingsOf(() => readParkFile(park)).length > 0) return []
  return findingsOf(() => readAccountingPlan(file, readParkFile(park), readFactorFiles(factors)))
}

/** Findings of the rules of alarms; a park file that cannot be read is told of by its own check. */
function alarmFindings(park: string | undefined): readonly Finding[] {
  if (park === undefined || findingsOf(() => readParkFile(park)).length > 0) return []
  return findingsOf(() => readAlarmsFile(park, readParkFile(park)))
}

/** Findings of scheduled reports; a plan that cannot be read is told of by its own check. */
function scheduleFindings(park: string | undefined, given: string | undefined): readonly Finding[] {
  if (park === undefined || findingsOf(() => readParkFile(park)).length > 0) return []
  const plan = given ?? accountingPlanBeside(park)
  const file = reportSchedulesBeside(park)
  if (file === undefined) return []
  if (plan === undefined) return [withoutPlan(file)]
  const read = (): AccountingPlan => readAccountingPlan(plan, readParkFile(park), readFactorFiles())
  if (findingsOf(read).length > 0) return []
  return findingsOf(() => readReportSchedules(file, read()))
}

/** Findings of the provider at which people sign in. */
function signInFindings(park: string | undefined): readonly Finding[] {
  if (park === undefined || findingsOf(() => readParkFile(park)).length > 0) return []
  return findingsOf(() => readSignInFile(park, readParkFile(park)))
}

const examples = fileURLToPath(new URL('../../firmware-config/examples/', import.meta.url))
/** The park that a shipped scenario is for besides that of the demo; generated parks are made from theirs. */
const single = {
  park: join(examples, 'single-meter/park.yaml'),
  gateway: join(examples, 'single-meter/gateway.yaml'),
}

/** Checks all data files: schema, and what must agree between them. */
export const checkAll = verb('Check park, gateway, profile, scenario and factor files', options, (given) => {
  const { park, config } = checkedFiles(given)
  const isDemo = given.park === undefined && given.config.length === 0 && existsSync(examples)
  const scenarios = given.scenario ?? (isDemo ? shippedScenarios : [])
  const surroundings = {
    parks: [...(park === undefined ? [] : [park]), single.park],
    gateways: [...config, single.gateway],
    profile: openProfiles(given.profiles).load,
  }
  const { files, findings } = checkOf(given)
  const [tariffs, grades] = [tariffPaths(park), gradePaths()]
  tellChecked({
    files:
      files +
      scenarios.length +
      tariffs.length +
      grades.length +
      factorPaths(given.factors).length +
      rules.length +
      besidePark(park, given.accounting).length,
    findings: [
      ...findings,
      ...scenarios.flatMap((file) => scenarioFindings(file, surroundings)),
      ...findingsOf(() => readFactorFiles(given.factors)),
      ...rules.flatMap((read) => findingsOf(read)),
      ...grades.flatMap((file) => findingsOf(() => readGradeRule(file))),
      ...tariffFindings(tariffs),
      ...targetFindings(park, given.accounting, given.factors),
      ...accountingFindings(park, given.accounting, given.factors),
      ...alarmFindings(park),
      ...scheduleFindings(park, given.accounting),
      ...signInFindings(park),
      ...(park === undefined ? [] : findingsOf(() => readClosingKeys(park))),
    ],
  })
  return Promise.resolve()
})
