/** Numbers as text straight to bytes: a string for each would be most of what is thrown away again. */

const ZERO = 0x30
const POINT = 0x2e
/** Milliseconds as nanoseconds. */
const NS_DIGITS = 6

/** Writes an ASCII text. Gives the place behind it. */
export function writeText(text: string, to: Uint8Array, at: number): number {
  for (let index = 0; index < text.length; index += 1, at += 1) to[at] = text.charCodeAt(index)
  return at
}

/** Writes so many digits of a whole number below 2³¹, zeros before it. Gives the place behind them. */
function writeDigits(value: number, digits: number, to: Uint8Array, at: number): number {
  let rest = value
  for (let place = at + digits - 1; place >= at; place -= 1) {
    const tens = (rest / 10) | 0
    to[place] = ZERO + rest - 10 * tens
    rest = tens
  }
  return at + digits
}

/** Ten to the seventh: what is before and behind these digits of a millisecond is below 2³¹. */
const LOW_DIGITS = 7
const LOW = 10 ** LOW_DIGITS
/** Milliseconds with 13 digits, from 2001 to 2286. */
const THIRTEEN_FROM_MS = 1e12
const THIRTEEN_DIGITS = 13

/** Writes a moment as nanoseconds. Gives the place behind it. */
export function writeNanoseconds(atMs: number, to: Uint8Array, at: number): number {
  let end: number
  if (atMs < THIRTEEN_FROM_MS || atMs >= 10 * THIRTEEN_FROM_MS) end = writeText(String(atMs), to, at)
  else {
    const high = Math.floor(atMs / LOW)
    end = writeDigits(high, THIRTEEN_DIGITS - LOW_DIGITS, to, at)
    end = writeDigits(atMs - high * LOW, LOW_DIGITS, to, end)
  }
  if (atMs > 0) for (let digit = 0; digit < NS_DIGITS; digit += 1) to[end++] = ZERO
  return end
}

/** Of a count in units of 10⁻⁹: so many digits are exact in a double, and what it divided by 10⁹ is written as. */
const EXACT_DIGITS = 15
const NANO_DIGITS = 9
/** Zeros at the end of a decimal say nothing; a shorter one than this is not written with an exponent. */
const DECIMALS_MAX = 6

/** The decimals of resolutions that are powers of ten: 1, 0.1, 0.01 and so on. */
const decimalsOfPowers = new Map(
  Array.from({ length: DECIMALS_MAX + 1 }, (_, decimals) => [(10 ** -decimals).toFixed(decimals), decimals]),
)

/**
 * How many decimals a count of so many digits has in a resolution. Undefined where the resolution is no power of ten, or the
 * digits, with the point among them, might not be the number that `numberOf` gives.
 */
export function decimalsOf(digits: number, resolution: string): number | undefined {
  const decimals = decimalsOfPowers.get(resolution)
  return decimals === undefined || digits + NANO_DIGITS - decimals > EXACT_DIGITS ? undefined : decimals
}

/** Where the digits of a count stand, and how many of them stand behind the point. */
export interface Shifted {
  readonly start: number
  readonly length: number
  readonly decimals: number
}

/** Writes the number of a count, as JavaScript writes it. Gives the place behind it. */
export function writeShifted(to: Uint8Array, from: number, text: Uint8Array, shifted: Shifted): number {
  const { start, length, decimals } = shifted
  const point = start + length - decimals
  const digit = (place: number): number => (place < start ? ZERO : (text[place] ?? ZERO))
  let end = start + length
  while (end > point && digit(end - 1) === ZERO) end -= 1
  let at = from
  for (let place = Math.min(start, point - 1); place < point; place += 1) to[at++] = digit(place)
  if (end > point) to[at++] = POINT
  for (let place = point; place < end; place += 1) to[at++] = digit(place)
  return at
}
