import type { Framing, Request } from './modbus-frame.ts'

/** Modbus RTU frames, server side. Modbus over Serial Line V1.02, section 2.5.1. */

const CRC_BYTES = 2
/** Unit, function and CRC. */
const FRAME_BYTES_MIN = 4
const FRAME_BYTES_MAX = 256

/** What each byte does to the low byte of a CRC: polynomial 0xA001, reflected (appendix B). */
const crcOfByte = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
  return crc
})

/** CRC-16 of bytes [from, to), started at 0xFFFF; its low byte goes first on the wire. */
export function crc16(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffff
  for (let at = from; at < to; at += 1) crc = (crc >> 8) ^ (crcOfByte[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0)
  return crc
}

/** Functions whose requests hold an address and one word: unit, function, 4 bytes, CRC. */
const FIXED_REQUESTS: ReadonlyMap<number, number> = new Map([
  ...[1, 2, 3, 4, 5, 6, 8].map((code) => [code, 8] as const),
  ...[7, 11, 12, 17].map((code) => [code, FRAME_BYTES_MIN] as const),
  [0x16, 10],
  [0x18, 6],
  [0x2b, 7],
])

/** Bytes of the request at `at`; `undefined` while its length cannot be known yet, 0 for none that is known. */
function requestBytes(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < 2) return undefined
  const code = bytes[at + 1] ?? 0
  const fixed = FIXED_REQUESTS.get(code)
  if (fixed !== undefined) return fixed
  // Functions that carry data say how many bytes follow: 15 and 16 after address and count, 23 after two of each.
  const countAt = code === 0x0f || code === 0x10 ? 6 : code === 0x17 ? 10 : undefined
  if (countAt === undefined) return 0
  const count = bytes[at + countAt]
  return count === undefined ? undefined : countAt + 1 + count + CRC_BYTES
}

/**
 * Serial servers and operating systems hand bytes over in clumps, so frames are told by the length of their function
 * and by their CRC, not by silence; where no frame with a right CRC begins, one byte is skipped.
 */
function take(bytes: Buffer): { requests: Request[]; rest: Buffer; malformed: boolean } {
  const requests: Request[] = []
  let at = 0
  while (at < bytes.length) {
    const length = requestBytes(bytes, at)
    if (length === undefined || bytes.length - at < length) break
    const end = at + length
    const whole = length >= FRAME_BYTES_MIN && length <= FRAME_BYTES_MAX
    if (!whole || bytes.readUInt16LE(end - CRC_BYTES) !== crc16(bytes, at, end - CRC_BYTES)) {
      at += 1
      continue
    }
    requests.push({
      transaction: 0,
      unit: bytes.readUInt8(at),
      pdu: bytes.subarray(at + 1, end - CRC_BYTES),
      wireBytes: length,
    })
    at = end
  }
  return { requests, rest: bytes.subarray(at), malformed: false }
}

/** Modbus RTU: unit, PDU and CRC, and nothing that says where a frame ends. */
export const rtuFraming: Framing = {
  headBytes: 1,
  tailBytes: CRC_BYTES,
  take,
  seal: (request, frame, pduBytes) => {
    frame[0] = request.unit
    const end = 1 + pduBytes
    frame.writeUInt16LE(crc16(frame, 0, end), end)
    return end + CRC_BYTES
  },
}

/** Spoils the CRC of a sealed RTU frame of that many bytes, as noise on the line does. */
export function spoilCrc(frame: Buffer, bytes: number): void {
  frame[bytes - 1] = (frame[bytes - 1] ?? 0) ^ 0x55
}
