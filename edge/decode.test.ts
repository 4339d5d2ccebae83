import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  encodings,
  isEncoding,
  isPair,
  pairs,
  singles,
  type Encoding,
  type SingleEncoding,
  type WordOrder,
} from '#firmware-config/encodings.ts'
import type { MappedRegister } from '#firmware-config/profile.ts'
import { decode, unanswered } from './decode.ts'

const names = Object.keys(encodings).filter(isEncoding)
const orders: WordOrder[] = ['ABCD', 'CDAB', 'BADC', 'DCBA']

/** An encoder of its own, byte by byte, that shares nothing with the decoder. */
function encode(value: number | bigint, encoding: SingleEncoding, order: WordOrder): number[] {
  const { words: count, kind } = singles[encoding]
  const size = 2 * count
  const bytes = Buffer.alloc(size)
  const view = new DataView(bytes.buffer, bytes.byteOffset, size)
  if (encoding === 'f32') view.setFloat32(0, Number(value))
  else if (encoding === 'f64') view.setFloat64(0, Number(value))
  else if (kind === 'bcd') bytes.write(String(value).padStart(2 * size, '0'), 'hex')
  else {
    let rest = BigInt(value)
    const negative = rest < 0n
    if (kind === 'signMagnitude' && negative) rest = -rest
    for (let at = size - 2; at >= 0; at -= 2) {
      if (kind === 'mod10') {
        view.setUint16(at, Number(rest % 10_000n))
        rest /= 10_000n
      } else {
        view.setUint16(at, Number(rest & 0xffffn))
        rest >>= 16n
      }
    }
    if (kind === 'signMagnitude' && negative) view.setUint8(0, view.getUint8(0) + 128)
  }
  const words: number[] = []
  for (let at = 0; at < size; at += 2) {
    words.push(order === 'ABCD' || order === 'CDAB' ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at))
  }
  return order === 'CDAB' || order === 'DCBA' ? words.toReversed() : words
}

function register(change: Partial<MappedRegister> & { encoding: Encoding }): MappedRegister {
  return {
    quantity: change.resolution === undefined ? 'activePower.total' : 'activeEnergyImport.total',
    function: 3,
    address: 100,
    words: encodings[change.encoding].words,
    order: 'ABCD',
    factor: '1',
    resolution: undefined,
    notAvailable: [],
    ...change,
  }
}

function read(one: MappedRegister, words: readonly number[]): unknown {
  const request = { function: one.function, address: one.address, quantity: one.words, registers: [one] }
  const [reading] = decode(request, words, 5, 'm1', 'good')
  return reading?.quality === 'bad' ? reading.cause : reading?.value
}

function values(encoding: SingleEncoding): fc.Arbitrary<number | bigint> {
  if (encoding === 'f32') return fc.float({ noNaN: true, noDefaultInfinity: true })
  if (encoding === 'f64') return fc.double({ noNaN: true, noDefaultInfinity: true })
  const { kind, words } = singles[encoding]
  const half = 1n << BigInt(16 * words - 1)
  if (kind === 'bcd' || kind === 'mod10') return fc.bigInt(0n, 10n ** BigInt(4 * words) - 1n)
  if (kind === 'unsigned') return fc.bigInt(0n, 2n * half - 1n)
  return fc.bigInt(kind === 'signed' ? -half : 1n - half, half - 1n)
}

describe('decode', () => {
  for (const encoding of Object.keys(singles).filter(isEncoding)) {
    if (isPair(encoding)) continue
    for (const order of orders) {
      it(`reads what ${encoding} in order ${order} says`, () => {
        fc.assert(
          fc.property(values(encoding), (value) => {
            const expected = Number(value)
            const words = encode(value, encoding, order)
            expect(read(register({ encoding, order }), words)).toBe(expected === 0 ? 0 : expected)
            if (typeof value !== 'bigint') return
            const counted = read(register({ encoding, order, resolution: '0.01' }), words)
            expect(counted).toEqual(
              Number.isSafeInteger(expected) ? { count: expected, resolution: '0.01' } : 'not-a-number',
            )
          }),
        )
      })
    }
  }

  for (const encoding of names.filter(isPair)) {
    const { first, second, sign } = pairs[encoding]
    for (const order of orders) {
      it(`reads ${encoding} in order ${order} as two values, each in that order`, () => {
        fc.assert(
          fc.property(values(first), values(second), (one, other) => {
            const sum = Number(one) + sign * Number(other)
            const words = [...encode(one, first, order), ...encode(other, second, order)]
            const expected = Number.isFinite(sum) ? (sum === 0 ? 0 : sum) : 'not-a-number'
            expect(read(register({ encoding, order }), words)).toBe(expected)
          }),
        )
      })
    }
  }

  it('takes 0x8000 and 0x80000000 in sign and magnitude for zero', () => {
    expect(read(register({ encoding: 'sm16' }), [0x8000])).toBe(0)
    expect(read(register({ encoding: 'sm32', resolution: '1' }), [0x8000, 0])).toEqual({
      count: 0,
      resolution: '1',
    })
  })

  it('gives the double that is nearest to the decimal, whatever the factor', () => {
    expect(read(register({ encoding: 'u16', factor: '0.1' }), [2302])).toBe(230.2)
    expect(read(register({ encoding: 'u16', factor: '0.001' }), [3])).toBe(0.003)
    fc.assert(
      fc.property(
        fc.bigInt(-(1n << 63n), (1n << 63n) - 1n),
        fc.integer({ min: 1, max: 999_999 }),
        fc.integer({ min: 1, max: 9 }),
        (raw, numerator, places) => {
          const padded = String(numerator).padStart(places + 1, '0')
          const factor = `${padded.slice(0, -places)}.${padded.slice(-places)}`.replace(/\.?0+$/, '')
          // An independent way: the exact digits of the product, written out and read by the engine.
          const product = raw * BigInt(numerator)
          const text = String(product < 0n ? -product : product).padStart(places + 1, '0')
          const expected = Number(
            `${product < 0n ? '-' : ''}${text.slice(0, -places)}.${text.slice(-places)}`,
          )
          const value = read(register({ encoding: 'i64', factor }), encode(raw, 'i64', 'ABCD'))
          expect(value).toBe(expected === 0 ? 0 : expected)
        },
      ),
    )
  })

  it('counts a cumulative float in its resolution', () => {
    const meter = register({ encoding: 'f32', factor: '0.001', resolution: '0.01' })
    expect(read(meter, encode(123_456, 'f32', 'ABCD'))).toEqual({ count: 12_346, resolution: '0.01' })
    expect(read({ ...meter, encoding: 'f64', words: 4 }, encode(1e300, 'f64', 'ABCD'))).toBe('not-a-number')
  })

  it('has no value for what is no number', () => {
    const [nan, infinity] = [encode(Number.NaN, 'f32', 'ABCD'), encode(Infinity, 'f32', 'ABCD')]
    for (const resolution of [undefined, '0.1']) {
      expect(read(register({ encoding: 'f32', resolution }), nan)).toBe('not-a-number')
      expect(read(register({ encoding: 'f32', resolution }), infinity)).toBe('not-a-number')
      expect(read(register({ encoding: 'bcd8', resolution }), [0x1234, 0x56a8])).toBe('not-a-number')
    }
    for (const encoding of ['bcd4', 'bcd8', 'bcd12', 'bcd16'] as const) {
      const { words } = encodings[encoding]
      for (let nibble = 0; nibble < 4 * words; nibble += 1) {
        const bits = BigInt(`0x${'1'.repeat(4 * words)}`) + (0x9n << BigInt(4 * nibble))
        const image = Array.from({ length: words }, (_, index) =>
          Number((bits >> BigInt(16 * (words - 1 - index))) & 0xffffn),
        )
        expect(read(register({ encoding }), image)).toBe('not-a-number')
      }
    }
    expect(read(register({ encoding: 'mod10-3' }), [0, 10_000, 0])).toBe('not-a-number')
    expect(read(register({ encoding: 'mod10-3' }), [0, 9_999, 0])).toBe(99_990_000)
    const huge = register({ encoding: 'f64', factor: '1000' })
    expect(read(huge, encode(1e307, 'f64', 'ABCD'))).toBe('not-a-number')
  })

  it('has no value for what the profile marks as not available', () => {
    const cases: [Encoding, number | bigint, number[]][] = [
      ['u16', 0xffff, [0xffff]],
      ['i16', 0x8000, [0x8000]],
      ['i16', -32_768, [0x8000]],
      ['u32', 0xffff_ffff, [0xffff, 0xffff]],
      ['i64', -(2 ** 63), [0x8000, 0, 0, 0]],
      ['u64', 2 ** 64, [0xffff, 0xffff, 0xffff, 0xffff]],
      ['f32', 9.9e9, encode(9.9e9, 'f32', 'ABCD')],
      ['f32', 0.1, encode(0.1, 'f32', 'ABCD')],
      ['bcd4', 0xffff, [0xffff]],
      ['bcd4', 9999, [0x9999]],
      ['i16', 0x8000n, [0x8000]],
      ['i32', 0x7fff_ffff, [0x7fff, 0xffff]],
      ['u48', 0xffff_ffff_ffffn, [0xffff, 0xffff, 0xffff]],
      ['i64', 0x7fff_ffff_ffff_ffffn, [0x7fff, 0xffff, 0xffff, 0xffff]],
      ['f32', Number.NaN, [0x7fc0, 0x0001]],
      ['f32', 0xffff_ffffn, [0xffff, 0xffff]],
      ['f64', Number.NaN, [0xfff8, 0, 0, 0]],
      ['mod10-2', 0xffff_ffffn, [0xffff, 0xffff]],
      ['i32+f32', 0x8000_0000_7fc0_0000n, [0x8000, 0, 0x7fc0, 0]],
    ]
    for (const [encoding, mark, words] of cases) {
      const marked = register({ encoding, notAvailable: [mark] })
      expect(read(marked, words), `${encoding} ${mark}`).toBe('not-available')
      expect(read(marked, words.with(0, 0x0001)), `${encoding} ${mark}`).not.toBe('not-available')
    }
  })

  it('never makes a value of a mark, whatever encoding and order', () => {
    const anySingle = fc.constantFrom(...Object.keys(singles).filter((name) => isEncoding(name)))
    fc.assert(
      fc.property(
        anySingle,
        fc.constantFrom(...orders),
        fc.array(fc.nat(0xffff), { minLength: 4, maxLength: 4 }),
        (encoding, order, four) => {
          const words = four.slice(0, encodings[encoding].words)
          const unmarked = register({ encoding, order })
          const value = read(unmarked, words)
          const bytes =
            order === 'BADC' || order === 'DCBA' ? words.map((w) => (w % 256) * 256 + (w >> 8)) : words
          const high = order === 'CDAB' || order === 'DCBA' ? bytes.toReversed() : bytes
          const bits = BigInt(`0x${high.map((w) => w.toString(16).padStart(4, '0')).join('')}`)
          for (const mark of [bits, ...(typeof value === 'number' ? [value] : [])]) {
            expect(read({ ...unmarked, notAvailable: [7n << 70n, mark] }, words)).toBe('not-available')
          }
          expect(read({ ...unmarked, notAvailable: [bits + 1n] }, words)).toEqual(value)
        },
      ),
    )
  })

  it('takes each value from its own place, at the moment of the answer', () => {
    const first = register({ encoding: 'u16', address: 10 })
    const second = { ...register({ encoding: 'u32', address: 12 }), quantity: 'frequency' as const }
    const request = { function: 3 as const, address: 10, quantity: 4, registers: [first, second] }
    expect(decode(request, Uint16Array.of(7, 0xdead, 1, 2), 99, 'm1', 'simulated')).toEqual([
      { meter: 'm1', quantity: 'activePower.total', atMs: 99, quality: 'simulated', value: 7 },
      { meter: 'm1', quantity: 'frequency', atMs: 99, quality: 'simulated', value: 65_538 },
    ])
    expect(() => decode(request, [7, 0, 1], 99, 'm1', 'good')).toThrow(/3 registers answer/)
    expect(unanswered(request, 'timeout', 99, 'm1')).toEqual([
      { meter: 'm1', quantity: 'activePower.total', atMs: 99, quality: 'bad', cause: 'timeout' },
      { meter: 'm1', quantity: 'frequency', atMs: 99, quality: 'bad', cause: 'timeout' },
    ])
  })
})
