import { multiplyResolution } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import {
  encodings,
  isFloating,
  isPair,
  pairs,
  rangeOf,
  singles,
  type Encoding,
  type SingleEncoding,
} from '#firmware-config/encodings.ts'
import { powerOfTen, type MappedRegister } from '#firmware-config/profile.ts'

/** A value in the words of a register: the inverse of decoding. */

/** Writes a value (canonical unit) as the words of a register, high byte of the first word at `at`. */
export type RegisterEncoder = (value: number, into: Buffer, at: number) => void

/** Beyond 2⁵³ a number is no exact count: wider registers hold all that can be counted. */
const COUNT_MAX = Number.MAX_SAFE_INTEGER

/**
 * A register without its exponent, as it is written while the exponent is the usual one: its factor and its step are
 * those that the exponent makes of them.
 */
export function asWritten(register: MappedRegister): MappedRegister {
  const { exponent, encoding, factor, resolution } = register
  if (exponent === undefined) return register
  const sign = factor.startsWith('-') ? '-' : ''
  const size = multiplyResolution(factor.replace('-', ''), powerOfTen(exponent.usual))
  return {
    ...register,
    words: encodings[encoding].words,
    factor: `${sign}${size}`,
    resolution: resolution === undefined ? undefined : size,
    exponent: undefined,
  }
}

/** Completed steps of one resolution, prepared for many values. */
function stepCounter(resolution: string): (value: number) => number {
  const step = Number(resolution)
  const whole = Math.round(1 / step)
  const exact = Math.abs(1 / step - whole) < 1e-9 / step
  // Multiplying by an exact whole number rounds once; dividing by 0.01 would round twice.
  return exact ? (value) => Math.floor(value * whole) : (value) => Math.floor(value / step)
}

/**
 * Whole steps of a resolution that are completed: a register shows 0.01 kWh only when all of it has flowed.
 * `value` is in the canonical unit and not below zero.
 */
export function completedSteps(value: number, resolution: string): number {
  return stepCounter(resolution)(value)
}

/** The count at which a cumulative register starts again from zero; Infinity where it does not below 2⁵³. */
function turnOf({ encoding, wrapsAt }: MappedRegister): number {
  if (wrapsAt !== undefined) return wrapsAt
  const range = rangeOf(encoding)
  return range === undefined || range.highest >= COUNT_MAX ? Infinity : Number(range.highest) + 1
}

/** The count that a cumulative register shows for a value: completed steps, from zero again where it wraps. */
export function shownSteps(given: MappedRegister, value: number): number {
  const register = asWritten(given)
  const steps = completedSteps(value, register.resolution ?? register.factor)
  const turn = turnOf(register)
  return turn === Infinity ? steps : steps % turn
}

function refuse(register: MappedRegister, raw: number): never {
  throw new Fault('amount-overflow', `${register.quantity}: ${raw} does not fit into ${register.encoding}.`)
}

/** The raw number that a register holds: nearest for a state, completed steps for a cumulative one. */
function rawNumber(register: MappedRegister): (value: number) => number {
  const { encoding, resolution } = register
  const factor = Number(register.factor)
  const floating = isFloating(encoding)
  if (resolution === undefined) {
    return floating ? (value) => value / factor : (value) => Math.round(value / factor)
  }
  const steps = stepCounter(resolution)
  const turn = turnOf(register)
  const shown = turn === Infinity ? steps : (value: number) => steps(value) % turn
  const step = Number(resolution)
  return floating ? (value) => (shown(value) * step) / factor : shown
}

/** Takes a word, most significant first. */
type Put = (index: number, word: number) => void
/** Puts the words of a raw number, which is within the range of its encoding. */
type RawWriter = (raw: number, put: Put) => void

const float = new DataView(new ArrayBuffer(8))

const writeShortFloat: RawWriter = (raw, put) => {
  float.setFloat32(0, raw)
  put(0, float.getUint16(0))
  put(1, float.getUint16(2))
}

const writeLongFloat: RawWriter = (raw, put) => {
  float.setFloat64(0, raw)
  for (let index = 0; index < 4; index += 1) put(index, float.getUint16(index * 2))
}

/** Digits of a whole number, one a word. Exact up to 2⁵³, where bit operations would end at 2³²; two's complement. */
const digitWriter =
  (words: number, base: number, wordOf: (digit: number) => number): RawWriter =>
  (raw, put) => {
    let rest = raw
    for (let index = words - 1; index >= 0; index -= 1) {
      const higher = Math.floor(rest / base)
      put(index, wordOf(rest - higher * base))
      rest = higher
    }
  }

/** Four decimal digits as the word that shows them in hexadecimal. */
const bcdWord = (digits: number): number =>
  (Math.floor(digits / 1_000) << 12) |
  ((Math.floor(digits / 100) % 10) << 8) |
  ((Math.floor(digits / 10) % 10) << 4) |
  (digits % 10)

const same = (digit: number): number => digit

function signMagnitudeWriter(words: number): RawWriter {
  const write = digitWriter(words, 0x1_0000, same)
  return (raw, put) => {
    write(Math.abs(raw), raw < 0 ? (index, word) => put(index, index === 0 ? word | 0x8000 : word) : put)
  }
}

function singleWriter(encoding: SingleEncoding): RawWriter {
  const { kind, words } = singles[encoding]
  switch (kind) {
    case 'float':
      return words === 2 ? writeShortFloat : writeLongFloat
    case 'unsigned':
    case 'signed':
      return digitWriter(words, 0x1_0000, same)
    case 'signMagnitude':
      return signMagnitudeWriter(words)
    case 'bcd':
      return digitWriter(words, 10_000, bcdWord)
    case 'mod10':
      break
  }
  return digitWriter(words, 10_000, same)
}

/**
 * The two numbers that a pair holds for its value: the whole part and the rest of a sum; of a difference, the part
 * that is not zero, as a meter shows import or export.
 */
function split(value: number, sign: 1 | -1): [first: number, second: number] {
  if (sign === -1) return value < 0 ? [0, -value] : [value, 0]
  const whole = Math.trunc(value)
  return [whole, value - whole]
}

/** Least and most raw number that an encoding holds exactly; any number for a float. */
function rawRange(encoding: Encoding): readonly [least: number, most: number] {
  if (isPair(encoding)) {
    const { first, second, sign } = pairs[encoding]
    return sign === 1 ? rawRange(first) : [-rawRange(second)[1], rawRange(first)[1]]
  }
  const range = rangeOf(encoding)
  if (range === undefined) return [-Infinity, Infinity]
  return [Math.max(Number(range.lowest), -COUNT_MAX), Math.min(Number(range.highest), COUNT_MAX)]
}

/** What a cumulative register can show before it starts again from zero, in the canonical unit; Infinity if it does not. */
export function registerCapacity(given: MappedRegister): number {
  const register = asWritten(given)
  return turnOf(register) * Number(register.resolution ?? register.factor)
}

/** The least and the most that a register can show, in the canonical unit; cumulative ones wrap instead. */
export function shownRange(given: MappedRegister): readonly [least: number, most: number] {
  const register = asWritten(given)
  if (register.resolution !== undefined) return [0, COUNT_MAX]
  const [least, most] = rawRange(register.encoding)
  if (most === Infinity) return [-COUNT_MAX, COUNT_MAX]
  const factor = Number(register.factor)
  return factor > 0 ? [least * factor, most * factor] : [most * factor, least * factor]
}

/** The words of a value, or of a half of a pair, and where they begin among those of the register. */
interface Part {
  readonly write: RawWriter
  readonly words: number
  readonly from: number
}

function partsOf({ encoding, words }: MappedRegister): readonly [Part, Part?] {
  if (!isPair(encoding)) return [{ write: singleWriter(encoding), words, from: 0 }]
  const { first, second } = pairs[encoding]
  const middle = singles[first].words
  return [
    { write: singleWriter(first), words: middle, from: 0 },
    { write: singleWriter(second), words: words - middle, from: middle },
  ]
}

/**
 * Prepares a register for many values. The encoder rounds a cumulative value down to the register's step and wraps it
 * where its profile says or its encoding ends; a state is rounded to the nearest step. It throws `amount-overflow` for a
 * state that the encoding cannot hold, for a cumulative value below zero, and for what is not finite. The exponent of a
 * value is not written: it is a register of its own.
 */
export function registerEncoder(given: MappedRegister): RegisterEncoder {
  const register = asWritten(given)
  const { encoding, order } = register
  const raw = rawNumber(register)
  const [head, tail] = partsOf(register)
  const sign = isPair(encoding) ? pairs[encoding].sign : 1
  const [least, most] = rawRange(encoding)
  const lowest = register.resolution === undefined ? -Infinity : 0
  const reversed = order === 'CDAB' || order === 'DCBA'
  const swapped = order === 'BADC' || order === 'DCBA'
  let target: Buffer = Buffer.alloc(0)
  let start = 0
  const putOf =
    ({ words, from }: Part): Put =>
    (index, word) => {
      const at = start + 2 * (from + (reversed ? words - 1 - index : index))
      target[at] = swapped ? word & 0xff : word >> 8
      target[at + 1] = swapped ? word >> 8 : word & 0xff
    }
  const putHead = putOf(head)
  const putTail = tail === undefined ? putHead : putOf(tail)
  return (value, into, at) => {
    if (!Number.isFinite(value) || value < lowest) refuse(register, value)
    const number = raw(value)
    if (number < least || number > most) refuse(register, number)
    target = into
    start = at
    if (tail === undefined) head.write(number, putHead)
    else {
      const [first, second] = split(number, sign)
      head.write(first, putHead)
      tail.write(second, putTail)
    }
  }
}

/**
 * Words of a register that shows a value, in the order of their addresses, up to its exponent; what lies between is zero.
 * Throws as its encoder does.
 */
export function registerWords(register: MappedRegister, value: number): readonly number[] {
  const bytes = Buffer.alloc(register.words * 2)
  registerEncoder(register)(value, bytes, 0)
  const { exponent } = register
  if (exponent !== undefined) bytes.writeInt16BE(exponent.usual, exponent.offset * 2)
  return Array.from({ length: register.words }, (_, index) => bytes.readUInt16BE(index * 2))
}
