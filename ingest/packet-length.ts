/**
 * Most bytes of one MQTT packet after its fixed header. A full batch of the contract stays well below; without a
 * bound the parser would gather 256 MiB for one client.
 */
export const PACKET_BYTES_MAX = 4 * 1024 * 1024

/** The first packet comes from a stranger: room for a CONNECT with the longest will (64 KiB) and its names. */
export const CONNECT_BYTES_MAX = 128 * 1024

/**
 * Room of a SUBSCRIBE or UNSUBSCRIBE, and of what only has a number: a client of ours names three topics. One of the
 * greatest length names half a million, which hold up the broker for ten seconds and more.
 */
export const CONTROL_BYTES_MAX = 2 * 1024

/** Of these packets, and of pings, so many in this time: a client sends a few when it connects, then a ping now and then. */
export const CONTROLS_MAX = 100
const CONTROLS_MS = 10_000

/**
 * Acknowledgements of what was delivered, so many in the same time: ten times what a gateway that sends as fast as it may
 * has to acknowledge. Each is four bytes and costs the broker a search, so that a flood of them would hold up all others.
 */
export const ACKNOWLEDGEMENTS_MAX = 100_000

/** MQTT 3.1.1 §2.2.1 */
const PUBLISH = 3
/** Of each kind of packets, which belong to it and how many are too many: subscriptions and pings; PUBACK to PUBCOMP. */
const bounded = [
  { types: new Set([8, 10, 12]), most: CONTROLS_MAX },
  { types: new Set([4, 5, 6, 7]), most: ACKNOWLEDGEMENTS_MAX },
] as const

/** MQTT 3.1.1 §2.2.3: the remaining length takes at most four bytes of seven bits. */
const LENGTH_SHIFT_MAX = 21

/**
 * Watches one connection's bytes, in whatever pieces they come, and reads nothing but the packets' lengths.
 * The returned function takes the next piece and says false once a packet is longer than allowed, its length is not MQTT,
 * or there are more subscriptions, pings or acknowledgements than a client has a use for; the connection must be closed
 * then.
 */
export function packetLengthGuard(nowMs: () => number): (piece: Uint8Array) => boolean {
  let part: 'type' | 'length' | 'body' = 'type'
  let length = 0
  let shift = 0
  let bodyLeft = 0
  let type = 0
  let isFirst = true
  const counted = bounded.map((kind) => ({ ...kind, sinceMs: -Infinity, packets: 0 }))

  function isOneTooMany(): boolean {
    const kind = counted.find(({ types }) => types.has(type))
    if (kind === undefined) return false
    const atMs = nowMs()
    if (atMs - kind.sinceMs >= CONTROLS_MS) {
      kind.sinceMs = atMs
      kind.packets = 0
    }
    kind.packets += 1
    return kind.packets > kind.most
  }
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
        type = byte >> 4
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
      const bytesMax = isFirst ? CONNECT_BYTES_MAX : type === PUBLISH ? PACKET_BYTES_MAX : CONTROL_BYTES_MAX
      if (length > bytesMax || isOneTooMany()) return false
      isFirst = false
      bodyLeft = length
      part = length === 0 ? 'type' : 'body'
    }
    return true
  }
}
