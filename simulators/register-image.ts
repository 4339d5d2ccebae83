import { Fault } from '#contract/fault.ts'
import type { Encoding, MappedRegister } from '#firmware-config/profile.ts'

/** A value in the words of a register: the inverse of decoding. */

/** Writes a value (canonical unit) as the words of a register, high byte of the first word at `at`. */
export type RegisterEncoder = (value: number, into: Buffer, at: number) => void

const BCD_DIGITS: Partial<Record<Encoding, number>> = { bcd4: 4, bcd8: 8, bcd12: 12 }

/** Beyond 2⁵³ a number is no exact count: wider registers hold all that can be counted. */
const COUNT_MAX = Number.MAX_SAFE_INTEGER

/** How many counts a register of this encoding can show before it starts again from zero; Infinity beyond 2⁵³. */
function capacityOf(encoding: Encoding): number {
  const digits = BCD_DIGITS[encoding]
  if (digits !== undefined) return 10 ** digits
  const bits = Number(encoding.slice(1)) - (encoding.startsWith('i') ? 1 : 0)
  return bits > 53 ? Infinity : 2 ** bits
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

/** The count that a cumulative register shows for a value: completed steps, from zero again at its capacity. */
export function shownSteps(register: MappedRegister, value: number): number {
  const steps = completedSteps(value, register.resolution ?? register.factor)
  const capacity = isFloat(register.encoding) ? Infinity : capacityOf(register.encoding)
  return capacity === Infinity ? steps : steps % capacity
}

const isFloat = (encoding: Encoding): boolean => encoding === 'f32' || encoding === 'f64'

function refuse(register: MappedRegister, raw: number): never {
  throw new Fault('amount-overflow', `${register.quantity}: ${raw} does not fit into ${register.encoding}.`)
}

/** The raw number that a register holds: nearest for a state, completed steps for a cumulative one. */
function rawNumber(register: MappedRegister): (value: number) => number {
  const { encoding, resolution } = register
  const factor = Number(register.factor)
  if (resolution === undefined) {
    return isFloat(encoding) ? (value) => value / factor : (value) => Math.round(value / factor)
  }
  const steps = stepCounter(resolution)
  if (!isFloat(encoding)) {
    const capacity = capacityOf(encoding)
    return capacity === Infinity ? steps : (value) => steps(value) % capacity
  }
  const step = Number(resolution)
  return (value) => (steps(value) * step) / factor
}

/** Writes a raw number's words, most significant first, to the word offsets of their order. */
type RawWriter = (raw: number, put: (index: number, word: number) => void) => void

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

/** Words of a whole number in two's complement. Exact up to 2⁵³, where bit operations would end at 2³². */
const wholeWriter =
  (words: number): RawWriter =>
  (raw, put) => {
    let rest = raw
    for (let index = words - 1; index >= 0; index -= 1) {
      const higher = Math.floor(rest / 0x1_0000)
      put(index, rest - higher * 0x1_0000)
      rest = higher
    }
  }

/** Four decimal digits as the word that shows them in hexadecimal. */
const bcdWord = (digits: number): number =>
  (Math.floor(digits / 1_000) << 12) |
  ((Math.floor(digits / 100) % 10) << 8) |
  ((Math.floor(digits / 10) % 10) << 4) |
  (digits % 10)

const bcdWriter =
  (words: number): RawWriter =>
  (raw, put) => {
    let rest = raw
    for (let index = words - 1; index >= 0; index -= 1) {
      put(index, bcdWord(rest % 10_000))
      rest = Math.floor(rest / 10_000)
    }
  }

function writerOf({ encoding, words }: MappedRegister): RawWriter {
  if (encoding === 'f32') return writeShortFloat
  if (encoding === 'f64') return writeLongFloat
  return BCD_DIGITS[encoding] === undefined ? wholeWriter(words) : bcdWriter(words)
}

/** Whole numbers that the encoding holds; any number for a float. */
function rawRange({ encoding }: MappedRegister): readonly [least: number, most: number] {
  if (isFloat(encoding)) return [-Infinity, Infinity]
  const most = Math.min(capacityOf(encoding) - 1, COUNT_MAX)
  return [encoding.startsWith('i') ? Math.max(-most - 1, -COUNT_MAX) : 0, most]
}

/** What a cumulative register can show before it starts again from zero, in the canonical unit; Infinity for a float. */
export function registerCapacity(register: MappedRegister): number {
  if (isFloat(register.encoding)) return Infinity
  return capacityOf(register.encoding) * Number(register.resolution ?? register.factor)
}

/** The least and the most that a register can show, in the canonical unit; cumulative ones wrap instead. */
export function shownRange(register: MappedRegister): readonly [least: number, most: number] {
  if (register.resolution !== undefined) return [0, COUNT_MAX]
  if (isFloat(register.encoding)) return [-COUNT_MAX, COUNT_MAX]
  const factor = Number(register.factor)
  const [least, most] = rawRange(register)
  return factor > 0 ? [least * factor, most * factor] : [most * factor, least * factor]
}

/**
 * Prepares a register for many values. The encoder rounds a cumulative value down to the register's step and wraps it
 * at the encoding's capacity; a state is rounded to the nearest step. It throws `amount-overflow` for a state that the
 * encoding cannot hold, for a cumulative value below zero, and for what is not finite.
 */
export function registerEncoder(register: MappedRegister): RegisterEncoder {
  const { order, words } = register
  const raw = rawNumber(register)
  const write = writerOf(register)
  const [least, most] = rawRange(register)
  const lowest = register.resolution === undefined ? -Infinity : 0
  const reversed = order === 'CDAB' || order === 'DCBA'
  const swapped = order === 'BADC' || order === 'DCBA'
  let target: Buffer = Buffer.alloc(0)
  let start = 0
  const put = (index: number, word: number): void => {
    const at = start + 2 * (reversed ? words - 1 - index : index)
    target[at] = swapped ? word & 0xff : word >> 8
    target[at + 1] = swapped ? word >> 8 : word & 0xff
  }
  return (value, into, at) => {
    if (!Number.isFinite(value) || value < lowest) refuse(register, value)
    const number = raw(value)
    if (number < least || number > most) refuse(register, number)
    target = into
    start = at
    write(number, put)
  }
}

/** Words of a register that shows a value, in the order of their addresses; throws as its encoder does. */
export function registerWords(register: MappedRegister, value: number): readonly number[] {
  const bytes = Buffer.alloc(register.words * 2)
  registerEncoder(register)(value, bytes, 0)
  return Array.from({ length: register.words }, (_, index) => bytes.readUInt16BE(index * 2))
}
