import { quantityOf } from '#contract/quantities.ts'
import type { DataFile, Finding } from './document.ts'
import type { MappedRegister, ProfileFile, RegisterMap } from './profile.ts'

/** What is wrong between the lines of a meter profile. */

const overlap = (register: MappedRegister, first: number, last: number): boolean =>
  register.address <= last && first < register.address + register.words

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
      if (overlap(register, other.address, other.address + other.words - 1)) {
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
  if (map.registers.length === 0) say(['registers'], 'there is no register')
  if (data.value.evidence.source.trim().length < SOURCE_LENGTH_MIN) {
    say(['evidence', 'source'], 'name the document or implementation that the registers are taken from')
  }
  return findings
}

/** Shorter than any title of a document: a dash or a question mark is no source. */
const SOURCE_LENGTH_MIN = 5
