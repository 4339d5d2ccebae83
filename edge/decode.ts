import { fromNumber, type Amount, type Resolution } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import type { MeterId } from '#contract/identity.ts'
import type { BadCause, BadReading, Reading, UsableQuality } from '#contract/reading.ts'
import { isFloating } from '#firmware-config/encodings.ts'
import type { MappedRegister } from '#firmware-config/profile.ts'
import type { ReadRequest } from './plan.ts'
import { bitsOf, rawValue, type Raw } from './raw-value.ts'

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

interface Factor {
  readonly numerator: bigint
  readonly decimals: number
  /** The same two as numbers. */
  readonly times: number
  readonly over: number
}

/** Factors as a whole number over a power of ten: there are as many as lines in the profiles of a gateway. */
const factors = new Map<Resolution, Factor>()

function factorOf(text: Resolution): Factor {
  const known = factors.get(text)
  if (known !== undefined) return known
  const [whole = '0', fraction = ''] = text.split('.')
  const numerator = BigInt(whole + fraction)
  const decimals = fraction.length
  const factor = { numerator, decimals, times: Number(numerator), over: 10 ** decimals }
  factors.set(text, factor)
  return factor
}

/**
 * raw × factor. For whole numbers the result is the double nearest to the exact decimal; multiplying by the double
 * nearest to 0.1 would add noise, so the factor is taken as a whole number over a power of ten.
 */
function scale(raw: Raw, factor: Resolution): number {
  const { numerator, decimals, times, over } = factorOf(factor)
  if (typeof raw === 'bigint') return Number(`${raw * numerator}e-${decimals}`)
  const product = raw * times
  // Both sides of the division are exact below 2⁵³, so it rounds once, to the nearest.
  const scaled =
    Number.isInteger(raw) && !Number.isSafeInteger(product)
      ? Number(`${BigInt(raw) * numerator}e-${decimals}`)
      : product / over
  return scaled === 0 ? 0 : scaled
}

/** The counted value of a cumulative register, or `undefined` where no exact count can be had. */
function countOf(register: MappedRegister, raw: Raw, resolution: Resolution): Amount | undefined {
  if (!isFloating(register.encoding)) {
    return typeof raw === 'number' ? { count: raw, resolution } : undefined
  }
  try {
    return fromNumber(scale(raw, register.factor), resolution)
  } catch (error) {
    if (error instanceof Fault && error.code === 'amount-overflow') return undefined
    throw error
  }
}

function valueOf(register: MappedRegister, words: readonly number[]): number | Amount | BadCause {
  const raw = rawValue(words, register.encoding, register.order)
  if (isMarked(register, words, raw)) return 'not-available'
  if (raw === undefined) return 'not-a-number'
  if (register.resolution !== undefined) {
    return countOf(register, raw, register.resolution) ?? 'not-a-number'
  }
  const value = scale(raw, register.factor)
  return Number.isFinite(value) ? value : 'not-a-number'
}

/**
 * The readings in the answer to a request, one for each of its registers, all at the moment of the answer.
 * Throws `bus-frame-invalid` when the answer has not exactly the registers that were asked for.
 */
export function decode(
  request: ReadRequest,
  words: Uint16Array | readonly number[],
  atMs: number,
  meter: MeterId,
  quality: UsableQuality,
): Reading[] {
  if (words.length !== request.quantity) {
    throw new Fault(
      'bus-frame-invalid',
      `${words.length} registers answer a request for ${request.quantity}.`,
    )
  }
  return request.registers.map((register): Reading => {
    const start = register.address - request.address
    const value = valueOf(register, Array.from(words.slice(start, start + register.words)))
    const identity = { meter, quantity: register.quantity, atMs }
    return typeof value === 'string'
      ? { ...identity, quality: 'bad', cause: value }
      : { ...identity, quality, value }
  })
}

/** The readings of a request that was not answered: each says why there is no value. */
export function unanswered(
  request: ReadRequest,
  cause: BadCause,
  atMs: number,
  meter: MeterId,
): BadReading[] {
  return request.registers.map(({ quantity }) => ({ meter, quantity, atMs, quality: 'bad', cause }))
}
