import fc from 'fast-check'
import { type Amount } from '#contract/amount.ts'
import { HOUR_MS } from '#contract/duration.ts'
import { SLOT_MS, slotStart } from '#contract/grid.ts'
import { type Meter, type MeterEvent } from '#contract/park.ts'
import type { RegisterReading } from '#contract/reading.ts'
import { memoryMeter } from './in-memory.test-support.ts'

/** Any histories of a register, with what flowed in them, for the laws. */

export const QUANTITY = 'activeEnergyImport.total'
export const START_MS = Temporal.Instant.from('2025-03-10T00:00:00+08:00').epochMilliseconds
const FINE = '0.01'
/** Counts of 0.01 kWh. */
export const WRAP = 1_000_000
export const RATING_KW = 60

/** How far the next reading is away: in bursts, by polls, around grid lines, over outages. */
const pause = fc.oneof(
  fc.integer({ min: 1, max: 5_000 }).map((ms) => () => ms),
  fc.constant(() => 10_000),
  fc.integer({ min: 30_000, max: 20 * 60_000 }).map((ms) => () => ms),
  fc.integer({ min: -2_500, max: 2_500 }).map((offsetMs) => (nowMs: number) => {
    const ms = slotStart(nowMs) + SLOT_MS + offsetMs - nowMs
    return ms > 0 ? ms : ms + SLOT_MS
  }),
  fc.integer({ min: HOUR_MS, max: 5 * HOUR_MS }).map((ms) => () => ms),
)

const move = fc.record({
  pause,
  load: fc.double({ min: 0, max: 1.2, noNaN: true }),
  happening: fc.oneof(
    { weight: 12, arbitrary: fc.constant('run' as const) },
    { weight: 2, arbitrary: fc.constant('stand' as const) },
    { weight: 1, arbitrary: fc.constant('replacement' as const) },
    { weight: 1, arbitrary: fc.constant('reset' as const) },
    { weight: 1, arbitrary: fc.constant('ratio' as const) },
    { weight: 1, arbitrary: fc.constant('fall' as const) },
    { weight: 1, arbitrary: fc.constant('jump' as const) },
  ),
  coarse: fc.boolean(),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  simulated: fc.boolean(),
  newFactor: fc.integer({ min: 1, max: 5 }),
})

interface History {
  readonly meter: Meter
  readonly readings: readonly RegisterReading[]
  /** What truly flowed between readings whose difference can be explained, in counts of 0.01 kWh. */
  readonly explained: number
  /** Stretches that nobody can explain. */
  readonly unexplained: number
}

export const fine = (count: number): Amount => ({ count, resolution: FINE })

/** A meter's life as it really was: the oracle knows what flowed, because it let it flow. */
export const history: fc.Arbitrary<History> = fc
  .record({
    moves: fc.array(move, { minLength: 1, maxLength: 40 }),
    first: fc.integer({ min: 0, max: WRAP - 1 }),
  })
  .map(({ moves, first }) => {
    const events: MeterEvent[] = []
    const readings: RegisterReading[] = []
    let atMs = START_MS
    let register = first
    let explained = 0
    let unexplained = 0
    let factor = 1
    const read = (coarse: boolean, simulated: boolean): void => {
      readings.push({
        meter: 'm1',
        quantity: QUANTITY,
        atMs,
        quality: simulated ? 'simulated' : 'good',
        value: coarse ? { count: register / 10, resolution: '0.1' } : fine(register),
      })
    }
    read(false, false)
    for (const each of moves) {
      const elapsedMs = each.pause(atMs)
      // Of the register: each count of it stands for `factor` counts of energy.
      const flow = Math.floor((each.load * RATING_KW * 100 * elapsedMs) / HOUR_MS / factor)
      if (each.happening === 'ratio') {
        const before = Math.min(Math.floor(flow * each.share), WRAP - 1 - register)
        // As often as not the register goes on as it was.
        const initial = each.coarse ? Math.floor(each.share * 100) : register + before
        const after = Math.min(Math.floor((flow * factor) / each.newFactor), WRAP - 1 - initial)
        events.push({
          kind: 'ratio',
          at: Temporal.Instant.fromEpochMilliseconds(
            atMs + Math.max(1, Math.ceil(each.share * elapsedMs)),
          ).toString(),
          quantity: QUANTITY,
          before: String(factor),
          after: String(each.newFactor),
          final: fine(register + before),
          initial: fine(initial),
        })
        const rest = Math.floor(after * (1 - each.share))
        explained += before * factor + rest * each.newFactor
        register = initial + rest
        factor = each.newFactor
      } else if (each.happening === 'replacement' || each.happening === 'reset') {
        const before = Math.min(Math.floor(flow * each.share), WRAP - 1 - register)
        const initial = Math.floor(each.share * 100)
        events.push({
          kind: each.happening,
          at: Temporal.Instant.fromEpochMilliseconds(
            atMs + Math.max(1, Math.ceil(each.share * elapsedMs)),
          ).toString(),
          quantity: QUANTITY,
          final: fine(register + before),
          initial: fine(initial),
        })
        register = initial + flow - before
        explained += flow * factor
      } else if (each.happening === 'fall' && register > 0) {
        // Not so far that it could be a rollover of 5 h at 1.5 times the rating, 450 kWh.
        register -= 1 + Math.floor(each.share * Math.min(register - 1, 900_000))
        unexplained += 1
      } else if (each.happening === 'jump') {
        register = (register + 100_000) % WRAP
        unexplained += 1
      } else if (each.happening !== 'stand') {
        // A coarse register can only stand at whole steps.
        const goal = register + flow
        const end = each.coarse ? Math.ceil(goal / 10) * 10 : goal
        explained += (end - register) * factor
        register = end % WRAP
      }
      atMs += elapsedMs
      read(each.coarse && register % 10 === 0, each.simulated)
    }
    return {
      meter: memoryMeter({ events, wrapsAt: fine(WRAP), ratingPerHour: RATING_KW }),
      readings,
      explained,
      unexplained,
    }
  })
