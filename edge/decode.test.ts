import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodings, type Encoding, type MappedRegister, type WordOrder } from '#firmware-config/profile.ts'
import { decode, unanswered } from './decode.ts'

const names = Object.keys(encodings).filter((name): name is Encoding => name in encodings)
const orders: WordOrder[] = ['ABCD', 'CDAB', 'BADC', 'DCBA']

/** An encoder of its own, byte by byte, that shares nothing with the decoder. */
function encode(value: number | bigint, encoding: Encoding, order: WordOrder): number[] {
  const size = 2 * encodings[encoding].words
  const bytes = Buffer.alloc(size)
  if (encoding === 'f32') bytes.writeFloatBE(Number(value))
  else if (encoding === 'f64') bytes.writeDoubleBE(Number(value))
  else if (encoding.startsWith('bcd')) bytes.write(String(value).padStart(2 * size, '0'), 'hex')
  else {
    let rest = BigInt(value)
    for (let at = size - 1; at >= 0; at -= 1) {
      bytes[at] = Number(rest & 0xffn)
      rest >>= 8n
    }
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

function values(encoding: Encoding): fc.Arbitrary<number | bigint> {
  const bits = BigInt(16 * encodings[encoding].words)
  if (encoding === 'f32') return fc.float({ noNaN: true, noDefaultInfinity: true })
  if (encoding === 'f64') return fc.double({ noNaN: true, noDefaultInfinity: true })
  if (encoding.startsWith('bcd')) return fc.bigInt(0n, 10n ** (bits / 4n) - 1n)
  return encoding.startsWith('i')
    ? fc.bigInt(-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n)
    : fc.bigInt(0n, (1n << bits) - 1n)
}

describe('decode', () => {
  for (const encoding of names) {
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
    const huge = register({ encoding: 'f64', factor: '1000' })
    expect(read(huge, encode(1e307, 'f64', 'ABCD'))).toBe('not-a-number')
  })

  it('has no value for what the profile marks as not available', () => {
    const cases: [Encoding, number, number[]][] = [
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
    ]
    for (const [encoding, mark, words] of cases) {
      const marked = register({ encoding, notAvailable: [mark] })
      expect(read(marked, words), `${encoding} ${mark}`).toBe('not-available')
      expect(read(marked, words.with(0, 0x0001)), `${encoding} ${mark}`).not.toBe('not-available')
    }
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
