import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimalsOf, writeNanoseconds, writeShifted } from './number-bytes.ts'
import { numberOf } from './reading-lines.ts'
import { LAST_STORABLE_MS } from './storable.ts'

const written = (write: (to: Uint8Array) => number): string => {
  const to = Buffer.alloc(64, '?')
  return to.subarray(0, write(to)).toString()
}

describe('Numbers in bytes', () => {
  it('a moment has its nanoseconds, whenever it is', () => {
    const moment = fc.oneof(fc.nat(), fc.integer({ min: 0, max: LAST_STORABLE_MS }))
    fc.assert(
      fc.property(moment, (atMs) => {
        expect(written((to) => writeNanoseconds(atMs, to, 0))).toBe(String(BigInt(atMs) * 1_000_000n))
      }),
      { examples: [[0], [1], [999_999_999_999], [1_000_000_000_000], [9_223_372_036_853]] },
    )
  })

  it('a count with its point is what the number of its amount is written as', () => {
    const resolution = fc.constantFrom('1', '0.1', '0.01', '0.001', '0.0001', '0.00001', '0.000001')
    const count = fc.oneof(
      fc.nat(99),
      fc.nat(999_999_999),
      fc.nat(99_999).map((some) => 10_000 * some),
    )
    fc.assert(
      fc.property(count, resolution, (many, unit) => {
        const text = Buffer.from(`[${many},"${unit}"]`)
        const length = String(many).length
        const decimals = decimalsOf(length, unit)
        // Six digits and the decimals are never too many.
        if (decimals === undefined) {
          expect(length).toBeGreaterThan(6 + Math.max(0, unit.length - 2))
          return
        }
        const shifted = { start: 1, length, decimals }
        expect(written((to) => writeShifted(to, 0, text, shifted))).toBe(
          String(numberOf({ count: many, resolution: unit })),
        )
      }),
      {
        numRuns: 1_000,
        examples: [
          [0, '0.01'],
          [5, '0.000001'],
          [100, '0.01'],
          [100_000, '1'],
        ],
      },
    )
  })

  it('leaves alone what is no power of ten', () => {
    for (const unit of ['7', '0.5', '0.02', '10', '1000', '0.0000001', '0.000000001'])
      expect(decimalsOf(1, unit)).toBeUndefined()
  })
})
