import { BUNDLE_BYTES_MAX } from '#contract/bundle.ts'

/** Of a message with several rows: a new batch that waits behind one waits no longer than behind a long row. */
export const BYTES_TOGETHER_MAX = BUNDLE_BYTES_MAX / 4
/** What a packet has beside its payload: its header, a topic and, with MQTT 5, properties. */
const PACKET_BYTES_MORE = 1_024
/** For so long rows travel alone once a bundle was refused. */
export const REFUSED_PAUSE_MS = 60 * 60 * 1_000
/** And where a connection ended before the broker had one: most of these ended for another reason. */
export const DOUBT_PAUSE_MS = 5 * 60 * 1_000
/** Bundles that are remembered: more than can be on their way. */
const REMEMBERED_MAX = 64

interface Sent {
  readonly places: readonly number[]
  isTaken: boolean
}

/**
 * Whether rows may travel together, by what became of those that did: a server from before bundles, or a broker that takes
 * no message of such a length, must cost a backlog no more than a try now and then. Pure: time comes in.
 */
export class Bundling {
  /** By digest, oldest first. */
  readonly #sent = new Map<string, Sent>()
  #pausedUntilMs = -Infinity
  #bytesMax = BYTES_TOGETHER_MAX

  /** @param packetBytesMax longest packet that the broker takes (MQTT 5) */
  connected(packetBytesMax = Infinity): void {
    this.#sent.clear()
    this.#bytesMax = Math.min(BYTES_TOGETHER_MAX, packetBytesMax - PACKET_BYTES_MORE)
  }

  /** Longest bundle. */
  get bytesMax(): number {
    return this.#bytesMax
  }

  isPaused(nowMs: number): boolean {
    return nowMs < this.#pausedUntilMs
  }

  sent(digest: string, places: readonly number[]): void {
    this.#sent.set(digest, { places, isTaken: false })
    if (this.#sent.size <= REMEMBERED_MAX) return
    const [oldest] = this.#sent.keys()
    if (oldest !== undefined) this.#sent.delete(oldest)
  }

  /** The broker has it, which does not say that the server knows what it is. */
  taken(digest: string): void {
    const sent = this.#sent.get(digest)
    if (sent !== undefined) sent.isTaken = true
  }

  /** The places of a bundle that was refused, which are to be sent alone; undefined for what is no bundle of ours. */
  refused(digest: string, nowMs: number): readonly number[] | undefined {
    const sent = this.#sent.get(digest)
    if (sent === undefined) return undefined
    this.#sent.delete(digest)
    this.#pausedUntilMs = nowMs + REFUSED_PAUSE_MS
    return sent.places
  }

  /** The connection ended. A bundle that the broker has not taken by then may be why. */
  disconnected(nowMs: number): void {
    const isDoubtful = [...this.#sent.values()].some(({ isTaken }) => !isTaken)
    if (isDoubtful) this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + DOUBT_PAUSE_MS)
    this.#sent.clear()
  }
}
