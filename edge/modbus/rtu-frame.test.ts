import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc16, exchangeMs, matchEcho, matchRtu, rtuRequest, silenceMs, withCrc } from './rtu-frame.ts'

const query = { unit: 17, function: 3, address: 0x6b, quantity: 3 } as const
const reply = withCrc(Uint8Array.of(17, 3, 6, 0, 1, 0, 2, 0xff, 0xff))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('rtuRequest', () => {
  it('is the frame of the field’s manuals, low byte of the CRC first', () => {
    expect(hex(rtuRequest({ unit: 1, function: 3, address: 0, quantity: 10 }))).toBe('01030000000ac5cd')
    expect(hex(rtuRequest({ unit: 17, function: 3, address: 0x6b, quantity: 3 }))).toBe('1103006b00037687')
  })
})

describe('crc16', () => {
  it('shows every damage that lies within 16 bits, and every damage of one or two bits', () => {
    const bits = reply.length * 8
    const flipped = (at: number, bytes: Uint8Array): Uint8Array => {
      const changed = Uint8Array.from(bytes)
      changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7))
      return changed
    }
    expect(crc16(reply)).toBe(0)
    for (let first = 0; first < bits; first += 1) {
      for (let second = first; second < bits; second += 1) {
        const damaged = second === first ? flipped(first, reply) : flipped(second, flipped(first, reply))
        expect(crc16(damaged)).not.toBe(0)
      }
    }
    fc.assert(
      fc.property(fc.nat(reply.length - 2), fc.integer({ min: 1, max: 0xffff }), (at, burst) => {
        const damaged = Uint8Array.from(reply)
        damaged[at] = (damaged[at] ?? 0) ^ (burst & 0xff)
        damaged[at + 1] = (damaged[at + 1] ?? 0) ^ (burst >>> 8)
        expect(crc16(damaged)).not.toBe(0)
      }),
    )
  })
})

describe('matchRtu', () => {
  it('hands out the registers of the right answer, and what follows it', () => {
    const found = matchRtu(query, Uint8Array.of(...reply, 9, 8))
    expect(found).toEqual({
      kind: 'reply',
      matched: { kind: 'words', words: Uint16Array.of(1, 2, 0xffff) },
      rest: Uint8Array.of(9, 8),
    })
  })

  it('waits while it can become the answer', () => {
    for (let length = 0; length < reply.length; length += 1) {
      expect(matchRtu(query, reply.subarray(0, length)).kind).toBe('incomplete')
    }
  })

  it('takes no answer of another unit, function or size, whatever its CRC', () => {
    for (const other of [{ unit: 16 }, { function: 4 as const }, { quantity: 2 }, { quantity: 4 }]) {
      expect(matchRtu({ ...query, ...other }, reply).kind).toBe('foreign')
    }
    // The head alone is enough: a longer frame is not waited for.
    expect(matchRtu(query, Uint8Array.of(16)).kind).toBe('foreign')
    expect(matchRtu(query, Uint8Array.of(17, 3, 8)).kind).toBe('foreign')
    expect(matchRtu(query, Uint8Array.of(17, 0x84)).kind).toBe('foreign')
  })

  it('takes no answer with a wrong CRC', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: reply.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          const damaged = Uint8Array.from(reply)
          damaged[at] = (damaged[at] ?? 0) ^ change
          expect(matchRtu(query, damaged)).toMatchObject({ kind: 'damaged' })
        },
      ),
    )
  })

  it('knows an exception by its five bytes', () => {
    const exception = withCrc(Uint8Array.of(17, 0x83, 2))
    expect(matchRtu(query, exception)).toMatchObject({
      kind: 'reply',
      matched: { kind: 'exception', code: 2, cause: 'illegal-address' },
    })
    expect(matchRtu(query, exception.subarray(0, 4)).kind).toBe('incomplete')
  })
})

describe('matchEcho', () => {
  it('tells a request that comes back from anything else', () => {
    const request = rtuRequest(query)
    expect(matchEcho(request, request.subarray(0, 5))).toBe('part')
    expect(matchEcho(request, Uint8Array.of(...request, 17))).toBe('whole')
    expect(matchEcho(request, reply)).toBe('none')
  })
})

describe('the times of a serial line', () => {
  const line = (baudRate: number) => ({ baudRate, parity: 'even', stopBits: 1 }) as const

  it('keeps 3.5 characters of silence, and 1.75 ms above 19,200 baud', () => {
    expect([1_200, 2_400, 9_600, 19_200].map((baudRate) => silenceMs(line(baudRate)).toFixed(2))).toEqual([
      '32.08',
      '16.04',
      '4.01',
      '2.01',
    ])
    expect([38_400, 115_200].map((baudRate) => silenceMs(line(baudRate)))).toEqual([1.75, 1.75])
  })

  it('counts request and reply, with the parity and stop bits of the line', () => {
    expect(exchangeMs(line(9_600), query)).toBeCloseTo(((8 + 11) * 11_000) / 9_600)
    expect(exchangeMs({ ...line(9_600), parity: 'none' }, query)).toBeCloseTo(((8 + 11) * 10_000) / 9_600)
    expect(exchangeMs(line(9_600))).toBeCloseTo(((8 + 256) * 11_000) / 9_600)
  })
})
