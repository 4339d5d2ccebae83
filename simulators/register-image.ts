import { Fault } from '#contract/fault.ts'
import type { Encoding, MappedRegister, WordOrder } from '#firmware-config/profile.ts'

/** A value in the words of a register: the inverse of decoding. */

const BCD_DIGITS: Partial<Record<Encoding, number>> = { bcd4: 4, bcd8: 8, bcd12: 12 }

/** How many counts a register of this encoding can show before it starts again from zero. */
function capacityOf(encoding: Encoding): bigint {
  const digits = BCD_DIGITS[encoding]
  if (digits !== undefined) return 10n ** BigInt(digits)
  const bits = BigInt(encoding.slice(1))
  return encoding.startsWith('i') ? 1n << (bits - 1n) : 1n << bits
}

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
  const { encoding, factor, resolution } = register
  const float = encoding === 'f32' || encoding === 'f64'
  if (resolution !== undefined) {
    const steps = completedSteps(value, resolution)
    if (float) return (steps * Number(resolution)) / Number(factor)
    return BigInt(steps) % capacityOf(encoding)
  }
  const raw = value / Number(factor)
  return float ? raw : BigInt(Math.round(raw))
}

function refuse(register: MappedRegister, raw: number | bigint): never {
  throw new Fault('amount-overflow', `${register.quantity}: ${raw} does not fit into ${register.encoding}.`)
}

/** Big-endian bytes, most significant first. */
function bytesOf(register: MappedRegister, raw: number | bigint): Uint8Array {
  const { encoding, words } = register
  const bytes = new Uint8Array(words * 2)
  if (typeof raw === 'number') {
    const view = new DataView(bytes.buffer)
    if (encoding === 'f64') view.setFloat64(0, raw)
    else view.setFloat32(0, raw)
    return bytes
  }
  const lowest = encoding.startsWith('i') ? -capacityOf(encoding) : 0n
  if (raw < lowest || raw >= capacityOf(encoding)) refuse(register, raw)
  const digits = BCD_DIGITS[encoding]
  // Decimal digits read as hexadecimal ones are their BCD form.
  let rest = digits === undefined ? BigInt.asUintN(words * 16, raw) : BigInt(`0x${raw}`)
  for (let index = bytes.length - 1; index >= 0; index -= 1) {
    bytes[index] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

function ordered(bytes: Uint8Array, order: WordOrder): number[] {
  const swapped = order === 'BADC' || order === 'DCBA'
  const words: number[] = []
  for (let index = 0; index < bytes.length; index += 2) {
    const first = bytes[index] ?? 0
    const second = bytes[index + 1] ?? 0
    words.push(swapped ? (second << 8) | first : (first << 8) | second)
  }
  return order === 'CDAB' || order === 'DCBA' ? words.toReversed() : words
}

/**
 * Words of a register that shows a value (canonical unit), in the order of their addresses.
 * A cumulative register is rounded down to its step and wraps at its encoding's capacity; a state is rounded to the
 * nearest step. Throws `amount-overflow` for a state that the encoding cannot hold or a value that is not finite.
 */
export function registerWords(register: MappedRegister, value: number): readonly number[] {
  if (!Number.isFinite(value) || (register.resolution !== undefined && value < 0)) refuse(register, value)
  return ordered(bytesOf(register, rawOf(register, value)), register.order)
}
