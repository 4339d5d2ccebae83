import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  add,
  amount,
  compare,
  equal,
  fromDecimal,
  fromNumber,
  multiplyResolution,
  resolution,
  subtract,
  sum,
  toDecimal,
  toNumber,
  type Amount,
} from './amount.ts'

/** The oracle: a decimal text as a count of 10⁻⁹. */
function nano(text: string): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const magnitude = BigInt(whole + fraction.padEnd(9, '0'))
  return text.startsWith('-') ? -magnitude : magnitude
}
const valueOf = ({ count, resolution }: Amount): bigint => BigInt(count) * nano(resolution)

const resolutionWith = (decimalsMax: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 0, max: decimalsMax }))
    .map(([digits, decimals]) => {
      const text = digits.toString().padStart(decimals + 1, '0')
      const cut = text.length - decimals
      return decimals === 0 ? text : `${text.slice(0, cut)}.${text.slice(cut)}`.replace(/\.?0+$/, '')
    })
const aResolution = resolutionWith(6)
const anAmount: fc.Arbitrary<Amount> = fc.record({
  count: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  resolution: aResolution,
})

describe('amounts are exact', () => {
  test('add and subtract as rationals do, in whatever resolutions', () => {
    fc.assert(
      fc.property(anAmount, anAmount, (a, b) => {
        expect(valueOf(add(a, b))).toBe(valueOf(a) + valueOf(b))
        expect(valueOf(subtract(a, b))).toBe(valueOf(a) - valueOf(b))
      }),
    )
  })

  test('sums are valid amounts again, and do not depend on the order', () => {
    fc.assert(
      fc.property(fc.array(anAmount, { minLength: 1, maxLength: 6 }), (amounts) => {
        const total = sum(amounts)
        expect(amount.safeParse(total).success).toBe(true)
        expect(sum(amounts.toReversed())).toEqual(total)
        expect(total && valueOf(total)).toBe(amounts.reduce((all, each) => all + valueOf(each), 0n))
      }),
    )
  })

  test('compare as rationals do', () => {
    fc.assert(
      fc.property(anAmount, anAmount, (a, b) => {
        const difference = valueOf(a) - valueOf(b)
        expect(compare(a, b)).toBe(difference > 0n ? 1 : difference < 0n ? -1 : 0)
        expect(equal(a, b)).toBe(difference === 0n)
      }),
    )
  })

  test('print every digit of their value', () => {
    fc.assert(
      fc.property(anAmount, (a) => {
        expect(nano(toDecimal(a))).toBe(valueOf(a))
      }),
    )
    expect(toDecimal({ count: -5, resolution: '0.01' })).toBe('-0.05')
    expect(toDecimal({ count: 0, resolution: '0.001' })).toBe('0.000')
    expect(toDecimal({ count: 12, resolution: '10' })).toBe('120')
  })

  test('come back from their text, in their resolution or that of its last digit', () => {
    fc.assert(
      fc.property(anAmount, (a) => {
        expect(fromDecimal(toDecimal(a), a.resolution)).toEqual(a)
        const written = fromDecimal(toDecimal(a))
        expect(valueOf(written)).toBe(valueOf(a))
        expect(amount.safeParse(written).success).toBe(true)
      }),
    )
    expect(fromDecimal('48211.50')).toEqual({ count: 4_821_150, resolution: '0.01' })
    expect(fromDecimal('-0')).toEqual({ count: 0, resolution: '1' })
    expect(fromDecimal('120', '10')).toEqual({ count: 12, resolution: '10' })
  })

  test.each(['', '.5', '1.', '+1', '1e3', '1,5', ' 1', '0x10', '1.0000000001'])(
    '"%s" is no amount',
    (text) => {
      expect(() => fromDecimal(text)).toThrowError(/is no decimal/)
    },
  )

  test('a text between two steps, or of too many steps, is no amount', () => {
    expect(() => fromDecimal('1.25', '0.1')).toThrowError(/no whole number of steps/)
    for (const step of ['0', '-1'])
      expect(() => fromDecimal('1', step)).toThrowError(/no whole number of steps/)
    expect(() => fromDecimal('9007199254740993')).toThrowError(/too many steps/)
    expect(() => fromDecimal('9007199254741', '0.001')).toThrowError(/too many steps/)
  })

  test('come back from floating point', () => {
    fc.assert(
      fc.property(anAmount, (a) => {
        expect(fromNumber(toNumber(a), a.resolution)).toEqual(a)
      }),
    )
  })

  test('nothing measured has no sum', () => expect(sum([])).toBeUndefined())

  test('a count beyond 2⁵³ is a fault, not a rounding', () => {
    const most = { count: Number.MAX_SAFE_INTEGER, resolution: '1' }
    expect(() => add(most, { count: 1, resolution: '1' })).toThrowError(/cannot be held exactly/)
    expect(() => add(most, { count: 1, resolution: '0.001' })).toThrowError(/cannot be held exactly/)
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
      expect(() => fromNumber(value, '0.01')).toThrowError(/cannot be counted/)
    }
  })
})

describe('a decoded number', () => {
  test('is counted to the nearest step', () => {
    const steps = fc.tuple(fc.double({ min: -1e9, max: 1e9, noNaN: true }), aResolution)
    fc.assert(
      fc.property(steps, ([value, to]) => {
        const step = toNumber({ count: 1, resolution: to })
        const off = Math.abs(toNumber(fromNumber(value, to)) - value)
        expect(off).toBeLessThanOrEqual(step / 2 + Math.abs(value) * 2 ** -50)
      }),
    )
    expect(fromNumber(-0.001, '0.01')).toEqual({ count: 0, resolution: '0.01' })
  })
})

describe('resolutions', () => {
  test('multiply exactly', () => {
    fc.assert(
      fc.property(resolutionWith(4), resolutionWith(4), (a, b) => {
        const product = multiplyResolution(a, b)
        expect(nano(product) * 1_000_000_000n).toBe(nano(a) * nano(b))
        expect(resolution.safeParse(product).success).toBe(true)
      }),
    )
    expect(multiplyResolution('0.01', '40')).toBe('0.4')
    expect(() => multiplyResolution('0.00001', '0.00001')).toThrowError(/decimals/)
  })

  test.each(['0', '-1', '0.0', '1e3', '01', '0.10', '.5', '1.', '0.0000000001', ''])(
    'refuse "%s"',
    (text) => {
      expect(resolution.safeParse(text).success).toBe(false)
    },
  )

  test.each(['1', '10', '0.01', '0.000000001', '1000', '0.015625'])('take "%s"', (text) => {
    expect(resolution.safeParse(text).success).toBe(true)
  })
})
