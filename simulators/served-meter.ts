import { Fault } from '#contract/fault.ts'
import type { MappedRegister, ReadFunction, RegisterMap } from '#firmware-config/profile.ts'
import { fixedWords } from './identity-image.ts'
import type { ValueOf } from './meter-values.ts'
import { exceptions, type ExceptionCode } from './modbus-frame.ts'
import { registerWords } from './register-image.ts'

/** A meter as its bus sees it: a register map, and the values behind it at any instant. */
export interface ServedMeter {
  readonly meter: string
  /** Modbus unit address. */
  readonly unit: number
  readonly map: RegisterMap
  valuesAt(atMs: number): ValueOf
}

/** Modbus Application Protocol 1.1b3 §6.3 and §6.4: a request asks for 1 to 125 registers. */
const REGISTERS_MAX = 125

const isReadFunction = (code: number): code is ReadFunction => code === 3 || code === 4

/**
 * The registers that a request covers, in order of address, or an exception: a read must begin and end with a value,
 * hold values whole, and reach over no more unmapped registers than the profile says.
 */
function coveredBy(
  map: RegisterMap,
  code: ReadFunction,
  address: number,
  count: number,
): readonly MappedRegister[] | undefined {
  const end = address + count
  const covered = map.registers
    .filter((register) => register.function === code)
    .filter((register) => register.address < end && address < register.address + register.words)
    .toSorted((a, b) => a.address - b.address)
  let reached = address
  for (const register of covered) {
    const gap = register.address - reached
    if (gap < 0 || (gap > 0 && (reached === address || gap > map.limits.bridgeGaps))) return undefined
    const from = reached
    if (map.limits.forbidden.some(([first, last]) => first < register.address && from <= last))
      return undefined
    reached = register.address + register.words
  }
  return reached === end ? covered : undefined
}

/** The answer to a read request's PDU at one instant: words, or the code of an exception. */
export function answerRead(
  served: ServedMeter,
  pdu: Buffer,
  atMs: number,
): { address: number; function: ReadFunction; words: number[] } | ExceptionCode {
  const code = pdu.readUInt8(0)
  if (!isReadFunction(code) || !served.map.registers.some((register) => register.function === code)) {
    return exceptions.illegalFunction
  }
  if (pdu.length !== 5) return exceptions.illegalValue
  const address = pdu.readUInt16BE(1)
  const count = pdu.readUInt16BE(3)
  const fixed = fixedWords(served.map, code, address, count)
  if (fixed !== undefined) return { address, function: code, words: [...fixed] }
  if (count < 1 || count > Math.min(REGISTERS_MAX, served.map.limits.registersPerRequest)) {
    return exceptions.illegalValue
  }
  const registers = coveredBy(served.map, code, address, count)
  if (registers === undefined) return exceptions.illegalAddress
  const values = served.valuesAt(atMs)
  const words = Array.from({ length: count }, () => 0)
  for (const register of registers) {
    const value = values(register.quantity)
    if (value === undefined) {
      throw new Fault('quantity-unknown', `The plant has no ${register.quantity} at "${served.meter}".`)
    }
    for (const [offset, word] of registerWords(register, value).entries()) {
      words[register.address - address + offset] = word
    }
  }
  return { address, function: code, words }
}
