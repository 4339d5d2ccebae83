import { crc16 } from '#edge/modbus/rtu-frame.ts'
import { wordsPdu, type Framing, type Heard } from './hostile-framing.ts'
import type { SeededRandom } from './seeded-random.ts'

/** How a server reaches the client that asked, and what it can do to the way between them. */
export interface Wire {
  send(afterMs: number, bytes: Uint8Array): void
  /** What is sent for two moments arrives so far apart; real timers and sockets may make it more. */
  readonly exact: boolean
  /** Ends the connection, after everything that was sent for an earlier moment. */
  close(afterMs: number): void
  /** Ends the connection and takes no new one for that long. */
  refuse(forMs: number): void
  /** The connection stays, but nothing passes it any more. */
  mute(): void
  /** The network holds back what passes in one direction, in order. */
  stall(direction: 'requests' | 'replies', forMs: number): void
  /** Nothing else is on its way, and the connection holds no part of a frame: what comes next cannot be mixed up with it. */
  readonly alone: boolean
  /** From now on the connection may hold a part of a frame. */
  spoil(): void
}

/** One request, and everything that a lie about it may need. */
export interface Occasion {
  readonly heard: Heard
  readonly request: Uint8Array
  readonly framing: Framing
  readonly random: SeededRandom
  readonly wire: Wire
  /** The right reply. */
  readonly reply: Uint8Array
  /** The client waits this long. */
  readonly waitMs: number
  /** An answer never comes later than this. */
  readonly boundMs: number
  /** Registers that no meter has. */
  readonly forged: (count: number) => number[]
  /** Another unit, of which nothing is under way. */
  readonly stranger: () => number
  /** Keeps a reply until the next request. */
  readonly hold: (reply: Uint8Array) => void
}

const EXCEPTIONS = [1, 2, 3, 4, 5, 6, 10, 11, 77]

const soon = ({ random }: Occasion): number => random.next() * 2
const inTime = ({ random, waitMs }: Occasion): number => random.next() * 0.9 * waitMs
const tooLate = ({ random, waitMs, boundMs }: Occasion): number =>
  waitMs + 1 + random.next() * (boundMs - waitMs - 3)

const forgedReply = (
  { framing, heard, forged }: Occasion,
  lie: Partial<Heard> & { readonly functionCode?: number },
): Uint8Array => {
  const { transaction, unit, quantity } = { ...heard, ...lie }
  return framing.frame(transaction, unit, wordsPdu(lie.functionCode ?? heard.function, forged(quantity)))
}

const exception = ({ framing, heard, random }: Occasion): Uint8Array =>
  framing.frame(heard.transaction, heard.unit, Uint8Array.of(heard.function | 0x80, random.of(EXCEPTIONS)))

/** A lie, and in half of the cases the truth after it, in time or not. */
function lieFirst(occasion: Occasion, lie: Uint8Array): void {
  const { random, wire, reply } = occasion
  wire.send(soon(occasion), lie)
  if (random.chance(0.5)) wire.send(random.chance(0.5) ? inTime(occasion) : tooLate(occasion), reply)
}

/** Where a reply is cut. */
const pieceBytes = ({ random, reply }: Occasion): number => random.between(1, reply.length - 1)

/**
 * Without a CRC nobody could know that a piece of one reply, or noise of just the right length, or what does not look like
 * a reply, fills up another one that was cut short. Among others there are whole replies only, and noise longer than any.
 */
const mayBeOdd = ({ framing, wire }: Occasion): boolean => framing.headAt === 0 || wire.alone
const NOISE_AMONG_OTHERS = 261

function sendNoise(o: Occasion, afterMs: number, most: number): void {
  const bytes = mayBeOdd(o) ? o.random.between(1, most) : NOISE_AMONG_OTHERS
  o.wire.send(afterMs, o.random.bytes(bytes))
  o.wire.spoil()
}

/** Another number of registers than was asked for. */
const otherQuantity = ({ heard, random }: Occasion): number => {
  const quantity = random.between(1, 125)
  return quantity === heard.quantity ? quantity + 1 : quantity
}

/** Damage of the kinds that a CRC-16 is sure to show, or any that it happens to show. */
function damaged({ reply, random, framing }: Occasion): Uint8Array {
  for (;;) {
    const bytes = Uint8Array.from(reply)
    const flips = random.of([1, 2, 3, 20])
    for (let flip = 0; flip < flips; flip += 1) {
      const at = random.below(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    }
    // One damage in 65,536 leaves the CRC right; no receiver can know it.
    if (framing.headAt > 0 || crc16(bytes) !== 0) return bytes
  }
}

/** What a server can do with one request, on any transport. */
export const commonKinds = {
  honest: (o) => o.wire.send(soon(o), o.reply),
  delayed: (o) => o.wire.send(inTime(o), o.reply),
  late: (o) => o.wire.send(tooLate(o), o.reply),
  silent: () => undefined,
  swapped: (o) => o.hold(o.reply),
  torn: (o) => {
    if (!mayBeOdd(o)) return o.wire.send(inTime(o), o.reply)
    const cut = pieceBytes(o)
    o.wire.send(inTime(o), o.reply.subarray(0, cut))
    o.wire.send(tooLate(o), o.reply.subarray(cut))
  },
  singleBytes: (o) => {
    if (!mayBeOdd(o)) return o.wire.send(soon(o), o.reply)
    // Without a CRC nobody could know that late single bytes fill up another reply that was cut short.
    const isLate = o.framing.headAt === 0 && o.random.chance(0.5)
    const startMs = isLate ? tooLate(o) : soon(o)
    const stepMs = Math.min(1, (o.boundMs - 1 - startMs) / o.reply.length)
    for (const [index, byte] of o.reply.entries()) o.wire.send(startMs + index * stepMs, Uint8Array.of(byte))
  },
  duplicated: (o) => {
    const afterMs = inTime(o)
    // A second answer that comes after the next request cannot be told from the answer to that.
    const apartMs = o.wire.exact ? o.random.below(2) : 0
    o.wire.send(afterMs, o.reply)
    o.wire.send(afterMs + apartMs, o.reply)
  },
  exception: (o) => o.wire.send(inTime(o), exception(o)),
  lateException: (o) => o.wire.send(tooLate(o), exception(o)),
  truncated: (o) => {
    o.wire.send(inTime(o), mayBeOdd(o) ? o.reply.subarray(0, pieceBytes(o)) : o.reply)
    o.wire.spoil()
  },
  oversized: (o) => {
    o.wire.send(inTime(o), Buffer.concat([o.reply, o.random.bytes(o.random.between(1, 300))]))
    o.wire.spoil()
  },
  otherQuantity: (o) => lieFirst(o, forgedReply(o, { quantity: otherQuantity(o) })),
  otherFunction: (o) =>
    lieFirst(
      o,
      forgedReply(o, {
        functionCode: o.random.of([7 - o.heard.function, 1, 16, ...(mayBeOdd(o) ? [0, 0x90] : [])]),
      }),
    ),
  otherUnit: (o) => lieFirst(o, forgedReply(o, { unit: o.stranger() })),
  garbage: (o) => sendNoise(o, inTime(o), 300),
  garbageBefore: (o) => {
    sendNoise(o, 0, 40)
    o.wire.send(o.random.of([0, 1, 60]), o.reply)
  },
  countLies: (o) => {
    if (!mayBeOdd(o)) return o.wire.send(inTime(o), o.reply)
    const bytes = Uint8Array.from(o.reply)
    bytes[o.framing.headAt + 2] = o.random.below(256)
    const right = bytes[o.framing.headAt + 2] === o.reply[o.framing.headAt + 2]
    o.wire.send(inTime(o), right ? o.reply : bytes)
  },
} as const satisfies Record<string, (occasion: Occasion) => void>

const TRANSACTIONS = 65_536

/** Nobody can tell a number that is given out only later from the right one, once it is. */
const isAhead = (transaction: number, { heard }: Occasion): boolean => {
  const ahead = (transaction - heard.transaction + TRANSACTIONS) % TRANSACTIONS
  return ahead > 0 && ahead < TRANSACTIONS / 2
}

/** Where a reply says to which request it belongs. */
export const transactionKinds = {
  otherTransaction: (o) => {
    const most = mayBeOdd(o) ? TRANSACTIONS / 2 : 999
    const away = o.random.of([1, 2, 3, o.random.between(1, 999), o.random.between(1, most)])
    lieFirst(o, forgedReply(o, { transaction: (o.heard.transaction + TRANSACTIONS - away) % TRANSACTIONS }))
  },
  headerDamaged: (o) => {
    if (!mayBeOdd(o)) return o.wire.send(inTime(o), o.reply)
    const bytes = Buffer.from(o.reply)
    do {
      bytes.set(o.reply)
      const at = o.random.below(6)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << o.random.below(8))
    } while (isAhead(bytes.readUInt16BE(0), o))
    o.wire.send(inTime(o), bytes)
    o.wire.spoil()
  },
} as const satisfies Record<string, (occasion: Occasion) => void>

/** Where a reply ends with a CRC. */
export const serialKinds = {
  damaged: (o) => o.wire.send(inTime(o), damaged(o)),
  noiseBefore: (o) => {
    const noise = Array.from({ length: o.random.between(1, 3) }, () => o.random.of([0x00, 0xff]))
    o.wire.send(inTime(o), Uint8Array.of(...noise, ...o.reply))
  },
  echoed: (o) => {
    o.wire.send(0, o.request)
    o.wire.send(inTime(o), o.reply)
  },
} as const satisfies Record<string, (occasion: Occasion) => void>

/** Where there is a connection that can end. */
export const connectionKinds = {
  closed: (o) => o.wire.close(inTime(o)),
  closedAmidst: (o) => {
    const afterMs = inTime(o)
    o.wire.send(afterMs, mayBeOdd(o) ? o.reply.subarray(0, pieceBytes(o)) : o.reply)
    o.wire.close(afterMs)
    if (o.random.chance(0.5)) o.wire.send(tooLate(o), o.reply)
  },
  closedAfter: (o) => {
    const afterMs = inTime(o)
    o.wire.send(afterMs, o.reply)
    o.wire.close(afterMs)
  },
  refused: (o) => o.wire.refuse(o.random.between(1, 3_000)),
} as const satisfies Record<string, (occasion: Occasion) => void>

/** Where a network is between. */
export const networkKinds = {
  muted: (o) => o.wire.mute(),
  requestsStalled: (o) => {
    o.wire.send(inTime(o), o.reply)
    o.wire.stall('requests', o.random.between(50, 800))
  },
  repliesStalled: (o) => {
    o.wire.stall('replies', o.random.between(50, 800))
    o.wire.send(o.random.chance(0.5) ? inTime(o) : tooLate(o), o.reply)
  },
} as const satisfies Record<string, (occasion: Occasion) => void>
