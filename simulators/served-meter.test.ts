import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodings } from '#firmware-config/encodings.ts'
import { profileIds } from '#firmware-config/profile-library.ts'
import { loadProfile, type MappedRegister } from '#firmware-config/profile.ts'
import { fixedWords } from './identity-image.ts'
import { registerWords } from './register-image.ts'
import { writeAnswer, type ServedMeter } from './served-meter.ts'

const pdu = (code: number, address: number, count: number): Buffer => {
  const bytes = Buffer.from([code, 0, 0, 0, 0])
  bytes.writeUInt16BE(address, 1)
  bytes.writeUInt16BE(count, 3)
  return bytes
}

function answer(served: ServedMeter, request: Buffer): string {
  const into = Buffer.alloc(300, 0xee)
  const bytes = writeAnswer(served, () => served.valuesAt(0), request, into, 7)
  return into.subarray(7, 7 + bytes).toString('hex')
}

/** Words of the value itself, and its exponent. */
const ownOffsets = ({ encoding, exponent }: MappedRegister): number[] => [
  ...Array.from({ length: encodings[encoding].words }, (_, offset) => offset),
  ...(exponent === undefined ? [] : [exponent.offset]),
]

const hex = (words: readonly number[]): string =>
  words.map((word) => word.toString(16).padStart(4, '0')).join('')

describe.each(profileIds())('a meter of the profile %s', (id) => {
  const map = loadProfile(id)
  /** A value that its register can show, another for each register and seed. */
  const valueOf = (register: MappedRegister, seed: number): number =>
    Number(register.factor) * (17 + seed + (register.address % 50))
  const meter = (seed: number): ServedMeter => {
    const values = new Map(map.registers.map((each) => [each.quantity, valueOf(each, seed)]))
    return { meter: 'm', unit: 1, map, valuesAt: () => (quantity) => values.get(quantity) }
  }
  const first = map.registers[0]
  if (first === undefined) throw new Error(`${id} has no register`)

  /** Identity and ratio registers answer beside the values. */
  const isFixed = (code: number, address: number, count: number): boolean =>
    fixedWords(map, code, address, count) !== undefined

  it('answers every register with its own encoding', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50 }), (seed) => {
        for (const each of map.registers) {
          const words = registerWords(each, valueOf(each, seed))
          const head = `0${each.function}${(words.length * 2).toString(16).padStart(2, '0')}`
          const got = answer(meter(seed), pdu(each.function, each.address, each.words))
          expect(got.slice(0, 4)).toBe(head)
          expect(got).toHaveLength(4 + 4 * words.length)
          // Other values lie between a value and its exponent.
          for (const offset of ownOffsets(each))
            expect(got.slice(4 + 4 * offset, 8 + 4 * offset)).toBe(hex(words.slice(offset, offset + 1)))
        }
      }),
      { numRuns: 5 },
    )
  })

  it('answers all registers of a read together as each alone', () => {
    const served = meter(3)
    const inOrder = map.registers
      .filter((each) => each.function === first.function)
      .toSorted((a, b) => a.address - b.address)
    for (const [index, each] of inOrder.entries()) {
      const next = inOrder[index + 1]
      if (next === undefined || next.address !== each.address + each.words) continue
      if (each.words + next.words > map.limits.registersPerRequest) continue
      const both = answer(served, pdu(each.function, each.address, each.words + next.words))
      const alone = [each, next].map((one) =>
        answer(served, pdu(one.function, one.address, one.words)).slice(4),
      )
      expect(both.slice(4)).toBe(alone.join(''))
    }
  })

  it('refuses addresses where nothing is, parts of values, and more registers than it takes', () => {
    const served = meter(0)
    const mapped = new Set(
      map.registers
        .filter((each) => each.function === first.function)
        .flatMap((each) => Array.from({ length: each.words }, (_, offset) => each.address + offset)),
    )
    const refusal = (code: number): string => `${(first.function | 0x80).toString(16)}0${code}`
    const accepted: number[] = []
    for (let address = 0; address < 0x1_0000; address += 1) {
      if (mapped.has(address) || isFixed(first.function, address, 1)) continue
      if (answer(served, pdu(first.function, address, 1)) !== refusal(2)) accepted.push(address)
    }
    // One comparison for all addresses: 65,536 for each profile would take most of this file's time.
    expect(accepted).toEqual([])
    for (const each of map.registers) {
      // With an exponent the words are no single value: its parts are values of their own.
      if (each.function !== first.function || each.words === 1 || each.exponent !== undefined) continue
      expect(answer(served, pdu(each.function, each.address, each.words - 1))).toBe(refusal(2))
      if (isFixed(each.function, each.address + 1, each.words - 1)) continue
      expect(answer(served, pdu(each.function, each.address + 1, each.words - 1))).toBe(refusal(2))
    }
    const tooMany = map.limits.registersPerRequest + 1
    expect(answer(served, pdu(first.function, first.address, tooMany))).toBe(refusal(3))
    expect(answer(served, pdu(first.function, first.address, 0))).toBe(refusal(3))
  })

  it('refuses functions that read nothing of it', () => {
    const used = new Set<number>(map.registers.map((each) => each.function))
    for (const code of [1, 2, 3, 4, 5, 6, 16]) {
      if (used.has(code)) continue
      expect(answer(meter(0), pdu(code, first.address, 1))).toBe(`${(code | 0x80).toString(16)}01`)
    }
  })
})
