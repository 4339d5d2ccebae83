/** Student's and Fisher's distributions, as far as a regression needs them: by the incomplete beta function. */

/** ln Γ(x) for x > 0, Lanczos' approximation (g = 7, n = 9), good to 15 digits. */
function logGamma(x: number): number {
  const coefficients = [
    0.999_999_999_999_809_9, 676.520_368_121_885_1, -1_259.139_216_722_402_8, 771.323_428_777_653_1,
    -176.615_029_162_140_6, 12.507_343_278_686_905, -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6,
    1.505_632_735_149_311_6e-7,
  ]
  const z = x - 1
  const t = z + 7.5
  const sum = coefficients.reduce((sum, c, index) => (index === 0 ? c : sum + c / (z + index)), 0)
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum)
}

const TERMS_MAX = 300
const TINY = 1e-300

/** Continued fraction of the incomplete beta function (Lentz's method). */
function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number): number => (Math.abs(value) < TINY ? TINY : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m <= TERMS_MAX; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    let change = 1
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d)
      c = away(1 + term / c)
      change = c * d
      h *= change
    }
    if (Math.abs(change - 1) < 1e-15) break
  }
  return h
}

/** Regularised incomplete beta function I_x(a, b). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x))
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b
}

/** Probability that |T| is at least |t| with so many degrees of freedom. */
export function twoSidedP(t: number, freedom: number): number {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
}

/** Probability that F is at least f with so many degrees of freedom above and below the line. */
export function upperP(f: number, above: number, below: number): number {
  return f <= 0 ? 1 : incompleteBeta(below / (below + above * f), below / 2, above / 2)
}

/** The t of which |T| is above with probability 1 − level, e.g. level 0.95. */
export function quantile(level: number, freedom: number): number {
  let [low, high] = [0, 1]
  while (twoSidedP(high, freedom) > 1 - level) high *= 2
  for (let step = 0; step < 200 && high - low > high * 1e-14; step += 1) {
    const middle = (low + high) / 2
    if (twoSidedP(middle, freedom) > 1 - level) low = middle
    else high = middle
  }
  return (low + high) / 2
}
