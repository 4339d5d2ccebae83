import Big from 'big.js'
import { z } from 'zod'

/**
 * Decimal arithmetic of statements: sums, differences and products are exact, so that a million postings do not drift.
 * Only a division rounds, and says to how many decimals.
 */
export type Decimal = Big

/** A decimal as it stands in a data file or a ledger: no exponent, no superfluous zero, e.g. "0.7143" or "-12". */
export const decimalText = z
  .string()
  .max(40)
  .regex(/^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/, 'a decimal without exponent or trailing zeros, e.g. "0.7143"')
  .refine((text) => text !== '-0', 'zero has no sign')

/** A decimal above zero. */
export const positiveDecimalText = decimalText.refine(
  (text) => !text.startsWith('-') && text !== '0',
  'above zero',
)

/** The decimal that a text writes. Throws where it is no decimal; data files are parsed by `decimalText` before. */
export function decimal(text: string): Decimal {
  return new Big(decimalText.parse(text))
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

/**
 * A value as a statement prints it, to so many decimals: digits below half are dropped, above half carried, and exactly
 * half goes to the even digit (GB/T 8170, 四舍六入五成双). For output only: nothing is computed from a rounded value.
 */
export function presented(value: Decimal, decimals: number): string {
  const text = value.round(decimals, Big.roundHalfEven).toFixed(Math.max(0, decimals))
  return /^-0(?:\.0*)?$/.test(text) ? text.slice(1) : text
}
