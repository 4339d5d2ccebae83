import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toNumber } from '#contract/amount.ts'
import { decode } from '#edge/decode.ts'
import { goldenContradictions } from '#edge/golden-check.ts'
import { plan } from '#edge/plan.ts'
import { checkFiles } from '#firmware-config/check.ts'
import { encodings, isFloating, rangeOf } from '#firmware-config/encodings.ts'
import { GOLDEN_TOLERANCE, readGolden } from '#firmware-config/golden.ts'
import { goldenPath, profileIds, profilePath } from '#firmware-config/profile-library.ts'
import { loadProfile, type MappedRegister } from '#firmware-config/profile.ts'
import { asWritten, registerWords } from '#simulators/register-image.ts'

const ids = profileIds()

/** A value of a register as the edge decodes it. */
function decoded(register: MappedRegister, words: readonly number[]): number {
  const [reading] = decode(
    {
      function: register.function,
      address: register.address,
      quantity: register.words,
      registers: [register],
    },
    words,
    1,
    'm',
    'good',
  )
  if (reading === undefined || reading.quality === 'bad') {
    throw new Error(`${register.quantity}: ${reading?.cause ?? 'no reading'}`)
  }
  return typeof reading.value === 'number' ? reading.value : toNumber(reading.value)
}

/** Lowest and highest value that the words can show, within what any meter measures. */
function bounds(register: MappedRegister): { min: number; max: number } {
  const counted = register.resolution !== undefined
  const factor = Math.abs(Number(register.factor))
  const range = rangeOf(register.encoding)
  // The very highest and the very lowest number are marks on some meters.
  const highest = range === undefined ? 1e9 : Math.min(Number(range.highest) * 0.999, 1e12)
  const lowest =
    register.encoding === 'u32-u32' || range === undefined
      ? -highest
      : Math.max(Number(range.lowest) * 0.999, -1e12)
  const turned = register.factor.startsWith('-')
  // A count is shown up to where it wraps; a float keeps 24 bits of it.
  const wrap = counted ? (register.wrapsAt ?? Infinity) * Number(register.resolution) : Infinity
  const max = Math.min((turned ? -lowest : highest) * factor, wrap * 0.999, 1e9)
  return { min: counted ? 0 : Math.max((turned ? -highest : lowest) * factor, -1e9), max }
}

describe('Every profile', () => {
  it('is there in numbers worth having', () => expect(ids.length).toBeGreaterThanOrEqual(20))

  it.each(ids)('%s: contradicts neither itself, the catalogue nor its golden file', (id) => {
    expect(checkFiles({ gateways: [], profiles: [profilePath(id)] })).toEqual([])
  })

  it.each(ids)('%s: planned and decoded, its golden image gives its golden readings', (id) => {
    const golden = readGolden(goldenPath(id))
    const map = loadProfile(id, golden.ratios)
    expect(golden.readings.size).toBe(map.registers.length)
    expect(goldenContradictions(map, golden)).toEqual([])
  })

  it.each(ids)('%s: every word of its golden image matters', (id) => {
    const golden = readGolden(goldenPath(id))
    const map = loadProfile(id, golden.ratios)
    for (const register of map.registers) {
      // Its first and its last word: with another content the value is another, but for the last bits of a float.
      const last = register.address + encodings[register.encoding].words - 1
      const exponentAt = register.exponent === undefined ? [] : [register.address + register.exponent.offset]
      for (const address of [register.address, last, ...exponentAt]) {
        const image = new Map([...golden.image].map(([code, words]) => [code, new Map(words)]))
        const words = image.get(register.function)
        const word = words?.get(address)
        if (word === undefined) throw new Error(`no word at ${address}`)
        words?.set(address, word ^ 0x4100)
        const changed = goldenContradictions(map, { ...golden, image }).length
        const tail = isFloating(register.encoding) && address !== register.address
        // Several values may have one exponent.
        const touched = map.registers.filter(
          (each) => each.exponent !== undefined && each.address + each.exponent.offset === address,
        )
        if (!tail) expect(changed, `${register.quantity} ${address}`).toBe(Math.max(1, touched.length))
      }
    }
  })

  it.each(ids)('%s: what the simulator writes, the edge reads', (id) => {
    const { ratios } = readGolden(goldenPath(id))
    for (const register of loadProfile(id, ratios).registers) {
      const written = asWritten(register)
      const { min, max } = bounds(written)
      const factor = Math.abs(Number(written.factor))
      fc.assert(
        fc.property(fc.double({ min, max, noNaN: true }), (value) => {
          const shown = decoded(register, registerWords(register, value))
          const step = Number(written.resolution ?? (isFloating(register.encoding) ? 0 : factor))
          const rounding = isFloating(register.encoding) ? GOLDEN_TOLERANCE * Math.abs(value) : 1e-9
          expect(Math.abs(shown - value), register.quantity).toBeLessThanOrEqual(step + rounding + 1e-9)
        }),
        { numRuns: 25 },
      )
    }
  })

  it.each(ids)('%s: is read within its own limits', (id) => {
    const { registers, limits } = loadProfile(id)
    const requests = plan(registers, limits)
    expect(requests.flatMap((request) => request.registers)).toHaveLength(registers.length)
    for (const { quantity } of requests) expect(quantity).toBeLessThanOrEqual(limits.registersPerRequest)
  })
})
