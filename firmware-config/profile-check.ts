import { quantityOf } from '#contract/quantities.ts'
import type { DataFile, Finding } from './document.ts'
import { encodings, isFloating, isPair, rangeOf, type Encoding } from './encodings.ts'
import type { MappedRegister, Mark, ProfileFile, RegisterMap, WireValue } from './profile.ts'

/** What is wrong between the lines of a meter profile. */

type Placed = WireValue<unknown>

const overlap = (register: Placed, first: number, last: number): boolean =>
  register.address <= last && first < register.address + register.words

/** The words of a value itself, without those up to its exponent. */
const ownWords = ({ address, encoding }: MappedRegister): readonly [first: number, last: number] => [
  address,
  address + encodings[encoding].words - 1,
]

/** Why a mark can never be read from a register of this encoding. */
function markFault(mark: Mark, encoding: Encoding, words: number): string | undefined {
  if (typeof mark === 'bigint') {
    const bits = 16 * words
    return mark < 1n << BigInt(bits) ? undefined : `0x${mark.toString(16)} has more than ${bits} bits`
  }
  if (isFloating(encoding) || isPair(encoding)) return undefined
  if (Number.isNaN(mark)) return `${encoding} has no NaN`
  if (!Number.isInteger(mark)) return `${encoding} is never ${mark}`
  if (!Number.isSafeInteger(mark)) return `write ${mark} as text, e.g. "0x7FFFFFFFFFFFFFFF": it is rounded`
  // The bits of a signed value, or of digits that are none, may be listed as a number.
  const bitsMax = (1n << BigInt(16 * words)) - 1n
  const lowest = rangeOf(encoding)?.lowest ?? 0n
  return BigInt(mark) < lowest || BigInt(mark) > bitsMax ? `${encoding} is never ${mark}` : undefined
}

/** What is wrong with registers beside the values: outside of what may be asked for, or of no use. */
function sideFindings(map: RegisterMap): [path: readonly (string | number)[], message: string][] {
  const found: [readonly (string | number)[], string][] = []
  const beside: [readonly (string | number)[], Placed][] = [
    ...map.identity.map((register, index): [(string | number)[], Placed] => [['identity', index], register]),
    ...map.ratioRegisters.map((register): [string[], Placed] => [
      ['ratioRegisters', register.ratio],
      register,
    ]),
  ]
  for (const [path, register] of beside) {
    if (register.words > map.limits.registersPerRequest) {
      found.push([
        path,
        `takes ${register.words} registers, a request ${map.limits.registersPerRequest} at most`,
      ])
    }
    for (const [first, last] of map.limits.forbidden) {
      if (overlap(register, first, last))
        found.push([path, `lies in the forbidden range ${first} to ${last}`])
    }
  }
  return found
}

/** Everything in a profile that contradicts itself or the catalogue, with its place. */
export function profileContradictions(data: DataFile<ProfileFile>, map: RegisterMap): Finding[] {
  const findings: Finding[] = []
  const checked: MappedRegister[] = []
  const say = (path: readonly (string | number)[], message: string): void => {
    findings.push({ place: data.placeOf(path), message })
  }
  for (const [index, [first, last]] of map.limits.forbidden.entries()) {
    if (first > last) say(['limits', 'forbidden', index], `the range ends before it begins`)
  }
  for (const register of map.registers) {
    const path = ['registers', register.quantity]
    const { carrier } = quantityOf(register.quantity)
    if (carrier !== map.carrier) say(path, `is a quantity of ${carrier}, not of ${map.carrier}`)
    for (const other of checked) {
      if (other.function !== register.function) continue
      const [first, last] = ownWords(register)
      const [otherFirst, otherLast] = ownWords(other)
      if (first <= otherLast && otherFirst <= last) {
        say(path, `overlaps ${other.quantity} at ${other.address}`)
      }
    }
    checked.push(register)
    if (register.words > map.limits.registersPerRequest) {
      say(path, `takes ${register.words} registers, a request ${map.limits.registersPerRequest} at most`)
    }
    for (const [first, last] of map.limits.forbidden) {
      if (overlap(register, first, last)) say(path, `lies in the forbidden range ${first} to ${last}`)
    }
  }
  for (const register of map.registers) {
    const own = data.value.registers[register.quantity]?.notAvailable !== undefined
    for (const mark of register.notAvailable) {
      const fault = markFault(mark, register.encoding, register.words)
      if (fault === undefined) continue
      const path = own ? ['registers', register.quantity, 'notAvailable'] : ['defaults', 'notAvailable']
      if (!findings.some(({ message }) => message === fault)) say(path, fault)
    }
  }
  for (const register of map.registers) {
    const { exponent, function: code, address, quantity } = register
    if (exponent === undefined) continue
    const at = address + exponent.offset
    const hit = map.registers.find((other) => {
      const [first, last] = ownWords(other)
      return other.function === code && first <= at && at <= last
    })
    if (hit !== undefined) say(['registers', quantity, 'exponent'], `is a register of ${hit.quantity}`)
  }
  for (const [path, message] of sideFindings(map)) say(path, message)
  for (const { ratio } of map.ratioRegisters) {
    const used = Object.values(data.value.registers).some((line) => line?.ratios?.includes(ratio) === true)
    if (!used) say(['ratioRegisters', ratio], `no register is multiplied by the ${ratio} ratio`)
  }
  if (map.registers.length === 0) say(['registers'], 'there is no register')
  if (data.value.evidence.source.trim().length < SOURCE_LENGTH_MIN) {
    say(['evidence', 'source'], 'name the document or implementation that the registers are taken from')
  }
  return findings
}

/** Shorter than any title of a document: a dash or a question mark is no source. */
const SOURCE_LENGTH_MIN = 5
