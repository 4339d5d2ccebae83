import { MINUTE_MS } from '#contract/duration.ts'

/** Refused requests of one address, and of all, that are put on record one by one in a minute. */
const NOTED_OF_ONE_MAX = 60
const NOTED_MAX = 240
/** Addresses that are counted by name; those of others together. */
const ADDRESSES_MAX = 50
const OTHERS = 'others'

/** How many refused requests of an address were not put on record one by one. */
interface Counted {
  readonly address: string
  readonly requests: number
}

/**
 * Refused requests of people whom nobody knows: whoever reaches the port can send them without end, and each on record
 * would fill the disk and hold up whoever shares it. The first of a minute are noted, further ones counted. Bounded in
 * memory.
 */
export class RefusedRequests {
  #startedMs = -Infinity
  #noted = new Map<string, number>()
  #more = new Map<string, number>()

  /** True where this request is to be noted by itself; otherwise it is counted. */
  take(address: string, nowMs: number): boolean {
    if (nowMs - this.#startedMs >= MINUTE_MS) {
      this.#startedMs = nowMs
      this.#noted = new Map()
    }
    const noted = this.#noted.get(address) ?? 0
    const all = [...this.#noted.values()].reduce((sum, each) => sum + each, 0)
    if (noted < NOTED_OF_ONE_MAX && all < NOTED_MAX) {
      this.#noted.set(address, noted + 1)
      return true
    }
    const name = this.#more.has(address) || this.#more.size < ADDRESSES_MAX ? address : OTHERS
    this.#more.set(name, (this.#more.get(name) ?? 0) + 1)
    return false
  }

  /** What was counted and not told of yet; nothing while its minute goes on, unless it is asked for `now`. */
  counted(nowMs: number, now = false): readonly Counted[] {
    if (this.#more.size === 0 || (!now && nowMs - this.#startedMs < MINUTE_MS)) return []
    const counted = [...this.#more].map(([address, requests]) => ({ address, requests }))
    this.#more = new Map()
    return counted
  }
}
