import { leastSquares, type Regression } from './regression.ts'

/**
 * Energy baselines in the manner of GB/T 23331 and ISO 50006: energy of a period as a linear function of what it depends
 * on (production, degree days), and what a later period should have used against what it did.
 */

/** A month, or another period, of the baseline or of the time to be judged. */
export interface BaselinePeriod {
  readonly name: string
  readonly energy: number
  /** By name, e.g. { "production": 812, "heating": 340 }. */
  readonly drivers: Readonly<Record<string, number>>
}

/**
 * When a model may be used. The limits are conventions of practice, not clauses of a standard: the standards ask for a
 * statistical test and leave its limits to the user.
 */
export interface BaselineRules {
  readonly periodsMin: number
  /** Greatest probability that the whole model is chance. */
  readonly modelP: number
  /** Greatest probability that one driver is chance. */
  readonly driverP: number
  readonly rSquaredMin: number
  /** Level of the interval of an expected value. */
  readonly level: number
}

export const usualRules: BaselineRules = {
  periodsMin: 9,
  modelP: 0.05,
  driverP: 0.1,
  rSquaredMin: 0.75,
  level: 0.95,
}

/** Why there is no baseline. */
export type BaselineRefusal =
  | { readonly reason: 'too-few-periods'; readonly periods: number; readonly needed: number }
  | { readonly reason: 'drivers-dependent' }
  | { readonly reason: 'model-not-significant'; readonly p: number }
  | { readonly reason: 'driver-not-significant'; readonly driver: string; readonly p: number }
  | { readonly reason: 'fit-too-poor'; readonly rSquared: number }

export interface Baseline {
  readonly drivers: readonly string[]
  readonly rules: BaselineRules
  readonly regression: Regression
  /** Least and greatest value of each driver in the baseline's periods: beyond, the model was never seen to hold. */
  readonly validRange: Readonly<Record<string, readonly [number, number]>>
}

const values = (period: BaselinePeriod, drivers: readonly string[]): number[] =>
  drivers.map((driver) => {
    const value = period.drivers[driver]
    if (value === undefined) throw new RangeError(`${period.name} has no ${driver}`)
    return value
  })

/** The baseline of periods, or why none may be made of them. */
export function baselineOf(
  periods: readonly BaselinePeriod[],
  drivers: readonly string[],
  rules: BaselineRules = usualRules,
): Baseline | BaselineRefusal {
  const needed = Math.max(rules.periodsMin, drivers.length + 2)
  if (periods.length < needed) return { reason: 'too-few-periods', periods: periods.length, needed }
  const rows = periods.map((period) => values(period, drivers))
  const regression = leastSquares(
    rows,
    periods.map(({ energy }) => energy),
  )
  if (regression === undefined) return { reason: 'drivers-dependent' }
  const { p, rSquared, coefficients } = regression
  if (p > rules.modelP) return { reason: 'model-not-significant', p }
  for (const [index, driver] of drivers.entries()) {
    const coefficient = coefficients[index + 1]
    if (coefficient !== undefined && coefficient.p > rules.driverP)
      return { reason: 'driver-not-significant', driver, p: coefficient.p }
  }
  if (rSquared < rules.rSquaredMin) return { reason: 'fit-too-poor', rSquared }
  const validRange = Object.fromEntries(
    drivers.map((driver, index) => {
      const column = rows.map((row) => row[index] ?? 0)
      return [driver, [Math.min(...column), Math.max(...column)] as const]
    }),
  )
  return { drivers, rules, regression, validRange }
}

/** What a period should have used by the baseline, against what it did. */
export interface Performance {
  readonly name: string
  readonly expected: number
  /** Half-width of the interval at the rules' level. */
  readonly band: number
  readonly actual: number
  /** Actual − expected: below zero is saved. */
  readonly difference: number
  /** The difference is greater than the model's own error explains. */
  readonly isSignificant: boolean
  /** Drivers that lie beyond the baseline's range: there the expected value is an extrapolation. */
  readonly beyondRange: readonly string[]
}

/** Expected against actual. */
export function performanceOf(period: BaselinePeriod, baseline: Baseline): Performance {
  const { drivers, regression, validRange, rules } = baseline
  const { expected, band } = regression.predict(values(period, drivers), rules.level)
  const difference = period.energy - expected
  const beyondRange = drivers.filter((driver) => {
    const [least = 0, greatest = 0] = validRange[driver] ?? []
    const value = period.drivers[driver] ?? 0
    return value < least || value > greatest
  })
  return {
    name: period.name,
    expected,
    band,
    actual: period.energy,
    difference,
    isSignificant: Math.abs(difference) > band,
    beyondRange,
  }
}
