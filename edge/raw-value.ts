import {
  isPair,
  pairs,
  singles,
  type Encoding,
  type PairEncoding,
  type SingleEncoding,
  type TextEncoding,
  type WordOrder,
} from '#firmware-config/encodings.ts'

/** What registers say before any scale. A whole number is a bigint only where a number could not hold it exactly. */
export type Raw = number | bigint

/** The words of one value with the most significant first and the high byte first, whatever their order on the wire. */
function straightened(words: readonly number[], order: WordOrder): readonly number[] {
  const bytes =
    order === 'BADC' || order === 'DCBA' ? words.map((word) => ((word & 0xff) << 8) | (word >> 8)) : words
  return order === 'CDAB' || order === 'DCBA' ? bytes.toReversed() : bytes
}

/** All bits of the words as one unsigned number. */
function joined(words: readonly number[]): bigint {
  return words.reduce((bits, word) => (bits << 16n) | BigInt(word), 0n)
}

function exact(value: bigint): Raw {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Three digits of base 65536 or 10000 stay below 2⁵³: only the fourth word needs a bigint. */
const WORDS_EXACT = 3

function sumOf(digits: readonly number[], base: number): Raw {
  if (digits.length <= WORDS_EXACT) return digits.reduce((sum, digit) => sum * base + digit, 0)
  return exact(digits.reduce((sum, digit) => sum * BigInt(base) + BigInt(digit), 0n))
}

function signedOf(words: readonly number[]): Raw {
  if (words.length > WORDS_EXACT) return exact(BigInt.asIntN(16 * words.length, joined(words)))
  const [first = 0, ...rest] = words
  return rest.reduce((sum, word) => sum * 0x1_0000 + word, first > 0x7fff ? first - 0x1_0000 : first)
}

function signMagnitudeOf([first = 0, ...rest]: readonly number[]): Raw {
  const magnitude = sumOf([first & 0x7fff, ...rest], 0x1_0000)
  return first > 0x7fff && magnitude !== 0 ? -magnitude : magnitude
}

/** Four decimal digits of a word, or NaN where a half byte is none. */
function bcdDigits(word: number): number {
  let value = 0
  for (const shift of [12, 8, 4, 0]) {
    const digit = (word >> shift) & 0xf
    if (digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

function decimalOf(digits: readonly number[]): Raw | undefined {
  // Above 9999, and NaN, which is neither above nor below.
  return digits.every((digit) => digit <= 9999) ? sumOf(digits, 10_000) : undefined
}

const scratch = new DataView(new ArrayBuffer(8))

function floatOf(words: readonly number[]): number {
  for (const [index, word] of words.entries()) scratch.setUint16(2 * index, word)
  return words.length === 2 ? scratch.getFloat32(0) : scratch.getFloat64(0)
}

function singleOf(words: readonly number[], encoding: SingleEncoding): Raw | undefined {
  switch (singles[encoding].kind) {
    case 'unsigned':
      return sumOf(words, 0x1_0000)
    case 'signed':
      return signedOf(words)
    case 'signMagnitude':
      return signMagnitudeOf(words)
    case 'float':
      return floatOf(words)
    case 'bcd':
      return decimalOf(words.map(bcdDigits))
    case 'mod10':
      break
  }
  return decimalOf(words)
}

/** The halves of a pair in the order of their addresses. */
function halves(words: readonly number[], encoding: PairEncoding): [readonly number[], readonly number[]] {
  const middle = singles[pairs[encoding].first].words
  return [words.slice(0, middle), words.slice(middle)]
}

/**
 * What the registers of a value say, in the order of their addresses: exact for whole numbers, as written for floats,
 * `undefined` for decimal digits that are none.
 */
export function rawValue(words: readonly number[], encoding: Encoding, order: WordOrder): Raw | undefined {
  if (!isPair(encoding)) return singleOf(straightened(words, order), encoding)
  const { first, second, sign } = pairs[encoding]
  const [left, right] = halves(words, encoding)
  const one = singleOf(straightened(left, order), first)
  const other = singleOf(straightened(right, order), second)
  // Both are at most 32 bits wide or floats: the sum is a number.
  return one === undefined || other === undefined ? undefined : Number(one) + sign * Number(other)
}

/** The bits of a value's registers as one unsigned number, most significant first. */
export function bitsOf(words: readonly number[], encoding: Encoding, order: WordOrder): bigint {
  if (!isPair(encoding)) return joined(straightened(words, order))
  return joined(halves(words, encoding).flatMap((half) => straightened(half, order)))
}

/**
 * A text without the zeros, blanks and control characters that fill it up, or `undefined` for bytes that are none.
 * The order of words does not matter to texts; BADC and DCBA swap the bytes of each.
 */
export function textOf(
  words: readonly number[],
  encoding: TextEncoding,
  order: WordOrder,
): string | undefined {
  const swapped = order === 'BADC' || order === 'DCBA'
  const bytes = words.flatMap((word) => {
    const pair = swapped ? [word & 0xff, word >> 8] : [word >> 8, word & 0xff]
    return encoding === 'letters' ? pair.slice(1) : pair
  })
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes))
    return text.replace(/\p{Cc}/gu, '').trim()
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
