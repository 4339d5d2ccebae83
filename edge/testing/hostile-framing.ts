import type { ReadQuery } from '#edge/modbus/frame.ts'
import { crc16, withCrc } from '#edge/modbus/rtu-frame.ts'

/** A request as a server hears it. */
export interface Heard extends ReadQuery {
  /** 0 where the framing has none. */
  readonly transaction: number
}

/** How requests and replies look on the wire; a server's side, and free to lie. */
export interface Framing {
  readonly requestBytes: number
  heard(request: Uint8Array): Heard
  frame(transaction: number, unit: number, pdu: Uint8Array): Uint8Array
  /** Where unit, function and byte count stand. */
  readonly headAt: number
}

function queryAt(request: Uint8Array, at: number): ReadQuery {
  const view = new DataView(request.buffer, request.byteOffset + at)
  return {
    unit: view.getUint8(0),
    function: view.getUint8(1) === 4 ? 4 : 3,
    address: view.getUint16(2),
    quantity: view.getUint16(4),
  }
}

export const mbap: Framing = {
  requestBytes: 12,
  headAt: 6,
  heard: (request) => ({ ...queryAt(request, 6), transaction: Buffer.from(request).readUInt16BE(0) }),
  frame: (transaction, unit, pdu) => {
    const frame = Buffer.alloc(7 + pdu.length)
    frame.writeUInt16BE(transaction, 0)
    frame.writeUInt16BE(1 + pdu.length, 4)
    frame.writeUInt8(unit, 6)
    frame.set(pdu, 7)
    return frame
  },
}

export const rtu: Framing = {
  requestBytes: 8,
  headAt: 0,
  heard: (request) => {
    if (crc16(request) !== 0) throw new Error('a request with a wrong CRC')
    return { ...queryAt(request, 0), transaction: 0 }
  },
  frame: (_, unit, pdu) => withCrc(Uint8Array.of(unit, ...pdu)),
}

/** Function, byte count and registers. */
export function wordsPdu(functionCode: number, words: readonly number[]): Uint8Array {
  return Uint8Array.of(functionCode, 2 * words.length, ...words.flatMap((word) => [word >>> 8, word & 0xff]))
}
