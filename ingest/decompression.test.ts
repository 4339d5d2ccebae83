import { zstdCompressSync } from 'node:zlib'
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
