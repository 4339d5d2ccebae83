import { EXACT_DIGITS, EXACT_POWERS, NUMBER_CHARACTERS_MAX } from '#contract/sample-block.ts'

const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= ZERO + 9

/**
 * Where a decimal of JSON ends, one that has no sign, no exponent and is not long: such a one is a number that a double holds.
 * −1 for any other, which is DecimalScan's.
 */
export function digitsEnd(bytes: Uint8Array, from: number): number {
  let at = from
  while (isDigit(bytes[at])) at += 1
  if (at === from || (at > from + 1 && bytes[from] === ZERO)) return -1
  if (bytes[at] === POINT) {
    at += 1
    const firstDecimal = at
    while (isDigit(bytes[at])) at += 1
    if (at === firstDecimal) return -1
  }
  const next = bytes[at]
  return next === 0x45 || next === 0x65 || at - from > NUMBER_CHARACTERS_MAX ? -1 : at
}

/**
 * Reads decimals of JSON (RFC 8259 §6) out of bytes. What is written with an exponent, as −0 or at great length is left to
 * others: `read` says false.
 */
export class DecimalScan {
  /** Of the decimal that was read last: its value, as JSON.parse gives it, and the byte behind it. */
  value = 0
  end = 0
  isInteger = false

  read(bytes: Uint8Array, from: number): boolean {
    let at = from
    const isNegative = bytes[at] === MINUS
    if (isNegative) at += 1
    const firstDigit = at
    let mantissa = 0
    let digit = (bytes[at] ?? 0) - ZERO
    while (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit
      at += 1
      digit = (bytes[at] ?? 0) - ZERO
    }
    let digits = at - firstDigit
    if (digits === 0 || (digits > 1 && bytes[firstDigit] === ZERO)) return false
    let decimals = 0
    if (bytes[at] === POINT) {
      at += 1
      const firstDecimal = at
      digit = (bytes[at] ?? 0) - ZERO
      while (digit >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit
        at += 1
        digit = (bytes[at] ?? 0) - ZERO
      }
      decimals = at - firstDecimal
      if (decimals === 0) return false
      digits += decimals
    }
    const next = bytes[at]
    // E and e: an exponent.
    if (next === 0x45 || next === 0x65 || at - from > NUMBER_CHARACTERS_MAX) return false
    this.end = at
    this.isInteger = decimals === 0
    if (digits <= EXACT_DIGITS) {
      const value = decimals === 0 ? mantissa : mantissa / (EXACT_POWERS[decimals] ?? NaN)
      this.value = isNegative ? -value : value
      return !isNegative || mantissa !== 0
    }
    this.value = Number(String.fromCharCode(...bytes.subarray(from, at)))
    return this.value !== 0
  }
}
