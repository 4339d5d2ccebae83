import { Fault } from '#contract/fault.ts'
import {
  isFloating,
  isPair,
  pairs,
  rangeOf,
  singles,
  type SingleEncoding,
  type WordOrder,
} from '#firmware-config/encodings.ts'
import type { MappedRegister } from '#firmware-config/profile.ts'

/** A value in the words of a register: the inverse of decoding. */

/**
 * Whole steps of a resolution that are completed: a register shows 0.01 kWh only when all of it has flowed.
 * `value` is in the canonical unit and not below zero.
 */
export function completedSteps(value: number, resolution: string): number {
  const perUnit = 1 / Number(resolution)
  // Multiplying by an exact whole number rounds once; dividing by 0.01 would round twice.
  const whole = Math.round(perUnit)
  const exact = Math.abs(perUnit - whole) < 1e-9 * perUnit
  return Math.floor(exact ? value * whole : value / Number(resolution))
}

/** The raw number that a register holds for a value: nearest for a state, completed steps for a cumulative one. */
function rawOf(register: MappedRegister, value: number): number | bigint {
  const { encoding, factor, resolution, wrapsAt } = register
  if (resolution === undefined) {
    const raw = value / Number(factor)
    return isFloating(encoding) ? raw : BigInt(Math.round(raw))
  }
  const steps = completedSteps(value, resolution)
  const highest = rangeOf(encoding)?.highest
  const turn = wrapsAt ?? (highest === undefined ? Infinity : Number(highest + 1n))
  const shown = steps % turn
  return isFloating(encoding) ? (shown * Number(resolution)) / Number(factor) : BigInt(shown)
}

function refuse(register: MappedRegister, raw: number | bigint): never {
  throw new Fault('amount-overflow', `${register.quantity}: ${raw} does not fit into ${register.encoding}.`)
}

/** Decimal digits, four a word: as half bytes, or as the number that they are. */
function decimalWords(raw: bigint, words: number, radix: 10 | 16): number[] {
  const digits = raw.toString().padStart(4 * words, '0')
  return Array.from({ length: words }, (_, index) =>
    Number.parseInt(digits.slice(4 * index, 4 * index + 4), radix),
  )
}

function wordsOfBits(bits: bigint, words: number): number[] {
  return Array.from({ length: words }, (_, index) =>
    Number((bits >> BigInt(16 * (words - 1 - index))) & 0xffffn),
  )
}

function floatWords(raw: number, words: number): number[] {
  const view = new DataView(new ArrayBuffer(8))
  if (words === 2) view.setFloat32(0, raw)
  else view.setFloat64(0, raw)
  return Array.from({ length: words }, (_, index) => view.getUint16(2 * index))
}

/** Words of a single value, most significant first; `undefined` for one that the encoding cannot hold. */
function singleWords(encoding: SingleEncoding, raw: number | bigint): number[] | undefined {
  const { kind, words } = singles[encoding]
  if (kind === 'float') return floatWords(Number(raw), words)
  const whole = typeof raw === 'bigint' ? raw : BigInt(Math.trunc(raw))
  const range = rangeOf(encoding)
  if (range === undefined || whole < range.lowest || whole > range.highest) return undefined
  switch (kind) {
    case 'unsigned':
    case 'signed':
      return wordsOfBits(BigInt.asUintN(16 * words, whole), words)
    case 'signMagnitude':
      return wordsOfBits(whole < 0n ? (1n << BigInt(16 * words - 1)) - whole : whole, words)
    case 'bcd':
      return decimalWords(whole, words, 16)
    case 'mod10':
      break
  }
  return decimalWords(whole, words, 10)
}

/**
 * The two numbers that a pair holds for its value: the whole part and the rest of a sum; of a difference, the part
 * that is not zero, as a meter shows import or export.
 */
function split(raw: number | bigint, sign: 1 | -1): [number, number] {
  const value = Number(raw)
  if (sign === -1) return value < 0 ? [0, -value] : [value, 0]
  const whole = Math.trunc(value)
  return [whole, value - whole]
}

/** Words of a value in the order of their addresses; `undefined` for one that the encoding cannot hold. */
function wordsOf({ encoding, order }: MappedRegister, raw: number | bigint): number[] | undefined {
  if (!isPair(encoding)) {
    const words = singleWords(encoding, raw)
    return words === undefined ? undefined : ordered(words, order)
  }
  const { first, second, sign } = pairs[encoding]
  const [left, right] = split(raw, sign)
  const one = singleWords(first, left)
  const other = singleWords(second, right)
  return one === undefined || other === undefined
    ? undefined
    : [...ordered(one, order), ...ordered(other, order)]
}

function ordered(words: readonly number[], order: WordOrder): number[] {
  const swapped = order === 'BADC' || order === 'DCBA'
  const bytes = words.map((word) => (swapped ? ((word & 0xff) << 8) | (word >> 8) : word))
  return order === 'CDAB' || order === 'DCBA' ? bytes.toReversed() : bytes
}

/**
 * Words of a register that shows a value (canonical unit), in the order of their addresses.
 * A cumulative register is rounded down to its step and wraps where its profile says or its encoding ends; a state is rounded to the
 * nearest step. Throws `amount-overflow` for a state that the encoding cannot hold or a value that is not finite.
 */
export function registerWords(register: MappedRegister, value: number): readonly number[] {
  if (!Number.isFinite(value) || (register.resolution !== undefined && value < 0)) refuse(register, value)
  const raw = rawOf(register, value)
  return wordsOf(register, raw) ?? refuse(register, raw)
}
