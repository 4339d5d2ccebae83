import { counterIn, multiplyResolution, type Resolution } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import type { BadCause } from '#contract/reading.ts'
import { encodings, isFloating, type Encoding } from '#firmware-config/encodings.ts'
import { powerOfTen, type ExponentRegister, type MappedRegister } from '#firmware-config/profile.ts'
import { bitsOf, rawValue, type Raw } from './raw-value.ts'

/**
 * What the words from a place on say of one value: of an instantaneous quantity the number in its canonical unit, of a
 * cumulative one the count of its resolution, or why there is neither.
 */
export type RegisterDecoder = (words: ArrayLike<number>, at: number) => number | BadCause

/** As many as there are lines in the profiles of a gateway; they live as long as those. */
const decoders = new WeakMap<MappedRegister, RegisterDecoder>()

/** The decoder of a register, made ready once: a gateway reads the same registers for years. */
export function decoderOf(register: MappedRegister): RegisterDecoder {
  const known = decoders.get(register)
  if (known !== undefined) return known
  const { exponent } = register
  const made =
    exponent === undefined
      ? (quickDecoder(register) ?? anyDecoder(register))
      : exponentDecoder(register, exponent)
  decoders.set(register, made)
  return made
}

/** Whatever the encoding. */
function anyDecoder(register: MappedRegister): RegisterDecoder {
  const { encoding, order, words: count } = register
  const meaningOf = meaning(register)
  return (words, at) => {
    const own = Array.from({ length: count }, (_, index) => words[at + index] ?? 0)
    const raw = rawValue(own, encoding, order)
    if (isMarked(register, own, raw)) return 'not-available'
    return raw === undefined ? 'not-a-number' : meaningOf(raw)
  }
}

/** SunSpec's mark for a scale factor that is not there. */
const NO_EXPONENT = -0x8000

/**
 * A whole number with its exponent, both of one answer. An exponent that the profile does not expect makes no value: a
 * number that is off by powers of ten is worse than none. A count is of the finest step that the profile expects.
 */
function exponentDecoder(register: MappedRegister, exponent: ExponentRegister): RegisterDecoder {
  const { factor, resolution } = register
  const { offset, lowest, highest } = exponent
  const own = { ...register, words: encodings[register.encoding].words, exponent: undefined }
  const decoders = Array.from({ length: highest - lowest + 1 }, (_, index): RegisterDecoder => {
    if (resolution !== undefined) {
      const count = decoderOf(own)
      return (words, at) => timesTen(count(words, at), index)
    }
    const sign = factor.startsWith('-') ? '-' : ''
    const size = multiplyResolution(factor.replace('-', ''), powerOfTen(lowest + index))
    return decoderOf({ ...own, factor: `${sign}${size}` })
  })
  return (words, at) => {
    const n = ((words[at + offset] ?? 0) << 16) >> 16
    if (n === NO_EXPONENT) return 'not-available'
    return decoders[n - lowest]?.(words, at) ?? 'not-a-number'
  }
}

/** A count × 10ⁿ; what cannot be counted exactly is no number. */
function timesTen(count: number | BadCause, n: number): number | BadCause {
  if (typeof count === 'string') return count
  const product = count * 10 ** n
  return Number.isSafeInteger(product) ? product : 'not-a-number'
}

/** Whole numbers and floats in one or two registers, which nearly all are: nothing is allocated for them. */
function quickDecoder(register: MappedRegister): RegisterDecoder | undefined {
  const numberOf = quickNumbers[register.encoding]
  if (numberOf === undefined) return undefined
  const bitsAt = quickBits(register)
  const meaningOf = meaning(register)
  const isMarked = quickMarkTest(register)
  return (words, at) => {
    const bits = bitsAt(words, at)
    const number = numberOf(bits)
    return isMarked(bits, number) ? 'not-available' : meaningOf(number)
  }
}

const swapped = (word: number): number => ((word & 0xff) << 8) | (word >> 8)

/** All bits of one or two words as an unsigned number, the most significant first. */
function quickBits({
  words: count,
  order,
}: MappedRegister): (words: ArrayLike<number>, at: number) => number {
  const [high, low] = order === 'CDAB' || order === 'DCBA' ? [1, 0] : [0, 1]
  const swaps = order === 'BADC' || order === 'DCBA'
  if (count === 1) return swaps ? (words, at) => swapped(words[at] ?? 0) : (words, at) => words[at] ?? 0
  if (swaps) {
    return (words, at) => swapped(words[at + high] ?? 0) * 0x1_0000 + swapped(words[at + low] ?? 0)
  }
  return (words, at) => (words[at + high] ?? 0) * 0x1_0000 + (words[at + low] ?? 0)
}

const scratch = new DataView(new ArrayBuffer(4))

const unsigned = (bits: number): number => bits

/** What the bits of an encoding mean, where that takes no more than a number. */
const quickNumbers: Readonly<Partial<Record<Encoding, (bits: number) => number>>> = {
  u16: unsigned,
  u32: unsigned,
  i16: (bits) => (bits << 16) >> 16,
  i32: (bits) => bits | 0,
  f32: (bits) => {
    scratch.setUint32(0, bits)
    return scratch.getFloat32(0)
  },
}

/** `isMarked` for the quick encodings. */
function quickMarkTest({
  notAvailable,
  encoding,
}: MappedRegister): (bits: number, number: number) => boolean {
  const bitMarks: number[] = []
  const numberMarks: number[] = []
  for (const mark of notAvailable) {
    if (typeof mark === 'bigint') bitMarks.push(Number(mark))
    else if (encoding === 'f32') numberMarks.push(Math.fround(mark))
    else {
      numberMarks.push(mark)
      if (encoding.startsWith('i')) bitMarks.push(mark)
    }
  }
  if (bitMarks.length + numberMarks.length === 0) return () => false
  if (bitMarks.length === 0 && numberMarks.every(Number.isNaN)) return (_bits, number) => Number.isNaN(number)
  return (bits, number) => bitMarks.includes(bits) || numberMarks.some((mark) => Object.is(mark, number))
}

/**
 * True for a value that the profile lists as "no value". A bigint is the bits of all registers. A number is the value
 * before scale (NaN for any NaN), or, of a signed value or of digits that are none, its bits (0x8000 and -32768 are the
 * same i16).
 */
function isMarked(
  { notAvailable, encoding, order }: MappedRegister,
  words: readonly number[],
  raw: Raw | undefined,
): boolean {
  return notAvailable.some((mark) => {
    if (typeof mark === 'bigint') return bitsOf(words, encoding, order) === mark
    if (isFloating(encoding)) return Object.is(raw, encoding === 'f32' ? Math.fround(mark) : mark)
    if (raw !== undefined && Number(raw) === mark) return true
    const bitsCount = raw === undefined || encoding.startsWith('i')
    return bitsCount && Number(bitsOf(words, encoding, order)) === mark
  })
}

/** From what the register says to what it means. */
function meaning({ encoding, factor, resolution }: MappedRegister): (raw: Raw) => number | BadCause {
  const scale = scalerOf(factor)
  if (resolution === undefined) {
    return (raw) => {
      const value = scale(raw)
      return Number.isFinite(value) ? value : 'not-a-number'
    }
  }
  // A whole number is the count itself; a bigint is one that cannot be held exactly.
  if (!isFloating(encoding)) return (raw) => (typeof raw === 'number' ? raw : 'not-a-number')
  const countOf = counterIn(resolution)
  return (raw) => {
    try {
      return countOf(scale(raw))
    } catch (error) {
      if (error instanceof Fault && error.code === 'amount-overflow') return 'not-a-number'
      throw error
    }
  }
}

/**
 * raw × factor. For whole numbers the result is the double nearest to the exact decimal; multiplying by the double
 * nearest to 0.1 would add noise, so the factor is taken as a whole number over a power of ten.
 */
function scalerOf(factor: Resolution): (raw: Raw) => number {
  const [whole = '0', fraction = ''] = factor.split('.')
  const numerator = BigInt(whole + fraction)
  const decimals = fraction.length
  const [times, over] = [Number(numerator), 10 ** decimals]
  if (factor === '1') return (raw) => (raw === 0 ? 0 : Number(raw))
  return (raw) => {
    if (typeof raw === 'bigint') return Number(`${raw * numerator}e-${decimals}`)
    const product = raw * times
    // Both sides of the division are exact below 2⁵³, so it rounds once, to the nearest.
    const scaled =
      Number.isInteger(raw) && !Number.isSafeInteger(product)
        ? Number(`${BigInt(raw) * numerator}e-${decimals}`)
        : product / over
    return scaled === 0 ? 0 : scaled
  }
}
