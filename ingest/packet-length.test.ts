import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ACKNOWLEDGEMENTS_MAX,
  CONNECT_BYTES_MAX,
  CONTROL_BYTES_MAX,
  CONTROLS_MAX,
  PACKET_BYTES_MAX,
  packetLengthGuard,
} from './packet-length.ts'

/** A fixed header that announces a length (MQTT 3.1.1 §2.2.3). */
function header(length: number, type = 0x30): number[] {
  const bytes = [type]
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
        const within = packetLengthGuard(() => 0)
        expect(inPieces(Buffer.concat([connect, ...packets]), cuts).every(within)).toBe(true)
      }),
    )
  })

  it('says no to a packet beyond the bound as soon as its length is known, however it is cut', () => {
    const tooLong = fc.integer({ min: PACKET_BYTES_MAX + 1, max: 268_435_455 })
    fc.assert(
      fc.property(tooLong, fc.array(fc.nat()), (length, cuts) => {
        const within = packetLengthGuard(() => 0)
        expect(inPieces(Buffer.concat([connect, Uint8Array.from(header(length))]), cuts).every(within)).toBe(
          false,
        )
      }),
    )
  })

  it('gives a stranger’s first packet less room', () => {
    expect(packetLengthGuard(() => 0)(Uint8Array.from(header(CONNECT_BYTES_MAX)))).toBe(true)
    expect(packetLengthGuard(() => 0)(Uint8Array.from(header(CONNECT_BYTES_MAX + 1)))).toBe(false)
  })

  it.each([
    ['SUBSCRIBE', 0x82],
    ['UNSUBSCRIBE', 0xa2],
  ])('has room for the topics of a client in a %s, and not for half a million', (_, type) => {
    const after = (bytes: readonly number[]): boolean => {
      const within = packetLengthGuard(() => 0)
      return within(connect) && within(Uint8Array.from(bytes))
    }
    expect(after(header(CONTROL_BYTES_MAX, type))).toBe(true)
    expect(after(header(CONTROL_BYTES_MAX + 1, type))).toBe(false)
  })

  it('lets a client ping for ever, but not without a pause', () => {
    let nowMs = 0
    const within = packetLengthGuard(() => nowMs)
    const pings = (count: number): Uint8Array =>
      new Uint8Array(2 * count).map((_, at) => (at % 2 === 0 ? 0xc0 : 0))
    expect(within(connect)).toBe(true)
    for (; nowMs < 100_000; nowMs += 10_000) expect(within(pings(CONTROLS_MAX))).toBe(true)
    expect(within(pings(CONTROLS_MAX + 1))).toBe(false)
  })

  it('says no to a length of five bytes', () => {
    expect(packetLengthGuard(() => 0)(Uint8Array.from([0x30, 0x80, 0x80, 0x80, 0x80]))).toBe(false)
  })

  it('lets through what a gateway acknowledges, and no flood of acknowledgements', () => {
    const acknowledgements = (count: number): Uint8Array =>
      Buffer.concat([connect, Buffer.from('40020001'.repeat(count), 'hex')])
    let nowMs = 0
    const within = packetLengthGuard(() => nowMs)
    for (; nowMs < 100_000; nowMs += 10_000) expect(within(acknowledgements(10_000))).toBe(true)
    expect(within(acknowledgements(ACKNOWLEDGEMENTS_MAX + 1))).toBe(false)
  })
})
