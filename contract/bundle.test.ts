import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BUNDLE_BYTES_MAX,
  bundleOf,
  bytesInBundle,
  isBundle,
  rowsIn,
  rowsOf,
  ROWS_TOGETHER_MAX,
} from './bundle.ts'
import { isCompressed } from './messages.ts'

const row = fc.uint8Array({ minLength: 1, maxLength: 300 })
const rows = fc.array(row, { minLength: 1, maxLength: ROWS_TOGETHER_MAX })
const bytesOf = (each: Uint8Array): number[] => [...each]

describe('bundle', () => {
  it('gives its rows back byte for byte, also out of the middle of other bytes', () => {
    fc.assert(
      fc.property(rows, fc.uint8Array({ maxLength: 9 }), (all, before) => {
        const bundle = bundleOf(all)
        expect(bundle).toHaveLength(all.reduce((sum, each) => sum + bytesInBundle(each), 1))
        const within = Buffer.concat([before, bundle, before]).subarray(
          before.length,
          -before.length || undefined,
        )
        expect(isBundle(within)).toBe(true)
        expect(isCompressed(within)).toBe(false)
        expect(rowsIn(within)?.map(bytesOf)).toEqual(all.map(bytesOf))
      }),
    )
  })

  it('is none once a byte is missing or one too many, and what it holds is all that it is', () => {
    fc.assert(
      fc.property(rows, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 5 }), (all, at, more) => {
        const bundle = bundleOf(all)
        const cut = rowsIn(bundle.subarray(0, at % bundle.length))
        // Cut between two rows it is a shorter bundle; who sent it finds the others without a receipt.
        if (cut !== undefined) expect(cut.map(bytesOf)).toEqual(all.slice(0, cut.length).map(bytesOf))
        expect(cut?.length ?? 0).toBeLessThan(all.length)
        const longer = rowsIn(Buffer.concat([bundle, more]))
        if (more.length <= 4) expect(longer).toBeUndefined()
      }),
    )
  })

  it('makes of any bytes rows that are all of them, or nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isMarked) => {
        const payload = isMarked ? Uint8Array.from([0, ...bytes]) : bytes
        const found = rowsIn(payload)
        if (found === undefined) expect(rowsOf(payload)).toEqual([payload])
        else expect(bytesOf(bundleOf(found))).toEqual(bytesOf(payload))
      }),
    )
  })

  it('is no longer than may be, and holds no more rows, and none that is empty', () => {
    const many = (count: number, length: number): Uint8Array[] =>
      Array.from({ length: count }, () => new Uint8Array(length).fill(1))
    expect(rowsIn(bundleOf(many(ROWS_TOGETHER_MAX, 10)))).toHaveLength(ROWS_TOGETHER_MAX)
    expect(bundleOf(many(1, BUNDLE_BYTES_MAX - 5))).toHaveLength(BUNDLE_BYTES_MAX)
    expect(() => bundleOf(many(ROWS_TOGETHER_MAX + 1, 1))).toThrow(RangeError)
    expect(() => bundleOf(many(1, BUNDLE_BYTES_MAX - 4))).toThrow(RangeError)
    expect(() => bundleOf([])).toThrow(RangeError)
    expect(() => bundleOf(many(1, 0))).toThrow(RangeError)
    const tooMany = Buffer.concat([
      Buffer.of(0),
      ...Array(ROWS_TOGETHER_MAX + 1).fill(Buffer.of(0, 0, 0, 1, 7)),
    ])
    expect(rowsIn(tooMany)).toBeUndefined()
    const tooLong = Buffer.alloc(BUNDLE_BYTES_MAX + 1)
    tooLong.writeUInt32BE(BUNDLE_BYTES_MAX - 4, 1)
    expect(rowsIn(tooLong)).toBeUndefined()
    expect(rowsIn(Buffer.of(0))).toBeUndefined()
    expect(rowsIn(Buffer.of(0, 0, 0, 0, 0))).toBeUndefined()
  })
})
