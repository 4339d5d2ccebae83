import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { honestReply } from '../testing/scripted-meter.ts'
import { causeOfException, hidesReply, matchReply, nextFrame, requestFrame, type Frame } from './frame.ts'

const query = { unit: 17, function: 3, address: 0x6b, quantity: 3 } as const

describe('requestFrame', () => {
  it('is the frame of the specification', () => {
    // Modbus Application Protocol 1.1b3 §6.3: read registers 108–110; with its MBAP header.
    expect(Buffer.from(requestFrame(0x1501, query)).toString('hex')).toBe('1501000000061103006b0003')
  })
})

function frameOf(bytes: Uint8Array): Frame {
  const next = nextFrame(bytes)
  if (next.kind !== 'frame') throw new Error(next.kind)
  return next.frame
}

describe('nextFrame', () => {
  it('finds the same frames however the stream is cut', () => {
    const stream = fc.array(fc.integer({ min: 1, max: 125 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 40 })), (quantities, cuts) => {
        const frames = quantities.map((quantity, index) =>
          honestReply(Buffer.from(requestFrame(index, { ...query, quantity }))),
        )
        let rest: Uint8Array = Buffer.concat(frames)
        let held: Uint8Array = Buffer.alloc(0)
        const found: number[] = []
        while (rest.length > 0) {
          const size = cuts[found.length % Math.max(1, cuts.length)] ?? 1
          held = Buffer.concat([held, rest.subarray(0, size)])
          rest = rest.subarray(size)
          for (let next = nextFrame(held); next.kind !== 'incomplete'; next = nextFrame(held)) {
            if (next.kind === 'broken') throw new Error(next.reason)
            found.push(next.frame.transaction)
            const quantity = quantities[next.frame.transaction] ?? 0
            expect(matchReply({ ...query, quantity }, next.frame).kind).toBe('words')
            held = next.rest
          }
        }
        expect(found).toEqual(quantities.map((_, index) => index))
      }),
    )
  })

  it('gives a stream up at once whose header cannot be one', () => {
    const header = (hex: string) => nextFrame(Buffer.from(hex, 'hex')).kind
    expect(header('000100000003')).toBe('incomplete')
    expect(header('0001000000fe')).toBe('incomplete')
    expect(header('000100000002')).toBe('broken')
    expect(header('0001000000ff')).toBe('broken')
    expect(header('000100000fff')).toBe('broken')
    expect(header('000100010006')).toBe('broken')
  })
})

describe('matchReply', () => {
  const good = honestReply(Buffer.from(requestFrame(1, query)))

  it('hands out the registers of the right answer', () => {
    expect(matchReply(query, frameOf(good))).toEqual({ kind: 'words', words: Uint16Array.of(107, 108, 109) })
  })

  it('takes no answer of another unit, function or size', () => {
    for (const other of [{ unit: 16 }, { function: 4 as const }, { quantity: 2 }, { quantity: 4 }]) {
      expect(matchReply({ ...query, ...other }, frameOf(good)).kind).toBe('broken')
    }
  })

  it('takes no answer with any byte of its head changed', () => {
    fc.assert(
      fc.property(fc.constantFrom(6, 7, 8), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Buffer.from(good)
        bytes.writeUInt8(bytes.readUInt8(at) ^ change, at)
        expect(matchReply(query, frameOf(bytes)).kind).toBe('broken')
      }),
    )
  })

  it('names the cause of an exception', () => {
    const exception = frameOf(Buffer.from('00010000000311830b', 'hex'))
    expect(matchReply(query, exception)).toEqual({ kind: 'exception', code: 0x0b, cause: 'gateway-target' })
    expect([1, 2, 3, 4, 5, 6, 10, 11, 8, 16].map(causeOfException)).toEqual([
      'illegal-function',
      'illegal-address',
      'illegal-value',
      'device-failure',
      'device-busy',
      'device-busy',
      'gateway-path',
      'gateway-target',
      'exception-other',
      'exception-other',
    ])
    expect(matchReply(query, frameOf(Buffer.from('0001000000041183020b', 'hex'))).kind).toBe('broken')
  })
})

describe('hidesReply', () => {
  const known = (transaction: number): boolean => transaction === 7
  const long = { ...query, quantity: 30 }

  it('sees a whole reply of a known transaction anywhere in the registers, and no other', () => {
    for (const hidden of [
      honestReply(Buffer.from(requestFrame(7, query))),
      Buffer.from('00070000000311830b', 'hex'),
    ]) {
      for (let at = 9; at + hidden.length <= 69; at += 1) {
        const bytes = honestReply(Buffer.from(requestFrame(8, long)))
        hidden.copy(bytes, at)
        expect(hidesReply(frameOf(bytes), known)).toBe(true)
        expect(hidesReply(frameOf(bytes), () => false)).toBe(false)
      }
    }
  })

  it('does not see one in registers that are small numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 30, maxLength: 30 }), (words) => {
        const bytes = honestReply(Buffer.from(requestFrame(8, long)))
        for (const [index, word] of words.entries()) bytes.writeUInt16BE(word, 9 + 2 * index)
        expect(hidesReply(frameOf(bytes), known)).toBe(false)
      }),
    )
  })
})
