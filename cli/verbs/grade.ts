import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import { readGatewayFile, type GatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { openProfiles, type ProfileLibrary } from '#firmware-config/profile-library.ts'
import { faultReasons, gapReasons } from '#simulators/grade-reasons.ts'
import { gradeJson, gradeReport } from '#simulators/grade-report.ts'
import { gradablePeriod, gradeMeter, isClean, type GradedMeter, type MeterGrade } from '#simulators/grade.ts'
import { openKeptSums } from '#simulators/kept-sums.ts'
import { makePlant } from '#simulators/plant.ts'
import { asWritten } from '#simulators/register-image.ts'
import { readScenarioFor } from '#simulators/scenario-check.ts'
import { truthOf } from '#simulators/truth-energy.ts'
import { accountGradeLines, gradeAccounts, type AccountGrades } from '../account-grade.ts'
import {
  accountingPlanBeside,
  readAccountingPlan,
  readBalanceRows,
  readEnergyItems,
} from '../accounting-files.ts'
import {
  balanceGradeLines,
  gradeBalance,
  type BalanceGrades,
  type GradedBalanceGround,
} from '../balance-grade.ts'
import { readFactorFiles } from '../factor-files.ts'
import { figureJson, figuresAgree } from '../graded-difference.ts'
import { installationRoot, keptFolder } from '../installation.ts'
import { makeLog } from '../log.ts'
import { gatewayFiles, instant, jsonOption, text } from '../options.ts'
import { readPostingRules } from '../posting-rules.ts'
import { fromBooks, fromServer } from '../platform-intervals.ts'
import { serverFile } from '../server-folder.ts'
import { verb } from '../verb.ts'

const options = z.object({
  scenario: text.meta({ description: 'The scenario file that the meters were simulated by' }),
  park: text.meta({ description: 'The park file' }),
  config: gatewayFiles('A gateway file whose meters are graded'),
  data: text.optional().meta({ description: 'The data folder of the server, running or not' }),
  url: text.optional().meta({
    description: 'Instead of --data: the address of a running server; its API token in TANBIAO_TOKEN',
  }),
  from: instant.optional().meta({ description: 'Begin, e.g. 2026-11-01T00:00:00+08:00 (all that is known)' }),
  to: instant.optional().meta({ description: 'End (all that is known)' }),
  'fault-log': text
    .optional()
    .meta({ description: 'The log of injected faults, as reasons for what is missing' }),
  'answer-ms': z.coerce.number().min(0).max(60_000).default(500).meta({
    description: 'How long an answer of a meter may have travelled before it was stamped (500)',
  }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own' }),
  json: jsonOption,
})

/** Of a running server a day at a time is asked for, so without --from only the last two days are. */
const DEFAULT_SPAN_MS = 2 * 24 * 3_600_000

/** What a reader of a meter can tell apart: the step of its register, and whether that is a float. */
function stepsOf(
  gateways: readonly GatewayFile[],
  { load }: ProfileLibrary,
  register: (meter: string) => string | undefined,
) {
  const lines = gateways.flatMap(({ buses }) => buses.flatMap(({ meters }) => meters))
  return lines.flatMap(({ meter, profile, ratios }) => {
    const found = load(profile, ratios).registers.find(({ quantity }) => quantity === register(meter))
    if (found?.resolution === undefined) return []
    const { resolution: step } = asWritten(found)
    return [{ meter, step: Number(step), isFloat32: found.encoding === 'f32' }]
  })
}

/** What is computed from meters. */
interface FigureGrades {
  readonly accounts: AccountGrades
  readonly balance: BalanceGrades
  readonly unitOf: (item: string) => string
}

/** Accounts and balance of the plan beside the park file, where there is one. */
function figureGrades(
  parkFile: string,
  park: Park,
  period: Period,
  grades: readonly MeterGrade[],
  books: GradedBalanceGround['books'],
): FigureGrades | undefined {
  const planFile = accountingPlanBeside(parkFile)
  if (planFile === undefined) return undefined
  const plan = readAccountingPlan(planFile, park, readFactorFiles())
  const byMeter = new Map(grades.map((each) => [each.meter, each]))
  const items = readEnergyItems()
  const ground = { park, plan, items, rows: readBalanceRows(), books }
  return {
    accounts: gradeAccounts(plan, park, readPostingRules(), period, byMeter),
    balance: gradeBalance(ground, period, byMeter),
    unitOf: (item) => items[item]?.unit ?? '',
  }
}

/** The grade of everything as lines of text, or as one JSON document. */
function printed(
  json: boolean,
  grades: readonly MeterGrade[],
  period: Period,
  unitOf: (meter: string) => string,
  figures: FigureGrades | undefined,
): string {
  if (json) {
    const { accounts, balance } = figures ?? {}
    return gradeJson(grades, period, unitOf, {
      accounts: accounts?.graded.map(({ account, source, ...figure }) => ({
        account,
        source,
        ...figureJson(figure),
      })),
      balance: balance?.graded.map(({ account, item, row, ...figure }) => ({
        account,
        item,
        row,
        ...figureJson(figure),
      })),
    })
  }
  const report = gradeReport(grades, period, unitOf)
  if (figures === undefined) return report
  return [
    report,
    '',
    ...accountGradeLines(figures.accounts),
    '',
    ...balanceGradeLines(figures.balance, figures.unitOf),
  ].join('\n')
}

/** Compares what the platform made of the readings with what really flowed. */
export const grade = verb(
  'Compare a server’s intervals, carbon accounts and energy balance with the truth',
  options,
  async (given) => {
    if ((given.data === undefined) === (given.url === undefined))
      throw new Fault('argument-invalid', 'Give one of --data and --url.')
    const park = readParkFile(given.park)
    const scenario = readScenarioFor(park, given.scenario)
    const gateways = given.config.map((file) => readGatewayFile(file).value)
    const { timeZone } = park.description
    const platform =
      given.url === undefined
        ? fromBooks(serverFile(given.data ?? '', 'books.sqlite'))
        : fromServer(given.url, timeZone, process.env['TANBIAO_TOKEN'])
    try {
      const log = makeLog('grade', 'warn')
      const kept = openKeptSums(keptFolder(installationRoot, 'sums'), scenario, (why) =>
        log.warn({ err: why }, 'sums of days are not kept'),
      )
      const truth = truthOf(scenario, park, makePlant(scenario, park, kept.daySums))
      const nowMs = Date.now()
      const asked = {
        fromMs: given.from ?? (given.url === undefined ? 0 : nowMs - DEFAULT_SPAN_MS),
        toMs: given.to ?? (given.url === undefined ? Number.MAX_SAFE_INTEGER : nowMs),
      }
      const meters: GradedMeter[] = []
      for (const steps of stepsOf(
        gateways,
        openProfiles(given.profiles),
        (meter) => park.meters.get(meter)?.register,
      )) {
        const meter = park.meters.get(steps.meter)
        if (meter === undefined) continue
        const intervals = await platform.intervals(meter, asked)
        const truthIn: GradedMeter['truthIn'] = (period) => truth.energyOf(meter.id, period)
        const events = meter.events.filter(({ quantity }) => quantity === meter.register)
        meters.push({
          ...steps,
          intervals,
          truthIn,
          eventsMs: events.map(({ at }) => Date.parse(at)),
          isScaled: events.some(({ kind }) => kind === 'ratio'),
        })
      }
      const known = gradablePeriod(meters.map(({ intervals }) => intervals))
      if (known === undefined) throw new Fault('not-found', 'No meter has an interval that could be graded.')
      const period = { fromMs: given.from ?? known.fromMs, toMs: given.to ?? known.toMs }
      const reasons = [
        ...gapReasons(await platform.gaps(), park),
        ...(given['fault-log'] === undefined ? [] : faultReasons(given['fault-log'], gateways)),
      ]
      kept.keep()
      const rules = { period, reasons, answerMs: given['answer-ms'] }
      const grades = meters.map((meter) => gradeMeter(meter, rules))
      const unitOf = (meter: string): string =>
        truth.nodes.find(({ id, kind }) => kind === 'meter' && id === meter)?.unit ?? ''
      const figures = figureGrades(given.park, park, period, grades, platform.books)
      console.log(printed(given.json, grades, period, unitOf, figures))
      if (figures !== undefined && !figuresAgree([...figures.accounts.graded, ...figures.balance.graded]))
        throw new Fault(
          'grade-differs',
          'An account or the balance differs from the truth by more than has a cause and is rounded.',
        )
      if (!isClean(grades)) {
        const count = grades.flatMap(({ findings }) => findings).filter(({ reasons }) => reasons.length === 0)
        throw new Fault('grade-differs', `${count.length} differences have no visible reason.`)
      }
    } finally {
      platform.close()
    }
  },
)
