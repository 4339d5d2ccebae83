import { randomBytes } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MESSAGE_BYTES_MAX } from '#contract/messages.ts'
import { decompress, decompressTogether, TOGETHER_BYTES_MAX, togetherBytes } from './decompression.ts'

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
      restored.memory?.release()
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

describe('decompressTogether', () => {
  const unsaid = { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } }
  const text = fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc.integer({ min: 1, max: 90_000 }).map((length) => randomBytes(length).toHex().slice(0, length)),
    fc.constant(''),
  )
  /** What a gateway, a faulty one and an attacker may send. */
  const payload = fc.oneof(
    {
      weight: 2,
      arbitrary: text.map((each) =>
        zstdCompressSync(each, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
      ),
    },
    { weight: 6, arbitrary: text.map((each) => zstdCompressSync(each)) },
    { weight: 1, arbitrary: text.map((each) => Buffer.from(each)) },
    { weight: 1, arbitrary: text.map((each) => zstdCompressSync(each, unsaid)) },
    { weight: 1, arbitrary: text.map((each) => zstdCompressSync(each).subarray(0, -1)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(text, text)
        .map(([one, other]) => Buffer.concat([zstdCompressSync(one), zstdCompressSync(other)])),
    },
    { weight: 1, arbitrary: fc.constant(zstdCompressSync(Buffer.alloc(10_000_000))) },
    // Says that its content is one byte less than it is, or more.
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.integer({ min: 300, max: 60_000 }), fc.constantFrom(-1, 1))
        .map(([length, more]) => {
          const frame = Buffer.from(zstdCompressSync(randomBytes(length)))
          frame.writeUInt16LE(frame.readUInt16LE(5) + more, 5)
          return frame
        }),
    },
  )

  it('makes of each payload what is made of it alone, or leaves it to be made alone', () => {
    let together = 0
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 8 }), (payloads) => {
        const texts = decompressTogether(payloads)
        expect(texts).toHaveLength(payloads.length)
        for (const [index, each] of payloads.entries()) {
          const made = texts[index]
          if (made === undefined) continue
          const alone = decompress(each)
          if (!('bytes' in made && 'bytes' in alone)) throw new Error('only what is right is made together')
          expect(Buffer.from(made.bytes).equals(alone.bytes)).toBe(true)
          together += 1
        }
      }),
    )
    expect(together).toBeGreaterThan(20)
  })

  it('lets no payload that is cut off take the beginning of the next for its own end', () => {
    const whole = zstdCompressSync('[1]')
    const cut = whole.subarray(0, -1)
    expect(decompressTogether([cut, whole.subarray(-1), whole])).toEqual([undefined, undefined, undefined])
    expect(decompressTogether([cut, zstdCompressSync(''), whole])[0]).toBeUndefined()
  })

  it('makes all of right ones, as many at once as are short together', () => {
    const texts = [10_000, 200_000, 100, 100_000, 90_000, 60_000].map((length) =>
      randomBytes(length / 2).toHex(),
    )
    const made = decompressTogether(texts.map((each) => zstdCompressSync(each)))
    const memories = made.map((each) => (each !== undefined && 'bytes' in each ? each.memory : undefined))
    for (const [index, each] of made.entries()) {
      if (each === undefined || !('bytes' in each)) throw new Error(`text ${index} was not made`)
      expect(Buffer.from(each.bytes).toString()).toBe(texts[index])
    }
    expect(memories.map((each) => memories.indexOf(each))).toEqual([0, 0, 0, 3, 3, 3])
  })

  it('lets their memory go when the last of them is released', () => {
    const [one, other] = decompressTogether([zstdCompressSync('{"a":1}'), zstdCompressSync('{"b":2}')])
    if (one === undefined || other === undefined || !('bytes' in one && 'bytes' in other))
      throw new Error('not made')
    one.memory?.release()
    expect(Buffer.from(other.bytes).toString()).toBe('{"b":2}')
    other.memory?.release()
    expect([one.bytes.length, other.bytes.length]).toEqual([0, 0])
  })

  it('takes no payload that claims much, is long or says nothing of its length', () => {
    expect(togetherBytes(zstdCompressSync('{"a":1}'))).toBe(7)
    expect(togetherBytes(Buffer.from('{"a":1}'))).toBeUndefined()
    expect(togetherBytes(zstdCompressSync('{"a":1}', unsaid))).toBeUndefined()
    expect(togetherBytes(zstdCompressSync(Buffer.alloc(100_000)))).toBeUndefined()
    expect(togetherBytes(zstdCompressSync(randomBytes(TOGETHER_BYTES_MAX + 1)))).toBeUndefined()
    const skippable = Buffer.alloc(TOGETHER_BYTES_MAX)
    skippable.set([0x50, 0x2a, 0x4d, 0x18, 0xf8, 0xff, 0x03, 0])
    expect(togetherBytes(Buffer.concat([zstdCompressSync('{}'), skippable]))).toBeUndefined()
    // Whole, and tells one byte; but tens of thousands of empty blocks stand before it.
    const one = zstdCompressSync('x')
    const empty = Buffer.alloc(3 * 30_000)
    const long = Buffer.concat([one.subarray(0, 6), empty, one.subarray(6)])
    expect(decompress(long)).toMatchObject({ bytes: Buffer.from('x') })
    expect(togetherBytes(long)).toBeUndefined()
  })
})
