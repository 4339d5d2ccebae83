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
  // A piece of Node's pool: a buffer of its own for twelve bytes would cost more than all else here.
  const frame = Buffer.allocUnsafe(12)
  frame.writeUInt16BE(transaction, 0)
  frame.writeUInt32BE(6, 2)
  frame[6] = query.unit
  frame[7] = query.function
  frame.writeUInt16BE(query.address, 8)
  frame.writeUInt16BE(query.quantity, 10)
  return frame
}

const NOTHING = new Uint8Array(0)

const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0
/** Two bytes, the high one first; those behind the end count as 0. */
const wordAt = (bytes: Uint8Array, at: number): number => (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1)

/**
 * Takes the first frame off a stream of bytes. `broken` means that the stream cannot be trusted any more: where the
 * next frame would begin is unknown, so its connection must be given up.
 */
export function nextFrame(bytes: Uint8Array): NextFrame {
  if (bytes.length < HEADER_BYTES) return { kind: 'incomplete' }
  const protocol = wordAt(bytes, 2)
  if (protocol !== 0) return { kind: 'broken', reason: `protocol identifier ${protocol} instead of 0` }
  const length = wordAt(bytes, 4)
  if (length < LENGTH_MIN || length > LENGTH_MAX) {
    return { kind: 'broken', reason: `length field ${length}, not ${LENGTH_MIN} to ${LENGTH_MAX}` }
  }
  const end = HEADER_BYTES + length
  if (bytes.length < end) return { kind: 'incomplete' }
  return {
    kind: 'frame',
    frame: {
      transaction: wordAt(bytes, 0),
      unit: byteAt(bytes, 6),
      pdu: bytes.subarray(HEADER_BYTES + 1, end),
    },
    rest: end === bytes.length ? NOTHING : bytes.subarray(end),
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
  const functionCode = byteAt(pdu, 0)
  if (functionCode === (query.function | EXCEPTION_BIT)) {
    if (pdu.length !== 2) return broken(`exception of ${pdu.length} bytes instead of 2`)
    const code = byteAt(pdu, 1)
    return { kind: 'exception', code, cause: causeOfException(code) }
  }
  if (functionCode !== query.function) {
    return broken(`function ${functionCode} answers function ${query.function}`)
  }
  const byteCount = byteAt(pdu, 1)
  if (byteCount !== 2 * query.quantity || pdu.length !== 2 + byteCount) {
    return broken(`byte count ${byteCount} in a PDU of ${pdu.length} bytes for ${query.quantity} registers`)
  }
  const words = new Uint16Array(query.quantity)
  for (let index = 0; index < words.length; index += 1) words[index] = wordAt(pdu, 2 + 2 * index)
  return { kind: 'words', words }
}

/**
 * True when another reply seems to begin inside a frame: then a reply before it was cut short and filled up with this
 * one, and its registers are not what they seem. `isKnown` tells which transactions were asked.
 */
export function hidesReply({ pdu }: Frame, isKnown: (transaction: number) => boolean): boolean {
  const headBytes = HEADER_BYTES + 3
  for (let at = 2; at + headBytes <= pdu.length; at += 1) {
    if (wordAt(pdu, at + 2) !== 0 || byteAt(pdu, at + 4) !== 0) continue
    const length = byteAt(pdu, at + 5)
    const functionCode = byteAt(pdu, at + 7)
    const isException = length === LENGTH_MIN && functionCode > EXCEPTION_BIT
    const isReply = functionCode < EXCEPTION_BIT && byteAt(pdu, at + 8) === length - 3 && length > LENGTH_MIN
    if ((isException || isReply) && isKnown(wordAt(pdu, at))) return true
  }
  return false
}
