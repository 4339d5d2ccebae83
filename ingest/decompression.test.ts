import { randomBytes } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MESSAGE_BYTES_MAX } from '#contract/messages.ts'
import { decompress } from './decompression.ts'

describe('decompress', () => {
  it('gives back what was compressed, and plain payloads as they are', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const plain = new TextEncoder().encode(text)
        expect(decompress(plain)).toEqual({ bytes: plain })
        const restored = decompress(zstdCompressSync(plain))
        expect('bytes' in restored && Buffer.from(restored.bytes).equals(plain)).toBe(true)
      }),
    )
  })

  it('makes no more bytes than a message may have, however small the payload', () => {
    const largest = zstdCompressSync(Buffer.alloc(MESSAGE_BYTES_MAX, ' '))
    const restored = decompress(largest)
    expect('bytes' in restored && restored.bytes.length).toBe(MESSAGE_BYTES_MAX)
    const bomb = zstdCompressSync(Buffer.alloc(512 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(64 * 1024)
    expect(decompress(bomb)).toMatchObject({ code: 'message-invalid' })
    // Several frames in one payload count together.
    const twice = Buffer.concat([largest, zstdCompressSync(Buffer.from('{}'))])
    expect(decompress(twice)).toMatchObject({ code: 'message-invalid' })
  })

  it('has an ordinary text in memory of its own, however long it is', () => {
    for (const length of [4_096, 5_000, 32_767, 32_768, 65_535, 65_536, 65_792, 300_000]) {
      const text = Buffer.from(randomBytes(length / 2 + 1).toHex()).subarray(0, length)
      const restored = decompress(zstdCompressSync(text))
      if (!('bytes' in restored)) throw new Error(restored.error)
      expect(Buffer.from(restored.bytes).equals(text)).toBe(true)
      expect(restored.memory).toBe(restored.bytes.buffer)
      restored.memory?.transfer(0)
      expect(restored.bytes).toHaveLength(0)
    }
  })

  it('shares no memory that others use: short texts, such as say nothing of their length, and what claims much', () => {
    const unsaid = zstdCompressSync('x'.repeat(50_000), { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } })
    const claiming = zstdCompressSync('y'.repeat(1_000_000))
    for (const payload of [zstdCompressSync('{}'), zstdCompressSync('z'.repeat(4_095)), unsaid, claiming]) {
      const restored = decompress(payload)
      expect(restored).toMatchObject({ bytes: expect.any(Uint8Array) })
      expect(restored).not.toHaveProperty('memory')
    }
  })

  it('says what is wrong with a frame that is cut or changed, and never throws', () => {
    const whole = zstdCompressSync(Buffer.from(JSON.stringify({ a: 'b'.repeat(500), c: [1, 2, 3] })))
    for (let length = 4; length < whole.length; length += 1)
      expect(decompress(whole.subarray(0, length))).toMatchObject({ code: 'message-undecodable' })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decompress(Buffer.concat([whole.subarray(0, 4), bytes]))
      }),
    )
  })
})
