import { fromNumber, type Amount } from '#contract/amount.ts'
import type { MappedRegister } from '#firmware-config/profile.ts'
import { registerWords } from './register-image.ts'

/**
 * What a reader of a register learns, without a wire between: the value goes into the register's words, with their
 * rounding, their wrap and their 24-bit floats, and comes out again. Written apart from the edge's decoder.
 */

const BITS_PER_WORD = 16n

function bitsOf({ order }: MappedRegister, words: readonly number[]): bigint {
  const bytesSwapped = order === 'BADC' || order === 'DCBA'
  const wordsSwapped = order === 'CDAB' || order === 'DCBA'
  return (wordsSwapped ? words.toReversed() : words).reduce((bits, word) => {
    const straight = bytesSwapped ? ((word & 0xff) << 8) | (word >> 8) : word
    return (bits << BITS_PER_WORD) | BigInt(straight)
  }, 0n)
}

function rawOf(register: MappedRegister, words: readonly number[]): number {
  const bits = bitsOf(register, words)
  const { encoding } = register
  if (encoding.startsWith('bcd')) return Number(bits.toString(16))
  if (encoding.startsWith('i')) return Number(BigInt.asIntN(words.length * 16, bits))
  if (encoding.startsWith('u')) return Number(bits)
  const view = new DataView(new ArrayBuffer(8))
  if (encoding === 'f64') view.setBigUint64(0, bits)
  else view.setUint32(0, Number(bits))
  return encoding === 'f64' ? view.getFloat64(0) : view.getFloat32(0)
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
  const isFloat = encoding === 'f32' || encoding === 'f64'
  return isFloat ? fromNumber(scaled(raw, factor), resolution) : { count: raw, resolution }
}
