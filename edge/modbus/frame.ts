import type { BadCause } from '#contract/reading.ts'
import type { ReadFunction } from '#firmware-config/profile.ts'

/**
 * Modbus TCP frames as pure functions. Sources: MODBUS Application Protocol 1.1b3 §6.3, §6.4, §7;
 * MODBUS Messaging on TCP/IP 1.0b §3.1.3 (the MBAP header).
 */

/** What is asked of one unit. */
export interface ReadQuery {
  readonly unit: number
  readonly function: ReadFunction
  readonly address: number
  readonly quantity: number
}

/** One frame from the stream, not yet matched to a request. */
export interface Frame {
  readonly transaction: number
  readonly unit: number
  /** Function code and data. */
  readonly pdu: Uint8Array
}

export type NextFrame =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'frame'; readonly frame: Frame; readonly rest: Uint8Array }

export type Matched =
  | { readonly kind: 'words'; readonly words: Uint16Array }
  | { readonly kind: 'exception'; readonly code: number; readonly cause: BadCause }
  | { readonly kind: 'broken'; readonly reason: string }

const HEADER_BYTES = 6
/** The length field counts the unit and a PDU of 2 (an exception) to 253 bytes. */
const LENGTH_MIN = 3
const LENGTH_MAX = 254
const EXCEPTION_BIT = 0x80

/** The frame that asks for registers. */
export function requestFrame(transaction: number, query: ReadQuery): Uint8Array {
  const frame = new DataView(new ArrayBuffer(12))
  frame.setUint16(0, transaction)
  frame.setUint16(4, 6)
  frame.setUint8(6, query.unit)
  frame.setUint8(7, query.function)
  frame.setUint16(8, query.address)
  frame.setUint16(10, query.quantity)
  return new Uint8Array(frame.buffer)
}

/**
 * Takes the first frame off a stream of bytes. `broken` means that the stream cannot be trusted any more: where the
 * next frame would begin is unknown, so its connection must be given up.
 */
export function nextFrame(bytes: Uint8Array): NextFrame {
  if (bytes.length < HEADER_BYTES) return { kind: 'incomplete' }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const protocol = view.getUint16(2)
  if (protocol !== 0) return { kind: 'broken', reason: `protocol identifier ${protocol} instead of 0` }
  const length = view.getUint16(4)
  if (length < LENGTH_MIN || length > LENGTH_MAX) {
    return { kind: 'broken', reason: `length field ${length}, not ${LENGTH_MIN} to ${LENGTH_MAX}` }
  }
  const end = HEADER_BYTES + length
  if (bytes.length < end) return { kind: 'incomplete' }
  return {
    kind: 'frame',
    frame: {
      transaction: view.getUint16(0),
      unit: view.getUint8(6),
      pdu: bytes.subarray(HEADER_BYTES + 1, end),
    },
    rest: bytes.subarray(end),
  }
}

/** Exception codes of MODBUS Application Protocol 1.1b3 §7. */
export function causeOfException(code: number): BadCause {
  switch (code) {
    case 0x01:
      return 'illegal-function'
    case 0x02:
      return 'illegal-address'
    case 0x03:
      return 'illegal-value'
    case 0x04:
      return 'device-failure'
    case 0x05:
    case 0x06:
      return 'device-busy'
    case 0x0a:
      return 'gateway-path'
    case 0x0b:
      return 'gateway-target'
    default:
      return 'exception-other'
  }
}

/** What a frame with the right transaction says to a query. `broken`: it is no answer to this query. */
export function matchReply(query: ReadQuery, { unit, pdu }: Frame): Matched {
  const broken = (reason: string): Matched => ({ kind: 'broken', reason })
  if (unit !== query.unit) return broken(`unit ${unit} answers for unit ${query.unit}`)
  const view = new DataView(pdu.buffer, pdu.byteOffset, pdu.byteLength)
  const functionCode = view.getUint8(0)
  if (functionCode === (query.function | EXCEPTION_BIT)) {
    if (pdu.length !== 2) return broken(`exception of ${pdu.length} bytes instead of 2`)
    const code = view.getUint8(1)
    return { kind: 'exception', code, cause: causeOfException(code) }
  }
  if (functionCode !== query.function) {
    return broken(`function ${functionCode} answers function ${query.function}`)
  }
  const byteCount = view.getUint8(1)
  if (byteCount !== 2 * query.quantity || pdu.length !== 2 + byteCount) {
    return broken(`byte count ${byteCount} in a PDU of ${pdu.length} bytes for ${query.quantity} registers`)
  }
  return {
    kind: 'words',
    words: Uint16Array.from({ length: query.quantity }, (_, i) => view.getUint16(2 + 2 * i)),
  }
}

/**
 * True when another reply seems to begin inside a frame: then a reply before it was cut short and filled up with this
 * one, and its registers are not what they seem. `isKnown` tells which transactions were asked.
 */
export function hidesReply({ pdu }: Frame, isKnown: (transaction: number) => boolean): boolean {
  const view = new DataView(pdu.buffer, pdu.byteOffset, pdu.byteLength)
  const headBytes = HEADER_BYTES + 3
  for (let at = 2; at + headBytes <= pdu.length; at += 1) {
    if (view.getUint16(at + 2) !== 0 || view.getUint8(at + 4) !== 0) continue
    const length = view.getUint8(at + 5)
    const functionCode = view.getUint8(at + 7)
    const isException = length === LENGTH_MIN && functionCode > EXCEPTION_BIT
    const isReply =
      functionCode < EXCEPTION_BIT && view.getUint8(at + 8) === length - 3 && length > LENGTH_MIN
    if ((isException || isReply) && isKnown(view.getUint16(at))) return true
  }
  return false
}
