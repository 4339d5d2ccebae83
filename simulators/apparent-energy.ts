import { DAY_MS } from '#contract/duration.ts'
import { dayOfInstant, instantOf, type PlantTime } from './load-curve.ts'

/**
 * Apparent energy, which has no closed integral where loads of several power factors come and go: over each step of ten
 * minutes it is √(ΔE² + ΔQ²) of the exact active and reactive energy in it. So it is never less than the active energy,
 * and exact where the power factor stays.
 */

const STEP_MINUTES = 10
const STEP_MS = STEP_MINUTES * 60_000
const STEPS_OF_DAY = DAY_MS / STEP_MS
/** Reads are of now and of a quarter of an hour ago. */
const DAYS_KEPT = 3

/** Active and reactive register at an instant, 0 before the start. */
type Registers = (atMs: number) => readonly [activeKwh: number, reactiveKvarh: number]

/** A day up to the end of each of its steps; filled as far as it was asked for. */
interface Day {
  readonly day: number
  readonly upTo: Float64Array
  known: number
}

/**
 * The register of apparent energy over two others. `beforeDay` holds what was counted up to each midnight since the first
 * day, and is gone on with. It never decreases.
 */
export function apparentRegister(
  registers: Registers,
  time: PlantTime,
  beforeDay: number[],
): (atMs: number) => number {
  const firstDay = dayOfInstant(time.startMs, time)
  const days: Day[] = []
  const dayOf = (day: number): Day => {
    const known = days.find((each) => each.day === day)
    if (known !== undefined) return known
    if (days.length >= DAYS_KEPT) days.shift()
    const made = { day, upTo: new Float64Array(STEPS_OF_DAY), known: 0 }
    days.push(made)
    return made
  }
  const between = (from: ReturnType<Registers>, to: ReturnType<Registers>): number =>
    Math.hypot(to[0] - from[0], to[1] - from[1])
  /** What was counted on a day up to the end of its first steps. */
  const upToStep = (day: number, steps: number): number => {
    const found = dayOf(day)
    if (found.known < steps) {
      const midnightMs = instantOf(day, 0, time)
      let before = registers(midnightMs + found.known * STEP_MS)
      for (; found.known < steps; found.known += 1) {
        const after = registers(midnightMs + (found.known + 1) * STEP_MS)
        found.upTo[found.known] = (found.upTo[found.known - 1] ?? 0) + between(before, after)
        before = after
      }
    }
    return found.upTo[steps - 1] ?? 0
  }
  return (atMs) => {
    if (atMs <= time.startMs) return 0
    const day = dayOfInstant(atMs, time)
    while (beforeDay.length <= day - firstDay) {
      const next = firstDay + beforeDay.length - 1
      beforeDay.push((beforeDay.at(-1) ?? 0) + upToStep(next, STEPS_OF_DAY))
    }
    const midnightMs = instantOf(day, 0, time)
    const steps = Math.floor((atMs - midnightMs) / STEP_MS)
    const counted = (beforeDay[day - firstDay] ?? 0) + upToStep(day, steps)
    return counted + between(registers(midnightMs + steps * STEP_MS), registers(atMs))
  }
}
