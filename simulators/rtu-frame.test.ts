import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc16, rtuFraming, spoilCrc } from './rtu-frame.ts'

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

/** The standard's own way, bit by bit (Modbus over Serial Line V1.02, appendix B). */
function crcBitByBit(data: Uint8Array): number {
  let crc = 0xffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) {
      const carry = crc % 2 === 1
      crc = Math.floor(crc / 2)
      if (carry) crc ^= 0xa001
    }
  }
  return crc
}

function read(unit: number, address: number, count: number): Buffer {
  const frame = Buffer.alloc(8)
  frame.set([unit, 3])
  frame.writeUInt16BE(address, 2)
  frame.writeUInt16BE(count, 4)
  frame.writeUInt16LE(crcBitByBit(frame.subarray(0, 6)), 6)
  return frame
}

/** Hands bytes over in pieces, and returns what was heard. */
function heard(all: Buffer, cuts: readonly number[]): string[] {
  const found: string[] = []
  let waiting = Buffer.alloc(0)
  const edges = [0, ...cuts.map((cut) => cut % (all.length + 1)).toSorted((a, b) => a - b), all.length]
  for (const [index, edge] of edges.entries()) {
    const piece = all.subarray(edges[index - 1] ?? 0, edge)
    const { requests, rest } = rtuFraming.take(Buffer.concat([waiting, piece]))
    waiting = Buffer.from(rest)
    for (const { unit, pdu } of requests) found.push(`${unit} ${pdu.toString('hex')}`)
  }
  return found
}

describe('RTU frames', () => {
  it('have the CRC of captured ones', () => {
    const captured = bytes('01 03 15 1e 00 06 a1 c2')
    expect(crc16(captured, 0, 6)).toBe(captured.readUInt16LE(6))
    const { requests, rest } = rtuFraming.take(captured)
    expect(requests).toEqual([{ unit: 1, transaction: 0, pdu: bytes('03 15 1e 00 06'), wireBytes: 8 }])
    expect(rest).toHaveLength(0)
  })

  it('have the CRC that the standard computes bit by bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 260 }), (data) => {
        expect(crc16(data, 0, data.length)).toBe(crcBitByBit(data))
      }),
    )
  })

  it('are heard whole, each once and in order, in whatever pieces they come', () => {
    const requests = fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: 247 }),
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: 1, max: 125 }),
      ),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(requests, fc.array(fc.nat(), { maxLength: 12 }), (asked, cuts) => {
        const frames = asked.map(([unit, address, count]) => read(unit, address, count))
        const expected = frames.map((frame) => `${frame[0]} ${frame.subarray(1, 6).toString('hex')}`)
        expect(heard(Buffer.concat(frames), cuts)).toEqual(expected)
      }),
    )
  })

  it('are heard after noise, once enough bytes have come to know it for noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
        const frame = read(7, 100, 2)
        // A function that carries data may make noise look like the begin of a frame of up to 260 bytes.
        const all = Buffer.concat([noise, ...Array.from({ length: 40 }, () => frame)])
        expect(heard(all, []).filter((each) => each.startsWith('7 0300640002')).length).toBeGreaterThan(0)
      }),
    )
  })

  it('of other functions are told by their own lengths', () => {
    const others = ['11 11', '01 10 00 01 00 02 04 00 0a 01 02', '01 06 00 01 00 03', '01 2b 0e 01 00']
    const framed = others.map((hex) => {
      const body = bytes(hex)
      const crc = crcBitByBit(body)
      return Buffer.from([...body, crc & 0xff, crc >> 8])
    })
    expect(heard(Buffer.concat(framed), [3, 9, 20])).toEqual(
      others.map((hex) => `${bytes(hex)[0]} ${bytes(hex).subarray(1).toString('hex')}`),
    )
  })

  it('can be spoiled so that nobody takes them', () => {
    const frame = read(1, 0, 1)
    spoilCrc(frame, frame.length)
    expect(rtuFraming.take(frame).requests).toEqual([])
  })
})
