import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isQuantityName } from '#contract/quantities.ts'
import { toNumber } from '#contract/amount.ts'
import { GOLDEN_TOLERANCE, readGolden } from '#firmware-config/golden.ts'
import { goldenPath, profileIds } from '#firmware-config/profile-library.ts'
import {
  encodings,
  isFloating,
  isPair,
  pairs,
  singles,
  type Encoding,
  type WordOrder,
} from '#firmware-config/encodings.ts'
import { loadProfile, type MappedRegister } from '#firmware-config/profile.ts'
import {
  completedSteps,
  registerCapacity,
  registerEncoder,
  registerWords,
  shownRange,
  shownSteps,
} from './register-image.ts'

const register = (changes: Partial<MappedRegister>): MappedRegister => ({
  quantity: 'voltage.l1',
  function: 3,
  address: 0,
  words: 2,
  encoding: 'f32',
  order: 'ABCD',
  factor: '1',
  resolution: undefined,
  notAvailable: [],
  ...changes,
})

const hex = (words: readonly number[]): string =>
  words.map((word) => word.toString(16).padStart(4, '0').toUpperCase()).join(' ')

/** Reads words back the long way round: by their printed digits. */
function rawFrom(words: readonly number[], encoding: Encoding, order: WordOrder): number {
  if (isPair(encoding)) {
    const { first, second, sign } = pairs[encoding]
    const half = singles[first].words
    return rawFrom(words.slice(0, half), first, order) + sign * rawFrom(words.slice(half), second, order)
  }
  const inOrder = order === 'CDAB' || order === 'DCBA' ? words.toReversed() : words
  const swapped = order === 'BADC' || order === 'DCBA'
  const straight = inOrder
    .map((word) => word.toString(16).padStart(4, '0'))
    .map((text) => (swapped ? text.slice(2) + text.slice(0, 2) : text))
  const digits = straight.join('')
  if (encoding.startsWith('bcd')) return Number(digits)
  if (encoding.startsWith('mod10')) {
    return Number(straight.map((text) => String(Number.parseInt(text, 16)).padStart(4, '0')).join(''))
  }
  const bytes = Buffer.from(digits, 'hex')
  if (encoding === 'f32') return bytes.readFloatBE()
  if (encoding === 'f64') return bytes.readDoubleBE()
  const unsigned = BigInt(`0x${digits}`)
  if (encoding.startsWith('sm')) {
    const top = 1n << BigInt(bytes.length * 8 - 1)
    return Number(unsigned >= top ? top - unsigned : unsigned)
  }
  return Number(encoding.startsWith('i') ? BigInt.asIntN(bytes.length * 8, unsigned) : unsigned)
}

const orders = fc.constantFrom<WordOrder>('ABCD', 'CDAB', 'BADC', 'DCBA')
const ranges: [Encoding, number, number][] = [
  ['u16', 0, 0xffff],
  ['i16', -0x8000, 0x7fff],
  ['sm16', -0x7fff, 0x7fff],
  ['u32', 0, 0xffff_ffff],
  ['i32', -0x8000_0000, 0x7fff_ffff],
  ['sm32', -0x7fff_ffff, 0x7fff_ffff],
  ['u48', 0, 0xffff_ffff_ffff],
  ['i48', -0x8000_0000_0000, 0x7fff_ffff_ffff],
  ['u64', 0, Number.MAX_SAFE_INTEGER],
  ['i64', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ['bcd4', 0, 9_999],
  ['bcd8', 0, 99_999_999],
  ['bcd12', 0, 999_999_999_999],
  ['bcd16', 0, Number.MAX_SAFE_INTEGER],
  ['mod10-2', 0, 99_999_999],
  ['mod10-3', 0, 999_999_999_999],
  ['mod10-4', 0, Number.MAX_SAFE_INTEGER],
  ['u32-u32', -0xffff_ffff, 0xffff_ffff],
]

describe('the words of a register', () => {
  it.each(ranges)('hold every whole number of %s, in all orders', (encoding, min, max) => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), orders, (any, order) => {
        const span = max - min + 1
        const value = any >= min && any <= max ? any : min + Math.abs(any % span)
        const words = registerWords(register({ encoding, words: encodings[encoding].words, order }), value)
        expect(words).toHaveLength(encodings[encoding].words)
        expect(rawFrom(words, encoding, order)).toBe(value)
      }),
    )
    const lone = register({ encoding, words: encodings[encoding].words })
    expect(rawFrom(registerWords(lone, min), encoding, 'ABCD')).toBe(min)
  })

  it.each(ranges.filter(([, , max]) => max < Number.MAX_SAFE_INTEGER))(
    'hold no whole number beyond %s',
    (encoding, min, max) => {
      const lone = register({ encoding, words: encodings[encoding].words })
      expect(() => registerWords(lone, max + 1)).toThrow(/does not fit/)
      expect(() => registerWords(lone, min - 1)).toThrow(/does not fit/)
    },
  )

  it('hold the nearest float, in all orders', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e30, max: 1e30, noNaN: true }), orders, (value, order) => {
        const short = registerWords(register({ order }), value)
        expect(rawFrom(short, 'f32', order)).toBe(Math.fround(value))
        const long = registerWords(register({ encoding: 'f64', words: 4, order }), value)
        expect(rawFrom(long, 'f64', order)).toBe(value)
      }),
    )
  })

  it('of a frame printed in a manual are those of its value', () => {
    expect(hex(registerWords(register({}), 12.5))).toBe('4148 0000')
    const gas = register({
      quantity: 'gasVolumeActual',
      encoding: 'bcd12',
      words: 3,
      factor: '0.0001',
      resolution: '0.0001',
    })
    expect(hex(registerWords(gas, 12_285_686.422_25))).toBe('1228 5686 4222')
  })

  it('round a state to the nearest step, and turn it round where the meter counts the other way', () => {
    const tenths = register({ encoding: 'i32', factor: '0.0001', order: 'CDAB' })
    expect(hex(registerWords(tenths, -64.500_04))).toBe('2878 FFF6')
    expect(hex(registerWords(register({ encoding: 'u32', factor: '-0.001' }), -70))).toBe('0001 1170')
  })

  it('of a cumulative register show completed steps only, and never fall', () => {
    const energy = register({
      quantity: 'activeEnergyImport.total',
      encoding: 'u32',
      factor: '0.1',
      resolution: '0.1',
    })
    expect(hex(registerWords(energy, 0.1999))).toBe('0000 0001')
    expect(hex(registerWords(energy, 0.3))).toBe('0000 0003')
    const float = register({ quantity: 'activeEnergyImport.total', resolution: '0.01' })
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 2e6, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (from, advance) => {
          for (const each of [energy, float]) {
            const before = rawFrom(registerWords(each, from), each.encoding, 'ABCD')
            expect(
              rawFrom(registerWords(each, from + advance), each.encoding, 'ABCD'),
            ).toBeGreaterThanOrEqual(before)
          }
          expect(completedSteps(from, '0.01')).toBeLessThanOrEqual(from * 100)
          expect(completedSteps(from, '0.4')).toBe(Math.floor(from / 0.4))
        },
      ),
    )
  })

  it('of a pair hold its value: a whole part and the rest, or the one that is not zero', () => {
    const volume = register({
      quantity: 'heatVolume',
      encoding: 'i32+f32',
      words: 4,
      order: 'CDAB',
      resolution: '0.001',
    })
    expect(hex(registerWords(volume, 87.5))).toBe('0057 0000 0000 3F00')
    const tariffs = register({ encoding: 'f64+f64', words: 8 })
    expect(hex(registerWords(tariffs, 2.5))).toBe('4000 0000 0000 0000 3FE0 0000 0000 0000')
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2e9, noNaN: true }), orders, (value, order) => {
        const shown = rawFrom(registerWords({ ...volume, order }, value), 'i32+f32', order)
        expect(Math.abs(shown - Math.floor(value * 1000) / 1000)).toBeLessThan(1e-6)
        const state = rawFrom(registerWords({ ...tariffs, order }, value), 'f64+f64', order)
        expect(state).toBe(value)
      }),
    )
  })

  it('of a cumulative register start again where its profile says', () => {
    const energy = register({
      quantity: 'activeEnergyImport.total',
      encoding: 'u32',
      factor: '0.01',
      resolution: '0.01',
      wrapsAt: 100_000_000,
    })
    expect(hex(registerWords(energy, 999_999.99))).toBe('05F5 E0FF')
    expect(hex(registerWords(energy, 1_000_000.02))).toBe('0000 0002')
    const float = { ...energy, encoding: 'f32' as const, factor: '1' }
    expect(rawFrom(registerWords(float, 1_000_000.5), 'f32', 'ABCD')).toBe(0.5)
  })

  it('are written in place, beside others, by an encoder that is made once', () => {
    const encode = registerEncoder(register({ encoding: 'u32-u32', words: 4, factor: '0.0001' }))
    const into = Buffer.alloc(10, 0xee)
    encode(-64.5, into, 2)
    expect(into.toString('hex')).toBe('eeee000000000009d788')
    encode(64.5, into, 0)
    expect(into.toString('hex')).toBe('0009d78800000000d788')
  })

  it('tell the range of a register and where it wraps', () => {
    const energy = register({
      quantity: 'activeEnergyImport.total',
      encoding: 'bcd8',
      factor: '0.01',
      resolution: '0.01',
    })
    expect(registerCapacity(energy)).toBe(1_000_000)
    expect(registerCapacity({ ...energy, wrapsAt: 1_000 })).toBe(10)
    expect(registerCapacity({ ...energy, encoding: 'f32' })).toBe(Infinity)
    expect(shownSteps(energy, 1_000_000.029)).toBe(2)
    expect(shownRange(register({ encoding: 'i16', words: 1, factor: '-2' }))).toEqual([-65_534, 65_536])
    expect(shownRange(register({ encoding: 'u32-u32', words: 4 }))).toEqual([-0xffff_ffff, 0xffff_ffff])
  })

  it('of a cumulative register start again from zero at the capacity of its encoding', () => {
    const bcd = register({
      quantity: 'activeEnergyImport.total',
      encoding: 'bcd8',
      factor: '0.01',
      resolution: '0.01',
    })
    expect(hex(registerWords(bcd, 999_999.99))).toBe('9999 9999')
    expect(hex(registerWords(bcd, 1_000_000.02))).toBe('0000 0002')
  })

  it('cannot be had for what is no number, nor for a register below zero', () => {
    expect(() => registerWords(register({}), Number.NaN)).toThrow(/does not fit/)
    const energy = register({ quantity: 'activeEnergyImport.total', encoding: 'u32', resolution: '1' })
    expect(() => registerWords(energy, -1)).toThrow(/does not fit/)
  })

  it.each(profileIds())('of the golden readings of %s are its golden image', (id) => {
    const golden = readGolden(goldenPath(id))
    const map = loadProfile(id, golden.ratios)
    for (const each of map.registers) {
      const reading = golden.readings.get(each.quantity)
      if (reading === undefined || !isQuantityName(each.quantity))
        throw new Error(`${each.quantity} has no reading`)
      // A printed reading may lie a rounding below the step that it names.
      const value = typeof reading === 'number' ? reading : toNumber(reading) + Number(reading.resolution) / 8
      const wordAt = (offset: number): number =>
        golden.image.get(each.function)?.get(each.address + offset) ?? -1
      const all = registerWords(each, value)
      // Other values may lie between a value and its exponent.
      const words = all.slice(0, encodings[each.encoding].words)
      const image = words.map((_, offset) => wordAt(offset))
      if (each.exponent !== undefined) expect(all.at(-1), each.quantity).toBe(wordAt(each.exponent.offset))
      const shown = rawFrom(image, each.encoding, each.order)
      // Printed digits of a live float are fewer than its words hold, and a counted one is rounded to its step;
      // everything else is exact.
      const step = Number(each.resolution ?? 0) / Number(each.factor)
      const tolerance = isFloating(each.encoding)
        ? Math.max(step, GOLDEN_TOLERANCE * Math.max(1, Math.abs(shown)))
        : 0
      const difference = Math.abs(rawFrom(words, each.encoding, each.order) - shown)
      expect([each.quantity, hex(image), difference <= tolerance]).toEqual([each.quantity, hex(image), true])
    }
  })
})
