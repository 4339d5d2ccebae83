import { fromNumber, type Amount, type Resolution } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import type { MeterId } from '#contract/identity.ts'
import type { BadCause, BadReading, Reading, UsableQuality } from '#contract/reading.ts'
import type { Encoding, MappedRegister } from '#firmware-config/profile.ts'
import type { ReadRequest } from './plan.ts'

/** The registers of one value as one unsigned number, most significant bits first, whatever their order on the wire. */
function bitsOf(words: readonly number[], order: MappedRegister['order']): bigint {
  const lowWordFirst = order === 'CDAB' || order === 'DCBA'
  const bytesSwapped = order === 'BADC' || order === 'DCBA'
  let bits = 0n
  for (const word of lowWordFirst ? words.toReversed() : words) {
    const straight = bytesSwapped ? ((word & 0xff) << 8) | (word >> 8) : word
    bits = (bits << 16n) | BigInt(straight)
  }
  return bits
}

/** What the bits say: exact for integers, as written for floats, `undefined` for digits that are none. */
type Interpretation = (bits: bigint, words: number) => bigint | number | undefined

const unsigned: Interpretation = (bits) => bits
const signed: Interpretation = (bits, words) => BigInt.asIntN(16 * words, bits)
const digits: Interpretation = (bits) =>
  /^\d+$/.test(bits.toString(16)) ? BigInt(bits.toString(16)) : undefined

const interpretations: Readonly<Record<Encoding, Interpretation>> = {
  u16: unsigned,
  u32: unsigned,
  u64: unsigned,
  i16: signed,
  i32: signed,
  i64: signed,
  f32: (bits) => {
    const view = new DataView(new ArrayBuffer(4))
    view.setUint32(0, Number(bits))
    return view.getFloat32(0)
  },
  f64: (bits) => {
    const view = new DataView(new ArrayBuffer(8))
    view.setBigUint64(0, bits)
    return view.getFloat64(0)
  },
  bcd4: digits,
  bcd8: digits,
  bcd12: digits,
}

/**
 * True for a raw value that the profile lists as "no value". Of an integer, the signed value or its bits may be listed
 * (0x8000 and -32768 are the same i16); of BCD, the digits, or the bits where they are no digits (0xFFFF).
 */
function isMarked(register: MappedRegister, bits: bigint, raw: bigint | number | undefined): boolean {
  return register.notAvailable.some((mark) => {
    if (register.encoding === 'f32') return raw === Math.fround(mark)
    if (typeof raw === 'number') return raw === mark
    if (raw === undefined || register.encoding.startsWith('i')) {
      return Number(bits) === mark || (raw !== undefined && Number(raw) === mark)
    }
    return Number(raw) === mark
  })
}

/**
 * raw × factor. For integers the result is the double nearest to the exact decimal; multiplying by the double
 * nearest to 0.1 would add noise, so the factor is taken as a whole number over a power of ten.
 */
function scale(raw: bigint | number, factor: Resolution): number {
  const [whole = '0', fraction = ''] = factor.split('.')
  const numerator = BigInt(whole + fraction)
  const scaled =
    typeof raw === 'bigint'
      ? Number(`${raw * numerator}e-${fraction.length}`)
      : (raw * Number(numerator)) / Number(`1e${fraction.length}`)
  return scaled === 0 ? 0 : scaled
}

/** The counted value of a cumulative register, or `undefined` where no exact count can be had. */
function countOf(raw: bigint | number, factor: Resolution, resolution: Resolution): Amount | undefined {
  if (typeof raw === 'bigint') {
    const count = Number(raw)
    return Number.isSafeInteger(count) ? { count, resolution } : undefined
  }
  try {
    return fromNumber(scale(raw, factor), resolution)
  } catch (error) {
    if (error instanceof Fault && error.code === 'amount-overflow') return undefined
    throw error
  }
}

function valueOf(register: MappedRegister, words: readonly number[]): number | Amount | BadCause {
  const bits = bitsOf(words, register.order)
  const raw = interpretations[register.encoding](bits, register.words)
  if (isMarked(register, bits, raw)) return 'not-available'
  if (raw === undefined) return 'not-a-number'
  if (register.resolution !== undefined) {
    return countOf(raw, register.factor, register.resolution) ?? 'not-a-number'
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
