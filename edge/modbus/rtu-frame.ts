import type { SerialSettings } from '#firmware-config/gateway.ts'
import { matchReply, type Matched, type ReadQuery } from './frame.ts'

/**
 * Modbus RTU frames as pure functions. Source: MODBUS over Serial Line 1.02 §2.5.1 (frames and silence), §6.2.2 (CRC).
 */

/** What the bytes at the front of the buffer are to one query. */
export type RtuMatch =
  /** They may become its answer. */
  | { readonly kind: 'incomplete' }
  /** Its answer, and what follows it. */
  | {
      readonly kind: 'reply'
      readonly matched: Exclude<Matched, { kind: 'broken' }>
      readonly rest: Uint8Array
    }
  /**
   * Unit and function are those of its answer, the CRC is wrong. `whole`: so are count and size; what has only the first
   * two bytes of it, or goes on behind its end, may be noise.
   */
  | { readonly kind: 'damaged'; readonly whole: boolean }
  /** Not its answer, whatever follows. */
  | { readonly kind: 'foreign'; readonly reason: string }

const CRC_BYTES = 2
const REQUEST_BYTES = 8
/** Unit, function and byte count, or unit, function and exception code. */
const HEAD_BYTES = 3
const EXCEPTION_BIT = 0x80
/** Unit, up to 253 bytes of PDU, CRC. */
const FRAME_BYTES_MAX = 256
/** Above this rate the silence has a fixed length (§2.5.1.1). */
const FIXED_SILENCE_ABOVE_BAUD = 19_200
const FIXED_SILENCE_MS = 1.75
const SILENCE_CHARACTERS = 3.5

/** CRC-16 with the reflected polynomial 0xA001, beginning with 0xFFFF; its low byte goes first on the line. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xa001
  }
  return crc
}

/** A frame with its CRC. */
export function withCrc(bytes: Uint8Array): Uint8Array {
  const crc = crc16(bytes)
  return Uint8Array.of(...bytes, crc & 0xff, crc >>> 8)
}

/** The frame that asks for registers. */
export function rtuRequest({ unit, function: code, address, quantity }: ReadQuery): Uint8Array {
  return withCrc(Uint8Array.of(unit, code, address >>> 8, address & 0xff, quantity >>> 8, quantity & 0xff))
}

/** What the first bytes are to a query. An RTU frame does not say which registers it brings: see `RtuLine`. */
export function matchRtu(query: ReadQuery, bytes: Uint8Array): RtuMatch {
  const [unit, code, count] = bytes
  if (unit === undefined) return { kind: 'incomplete' }
  if (unit !== query.unit) return { kind: 'foreign', reason: `unit ${unit} was not asked` }
  if (code === undefined) return { kind: 'incomplete' }
  const isException = code === (query.function | EXCEPTION_BIT)
  if (code !== query.function && !isException) {
    return { kind: 'foreign', reason: `function ${code} answers function ${query.function}` }
  }
  if (count === undefined) return { kind: 'incomplete' }
  const dataBytes = 2 * query.quantity
  if (!isException && count !== dataBytes) {
    return { kind: 'foreign', reason: `byte count ${count} for ${query.quantity} registers` }
  }
  const end = HEAD_BYTES + (isException ? 0 : dataBytes) + CRC_BYTES
  if (bytes.length < end) return { kind: 'incomplete' }
  // The CRC over a frame with its own CRC is 0.
  if (crc16(bytes.subarray(0, end)) !== 0) {
    return { kind: 'damaged', whole: !isException && bytes.length === end }
  }
  const matched = matchReply(query, { transaction: 0, unit, pdu: bytes.subarray(1, end - CRC_BYTES) })
  if (matched.kind === 'broken') return { kind: 'foreign', reason: matched.reason }
  return { kind: 'reply', matched, rest: bytes.subarray(end) }
}

/** How much of a request the bytes begin with: some adapters hear themselves (two-wire echo). */
export function matchEcho(request: Uint8Array, bytes: Uint8Array): 'none' | 'part' | 'whole' {
  const shared = Math.min(request.length, bytes.length)
  for (let at = 0; at < shared; at += 1) if (request[at] !== bytes[at]) return 'none'
  return shared === request.length ? 'whole' : 'part'
}

/** Time of so many characters on the line: start bit, 8 data bits, parity if any, stop bits. */
export function characterMs(count: number, { baudRate, parity, stopBits }: SerialSettings): number {
  const bits = 1 + 8 + (parity === 'none' ? 0 : 1) + stopBits
  return (count * bits * 1_000) / baudRate
}

/** The silence between two frames (§2.5.1.1): 3.5 characters, 1.75 ms above 19,200 baud. */
export function silenceMs(serial: SerialSettings): number {
  return serial.baudRate > FIXED_SILENCE_ABOVE_BAUD
    ? FIXED_SILENCE_MS
    : characterMs(SILENCE_CHARACTERS, serial)
}

/** Time of a query and its answer on the line; without a query, of the longest there are. */
export function exchangeMs(serial: SerialSettings, query?: ReadQuery): number {
  const replyBytes = query === undefined ? FRAME_BYTES_MAX : HEAD_BYTES + 2 * query.quantity + CRC_BYTES
  return characterMs(REQUEST_BYTES + replyBytes, serial)
}
