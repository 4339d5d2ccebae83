import type { Calendar } from './calendar.ts'
import type { FlowOf } from './flow-kinds.ts'
import type { Corner, Envelope } from './load-curve.ts'
import { seededStream, type Stream } from './seeded.ts'

/**
 * A line of machines that start and stop at random. Time within a shift is cut into cycles; whether and when a machine
 * runs in a cycle, how long and how hard, are numbers of the seed, the machine and the cycle alone, so that any day can
 * be laid out without the ones before it. A motor reaches its power in a ramp of seconds: there is no jump.
 */

type MachineLine = FlowOf<'machines'>

const MINUTES_OF_DAY = 1_440

/** Random numbers that one cycle takes. */
const NUMBERS_PER_CYCLE = 4

/** Minutes over which the idle machines of a line are switched on when a shift begins, and off when it ends. */
const SHIFT_RAMP_MINUTES = 1

/** The parts of shifts within one day, in order of time: those that begin on it, and what is left of those that began the day before. */
function shiftsOn(day: number, line: MachineLine, calendar: Calendar): (readonly [number, number])[] {
  const works = (of: number): boolean => !calendar.restsOn(of, line.restDays)
  const parts = line.shifts.flatMap(([from, to]): (readonly [number, number])[] => {
    if (to > from) return works(day) ? [[from, to]] : []
    return [
      ...(works(day - 1) && to > 0 ? [[0, to] as const] : []),
      ...(works(day) ? [[from, MINUTES_OF_DAY] as const] : []),
    ]
  })
  return parts.toSorted((a, b) => a[0] - b[0])
}

/** Changes of slope over a day, in kW a minute, kept in order of time. */
class Slopes {
  readonly #minutes: number[] = []
  readonly #changes: number[] = []

  /** Runs come almost in order, so that each finds its place in a few steps. */
  #change(minute: number, change: number): void {
    const minutes = this.#minutes
    const changes = this.#changes
    let place = minutes.length
    minutes.push(minute)
    changes.push(change)
    for (; place > 0 && (minutes[place - 1] ?? 0) > minute; place -= 1) {
      minutes[place] = minutes[place - 1] ?? 0
      changes[place] = changes[place - 1] ?? 0
    }
    minutes[place] = minute
    changes[place] = change
  }

  /** Up to a height within a ramp. */
  rise(from: number, ramp: number, height: number): void {
    this.#change(from, height / ramp)
    this.#change(from + ramp, -height / ramp)
  }

  /** Corners of a day that begins at a value. */
  corners(value: number): Corner[] {
    const corners: Corner[] = [{ minute: 0, value }]
    let minute = 0
    let slope = 0
    let level = value
    for (let index = 0; index < this.#minutes.length; index += 1) {
      const at = this.#minutes[index] ?? 0
      if (at > minute) {
        level += slope * (at - minute)
        corners.push({ minute: at, value: Math.max(0, level) })
        minute = at
      }
      slope += this.#changes[index] ?? 0
    }
    return corners
  }
}

/** Adds the runs of all machines in one part of a shift. */
function addRuns(
  slopes: Slopes,
  line: MachineLine,
  [from, to]: readonly [number, number],
  day: number,
  machines: readonly Stream[],
): void {
  const { cycleMinutes, duty, utilisation, variation, power, idlePower } = line
  const ramp = line.rampSeconds / 60
  for (let begin = from; begin + cycleMinutes <= to; begin += cycleMinutes) {
    const place = (day * MINUTES_OF_DAY + Math.floor(begin)) * NUMBERS_PER_CYCLE
    for (const random of machines) {
      if (random(place) >= utilisation) continue
      const around = (index: number): number => 1 + variation * (2 * random(place + index) - 1)
      const length = Math.min(cycleMinutes, Math.max(2 * ramp, cycleMinutes * duty * around(1)))
      const start = begin + (cycleMinutes - length) * random(place + 2)
      const height = power * around(3) - idlePower
      slopes.rise(start, ramp, height)
      slopes.rise(start + length - ramp, ramp, -height)
    }
  }
}

/** The envelope of a line under its name. */
export function machineEnvelope(line: MachineLine, calendar: Calendar, seed: number, name: string): Envelope {
  const machines = Array.from({ length: line.count }, (_, index) =>
    seededStream(seed, `${name}/machine/${index}`),
  )
  const waiting = line.count * line.idlePower
  return (day) => {
    const slopes = new Slopes()
    const parts = shiftsOn(day, line, calendar)
    for (const [from, to] of parts) {
      // A shift that goes on over midnight is not switched there.
      if (from > 0) slopes.rise(from, SHIFT_RAMP_MINUTES, waiting - line.standby)
      addRuns(slopes, line, [from, to], day, machines)
      if (to < MINUTES_OF_DAY) {
        slopes.rise(to - SHIFT_RAMP_MINUTES, SHIFT_RAMP_MINUTES, line.standby - waiting)
      }
    }
    return slopes.corners(parts.some(([from]) => from === 0) ? waiting : line.standby)
  }
}

/** The bounds that a line keeps, without its ripple. */
export function machineBounds(line: MachineLine): { least: number; most: number } {
  const { count, power, idlePower, standby, variation } = line
  return {
    least: Math.min(standby, count * idlePower),
    // While a shift is switched on or off, a machine may run on top of a standby that is more than waiting takes.
    most: Math.max(standby, count * power * (1 + variation)) + Math.max(0, standby - count * idlePower),
  }
}
