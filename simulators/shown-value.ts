import { fromNumber, type Amount } from '#contract/amount.ts'
import {
  isFloating,
  isPair,
  pairs,
  singles,
  type SingleEncoding,
  type WordOrder,
} from '#firmware-config/encodings.ts'
import type { MappedRegister } from '#firmware-config/profile.ts'
import { registerWords } from './register-image.ts'

/**
 * What a reader of a register learns, without a wire between: the value goes into the register's words, with their
 * rounding, their wrap and their 24-bit floats, and comes out again. Written apart from the edge's decoder.
 */

const BITS_PER_WORD = 16n

function bitsOf(order: WordOrder, words: readonly number[]): bigint {
  const bytesSwapped = order === 'BADC' || order === 'DCBA'
  const wordsSwapped = order === 'CDAB' || order === 'DCBA'
  return (wordsSwapped ? words.toReversed() : words).reduce((bits, word) => {
    const straight = bytesSwapped ? ((word & 0xff) << 8) | (word >> 8) : word
    return (bits << BITS_PER_WORD) | BigInt(straight)
  }, 0n)
}

function floatOf(bits: bigint, words: number): number {
  const view = new DataView(new ArrayBuffer(8))
  if (words === 4) view.setBigUint64(0, bits)
  else view.setUint32(0, Number(bits))
  return words === 4 ? view.getFloat64(0) : view.getFloat32(0)
}

/** Words of four decimal digits, most significant first. */
function mod10Of(bits: bigint, words: number): number {
  let value = 0
  for (let word = words - 1; word >= 0; word -= 1) {
    value = value * 10_000 + Number((bits >> (BigInt(word) * BITS_PER_WORD)) & 0xffffn)
  }
  return value
}

function singleOf(encoding: SingleEncoding, order: WordOrder, words: readonly number[]): number {
  const bits = bitsOf(order, words)
  const width = words.length * 16
  const { kind } = singles[encoding]
  switch (kind) {
    case 'unsigned':
      return Number(bits)
    case 'signed':
      return Number(BigInt.asIntN(width, bits))
    case 'signMagnitude': {
      const size = Number(BigInt.asUintN(width - 1, bits))
      return bits >> BigInt(width - 1) === 0n ? size : -size
    }
    case 'bcd':
      return Number(bits.toString(16))
    case 'mod10':
      return mod10Of(bits, words.length)
    case 'float':
      break
  }
  return floatOf(bits, words.length)
}

function rawOf({ encoding, order }: MappedRegister, words: readonly number[]): number {
  if (!isPair(encoding)) return singleOf(encoding, order, words)
  const { first, second, sign } = pairs[encoding]
  const middle = singles[first].words
  return singleOf(first, order, words.slice(0, middle)) + sign * singleOf(second, order, words.slice(middle))
}

/**
 * raw × factor, the factor as whole digits over a power of ten: of a whole raw number the double nearest to the exact
 * product, where multiplying by the double nearest to 0.1 would add noise.
 */
function scaled(raw: number, factor: string): number {
  const [whole = '0', fraction = ''] = factor.split('.')
  const digits = Number(whole + fraction)
  const exact = Number.isSafeInteger(raw) && Number.isSafeInteger(raw * digits)
  const product = exact
    ? Number(`${raw * digits}e-${fraction.length}`)
    : (raw * digits) / 10 ** fraction.length
  return product === 0 ? 0 : product
}

/**
 * The value that a read of the register gives while its true value is `value` (canonical unit): a count of its
 * resolution for a cumulative register, else a number in the canonical unit. Throws `amount-overflow` where the
 * register cannot show it.
 */
export function shownValue(register: MappedRegister, value: number): number | Amount {
  const raw = rawOf(register, registerWords(register, value))
  const { encoding, factor, resolution } = register
  if (resolution === undefined) return scaled(raw, factor)
  return isFloating(encoding) ? fromNumber(scaled(raw, factor), resolution) : { count: raw, resolution }
}
