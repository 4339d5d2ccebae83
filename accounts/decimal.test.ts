import Big from 'big.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ZodError } from 'zod'
import {
  decimal,
  ofPrinted,
  presented,
  quotient,
  rounded,
  squareRoot,
  textOf,
  type Decimal,
} from './decimal.ts'

/** Decimals of every size as texts: small ones, those that no number holds, and those between. */
const text = fc
  .tuple(
    fc.oneof(
      fc.bigInt({ min: -1_000n, max: 1_000n }),
      fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }),
      fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
      // On both sides of the largest number that is exact.
      fc.bigInt({ min: 2n ** 53n - 20n, max: 2n ** 53n + 20n }),
    ),
    fc.integer({ min: 0, max: 24 }),
  )
  .map(([whole, places]) => {
    Big.NE = -1_000
    Big.PE = 1_000
    return plain(new Big(whole.toString()).times(new Big(10).pow(-places)))
  })

const plain = (value: Big): string => {
  const digits = value.toFixed()
  return digits === '-0' ? '0' : digits
}

describe('A decimal', () => {
  test('sums, differences, products, quotients and order are those of an arithmetic by digits', () => {
    const Rounded = Big()
    Rounded.DP = 20
    Rounded.RM = Big.roundHalfEven
    fc.assert(
      fc.property(text, text, (one, other) => {
        const [a, b] = [decimal(one), decimal(other)]
        const [x, y] = [new Big(one), new Big(other)]
        expect(textOf(a.plus(b))).toBe(plain(x.plus(y)))
        expect(textOf(a.minus(b))).toBe(plain(x.minus(y)))
        expect(textOf(a.times(b))).toBe(plain(x.times(y)))
        expect(Math.sign(a.cmp(b))).toBe(x.cmp(y))
        expect(a.eq(b)).toBe(x.eq(y))
        expect(textOf(a.abs())).toBe(plain(x.abs()))
        if (!b.eq(0)) expect(textOf(quotient(a, b))).toBe(plain(new Rounded(one).div(other)))
      }),
      { numRuns: 2_000 },
    )
  })

  test('is rounded half to even, also to tens and hundreds', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: -6, max: 22 }), (one, places) => {
        const whole = new Big(one).round(places, Big.roundHalfEven)
        expect(textOf(rounded(decimal(one), places))).toBe(plain(whole))
        expect(presented(decimal(one), places)).toBe(
          whole.toFixed(Math.max(0, places)).replace(/^-(?=0(?:\.0*)?$)/, ''),
        )
      }),
      { numRuns: 2_000 },
    )
  })

  test('a square root squared is next to what it was drawn from', () => {
    fc.assert(
      fc.property(text, (one) => {
        const square = decimal(one).abs()
        const root = squareRoot(square)
        const half = decimal('0.000000000000000000005')
        const [low, high] = [root.minus(half), root.plus(half)]
        expect(low.lt(0) || low.times(low).lte(square)).toBe(true)
        expect(high.times(high).gte(square)).toBe(true)
      }),
    )
    expect(textOf(squareRoot(decimal('7225')))).toBe('85')
    expect(textOf(squareRoot(decimal('0.0144')))).toBe('0.12')
    // More decimals than the square of a result has.
    expect(textOf(squareRoot(decimal(`4.${'0'.repeat(50)}1`)))).toBe('2')
    expect(textOf(squareRoot(decimal(`0.${'0'.repeat(50)}1`)))).toBe('0')
    expect(() => squareRoot(decimal('-1'))).toThrow(RangeError)
  })

  test('equal ones are equal objects, however they came about', () => {
    const same = (made: Decimal, written: string): void => {
      expect(made).toEqual(decimal(written))
      expect(made.eq(decimal(written))).toBe(true)
    }
    same(decimal('0.5').plus(decimal('0.5')), '1')
    same(decimal('12.5').times(8), '100')
    same(decimal('90071992547409925').minus(decimal('90071992547409924')), '1')
    same(decimal('-0.5').plus(decimal('0.5')), '0')
    same(decimal('0').times(-1), '0')
    fc.assert(
      fc.property(text, text, (one, other) => {
        same(decimal(one).plus(decimal(other)).minus(decimal(other)), one)
      }),
    )
  })

  test('as a number it is the nearest one', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(decimal(one).toNumber()).toBe(Number(one))
      }),
    )
  })

  test('nothing is divided by zero, and no text that is none is read', () => {
    expect(() => quotient(decimal('1'), decimal('0'))).toThrow(RangeError)
    expect(
      [ofPrinted('29760.00'), ofPrinted('100'), ofPrinted('-0.0'), ofPrinted('0.50')].map(textOf),
    ).toEqual(['29760', '100', '0', '0.5'])
    for (const wrong of ['', '1e3', '01', '1.0', '-0', '.5', 'x'])
      expect(() => decimal(wrong)).toThrow(ZodError)
  })
})
