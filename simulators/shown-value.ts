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
import { asWritten, registerWords } from './register-image.ts'

/**
 * What a reader of a register learns, without a wire between: the value goes into the register's words, with their
 * rounding, their wrap and their 24-bit floats, and comes out again. Written apart from the edge's decoder.
 */

const BITS_PER_WORD = 16n
const MOD10_BASE = 10_000

type Words = readonly number[]

/** The words of one value, highest first, each with its high byte first. */
function straightened(words: Words, order: WordOrder): Words {
  const bytesSwapped = order === 'BADC' || order === 'DCBA'
  const wordsSwapped = order === 'CDAB' || order === 'DCBA'
  return (wordsSwapped ? words.toReversed() : words).map((word) =>
    bytesSwapped ? ((word & 0xff) << 8) | (word >> 8) : word,
  )
}

interface Straight {
  readonly words: Words
  readonly bits: bigint
  /** In bits. */
  readonly size: number
}

function floatOf({ bits, size }: Straight): number {
  const view = new DataView(new ArrayBuffer(8))
  if (size === 64) view.setBigUint64(0, bits)
  else view.setUint32(0, Number(bits))
  return size === 64 ? view.getFloat64(0) : view.getFloat32(0)
}

const numberOf: Record<(typeof singles)[SingleEncoding]['kind'], (straight: Straight) => number> = {
  unsigned: ({ bits }) => Number(bits),
  signed: ({ bits, size }) => Number(BigInt.asIntN(size, bits)),
  signMagnitude: ({ bits, size }) => {
    const magnitude = Number(BigInt.asUintN(size - 1, bits))
    return bits >> BigInt(size - 1) === 1n ? -magnitude : magnitude
  },
  float: floatOf,
  bcd: ({ bits }) => Number(bits.toString(16)),
  mod10: ({ words }) => words.reduce((all, word) => all * MOD10_BASE + word, 0),
}

function singleOf(encoding: SingleEncoding, given: Words, order: WordOrder): number {
  const words = straightened(given, order)
  const bits = words.reduce((all, word) => (all << BITS_PER_WORD) | BigInt(word), 0n)
  return numberOf[singles[encoding].kind]({ words, bits, size: words.length * 16 })
}

function rawOf({ encoding, order }: MappedRegister, words: Words): number {
  if (!isPair(encoding)) return singleOf(encoding, words, order)
  const { first, second, sign } = pairs[encoding]
  const cut = singles[first].words
  return singleOf(first, words.slice(0, cut), order) + sign * singleOf(second, words.slice(cut), order)
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
export function shownValue(given: MappedRegister, value: number): number | Amount {
  const register = asWritten(given)
  const raw = rawOf(register, registerWords(register, value))
  const { encoding, factor, resolution } = register
  const { exponent, resolution: counted } = given
  // With an exponent all counts are of the finest step that it may make.
  if (exponent !== undefined && counted !== undefined)
    return { count: raw * 10 ** (exponent.usual - exponent.lowest), resolution: counted }
  if (resolution === undefined) return scaled(raw, factor)
  return isFloating(encoding) ? fromNumber(scaled(raw, factor), resolution) : { count: raw, resolution }
}
