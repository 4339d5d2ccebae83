import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { dayOfInstant, instantOf, type PlantTime } from './load-curve.ts'

/**
 * Maximum demand, as Chinese tariffs bill it: the greatest mean power of a quarter of an hour since the month began, by
 * the quarters of the clock. A quarter counts when it is over; in the first one of a month the register shows 0.
 */

const QUARTERS_OF_HOUR = 4
const QUARTER_MS = HOUR_MS / QUARTERS_OF_HOUR
const QUARTERS_OF_DAY = DAY_MS / QUARTER_MS
/** Days kept: those of a month and the one before, for whoever asks across its end. */
const DAYS_KEPT = 62

/** The greatest means of a day up to the end of each of its quarters; filled as far as it was asked for. */
interface Day {
  readonly upTo: Float64Array
  known: number
}

/** First day of the month that a day lies in, both numbered from 1970-01-01. */
const firstOfMonth = (day: number): number => day + 1 - new Date(day * DAY_MS).getUTCDate()

/** The maximum demand at any instant, in kW, of a register in kWh that is 0 before the start. */
export function maximumDemand(register: (atMs: number) => number, time: PlantTime): (atMs: number) => number {
  const days = new Map<number, Day>()
  const dayOf = (day: number): Day => {
    const known = days.get(day)
    if (known !== undefined) return known
    if (days.size >= DAYS_KEPT) days.clear()
    const made = { upTo: new Float64Array(QUARTERS_OF_DAY), known: 0 }
    days.set(day, made)
    return made
  }
  /** The greatest mean of the first quarters of a day. */
  const greatestOn = (day: number, quarters: number): number => {
    const found = dayOf(day)
    const midnightMs = instantOf(day, 0, time)
    for (; found.known < quarters; found.known += 1) {
      const endMs = midnightMs + (found.known + 1) * QUARTER_MS
      const mean = (register(endMs) - register(endMs - QUARTER_MS)) * QUARTERS_OF_HOUR
      found.upTo[found.known] = Math.max(found.upTo[found.known - 1] ?? 0, mean)
    }
    return found.upTo[quarters - 1] ?? 0
  }
  return (atMs) => {
    if (atMs <= time.startMs) return 0
    const today = dayOfInstant(atMs, time)
    const first = Math.max(firstOfMonth(today), dayOfInstant(time.startMs, time))
    let greatest = greatestOn(today, Math.floor((atMs - instantOf(today, 0, time)) / QUARTER_MS))
    for (let day = first; day < today; day += 1) {
      greatest = Math.max(greatest, greatestOn(day, QUARTERS_OF_DAY))
    }
    return greatest
  }
}
