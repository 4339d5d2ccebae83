import type { FastifyBaseLogger } from 'fastify'
import type { AlarmCondition, AlarmRule } from '#contract/alarm.ts'
import type { Clock } from '#contract/clock.ts'
import { SETTLE_MS, slotStart } from '#contract/grid.ts'
import type { AlarmChanges } from '#store/alarm-port.ts'
import { conditionsOf, type AlarmFacts } from './evaluate.ts'

/** After the start gateways have so long to be heard again before anybody is told that they are not. */
const GRACE_MS = 60_000
const LOOK_EVERY_MS = 30_000
/** Rules about slots say something new when a slot has settled, not before. */
const slotRules: ReadonlySet<AlarmRule['kind']> = new Set(['register-stuck', 'night-consumption', 'leak'])

export interface AlarmWatchParts {
  readonly rules: readonly AlarmRule[]
  readonly facts: (nowMs: number) => AlarmFacts
  /** Enters what holds now into the books, and gives what began and ended by it. */
  readonly settle: (conditions: readonly AlarmCondition[], nowMs: number) => AlarmChanges
  readonly tell: (changes: AlarmChanges) => void
  readonly clock: Clock
  readonly log: FastifyBaseLogger
}

/** Looks at the rules again and again, and keeps the alarms in the books level with them. */
export class AlarmWatch {
  readonly #parts: AlarmWatchParts
  #slotMs: number | undefined
  #ofSlots: readonly AlarmCondition[] = []

  constructor(parts: AlarmWatchParts) {
    this.#parts = parts
  }

  /** One look. Throws what the books throw. */
  look(): AlarmChanges {
    const { rules, facts, settle, tell, clock } = this.#parts
    const nowMs = clock.wallMs()
    const seen = facts(nowMs)
    const slotMs = slotStart(nowMs - SETTLE_MS)
    if (slotMs !== this.#slotMs) {
      this.#ofSlots = conditionsOf(
        rules.filter(({ kind }) => slotRules.has(kind)),
        seen,
      )
      this.#slotMs = slotMs
    }
    const now = conditionsOf(
      rules.filter(({ kind }) => !slotRules.has(kind)),
      seen,
    )
    const changes = settle([...now, ...this.#ofSlots], nowMs)
    tell(changes)
    return changes
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
        this.look()
        failed = false
      } catch (error) {
        if (!failed) log.error({ err: error }, 'alarms cannot be looked at; trying again')
        failed = true
      }
    }
  }
}
