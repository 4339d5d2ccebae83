import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { AlarmCondition, AlarmRule } from '#contract/alarm.ts'
import type { Clock } from '#contract/clock.ts'
import { SETTLE_MS, slotStart } from '#contract/grid.ts'
import type { AlarmChanges } from '#store/alarm-port.ts'
import type { AlarmFacts, MeterFacts } from './alarm-facts.ts'
import { conditionsOf, waitsForSlots } from './evaluate.ts'

/** After the start gateways have so long to be heard again before anybody is told that they are not. */
const GRACE_MS = 60_000
const LOOK_EVERY_MS = 30_000
/** Meters whose slots are looked at in one go: some ten milliseconds in which nothing else is done. */
const METERS_AT_ONCE = 20

export interface AlarmWatchParts {
  readonly rules: readonly AlarmRule[]
  readonly facts: (nowMs: number) => AlarmFacts
  /** Brings up to date what takes long to add up, before slots are looked at. */
  readonly gather: (nowMs: number) => Promise<void>
  /** Enters what holds now into the books, and gives what began and ended by it. */
  readonly settle: (conditions: readonly AlarmCondition[], nowMs: number) => AlarmChanges
  readonly tell: (changes: AlarmChanges) => void
  readonly clock: Clock
  readonly log: FastifyBaseLogger
}

/** Looks at the rules again and again, and keeps the alarms in the books level with them. */
export class AlarmWatch {
  readonly #parts: AlarmWatchParts
  readonly #always: readonly AlarmRule[]
  readonly #withSlots: readonly AlarmRule[]
  #slotMs: number | undefined
  #ofSlots: readonly AlarmCondition[] = []

  constructor(parts: AlarmWatchParts) {
    this.#parts = parts
    this.#always = parts.rules.filter((rule) => !waitsForSlots(rule))
    this.#withSlots = parts.rules.filter(waitsForSlots)
  }

  /** One look; at slots where another one has settled since. Throws what the books throw. */
  async look(): Promise<AlarmChanges> {
    const { facts, settle, tell, clock } = this.#parts
    const slotMs = slotStart(clock.wallMs() - SETTLE_MS)
    if (slotMs !== this.#slotMs) {
      this.#ofSlots = await this.#lookAtSlots()
      this.#slotMs = slotMs
    }
    const nowMs = clock.wallMs()
    const changes = settle([...conditionsOf(this.#always, facts(nowMs)), ...this.#ofSlots], nowMs)
    tell(changes)
    return changes
  }

  async #lookAtSlots(): Promise<AlarmCondition[]> {
    const { facts, gather, clock } = this.#parts
    if (this.#withSlots.length === 0) return []
    await gather(clock.wallMs())
    const seen = facts(clock.wallMs())
    const of = (meters: readonly MeterFacts[]): AlarmCondition[] =>
      conditionsOf(this.#withSlots, { ...seen, closures: [], targets: [], meters })
    const found = conditionsOf(this.#withSlots, { ...seen, meters: [] })
    for (let first = 0; first < seen.meters.length; first += METERS_AT_ONCE) {
      await turn()
      found.push(...of(seen.meters.slice(first, first + METERS_AT_ONCE)))
    }
    return found
  }

  /** Looks until the signal is aborted. Books that cannot be written are tried again, and logged once. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts
    let failed = false
    for (let waitMs = GRACE_MS; !signal.aborted; waitMs = LOOK_EVERY_MS) {
      try {
        await clock.sleep(waitMs, signal)
      } catch (error) {
        if (signal.aborted) return
        throw error
      }
      try {
        await this.look()
        failed = false
      } catch (error) {
        if (!failed) log.error({ err: error }, 'alarms cannot be looked at; trying again')
        failed = true
      }
    }
  }
}
