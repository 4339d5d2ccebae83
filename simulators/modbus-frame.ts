/** Modbus frames as a server sees them: what the two framings have in common. Modbus Application Protocol 1.1b3. */

/** A PDU is 1 to 253 bytes (section 4.1). */
export const PDU_BYTES_MAX = 253

/** One request, whole. */
export interface Request {
  readonly unit: number
  /** Number by which a Modbus TCP client knows the reply again; 0 where the framing has none. */
  readonly transaction: number
  readonly pdu: Buffer
  /** Bytes that it took on the wire, address and checks included. */
  readonly wireBytes: number
}

/** How requests are cut out of a stream of bytes, and replies wrapped. */
export interface Framing {
  /** All whole requests at the front, and what is left; `malformed` when no request can begin there. */
  take(bytes: Buffer): {
    readonly requests: readonly Request[]
    readonly rest: Buffer
    readonly malformed: boolean
  }
  /** Where in a frame the PDU begins. */
  readonly headBytes: number
  /** Bytes that follow the PDU. */
  readonly tailBytes: number
  /** Completes a frame whose PDU of that many bytes is in its place. Returns the bytes of the frame. */
  seal(request: Request, frame: Buffer, pduBytes: number): number
}

/** Exception codes of section 7 that a server here gives. */
export const exceptions = {
  illegalFunction: 0x01,
  illegalAddress: 0x02,
  illegalValue: 0x03,
  deviceFailure: 0x04,
  serverBusy: 0x06,
  gatewayTargetSilent: 0x0b,
} as const

/** Writes the PDU of an exception. Returns its length. */
export function writeException(functionCode: number, code: number, into: Buffer, at: number): number {
  into[at] = functionCode | 0x80
  into[at + 1] = code
  return 2
}

/** Header before the unit: transaction, protocol, length. */
const MBAP_BYTES = 6
/** Length counts unit and PDU. */
const LENGTH_MIN = 2
const LENGTH_MAX = PDU_BYTES_MAX + 1

/** Modbus TCP: a header with transaction and length before unit and PDU (Messaging on TCP/IP 1.0b §3.1.3). */
export const tcpFraming: Framing = {
  headBytes: MBAP_BYTES + 1,
  tailBytes: 0,
  take: (bytes) => {
    const requests: Request[] = []
    let at = 0
    while (bytes.length - at >= MBAP_BYTES) {
      const length = bytes.readUInt16BE(at + 4)
      if (bytes.readUInt16BE(at + 2) !== 0 || length < LENGTH_MIN || length > LENGTH_MAX) {
        return { requests, rest: bytes.subarray(at), malformed: true }
      }
      const end = at + MBAP_BYTES + length
      if (bytes.length < end) break
      requests.push({
        transaction: bytes.readUInt16BE(at),
        unit: bytes.readUInt8(at + MBAP_BYTES),
        pdu: bytes.subarray(at + MBAP_BYTES + 1, end),
        wireBytes: end - at,
      })
      at = end
    }
    return { requests, rest: bytes.subarray(at), malformed: false }
  },
  seal: (request, frame, pduBytes) => {
    frame.writeUInt16BE(request.transaction, 0)
    frame.writeUInt16BE(0, 2)
    frame.writeUInt16BE(pduBytes + 1, 4)
    frame[MBAP_BYTES] = request.unit
    return MBAP_BYTES + 1 + pduBytes
  },
}
