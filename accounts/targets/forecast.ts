import { byMonth, daysIn, laterMonth, monthsOf, type MonthFigure } from './month-figure.ts'

/**
 * What the rest of a year will bring. Two simple models, each tried on the past before it is believed: at every month
 * of the past from which it could have looked as many months ahead, it is asked and compared with what came.
 */
export const forecastModels = {
  seasonal: {
    zh: '去年同月 × 近期同比',
    en: 'the same month of the year before × the growth of the last months against it',
  },
  'daily-mean': {
    zh: '近三个月日均值 × 天数',
    en: 'the daily mean of the last three months × days',
  },
} as const
export type ForecastModel = keyof typeof forecastModels

/** How far the model was off when it was tried. */
export interface Backtest {
  /** The last known month and the first and last forecast one of each trial, with its relative error. */
  readonly trials: readonly { readonly after: string; readonly until: string; readonly error: number }[]
  readonly greatestError: number
  readonly rootMeanSquareError: number
}

export interface Forecast {
  readonly model: ForecastModel
  readonly backtest: Backtest
  /** Of the remaining months. */
  readonly remaining: number
  readonly months: readonly { readonly month: string; readonly tonnes: number }[]
  /** Remaining ± the greatest relative error of the trials. */
  readonly low: number
  readonly high: number
}

/** Why there is no forecast. */
export type ForecastRefusal = {
  readonly reason: 'month-missing' | 'history-too-short'
  readonly months?: readonly string[]
}

/** Trials that a band must rest on. */
const TRIALS_MIN = 3
/** Trials that are made at most: those of the last two years. */
const TRIALS_MAX = 24
const MEAN_MONTHS = 3
/** Months over which growth is seen; fewer where fewer have a month of the year before. */
const GROWTH_MONTHS = 12

type Known = ReadonlyMap<string, number>

function seasonal(known: Known, last: string, ahead: readonly string[]): number[] | undefined {
  let [now, then] = [0, 0]
  for (let back = 0; back < GROWTH_MONTHS; back += 1) {
    const month = laterMonth(last, -back)
    const value = known.get(month)
    const before = known.get(laterMonth(month, -12))
    if (value === undefined || before === undefined) break
    now += value
    then += before
  }
  const growth = then > 0 ? now / then : undefined
  const same = ahead.map((month) => known.get(laterMonth(month, -12)))
  if (growth === undefined || same.includes(undefined)) return undefined
  return same.map((value) => (value ?? 0) * growth)
}

function dailyMean(known: Known, last: string, ahead: readonly string[]): number[] | undefined {
  let [sum, days] = [0, 0]
  for (let back = 0; back < MEAN_MONTHS; back += 1) {
    const month = laterMonth(last, -back)
    const value = known.get(month)
    if (value === undefined) return undefined
    sum += value
    days += daysIn(month)
  }
  return ahead.map((month) => (sum / days) * daysIn(month))
}

const models: Readonly<Record<ForecastModel, typeof seasonal>> = { seasonal, 'daily-mean': dailyMean }

const modelNames = ['seasonal', 'daily-mean'] as const satisfies readonly ForecastModel[]

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** The next so many months after one. */
const monthsAfter = (last: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => laterMonth(last, index + 1))

/** Asks a model as it could have been asked in the past, without what came later. */
function backtest(model: ForecastModel, known: Known, last: string, count: number): Backtest | undefined {
  const trials: Backtest['trials'][number][] = []
  for (let back = count; back < count + TRIALS_MAX; back += 1) {
    const after = laterMonth(last, -back)
    const ahead = monthsAfter(after, count)
    const truth = ahead.map((month) => known.get(month))
    const past = new Map([...known].filter(([month]) => month <= after))
    const forecast = models[model](past, after, ahead)
    const came = total(truth.map((value) => value ?? 0))
    if (forecast === undefined || truth.includes(undefined) || came <= 0) continue
    trials.push({ after, until: ahead.at(-1) ?? after, error: total(forecast) / came - 1 })
  }
  if (trials.length < TRIALS_MIN) return undefined
  const errors = trials.map(({ error }) => Math.abs(error))
  return {
    trials,
    greatestError: Math.max(...errors),
    rootMeanSquareError: Math.sqrt(total(errors.map((error) => error * error)) / errors.length),
  }
}

/**
 * Forecast of the months of a year that follow the last complete one, by the model that did better when it was tried.
 * Refused where a month before it is missing, or where no model could be tried at least three times.
 * @param last the last month that is over, e.g. "2026-10"
 */
export function forecastRest(figures: readonly MonthFigure[], last: string): Forecast | ForecastRefusal {
  const year = Number(last.slice(0, 4))
  const complete = byMonth(figures.filter((each) => each.complete && each.tonnes !== undefined))
  const missing = monthsOf(year).filter((month) => month <= last && !complete.has(month))
  if (missing.length > 0) return { reason: 'month-missing', months: missing }
  const known = new Map([...complete].map(([month, { tonnes }]) => [month, Number(tonnes?.toFixed())]))
  const ahead = monthsOf(year).filter((month) => month > last)
  if (ahead.length === 0) {
    const none: Backtest = { trials: [], greatestError: 0, rootMeanSquareError: 0 }
    return { model: 'seasonal', backtest: none, remaining: 0, months: [], low: 0, high: 0 }
  }
  const tried = modelNames.flatMap((model) => {
    const months = models[model](known, last, ahead)
    const test = backtest(model, known, last, ahead.length)
    return months === undefined || test === undefined ? [] : { model, months, test }
  })
  const [best] = tried.toSorted((a, b) => a.test.rootMeanSquareError - b.test.rootMeanSquareError)
  if (best === undefined) return { reason: 'history-too-short' }
  const remaining = total(best.months)
  const band = Math.abs(remaining) * best.test.greatestError
  return {
    model: best.model,
    backtest: best.test,
    remaining,
    months: ahead.map((month, index) => ({ month, tonnes: best.months[index] ?? 0 })),
    low: remaining - band,
    high: remaining + band,
  }
}
