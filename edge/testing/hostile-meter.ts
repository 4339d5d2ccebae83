import type { Clock } from '#contract/clock.ts'
import type { ReadQuery } from '#edge/modbus/frame.ts'
import { wordsPdu, type Framing, type Heard } from './hostile-framing.ts'
import type { Occasion, Wire } from './hostile-kinds.ts'
import { scrambled, type SeededRandom } from './seeded-random.ts'

export type Kinds = Readonly<Record<string, (occasion: Occasion) => void>>

export interface HostileMeterOptions {
  readonly framing: Framing
  readonly kinds: Kinds
  /** The units that are asked. */
  readonly units: readonly number[]
  /** Another unit of the line may be imitated, as long as nothing of it is under way. */
  readonly imitates: boolean
  /** How long the client waits for an answer, and how late one may come at all. */
  readonly times: (query: ReadQuery) => { readonly waitMs: number; readonly boundMs: number }
  readonly random: SeededRandom
  readonly clock: Clock
}

/** Share of requests that are answered as they should be. */
const HONEST_SHARE = 0.3
/** Units from here on are nobody's. */
const STRANGERS_FROM = 100

/**
 * Meters that answer as badly as they can, but never so that nobody could know: values are those of the request's
 * registers at its moment, and every lie shows in a frame, its number or its time.
 */
export class HostileMeter {
  readonly #options: HostileMeterOptions
  readonly #seed: number
  readonly #busyUntilMs = new Map<number, number>()
  readonly #queries: ReadQuery[] = []
  #held: { readonly reply: Uint8Array; readonly untilMs: number } | undefined
  /** What was done how often. */
  readonly counts: Record<string, number> = {}
  /** From now on it is honest. */
  reformed = false

  constructor(options: HostileMeterOptions) {
    this.#options = options
    this.#seed = options.random.below(2 ** 31)
    for (const kind of Object.keys(options.kinds)) this.counts[kind] = 0
  }

  /** How many requests were heard: the time of these meters, in which every register changes at each step. */
  get heard(): number {
    return this.#queries.length
  }

  /** True when a meter had these registers at some moment after that many requests. */
  had({ unit, function: code, address, quantity }: ReadQuery, words: Uint16Array, since: number): boolean {
    if (words.length !== quantity) return false
    for (let moment = since; moment < this.#queries.length; moment += 1) {
      const asked = this.#queries[moment]
      if (asked?.unit !== unit || asked.function !== code || asked.address !== address) continue
      if (words.every((word, index) => word === this.#register(unit, code, address + index, moment + 1))) {
        return true
      }
    }
    return false
  }

  #register(unit: number, code: number, address: number, moment: number): number {
    return (
      scrambled(this.#seed ^ scrambled(moment) ^ scrambled((unit << 24) ^ (code << 16) ^ address)) & 0xffff
    )
  }

  /** Answers one request in its way. */
  take(request: Uint8Array, wire: Wire): void {
    const { framing, kinds, random, clock, times } = this.#options
    const heard = framing.heard(request)
    this.#queries.push(heard)
    const { waitMs, boundMs } = times(heard)
    const nowMs = clock.monotonicMs()
    const busyUntilMs = Math.max(this.#busyUntilMs.get(heard.unit) ?? 0, nowMs + boundMs)
    const held = this.#heldStill(nowMs)
    const heldFirst = random.chance(0.5)
    if (held !== undefined && heldFirst) wire.send(0, held)
    const kind = this.reformed || random.chance(HONEST_SHARE) ? 'honest' : random.of(Object.keys(kinds))
    this.counts[kind] = (this.counts[kind] ?? 0) + 1
    kinds[kind]?.({
      heard,
      request: Uint8Array.from(request),
      framing,
      random,
      wire,
      reply: this.#reply(heard),
      waitMs,
      boundMs,
      forged: (count) => Array.from({ length: count }, () => random.below(65_536)),
      stranger: () => this.#stranger(heard.unit, nowMs),
      hold: (reply) => {
        this.#held = { reply, untilMs: nowMs + boundMs - 10 }
      },
    })
    this.#busyUntilMs.set(heard.unit, busyUntilMs)
    if (held !== undefined && !heldFirst) wire.send(random.below(5), held)
  }

  #heldStill(nowMs: number): Uint8Array | undefined {
    const held = this.#held
    this.#held = undefined
    return held === undefined || held.untilMs < nowMs ? undefined : held.reply
  }

  #reply({ transaction, unit, function: code, address, quantity }: Heard): Uint8Array {
    const words = Array.from({ length: quantity }, (_, index) =>
      this.#register(unit, code, address + index, this.#queries.length),
    )
    return this.#options.framing.frame(transaction, unit, wordsPdu(code, words))
  }

  #stranger(unit: number, nowMs: number): number {
    const { imitates, random, units } = this.#options
    const idle = units.filter((other) => other !== unit && (this.#busyUntilMs.get(other) ?? 0) < nowMs)
    return imitates && idle.length > 0 ? random.of(idle) : STRANGERS_FROM + unit
  }
}
