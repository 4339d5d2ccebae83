import type { Topic } from '#contract/topics.ts'

/** One payload as it came in. */
export interface Delivery {
  readonly topic: Topic
  readonly payload: Uint8Array
  /** SHA-256 of the payload. */
  readonly digest: string
  /** UTC ms */
  readonly receivedMs: number
}

/** The most a gateway may have on its way without a receipt (gateway file, `inFlightBatches`). */
const PAYLOADS_PER_GATEWAY_MAX = 64
/** So that no single gateway takes the lane of all: four payloads of the greatest length. */
const BYTES_PER_GATEWAY_MAX = 16 * 1024 * 1024
/** Of each lane: what a store outage may cost in memory. Beyond it gateways keep their readings themselves. */
const BYTES_PER_LANE_MAX = 64 * 1024 * 1024
/** A small payload costs more than its bytes. */
const PAYLOADS_PER_LANE_MAX = 10_000

interface Share {
  readonly deliveries: Delivery[]
  bytes: number
}

/** One lane: bounded, and gateways take turns, so that a busy one does not keep the others waiting. */
class Lane {
  readonly #shares = new Map<string, Share>()
  count = 0
  bytes = 0

  offer(delivery: Delivery): boolean {
    const length = delivery.payload.length
    if (this.count >= PAYLOADS_PER_LANE_MAX || this.bytes + length > BYTES_PER_LANE_MAX) return false
    const share = this.#shares.get(delivery.topic.gateway) ?? { deliveries: [], bytes: 0 }
    if (share.deliveries.length >= PAYLOADS_PER_GATEWAY_MAX || share.bytes + length > BYTES_PER_GATEWAY_MAX)
      return false
    this.#shares.set(delivery.topic.gateway, share)
    share.deliveries.push(delivery)
    share.bytes += length
    this.count += 1
    this.bytes += length
    return true
  }

  take(): Delivery | undefined {
    for (const [gateway, share] of this.#shares) {
      const delivery = share.deliveries.shift()
      // Map keeps the order of insertion: set again, the gateway stands at the end.
      this.#shares.delete(gateway)
      if (delivery === undefined) continue
      const length = delivery.payload.length
      if (share.deliveries.length > 0)
        this.#shares.set(gateway, { deliveries: share.deliveries, bytes: share.bytes - length })
      this.count -= 1
      this.bytes -= length
      return delivery
    }
    return undefined
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

  /** The next one; it stays known, so that the same payload is not taken in again meanwhile, until `release`. */
  take(): Delivery | undefined {
    return this.#live.take() ?? this.#backlog.take()
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
