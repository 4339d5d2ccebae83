import { monthNameAt } from '../account-month.ts'
import { forecastRest } from './forecast.ts'
import { byMonth, laterMonth, monthsOf, sumOfComplete, type MonthFigure } from './month-figure.ts'
import { targetStatus, type TargetStatus } from './pace.ts'
import { peakCurve, type PeakCurve, type YearFigure } from './peak-curve.ts'
import {
  carbonMonths,
  energyMonths,
  monthsAhead,
  monthsOver,
  outputMonths,
  targetMonths,
  type MonthWish,
  type TargetGround,
} from './target-months.ts'
import type { Scenario, Target, TargetFile } from './target.ts'

/** Where every target stands, and the curves of the park's scenarios. */

export interface TargetLine {
  readonly target: Target
  /** Tonnes of months, deductions made, and output: the year of the target and the one before. */
  readonly months: readonly MonthFigure[]
  readonly output: readonly MonthFigure[] | undefined
  /** Undefined while no month of the target's year is over. */
  readonly status: TargetStatus | undefined
}

export interface TargetReport {
  readonly file: TargetFile
  readonly lines: readonly TargetLine[]
  /** Of the park alone; a scenario that has no year to start from has no curve. */
  readonly curves: readonly { readonly scenario: Scenario; readonly curve: PeakCurve | undefined }[]
}

/** The last month of a year that is over now; undefined where none is. */
function throughOf(year: number, over: readonly string[]): string | undefined {
  return over.findLast((month) => month.startsWith(`${year}-`))
}

const number = (figures: readonly MonthFigure[], months: readonly string[]): number =>
  Number(sumOfComplete(byMonth(figures), months)?.toFixed() ?? 'NaN')

/** The year that a curve starts from: this one where it can be forecast, or the last one where all of it is known. */
function startOf(figures: readonly MonthFigure[], running: string): YearFigure | undefined {
  const year = Number(running.slice(0, 4))
  const through = laterMonth(running, -1)
  if (through.startsWith(`${year}-`)) {
    const rest = forecastRest(figures, through)
    if (!('reason' in rest)) {
      const known = number(
        figures,
        monthsOf(year).filter((month) => month <= through),
      )
      const { remaining, low, high } = rest
      return { year, tonnes: known + remaining, low: known + low, high: known + high, basis: 'forecast' }
    }
  }
  const before = monthsOf(year - 1)
  const known = byMonth(figures)
  if (!before.every((month) => known.get(month)?.complete === true)) return undefined
  const tonnes = number(figures, before)
  return { year: year - 1, tonnes, low: tonnes, high: tonnes, basis: 'accounts' }
}

/**
 * The report of one account's targets, or of all of them and of the park's curves. Gives `undefined` where other work may
 * pass.
 * @param account undefined: everything
 */
export function* targetReportSteps(
  ground: TargetGround,
  file: TargetFile,
  account: string | undefined,
  nowMs: number,
): Generator<undefined, TargetReport> {
  const targets = file.targets.filter((target) => account === undefined || target.account === account)
  const { id } = ground.park.description
  const ofCurves = (account === undefined ? file.scenarios : []).map(({ of }): MonthWish => ({
    account: id,
    of,
    basis: 'calorific',
  }))
  yield* monthsAhead(ground, [...targets, ...ofCurves], monthsOver(ground.park, nowMs))
  return targetReport(ground, file, account, nowMs)
}

/** The same at once. */
export function targetReport(
  ground: TargetGround,
  file: TargetFile,
  account: string | undefined,
  nowMs: number,
): TargetReport {
  const { park } = ground
  const over = monthsOver(park, nowMs)
  const running = monthNameAt(nowMs, park.description.timeZone)
  const lines = file.targets
    .filter((target) => account === undefined || target.account === account)
    .map((target): TargetLine => {
      const tonnes = targetMonths(ground, target, over)
      const output = outputMonths(ground, target, over)
      const through = throughOf(target.year, over)
      const shown = ({ month }: MonthFigure): boolean =>
        month >= `${target.year - 1}-01` && month <= `${target.year}-12`
      return {
        target,
        months: tonnes.filter(shown),
        output: output?.filter(shown),
        status:
          through === undefined
            ? undefined
            : targetStatus(target, { tonnes, output }, through, file.warnings.grades),
      }
    })
  const ofPark = { carbon: parkMonths('carbon'), energy: parkMonths('energy') }
  function parkMonths(of: Target['of']): () => MonthFigure[] {
    let found: MonthFigure[] | undefined
    return () => {
      found ??=
        of === 'carbon'
          ? carbonMonths(ground, park.description.id, over, 'location')
          : energyMonths(ground, park.description.id, over, 'calorific').map(({ figure }) => figure)
      return found
    }
  }
  const curves =
    account === undefined
      ? file.scenarios.map((scenario) => {
          const from = startOf(ofPark[scenario.of](), running)
          return {
            scenario,
            curve: from === undefined ? undefined : peakCurve(from, scenario, file.projects),
          }
        })
      : []
  return { file, lines, curves }
}
