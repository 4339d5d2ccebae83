/**
 * Most bytes of one MQTT packet after its fixed header. A full batch of the contract stays well below; without a
 * bound the parser would gather 256 MiB for one client.
 */
export const PACKET_BYTES_MAX = 4 * 1024 * 1024

/** The first packet comes from a stranger: room for a CONNECT with the longest will (64 KiB) and its names. */
export const CONNECT_BYTES_MAX = 128 * 1024

/** MQTT 3.1.1 §2.2.3: the remaining length takes at most four bytes of seven bits. */
const LENGTH_SHIFT_MAX = 21

/**
 * Watches one connection's bytes, in whatever pieces they come, and reads nothing but the packets' lengths.
 * The returned function takes the next piece and says false once a packet is longer than allowed or its length is
 * not MQTT; the connection must be closed then.
 */
export function packetLengthGuard(): (piece: Uint8Array) => boolean {
  let part: 'type' | 'length' | 'body' = 'type'
  let length = 0
  let shift = 0
  let bodyLeft = 0
  let bytesMax = CONNECT_BYTES_MAX
  return (piece) => {
    let at = 0
    while (at < piece.length) {
      if (part === 'body') {
        const step = Math.min(bodyLeft, piece.length - at)
        bodyLeft -= step
        at += step
        if (bodyLeft === 0) part = 'type'
        continue
      }
      const byte = piece[at] ?? 0
      at += 1
      if (part === 'type') {
        part = 'length'
        length = 0
        shift = 0
        continue
      }
      length += (byte & 0x7f) << shift
      if ((byte & 0x80) !== 0) {
        shift += 7
        if (shift > LENGTH_SHIFT_MAX) return false
        continue
      }
      if (length > bytesMax) return false
      bytesMax = PACKET_BYTES_MAX
      bodyLeft = length
      part = length === 0 ? 'type' : 'body'
    }
    return true
  }
}
