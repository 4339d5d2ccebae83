import { decimal, quotient, type Decimal } from '../decimal.ts'
import { forecastRest, type Forecast, type ForecastRefusal } from './forecast.ts'
import { byMonth, daysIn, monthsOf, sumOfComplete, type MonthFigure } from './month-figure.ts'
import type { Target, WarningGrade } from './target.ts'

/** Where a target stands after the months that are over. */
export interface TargetStatus {
  readonly target: Target
  /** The last month that is over. */
  readonly through: string
  /** Of the complete months; for an intensity, tonnes / output of them. Undefined where nothing is known. */
  readonly toDate: Decimal | undefined
  /** Months up to `through` that are not complete: the figure to date is without them. */
  readonly missing: readonly string[]
  /**
   * What the limit leaves for the rest of the year, in tonnes; for an intensity at the forecast output. Undefined where a
   * month that is over is not known: what it took is not left.
   */
  readonly left: Decimal | undefined
  readonly pace: Pace | undefined
  readonly forecast: YearForecast | ForecastRefusal
  readonly grade: WarningGrade | undefined
  /** Grades at the ends of the forecast's band. */
  readonly gradeAtLow: WarningGrade | undefined
  readonly gradeAtHigh: WarningGrade | undefined
  /** Forecast against the base year's value, −0.03 is three percent less. */
  readonly changeAgainstBase: number | undefined
}

/** Year to date against the share of the year that is usual by now; only a total has one. */
export interface Pace {
  readonly usualShare: number
  /** last-year: share of these months in the year before. days: share of the days, for want of a complete year. */
  readonly basis: 'last-year' | 'days'
  readonly allowed: Decimal
  /** To date / allowed: above 1 is too fast. */
  readonly ratio: number
}

/** Of the whole year: known months and forecast ones. */
export interface YearForecast {
  readonly expected: number
  readonly low: number
  readonly high: number
  readonly tonnes: Forecast
  /** Of an intensity: the forecast of its output. */
  readonly output: Forecast | undefined
}

const number = (value: Decimal): number => Number(value.toFixed())

function paceOf(
  limit: Decimal,
  toDate: Decimal,
  figures: readonly MonthFigure[],
  through: string,
  complete: readonly string[],
): Pace | undefined {
  const year = Number(through.slice(0, 4))
  const known = byMonth(figures)
  const before = monthsOf(year - 1)
  // Of the months that are known this year, and of no others: a month that is missing has no part in either.
  const usual = before.filter((month) => complete.some((each) => each.slice(4) === month.slice(4)))
  const isComplete = before.every((month) => known.get(month)?.complete === true)
  const whole = isComplete ? sumOfComplete(known, before) : undefined
  const part = sumOfComplete(known, usual)
  const days = (months: readonly string[]): number => months.reduce((sum, month) => sum + daysIn(month), 0)
  const months = monthsOf(year)
  const share =
    whole?.gt(0) === true && part !== undefined
      ? quotient(part, whole)
      : quotient(decimal(String(days(complete))), decimal(String(days(months))))
  const allowed = limit.times(share)
  if (allowed.lte(0)) return undefined
  return {
    usualShare: number(share),
    basis: whole?.gt(0) === true ? 'last-year' : 'days',
    allowed,
    ratio: number(quotient(toDate, allowed)),
  }
}

/** The grade of a forecast / limit. */
export function warningGradeOf(ratio: number, grades: readonly WarningGrade[]): WarningGrade | undefined {
  return grades.findLast(({ from }) => ratio >= Number(from))
}

/** What a target is held against. */
export interface TargetFigures {
  /** Tonnes of months, deductions made; those of earlier years are what forecasts learn from. */
  readonly tonnes: readonly MonthFigure[]
  /** Of an intensity: output of months in its unit. */
  readonly output?: readonly MonthFigure[] | undefined
}

/**
 * Pace, forecast with its band, and grade of a target.
 * @param through the last month that is over, of the target's year
 */
export function targetStatus(
  target: Target,
  { tonnes, output }: TargetFigures,
  through: string,
  grades: readonly WarningGrade[],
): TargetStatus {
  const limit = decimal(target.limit)
  const passed = monthsOf(target.year).filter((month) => month <= through)
  const known = byMonth(tonnes)
  const outputs = output === undefined ? undefined : byMonth(output)
  const isComplete = (month: string): boolean =>
    known.get(month)?.complete === true && (outputs === undefined || outputs.get(month)?.complete === true)
  const complete = passed.filter(isComplete)
  const sum = sumOfComplete(known, complete)
  const made = outputs === undefined ? undefined : sumOfComplete(outputs, complete)
  const isIntensity = target.intensity !== undefined
  const forecast = yearForecast(tonnes, isIntensity ? (output ?? []) : undefined, through, sum, made)
  const isForecast = 'expected' in forecast
  const at = (value: number): WarningGrade | undefined => warningGradeOf(value / number(limit), grades)
  const toDate = !isIntensity
    ? sum
    : sum === undefined || made === undefined || made.lte(0)
      ? undefined
      : quotient(sum, made)
  const yearOutput =
    isForecast && made !== undefined ? number(made) + (forecast.output?.remaining ?? 0) : undefined
  const allowedInYear = !isIntensity
    ? limit
    : yearOutput === undefined
      ? undefined
      : limit.times(decimal(plain(yearOutput)))
  return {
    target,
    through,
    toDate,
    missing: passed.filter((month) => !isComplete(month)),
    left:
      sum === undefined || allowedInYear === undefined || complete.length < passed.length
        ? undefined
        : allowedInYear.minus(sum),
    pace: isIntensity || sum === undefined ? undefined : paceOf(limit, sum, tonnes, through, complete),
    forecast,
    grade: isForecast ? at(forecast.expected) : undefined,
    gradeAtLow: isForecast ? at(forecast.low) : undefined,
    gradeAtHigh: isForecast ? at(forecast.high) : undefined,
    changeAgainstBase:
      isForecast && target.baseValue !== undefined
        ? forecast.expected / Number(target.baseValue) - 1
        : undefined,
  }
}

/** A forecast number as decimal text, to three places. */
const plain = (value: number): string => String(Number(value.toFixed(3)))

function yearForecast(
  tonnes: readonly MonthFigure[],
  output: readonly MonthFigure[] | undefined,
  through: string,
  sum: Decimal | undefined,
  made: Decimal | undefined,
): YearForecast | ForecastRefusal {
  const rest = forecastRest(tonnes, through)
  if ('reason' in rest) return rest
  const known = sum === undefined ? 0 : number(sum)
  const whole = { expected: known + rest.remaining, low: known + rest.low, high: known + rest.high }
  if (output === undefined) return { ...whole, tonnes: rest, output: undefined }
  const restOutput = forecastRest(output, through)
  if ('reason' in restOutput) return restOutput
  const knownOutput = made === undefined ? 0 : number(made)
  const least = knownOutput + restOutput.low
  if (least <= 0) return { reason: 'history-too-short' }
  return {
    expected: whole.expected / (knownOutput + restOutput.remaining),
    // The two errors may work together: least tonnes over greatest output, and the other way round.
    low: whole.low / (knownOutput + restOutput.high),
    high: whole.high / least,
    tonnes: rest,
    output: restOutput,
  }
}
