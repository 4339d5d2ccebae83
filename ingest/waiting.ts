import type { Topic } from '#contract/topics.ts'

/** One payload as it came in. */
export interface Delivery {
  readonly topic: Topic
  readonly payload: Uint8Array
  /** SHA-256 of the payload. */
  readonly digest: string
  /** It came with others in one message: its gateway understands a receipt for several, too. */
  readonly isBundled?: boolean
  /** UTC ms */
  readonly receivedMs: number
}

/** The most a gateway may have on its way without a receipt (gateway file, `inFlightBatches`). */
const PAYLOADS_PER_GATEWAY_MAX = 128
/** So that no single gateway takes the lane of all: four payloads of the greatest length. */
const BYTES_PER_GATEWAY_MAX = 16 * 1024 * 1024
/** Of each lane: what a store outage may cost in memory. Beyond it gateways keep their readings themselves. */
const BYTES_PER_LANE_MAX = 64 * 1024 * 1024
/** A small payload costs more than its bytes. */
const PAYLOADS_PER_LANE_MAX = 20_000

/**
 * Payloads of a gateway in a turn, and of a write as far as it may be so long: a server takes many values of one series in a request for little more
 * than one (docs/benchmarks.md).
 */
export const PAYLOADS_PER_TURN = 64

interface Share {
  readonly deliveries: Delivery[]
  bytes: number
  /** What it may still give before others have their turn. */
  turn: number
}

/**
 * One lane: bounded, and gateways take turns, so that a busy one does not keep the others waiting. Who had nothing waiting
 * has the next turn, once: a gateway that sends a payload now and then does not wait for those that always have some. It
 * counts as such again once it had nothing at a turn among the others, so that nobody starves (as in RFC 8290 §4.2).
 */
class Lane {
  readonly #fresh = new Map<string, Share>()
  readonly #busy = new Map<string, Share>()
  /** Whose turn began with the group under way. */
  #turnOfGroup: string | undefined
  #isGroupEmpty = true
  /** Whose delivery was taken last. */
  #last: Share | undefined
  count = 0
  bytes = 0

  /** The turn of whose delivery was taken last is not over, and more of it waits. */
  get isWithinTurn(): boolean {
    return this.#last !== undefined && this.#last.turn > 0 && this.#last.deliveries.length > 0
  }

  offer(delivery: Delivery): boolean {
    const length = delivery.payload.length
    if (this.count >= PAYLOADS_PER_LANE_MAX || this.bytes + length > BYTES_PER_LANE_MAX) return false
    const { gateway } = delivery.topic
    const known = this.#fresh.get(gateway) ?? this.#busy.get(gateway)
    const share = known ?? { deliveries: [], bytes: 0, turn: PAYLOADS_PER_TURN }
    if (share.deliveries.length >= PAYLOADS_PER_GATEWAY_MAX || share.bytes + length > BYTES_PER_GATEWAY_MAX)
      return false
    if (known === undefined) this.#fresh.set(gateway, share)
    share.deliveries.push(delivery)
    share.bytes += length
    this.count += 1
    this.bytes += length
    return true
  }

  /**
   * A group begins. A turn that began with the group before ends with it: else this one would hold what is left of that turn and
   * the first half of another's, and so would all after it. One that began within it goes on.
   */
  beginGroup(): void {
    const gateway = this.#turnOfGroup
    this.#turnOfGroup = undefined
    this.#isGroupEmpty = true
    this.#last = undefined
    if (gateway === undefined) return
    for (const shares of [this.#fresh, this.#busy]) {
      const share = shares.get(gateway)
      if (share === undefined || share.turn === PAYLOADS_PER_TURN) continue
      share.turn = PAYLOADS_PER_TURN
      shares.delete(gateway)
      // Empty, it had nothing at a turn among the others: what it sends next is fresh.
      if (share.deliveries.length > 0 || shares === this.#fresh) this.#busy.set(gateway, share)
    }
  }

  take(): Delivery | undefined {
    for (const [gateway, share] of this.#fresh) {
      const delivery = this.#takeFrom(share)
      if (delivery !== undefined) return delivery
      this.#fresh.delete(gateway)
      share.turn = PAYLOADS_PER_TURN
      this.#busy.set(gateway, share)
    }
    for (const [gateway, share] of this.#busy) {
      const delivery = this.#takeFrom(share)
      if (delivery !== undefined) return delivery
      this.#busy.delete(gateway)
      // Map keeps the order of insertion: set again, the gateway stands at the end.
      if (share.deliveries.length === 0) continue
      share.turn = PAYLOADS_PER_TURN
      this.#busy.set(gateway, share)
    }
    return undefined
  }

  /** The next of a share, while its turn lasts. */
  #takeFrom(share: Share): Delivery | undefined {
    const delivery = share.turn > 0 ? share.deliveries.shift() : undefined
    if (delivery === undefined) return undefined
    if (this.#isGroupEmpty && share.turn === PAYLOADS_PER_TURN) this.#turnOfGroup = delivery.topic.gateway
    this.#isGroupEmpty = false
    this.#last = share
    share.turn -= 1
    share.bytes -= delivery.payload.length
    this.count -= 1
    this.bytes -= delivery.payload.length
    return delivery
  }
}

function identityOf(delivery: Delivery): string {
  return `${delivery.topic.gateway} ${delivery.digest}`
}

/**
 * Payloads that wait for the store, live before backlog. Bounded: what does not fit is dropped, which loses nothing,
 * because a gateway without a receipt sends again. One payload waits once, however often it comes, until it is
 * released.
 */
export class Waiting {
  readonly #live = new Lane()
  readonly #backlog = new Lane()
  readonly #known = new Set<string>()
  #wakes: (() => void)[] = []

  get count(): number {
    return this.#live.count + this.#backlog.count
  }

  /** Of these those that are live. */
  get liveCount(): number {
    return this.#live.count
  }

  get bytes(): number {
    return this.#live.bytes + this.#backlog.bytes
  }

  offer(delivery: Delivery): 'queued' | 'coalesced' | 'dropped' {
    const identity = identityOf(delivery)
    if (this.#known.has(identity)) return 'coalesced'
    const lane = delivery.topic.leaf === 'live' ? this.#live : this.#backlog
    if (!lane.offer(delivery)) return 'dropped'
    this.#known.add(identity)
    this.wake()
    return 'queued'
  }

  /** What is taken from here on is a group: a gateway's turn does not reach from one into the next. */
  beginGroup(): void {
    this.#live.beginGroup()
    this.#backlog.beginGroup()
  }

  /** The next one; it stays known, so that the same payload is not taken in again meanwhile, until `release`. */
  take(): Delivery | undefined {
    return this.#live.take() ?? this.#backlog.take()
  }

  /** More of the turn waits to which the delivery belongs that was taken last: together they make a better write. */
  get isWithinTurn(): boolean {
    return this.#live.isWithinTurn || this.#backlog.isWithinTurn
  }

  /** The same of live ones alone. */
  takeLive(): Delivery | undefined {
    return this.#live.take()
  }

  /** Called when its receipt is on the way, or when it was given up. */
  release(delivery: Delivery): void {
    this.#known.delete(identityOf(delivery))
  }

  /** Resolves when something waits, or at the next `wake`. */
  filled(): Promise<void> {
    if (this.count > 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wakes.push(resolve)
    })
  }

  wake(): void {
    const wakes = this.#wakes
    this.#wakes = []
    for (const wake of wakes) wake()
  }
}
