import { SLOT_MS, type Period } from '#contract/grid.ts'
import type { Interval, RecordedInterval } from '#contract/interval.ts'
import type { Meter, Park } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { DirtyWindow } from '#store/port.ts'
import { weeksAway } from './estimate.ts'
import { followed } from './formula.ts'

/** What must be computed again because other intervals have changed. */
export type Dependents = (changed: readonly Interval[]) => readonly DirtyWindow[]

const nameOf = (meter: string, quantity: string): string => `${meter} ${quantity}`

/** The slots as few stretches; both ends count. */
function stretchesOf(slots: readonly number[]): { fromMs: number; toMs: number }[] {
  const stretches: { fromMs: number; toMs: number }[] = []
  for (const slotMs of slots.toSorted((a, b) => a - b)) {
    const last = stretches.at(-1)
    if (last !== undefined && slotMs <= last.toMs + 1) last.toMs = slotMs + SLOT_MS - 1
    else stretches.push({ fromMs: slotMs, toMs: slotMs + SLOT_MS - 1 })
  }
  return stretches
}

/** The meters with formulas that follow from the changed intervals, in the slots of these. */
export function formulaDependents(park: Pick<Park, 'meters'>): Dependents {
  const users = new Map<string, string[]>()
  for (const meter of park.meters.values()) {
    const formula = followed(meter, park)
    if (formula === undefined || formula === 'unfollowable') continue
    for (const { term, quantity } of formula.sources) {
      const name = nameOf(term.meter, quantity)
      users.set(name, [...(users.get(name) ?? []), meter.id])
    }
  }
  return (changed) => {
    const slots = new Map<string, number[]>()
    for (const { meter, quantity, slotMs } of changed) {
      for (const user of users.get(nameOf(meter, quantity)) ?? []) {
        const found = slots.get(user)
        if (found === undefined) slots.set(user, [slotMs])
        else found.push(slotMs)
      }
    }
    return [...slots].flatMap(([meter, own]) => stretchesOf(own).map((stretch) => ({ meter, ...stretch })))
  }
}

const WEEK_MS = 7 * 86_400_000
/** No zone moves its clocks by more at once. */
const CLOCK_CHANGE_MS = 2 * 3_600_000

type Recorded = (meter: string, quantity: QuantityName, period: Period) => readonly RecordedInterval[]

const isOpenToEstimates = (interval: RecordedInterval): boolean =>
  interval.state === 'missing' || interval.basis === 'weekday-profile' || interval.basis === 'pro-rata'

/** The slots of one meter whose estimates, made or not made, rest on changed ones. */
function estimatedFrom(
  meter: Meter,
  slots: readonly number[],
  timeZone: string,
  recorded: Recorded,
): number[] {
  const { estimate, register } = meter
  if (estimate === undefined) return []
  const found: number[] = []
  if (estimate.method === 'weekday-profile') {
    // Asked from the later slot: where summer time begins, two of them look back at one and the same.
    const changed = new Set(slots)
    for (let weeks = 1; weeks <= estimate.weeks; weeks += 1) {
      const period = {
        fromMs: Math.min(...slots) + weeks * WEEK_MS - CLOCK_CHANGE_MS,
        toMs: Math.max(...slots) + weeks * WEEK_MS + CLOCK_CHANGE_MS + SLOT_MS,
      }
      for (const interval of recorded(meter.id, register, period))
        if (isOpenToEstimates(interval) && changed.has(weeksAway(interval.slotMs, weeks, timeZone)))
          found.push(interval.slotMs)
    }
    return found
  }
  const reachMs = estimate.hoursMax * 3_600_000
  const period = { fromMs: Math.max(0, Math.min(...slots) - reachMs), toMs: Math.max(...slots) + reachMs }
  const changed = new Set(slots)
  for (const interval of recorded(meter.id, register, period))
    if (isOpenToEstimates(interval) && !changed.has(interval.slotMs)) found.push(interval.slotMs)
  return found
}

/** Meters with formulas over the changed intervals, and estimates that rest on them. */
export function dependentsIn(park: Pick<Park, 'meters' | 'description'>, recorded: Recorded): Dependents {
  const byFormula = formulaDependents(park)
  const estimating = [...park.meters.values()].filter(({ estimate }) => estimate !== undefined)
  return (changed) => [
    ...byFormula(changed),
    ...estimating.flatMap((meter) => {
      const slots = changed
        .filter((interval) => interval.meter === meter.id && interval.quantity === meter.register)
        .map(({ slotMs }) => slotMs)
      if (slots.length === 0) return []
      const due = estimatedFrom(meter, slots, park.description.timeZone, recorded)
      return stretchesOf([...new Set(due)]).map((stretch) => ({ meter: meter.id, ...stretch }))
    }),
  ]
}
