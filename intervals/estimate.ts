import { subtract, sum } from '#contract/amount.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type {
  Interval,
  ProfileInterval,
  ProRataInterval,
  RecordedInterval,
  RegisterInterval,
} from '#contract/interval.ts'
import { isPartial } from '#contract/interval.ts'
import { advanceOf, type RegisterRules } from './advance.ts'
import { positionAt } from './boundary.ts'

/** Energy of slots of which nothing is known, by a method that the meter's configuration names. Marked, and never measured. */

/** The same weekday and wall-clock time some weeks before, in a zone; an hour that a clock change left out is the next one. */
export function weeksAway(slotMs: number, weeks: number, timeZone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(slotMs).toZonedDateTimeISO(timeZone).subtract({ weeks })
    .epochMilliseconds
}

/** True for a slot that a profile may rest on: measured in full, and no estimate itself. */
function isMeasured(interval: RecordedInterval): interval is RecordedInterval & { state: 'known' } {
  if (interval.state !== 'known' || isPartial(interval)) return false
  return (
    interval.method === 'measured' || interval.method === 'interpolated' || interval.method === 'integrated'
  )
}

/** A slot of which nothing is known; what waits in it for a person waits on. */
type OpenSlot = Pick<Interval, 'meter' | 'quantity' | 'slotMs' | 'undecided'>

const estimated = ({ meter, quantity, slotMs, undecided }: OpenSlot) => ({
  meter,
  quantity,
  slotMs,
  state: 'known' as const,
  method: 'estimated' as const,
  coverage: 0,
  uncertain: false,
  undecided,
})

/**
 * The mean of the same weekday and time of the last weeks, rounded down to a whole count; undefined where less than half
 * of them were measured.
 *
 * @param recordedAt the newest revision of another slot of the same register
 */
export function byWeekdayProfile(
  missing: OpenSlot,
  weeks: number,
  timeZone: string,
  recordedAt: (slotMs: number) => RecordedInterval | undefined,
): ProfileInterval | undefined {
  const found = Array.from({ length: weeks }, (_, index) =>
    recordedAt(weeksAway(missing.slotMs, index + 1, timeZone)),
  )
    .filter((interval) => interval !== undefined)
    .filter((interval) => isMeasured(interval))
  const total = sum(found.map(({ energy }) => energy))
  if (total === undefined || 2 * found.length < weeks) return undefined
  return {
    ...estimated(missing),
    basis: 'weekday-profile',
    energy: { count: Math.floor(total.count / found.length), resolution: total.resolution },
    simulated: found.some(({ simulated }) => simulated),
    sources: found.map(({ slotMs, revision }) => ({ slotMs, revision })),
  }
}

/**
 * An even share of the advance between the last known register before a missing slot and the first one after it;
 * undefined where that advance is as open as the readings between. What a wrong reading tore apart is bridged so.
 */
export function byProRata(
  missing: OpenSlot,
  before: RegisterInterval,
  after: RegisterInterval,
  rules: RegisterRules,
): ProRataInterval | undefined {
  const [from, to] = [before.closing, after.opening].map(({ atMs, register }) => ({
    point: { atMs, register },
    placedMs: atMs,
    quality: 'good' as const,
  }))
  if (from === undefined || to === undefined || from.placedMs >= to.placedMs) return undefined
  const advance = advanceOf(from.point, to.point, rules)
  if (advance.kind === 'undecided') return undefined
  const stretch = { from, to, advance }
  const upTo = (atMs: number) => positionAt(stretch, atMs).travelled
  return {
    ...estimated(missing),
    basis: 'pro-rata',
    energy: subtract(upTo(missing.slotMs + SLOT_MS), upTo(missing.slotMs)),
    simulated: before.simulated || after.simulated,
    opening: from.point,
    closing: to.point,
  }
}

/** The nearest slots of a register before and after a missing one, as far as they are known by it. */
export function neighboursOf(
  slotMs: number,
  reachMs: number,
  slotAt: (slotMs: number) => Interval | undefined,
): { before: RegisterInterval; after: RegisterInterval } | undefined {
  const nearest = (stepMs: number): RegisterInterval | undefined => {
    for (let atMs = slotMs + stepMs; Math.abs(atMs - slotMs) <= reachMs; atMs += stepMs) {
      const interval = slotAt(atMs)
      if (interval?.state === 'known' && interval.basis === 'register') return interval
    }
    return undefined
  }
  const [before, after] = [nearest(-SLOT_MS), nearest(SLOT_MS)]
  if (before === undefined || after === undefined) return undefined
  return after.opening.atMs - before.closing.atMs <= reachMs ? { before, after } : undefined
}
