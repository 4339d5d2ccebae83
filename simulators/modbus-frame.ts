/** Modbus TCP frames, as far as a server that is only read needs them. Modbus Application Protocol 1.1b3. */

/** MBAP header without the unit: transaction, protocol, length. */
const HEADER_BYTES = 6
/** Length counts unit and PDU; a PDU is 1 to 253 bytes (section 4.1). */
const LENGTH_MIN = 2
const LENGTH_MAX = 254

export interface Frame {
  readonly transaction: number
  readonly unit: number
  readonly pdu: Buffer
}

/** All whole frames at the front of the bytes, and what is left; `malformed` when no frame can begin there. */
export function takeFrames(bytes: Buffer): { frames: Frame[]; rest: Buffer; malformed: boolean } {
  const frames: Frame[] = []
  let at = 0
  while (bytes.length - at >= HEADER_BYTES) {
    const length = bytes.readUInt16BE(at + 4)
    if (bytes.readUInt16BE(at + 2) !== 0 || length < LENGTH_MIN || length > LENGTH_MAX) {
      return { frames, rest: bytes.subarray(at), malformed: true }
    }
    const end = at + HEADER_BYTES + length
    if (bytes.length < end) break
    frames.push({
      transaction: bytes.readUInt16BE(at),
      unit: bytes.readUInt8(at + HEADER_BYTES),
      pdu: bytes.subarray(at + HEADER_BYTES + 1, end),
    })
    at = end
  }
  return { frames, rest: bytes.subarray(at), malformed: false }
}

/** A frame around a reply. */
export function frameOf(request: Frame, pdu: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES + 1)
  header.writeUInt16BE(request.transaction, 0)
  header.writeUInt16BE(pdu.length + 1, 4)
  header.writeUInt8(request.unit, HEADER_BYTES)
  return Buffer.concat([header, pdu])
}

/** Exception codes of section 7 that a server here gives. */
export const exceptions = {
  illegalFunction: 0x01,
  illegalAddress: 0x02,
  illegalValue: 0x03,
  deviceFailure: 0x04,
  gatewayTargetSilent: 0x0b,
} as const

export type ExceptionCode = (typeof exceptions)[keyof typeof exceptions]

export function exceptionReply(functionCode: number, code: ExceptionCode): Buffer {
  return Buffer.from([functionCode | 0x80, code])
}

/** Reply to functions 03 and 04: byte count, then the words, high byte first. */
export function wordsReply(functionCode: number, words: readonly number[]): Buffer {
  const pdu = Buffer.alloc(2 + words.length * 2)
  pdu.writeUInt8(functionCode, 0)
  pdu.writeUInt8(words.length * 2, 1)
  for (const [index, word] of words.entries()) pdu.writeUInt16BE(word, 2 + index * 2)
  return pdu
}
