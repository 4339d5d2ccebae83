import { randomBytes } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frameHeader, isWholeFrame } from './zstandard-frame.ts'

/** Contents of every kind of block: as it is, one byte many times, compressed; of none, one and several blocks. */
const content = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.integer({ min: 1, max: 300_000 }).map((length) => randomBytes(length)),
  fc.integer({ min: 1, max: 600_000 }).map((length) => Buffer.alloc(length, 'r')),
  fc.json().map((text) => Buffer.from(text)),
  fc.integer({ min: 1, max: 40_000 }).map((length) => Buffer.from(randomBytes(length).toHex())),
)
const options = fc.record({ hasChecksum: fc.boolean(), level: fc.constantFrom(1, 3, 9) })
const frame = fc.tuple(content, options).map(([bytes, { hasChecksum, level }]) => ({
  bytes,
  hasChecksum,
  frame: zstdCompressSync(bytes, {
    params: {
      [constants.ZSTD_c_checksumFlag]: hasChecksum ? 1 : 0,
      [constants.ZSTD_c_compressionLevel]: level,
    },
  }),
}))

describe('a Zstandard frame', () => {
  it('is told from its first byte to its last, with the length of its content', () => {
    fc.assert(
      fc.property(frame, ({ bytes, hasChecksum, frame: whole }) => {
        expect(isWholeFrame(whole)).toBe(true)
        expect(frameHeader(whole)).toMatchObject({ contentLength: bytes.length, hasChecksum })
      }),
      { numRuns: 60 },
    )
  })

  it('is not whole where something is missing, or more stands behind it', () => {
    fc.assert(
      fc.property(
        frame,
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 20 }),
        ({ frame: whole }, cut, more) => {
          expect(isWholeFrame(whole.subarray(0, cut % whole.length))).toBe(false)
          expect(isWholeFrame(Buffer.concat([whole, more]))).toBe(false)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('may be any bytes behind its magic number', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const any = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), bytes])
        expect(isWholeFrame(any)).toBeTypeOf('boolean')
        expect(frameHeader(any).bytes).toBeGreaterThan(4)
      }),
      { numRuns: 2_000 },
    )
  })
})
