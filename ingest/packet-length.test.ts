import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CONNECT_BYTES_MAX, PACKET_BYTES_MAX, packetLengthGuard } from './packet-length.ts'

/** A fixed header that announces a length (MQTT 3.1.1 §2.2.3). */
function header(length: number): number[] {
  const bytes = [0x30]
  let rest = length
  do {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    bytes.push(rest > 0 ? low | 0x80 : low)
  } while (rest > 0)
  return bytes
}

function inPieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
}

const packetOf = (body: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.from(header(body.length)), body])
const connect = packetOf(new Uint8Array(20))

describe('packetLengthGuard', () => {
  it('lets any stream of right packets through, however it is cut', () => {
    const packet = fc.uint8Array({ maxLength: 400 }).map(packetOf)
    fc.assert(
      fc.property(fc.array(packet), fc.array(fc.nat()), (packets, cuts) => {
        const within = packetLengthGuard()
        expect(inPieces(Buffer.concat([connect, ...packets]), cuts).every(within)).toBe(true)
      }),
    )
  })

  it('says no to a packet beyond the bound as soon as its length is known, however it is cut', () => {
    const tooLong = fc.integer({ min: PACKET_BYTES_MAX + 1, max: 268_435_455 })
    fc.assert(
      fc.property(tooLong, fc.array(fc.nat()), (length, cuts) => {
        const within = packetLengthGuard()
        expect(inPieces(Buffer.concat([connect, Uint8Array.from(header(length))]), cuts).every(within)).toBe(
          false,
        )
      }),
    )
  })

  it('gives a stranger’s first packet less room', () => {
    expect(packetLengthGuard()(Uint8Array.from(header(CONNECT_BYTES_MAX)))).toBe(true)
    expect(packetLengthGuard()(Uint8Array.from(header(CONNECT_BYTES_MAX + 1)))).toBe(false)
  })

  it('says no to a length of five bytes', () => {
    expect(packetLengthGuard()(Uint8Array.from([0x30, 0x80, 0x80, 0x80, 0x80]))).toBe(false)
  })
})
