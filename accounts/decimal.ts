import Big from 'big.js'
import type { Amount } from '#contract/amount.ts'
import { decimalText, isDecimalText } from '#contract/decimal-text.ts'

/**
 * Decimal arithmetic of statements: sums, differences and products are exact, so that a million postings do not drift.
 * Only a division rounds, and says to how many decimals.
 */
export type Decimal = Big

/** The decimal that a text writes. Throws where it is no decimal; data files are parsed by `decimalText` before. */
export function decimal(text: string): Decimal {
  // Statements read some million of them; only one that is wrong is parsed, to say what is wrong.
  return new Big(isDecimalText(text) ? text : decimalText.parse(text))
}

/** An amount of a register as a decimal of its canonical unit, exact. */
export function ofAmount({ count, resolution }: Amount): Decimal {
  return new Big(count).times(resolution)
}

/** Plain text of a decimal: no exponent, no trailing zeros; the inverse of `decimal`. */
export function textOf(value: Decimal): string {
  const text = value.toFixed()
  return text === '-0' ? '0' : text
}

/** Quotients keep so many decimals: more than any statement prints, so that rounding them again cannot be seen. */
const QUOTIENT_DECIMALS = 20

/** a / b to 20 decimals, ties to even. */
export function quotient(a: Decimal, b: Decimal): Decimal {
  const Rounded = Big()
  Rounded.DP = QUOTIENT_DECIMALS
  Rounded.RM = Big.roundHalfEven
  return new Big(new Rounded(a).div(b))
}

/** To so many decimals by GB/T 8170, where a rule computes on with the rounded value. */
export function rounded(value: Decimal, decimals: number): Decimal {
  return value.round(decimals, Big.roundHalfEven)
}

/**
 * A value as a statement prints it, to so many decimals: digits below half are dropped, above half carried, and exactly
 * half goes to the even digit (GB/T 8170, 四舍六入五成双). For output only: nothing is computed from a rounded value.
 */
export function presented(value: Decimal, decimals: number): string {
  const text = rounded(value, decimals).toFixed(Math.max(0, decimals))
  return /^-0(?:\.0*)?$/.test(text) ? text.slice(1) : text
}
