import { quantile, twoSidedP, upperP } from './student.ts'

/**
 * Ordinary least squares with an intercept, on floating-point numbers: a baseline is a model with an error, no
 * statement. Columns are orthogonalised one after another (modified Gram-Schmidt), so no square of them is formed.
 */

export interface Coefficient {
  readonly value: number
  readonly standardError: number
  /** Probability of such a value if the true one were zero. */
  readonly p: number
}

export interface Regression {
  /** The intercept, then one of each predictor. */
  readonly coefficients: readonly Coefficient[]
  readonly observations: number
  readonly degreesOfFreedom: number
  readonly rSquared: number
  /** Root of the mean squared error over the mean: CV(RMSE). */
  readonly cvRmse: number
  /** Of the whole model: probability of such an R² by chance (F test); of a model without predictors 1. */
  readonly p: number
  /** What the model says of predictors, with the half-width of the interval that a new observation lies in. */
  predict(predictors: readonly number[], level: number): { readonly expected: number; readonly band: number }
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)

/** A column that others explain but for this share of its length brings nothing of its own. */
const DEPENDENT = 1e-9

/**
 * Fits y to rows of predictors. Undefined where there are not more observations than coefficients, or where a predictor
 * follows from the others (a constant one, too).
 */
export function leastSquares(
  rows: readonly (readonly number[])[],
  y: readonly number[],
): Regression | undefined {
  const predictors = rows[0]?.length ?? 0
  const size = predictors + 1
  const n = y.length
  const freedom = n - size
  if (freedom < 1) return undefined
  const columns = Array.from({ length: size }, (_, k) => rows.map((row) => (k === 0 ? 1 : (row[k - 1] ?? 0))))

  // X = Q·R, the columns of Q of length 1.
  const q: number[][] = []
  const r: number[][] = []
  for (const column of columns) {
    let rest = [...column]
    const above: number[] = []
    for (const unit of q) {
      const part = dot(unit, rest)
      above.push(part)
      rest = rest.map((value, index) => value - part * (unit[index] ?? 0))
    }
    const length = Math.sqrt(dot(rest, rest))
    if (length <= DEPENDENT * Math.sqrt(dot(column, column))) return undefined
    q.push(rest.map((value) => value / length))
    r.push([...above, length])
  }
  /** Solves R·b = c from the last row upwards. */
  const backwards = (c: readonly number[]): number[] => {
    const b = Array.from({ length: size }, () => 0)
    for (let k = size - 1; k >= 0; k -= 1) {
      let value = c[k] ?? 0
      for (let j = k + 1; j < size; j += 1) value -= (r[j]?.[k] ?? 0) * (b[j] ?? 0)
      b[k] = value / (r[k]?.[k] ?? 1)
    }
    return b
  }
  /** Solves Rᵀ·z = x from the first row downwards; |z|² is the leverage of x. */
  const leverage = (x: readonly number[]): number => {
    const z: number[] = []
    for (let k = 0; k < size; k += 1) {
      const known = z.reduce((sum, value, j) => sum + (r[k]?.[j] ?? 0) * value, 0)
      z.push(((x[k] ?? 0) - known) / (r[k]?.[k] ?? 1))
    }
    return dot(z, z)
  }

  const values = backwards(q.map((unit) => dot(unit, y)))
  const mean = y.reduce((sum, value) => sum + value, 0) / n
  const fitted = rows.map((row) => dot(values, [1, ...row]))
  const residual = y.reduce((sum, value, index) => sum + (value - (fitted[index] ?? 0)) ** 2, 0)
  const total = y.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const variance = residual / freedom
  const inverse = Array.from({ length: size }, (_, k) =>
    backwards(Array.from({ length: size }, (_, j) => (j === k ? 1 : 0))),
  )
  const coefficients = values.map((value, k): Coefficient => {
    const standardError = Math.sqrt(
      variance * inverse.reduce((sum, column) => sum + (column[k] ?? 0) ** 2, 0),
    )
    return { value, standardError, p: standardError === 0 ? 0 : twoSidedP(value / standardError, freedom) }
  })
  const explained = total - residual
  return {
    coefficients,
    observations: n,
    degreesOfFreedom: freedom,
    rSquared: total === 0 ? 0 : explained / total,
    cvRmse: Math.sqrt(variance) / Math.abs(mean),
    p:
      predictors === 0 || total === 0
        ? 1
        : residual === 0
          ? 0
          : upperP(explained / predictors / variance, predictors, freedom),
    predict: (given, level) => {
      const x = [1, ...given]
      const band = quantile(level, freedom) * Math.sqrt(variance * (1 + leverage(x)))
      return { expected: dot(values, x), band }
    },
  }
}
