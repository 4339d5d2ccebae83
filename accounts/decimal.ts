import type { Amount } from '#contract/amount.ts'
import { decimalText, isDecimalText } from '#contract/decimal-text.ts'

/** Powers of ten that a number holds exactly. */
const TENS = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)
/** Digits that a number holds whatever they are. */
const SAFE_DIGITS = 15
/** A double divided by a power of ten up to here is the nearest double of the quotient. */
const EXACT_TEN_MAX = 22

const tenToThe = (exponent: number): bigint => 10n ** BigInt(exponent)

/**
 * Decimal arithmetic of statements: sums, differences and products are exact, so that a million postings do not drift.
 * Only a division rounds, and says to how many decimals. A decimal is a whole number of 10^−scale: a number where it fits
 * into one, which nearly all do, else a bigint. It has no superfluous zero, so that equal decimals are equal objects.
 */
export class Decimal {
  /** The whole number; undefined where `large` holds it. */
  readonly small: number | undefined
  readonly large: bigint | undefined
  /** Decimals: 0 or more. */
  readonly scale: number

  private constructor(small: number | undefined, large: bigint | undefined, scale: number) {
    this.small = small
    this.large = large
    this.scale = scale
  }

  /** count × 10^−scale; `count` is a safe integer. */
  static of(count: number, scale: number): Decimal {
    if (count === 0) return ZERO
    let [whole, decimals] = [count, scale]
    while (decimals > 0 && whole % 10 === 0) {
      whole /= 10
      decimals -= 1
    }
    return new Decimal(whole, undefined, decimals)
  }

  /** The same of a whole number of any size. */
  static ofLarge(count: bigint, scale: number): Decimal {
    let [whole, decimals] = [count, scale]
    while (decimals > 0 && whole % 10n === 0n) {
      whole /= 10n
      decimals -= 1
    }
    const small = Number(whole)
    if (Number.isSafeInteger(small)) return Decimal.of(small, decimals)
    return new Decimal(undefined, whole, decimals)
  }

  static readonly zero = new Decimal(0, undefined, 0)

  /** The whole number at a scale that is not below its own. */
  at(scale: number): bigint {
    return (this.large ?? BigInt(this.small ?? 0)) * tenToThe(scale - this.scale)
  }

  plus(other: Decimal | number | string): Decimal {
    const b = decimalOf(other)
    const scale = Math.max(this.scale, b.scale)
    const [one, two] = [smallAt(this, scale), smallAt(b, scale)]
    if (one !== undefined && two !== undefined) {
      const sum = one + two
      if (Number.isSafeInteger(sum)) return Decimal.of(sum, scale)
    }
    return Decimal.ofLarge(this.at(scale) + b.at(scale), scale)
  }

  minus(other: Decimal | number | string): Decimal {
    return this.plus(decimalOf(other).negated())
  }

  times(other: Decimal | number | string): Decimal {
    const b = decimalOf(other)
    const scale = this.scale + b.scale
    if (this.small !== undefined && b.small !== undefined) {
      const product = this.small * b.small
      if (Number.isSafeInteger(product)) return Decimal.of(product, scale)
    }
    return Decimal.ofLarge(this.at(this.scale) * b.at(b.scale), scale)
  }

  negated(): Decimal {
    if (this.small === 0) return this
    return this.small === undefined
      ? new Decimal(undefined, -(this.large ?? 0n), this.scale)
      : new Decimal(-this.small, undefined, this.scale)
  }

  abs(): Decimal {
    return this.sign() < 0 ? this.negated() : this
  }

  /** −1, 0 or 1. */
  sign(): number {
    if (this.small !== undefined) return Math.sign(this.small)
    return (this.large ?? 0n) < 0n ? -1 : 1
  }

  /** Below, at or above zero as this is less than, equal to or greater than the other. */
  cmp(other: Decimal | number | string): number {
    const b = decimalOf(other)
    const scale = Math.max(this.scale, b.scale)
    const [one, two] = [smallAt(this, scale), smallAt(b, scale)]
    if (one !== undefined && two !== undefined) return one - two
    const [long, other_] = [this.at(scale), b.at(scale)]
    return long < other_ ? -1 : long > other_ ? 1 : 0
  }

  eq(other: Decimal | number | string): boolean {
    const b = decimalOf(other)
    return this.small === b.small && this.large === b.large && this.scale === b.scale
  }

  lt(other: Decimal | number | string): boolean {
    return this.cmp(other) < 0
  }

  lte(other: Decimal | number | string): boolean {
    return this.cmp(other) <= 0
  }

  gt(other: Decimal | number | string): boolean {
    return this.cmp(other) > 0
  }

  gte(other: Decimal | number | string): boolean {
    return this.cmp(other) >= 0
  }

  /** Plain digits; with a number of decimals, rounded to them as `rounded` does and filled up with zeros. */
  toFixed(decimals?: number): string {
    if (decimals === undefined) return digitsOf(this, this.scale)
    return digitsOf(rounded(this, decimals), decimals)
  }

  toString(): string {
    return digitsOf(this, this.scale)
  }

  toJSON(): string {
    return this.toString()
  }

  /** The nearest number. */
  toNumber(): number {
    return this.small !== undefined && this.scale <= EXACT_TEN_MAX
      ? this.small / 10 ** this.scale
      : Number(this.toString())
  }

  valueOf(): number {
    return this.toNumber()
  }
}

const ZERO = Decimal.zero

/** The whole number at a scale that is not below its own, where numbers hold it. */
function smallAt({ small, scale }: Decimal, at: number): number | undefined {
  if (small === undefined || scale === at) return small
  const ten = TENS[at - scale]
  const count = ten === undefined ? undefined : small * ten
  return count !== undefined && Number.isSafeInteger(count) ? count : undefined
}

function decimalOf(value: Decimal | number | string): Decimal {
  if (typeof value === 'string') return ofPrinted(value)
  if (typeof value !== 'number') return value
  return Number.isSafeInteger(value) ? Decimal.of(value, 0) : decimal(String(value))
}

/** Digits with so many decimals, which are not fewer than it has. */
function digitsOf(value: Decimal, decimals: number): string {
  const whole = value.small ?? value.large ?? 0
  const isNegative = whole < 0
  const digits =
    String(isNegative ? -whole : whole) + (decimals > value.scale ? '0'.repeat(decimals - value.scale) : '')
  if (decimals === 0) return isNegative ? `-${digits}` : digits
  const full = digits.length > decimals ? digits : digits.padStart(decimals + 1, '0')
  return `${isNegative ? '-' : ''}${full.slice(0, -decimals)}.${full.slice(-decimals)}`
}

/** The decimal that a text writes. Throws where it is no decimal; data files are parsed by `decimalText` before. */
export function decimal(text: string): Decimal {
  // Statements read some million of them; only one that is wrong is parsed, to say what is wrong.
  const plain = isDecimalText(text) ? text : decimalText.parse(text)
  const point = plain.indexOf('.')
  const digits = point === -1 ? plain : plain.slice(0, point) + plain.slice(point + 1)
  const scale = point === -1 ? 0 : plain.length - point - 1
  return digits.length <= SAFE_DIGITS
    ? Decimal.of(Number(digits), scale)
    : Decimal.ofLarge(BigInt(digits), scale)
}

/** The decimal of a number as a page prints it, which may end in zeros: "29760.00". */
export function ofPrinted(text: string): Decimal {
  return decimal(text.includes('.') ? text.replace(/\.?0+$/, '').replace(/^-0$/, '0') : text)
}

/** Resolutions come again and again: a park has a handful. */
const resolutions = new Map<string, Decimal>()
const RESOLUTIONS_MAX = 1_000

/** An amount of a register as a decimal of its canonical unit, exact. */
export function ofAmount({ count, resolution }: Amount): Decimal {
  let one = resolutions.get(resolution)
  if (one === undefined) {
    one = decimal(resolution)
    if (resolutions.size < RESOLUTIONS_MAX) resolutions.set(resolution, one)
  }
  return Decimal.of(count, 0).times(one)
}

/** Plain text of a decimal: no exponent, no trailing zeros; the inverse of `decimal`. */
export function textOf(value: Decimal): string {
  return value.toString()
}

/** The same in an answer, which has null for what is not known. */
export function textOrNull(value: Decimal | undefined): string | null {
  return value === undefined ? null : value.toString()
}

/** Quotients keep so many decimals: more than any statement prints, so that rounding them again cannot be seen. */
const QUOTIENT_DECIMALS = 20

/** a / b for whole numbers, b above zero, ties to even. */
function dividedToEven(a: bigint, b: bigint): bigint {
  const whole = a / b
  const twice = (a % b) * 2n
  const size = twice < 0n ? -twice : twice
  if (size < b || (size === b && whole % 2n === 0n)) return whole
  return a < 0n ? whole - 1n : whole + 1n
}

/** a / b to 20 decimals, ties to even. Throws RangeError where b is zero. */
export function quotient(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  const [above, below] = [a.at(scale) * tenToThe(QUOTIENT_DECIMALS), b.at(scale)]
  if (below === 0n) throw new RangeError('division by zero')
  const positive = below < 0n ? dividedToEven(-above, -below) : dividedToEven(above, below)
  return Decimal.ofLarge(positive, QUOTIENT_DECIMALS)
}

/** The square root to 20 decimals, to the nearest. Throws RangeError for what is below zero. */
export function squareRoot(value: Decimal): Decimal {
  if (value.sign() < 0) throw new RangeError('the root of a negative number')
  const square = rounded(value, 2 * QUOTIENT_DECIMALS).at(2 * QUOTIENT_DECIMALS)
  if (square === 0n) return ZERO
  // Newton from above: each step halves the error at least.
  let root = tenToThe(Math.ceil(square.toString().length / 2))
  for (let next = (root + square / root) / 2n; next < root; next = (root + square / root) / 2n) root = next
  const isNearer = square - root * root > root
  return Decimal.ofLarge(isNearer ? root + 1n : root, QUOTIENT_DECIMALS)
}

/** To so many decimals by GB/T 8170, where a rule computes on with the rounded value; −2: to whole hundreds. */
export function rounded(value: Decimal, decimals: number): Decimal {
  if (decimals >= value.scale) return value
  const whole = dividedToEven(value.at(value.scale), tenToThe(value.scale - decimals))
  return decimals < 0 ? Decimal.ofLarge(whole * tenToThe(-decimals), 0) : Decimal.ofLarge(whole, decimals)
}

/**
 * A value as a statement prints it, to so many decimals: digits below half are dropped, above half carried, and exactly
 * half goes to the even digit (GB/T 8170, 四舍六入五成双). For output only: nothing is computed from a rounded value.
 */
export function presented(value: Decimal, decimals: number): string {
  return rounded(value, decimals).toFixed(Math.max(0, decimals))
}
