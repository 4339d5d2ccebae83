import type { CommitRecord } from '#contract/commit.ts'
import type { MeterId } from '#contract/identity.ts'
import type { StateMessage } from '#contract/messages.ts'
import type { Meter, Park } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Reading, UsableReading } from '#contract/reading.ts'
import {
  gatewayPresence,
  meterPresence,
  silenceLimitMs,
  typicalSpacingMs,
  type GatewayEvidence,
  type GatewayPresence,
  type MeterPresence,
} from './presence.ts'

/** Moments kept per meter to learn its poll interval: an odd number of spacings, so that their median is one of them. */
const MOMENTS_KEPT = 10

interface MeterMemory {
  readonly newest: Map<QuantityName, Reading>
  readonly usable: Map<QuantityName, UsableReading>
  momentsMs: number[]
}

interface GatewayMemory {
  heardMs: number | undefined
  /** `noticedMs` is the server's time: only a later commit contradicts a lost connection. */
  death: { readonly reason: NonNullable<GatewayEvidence['death']>; readonly noticedMs: number } | undefined
  /** What it last said of itself, other than farewell. */
  said: StateMessage | undefined
  /** By how much its word was of the future when it came; undefined where it was not. */
  aheadMs: number | undefined
}

/** What is known of a meter now. Ages are for the reader to compute from its own moment. */
export interface MeterNow {
  readonly presence: MeterPresence
  readonly limitMs: number
  readonly power: UsableReading | undefined
  readonly register: UsableReading | undefined
  readonly usableMs: number | undefined
}

export interface GatewayNow {
  readonly presence: GatewayPresence
  readonly heardMs: number | undefined
  /** Journal rows that wait for a receipt, as the gateway last said. */
  readonly waitingRows: number | undefined
}

/** The quantities that a meter's power and energy rest on. */
export function essentialQuantities(meter: Meter): QuantityName[] {
  return meter.power === undefined ? [meter.register] : [meter.power, meter.register]
}

/** The newest of everything, in memory: one entry per meter, quantity and gateway of the park, so it cannot grow. */
export class Board {
  readonly #park: Park
  readonly #meters: ReadonlyMap<MeterId, MeterMemory>
  readonly #gateways: ReadonlyMap<string, GatewayMemory>

  constructor(park: Park) {
    this.#park = park
    this.#meters = new Map(
      [...park.meters.keys()].map((id) => [id, { newest: new Map(), usable: new Map(), momentsMs: [] }]),
    )
    this.#gateways = new Map(
      [...park.gateways.keys()].map((id) => [
        id,
        { heardMs: undefined, death: undefined, said: undefined, aheadMs: undefined },
      ]),
    )
  }

  /**
   * Takes readings in any order; an older one never replaces a newer one. Unknown meters are passed over.
   * A reading also shows that its gateway was there when it was taken.
   */
  takeReadings(readings: readonly Reading[], nowMs: number): void {
    for (const reading of readings) {
      const memory = this.#meters.get(reading.meter)
      if (memory === undefined) continue
      if (reading.quality !== 'manual')
        this.#heard(this.#park.meters.get(reading.meter)?.gateway, reading.atMs, nowMs)
      const known = memory.newest.get(reading.quantity)
      if (known === undefined || reading.atMs >= known.atMs) memory.newest.set(reading.quantity, reading)
      if (reading.quality === 'bad') continue
      const usable = memory.usable.get(reading.quantity)
      if (usable === undefined || reading.atMs >= usable.atMs) memory.usable.set(reading.quantity, reading)
      if (reading.atMs > (memory.momentsMs.at(-1) ?? -1)) {
        memory.momentsMs = [...memory.momentsMs, reading.atMs].slice(-MOMENTS_KEPT)
      }
    }
  }

  /** Whether a reading of that moment may be newer than one that is known of the meter, or put it right. */
  mayBeNews(meter: MeterId, atMs: number): boolean {
    const newest = [...(this.#meters.get(meter)?.newest.values() ?? [])]
    return newest.length === 0 || newest.some((reading) => atMs >= reading.atMs)
  }

  #heard(gateway: string | undefined, atMs: number, nowMs: number): void {
    const memory = gateway === undefined ? undefined : this.#gateways.get(gateway)
    if (memory !== undefined) memory.heardMs = Math.max(memory.heardMs ?? 0, Math.min(atMs, nowMs))
  }

  /** A gateway was heard through a commit of one of its payloads. */
  takeCommit(record: CommitRecord, nowMs: number): void {
    const memory = this.#gateways.get(record.gateway)
    if (memory === undefined) return
    this.#heard(record.gateway, record.committedAtMs, nowMs)
    // A will may belong to an earlier connection of a gateway that is back: what it sends since says so.
    if (memory.death?.reason === 'connection-lost' && record.committedAtMs > memory.death.noticedMs) {
      memory.death = undefined
    }
  }

  /** A state message arrived. A retained one is as old as it says, so its own time counts, not its arrival. */
  takeState(message: StateMessage, nowMs: number): void {
    const memory = this.#gateways.get(message.gateway)
    if (memory === undefined) return
    if (message.kind === 'death') {
      memory.death = {
        reason: message.reason === 'connection-lost' ? 'connection-lost' : 'stopped',
        noticedMs: nowMs,
      }
      return
    }
    memory.death = undefined
    this.#heard(message.gateway, message.atMs, nowMs)
    memory.said = message
    memory.aheadMs = message.atMs > nowMs ? message.atMs - nowMs : undefined
  }

  gateway(id: string, nowMs: number): GatewayNow {
    const memory = this.#gateways.get(id)
    const silentAfterMs = (this.#park.gateways.get(id)?.silentAfterSeconds ?? 0) * 1000
    const evidence = { silentAfterMs, heardMs: memory?.heardMs, death: memory?.death?.reason }
    return {
      presence: gatewayPresence(evidence, nowMs),
      heardMs: memory?.heardMs,
      waitingRows: memory?.said?.journal?.rows,
    }
  }

  /** What a gateway last said of itself; undefined before its first word. It may have fallen silent since. */
  stateOf(gateway: string): StateMessage | undefined {
    return this.#gateways.get(gateway)?.said
  }

  /**
   * How a gateway's clock is: by its own word, and, while it has had no receipt to compare with, by how much that word was
   * of the future. Nothing of the future has a receipt where the server doubts its own clock.
   */
  clockOf(gateway: string): StateMessage['clock'] {
    const memory = this.#gateways.get(gateway)
    const clock = memory?.said?.clock
    const aheadMs = clock?.aheadMs ?? memory?.aheadMs
    return clock === undefined || aheadMs === undefined ? clock : { ...clock, aheadMs }
  }

  meter(meter: Meter, nowMs: number): MeterNow {
    const memory = this.#meters.get(meter.id)
    const essential = essentialQuantities(meter)
    const usableMs = essential.flatMap((quantity) => memory?.usable.get(quantity)?.atMs ?? [])
    const bad = essential
      .map((quantity) => memory?.newest.get(quantity))
      .filter((reading) => reading?.quality === 'bad')
      .toSorted((a, b) => b.atMs - a.atMs)[0]
    const reader = meter.gateway
    const silentAfterMs =
      (reader === undefined ? 0 : (this.#park.gateways.get(reader)?.silentAfterSeconds ?? 0)) * 1000
    const limitMs = silenceLimitMs(typicalSpacingMs(memory?.momentsMs ?? []), silentAfterMs)
    const newestUsableMs = usableMs.length === 0 ? undefined : Math.max(...usableMs)
    const presence = meterPresence(
      {
        gateway: reader === undefined ? 'online' : this.gateway(reader, nowMs).presence.state,
        limitMs,
        usableMs: newestUsableMs,
        bad,
      },
      nowMs,
    )
    return {
      presence,
      limitMs,
      power: meter.power === undefined ? undefined : memory?.usable.get(meter.power),
      register: memory?.usable.get(meter.register),
      usableMs: newestUsableMs,
    }
  }

  /** The newest reading of every quantity of a meter, bad ones included, in no order. */
  readings(meter: MeterId): Reading[] {
    return [...(this.#meters.get(meter)?.newest.values() ?? [])]
  }
}
