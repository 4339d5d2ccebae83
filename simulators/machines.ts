import type { Calendar } from './calendar.ts'
import type { FlowOf } from './flow-kinds.ts'
import type { Corner, Envelope } from './load-curve.ts'
import { seededStream, type Stream } from './seeded.ts'

/**
 * A line of machines that start and stop at random. Each machine cuts the time within a shift into cycles from a moment
 * of its own on, so that they do not pause together; whether and when it runs in a cycle, how long and how hard, are
 * numbers of the seed, the machine and the cycle alone, so that any day can be laid out without the ones before it. A
 * motor reaches its power in a ramp of seconds: there is no jump.
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

/** Numbers of one machine, by cycle, and by how much of a cycle it is ahead of a shift that begins at a minute. */
interface Machine {
  readonly random: Stream
  readonly offset: Stream
}

/** Changes of slope over a day, in kW a minute. */
class Slopes {
  #minutes = new Float64Array(256)
  #changes = new Float64Array(256)
  #order = new Int32Array(256)
  /** Where the changes of each whole minute begin among all. */
  readonly #places = new Int32Array(MINUTES_OF_DAY + 2)
  #count = 0

  #change(minute: number, change: number): void {
    if (this.#count === this.#minutes.length) {
      this.#minutes = doubled(this.#minutes)
      this.#changes = doubled(this.#changes)
      this.#order = new Int32Array(this.#minutes.length)
    }
    this.#minutes[this.#count] = minute
    this.#changes[this.#count] = change
    this.#count += 1
  }

  /** Begins another day. */
  clear(): void {
    this.#count = 0
  }

  /** Puts the changes in order of time, those of one instant as they came: by whole minutes, then within them. */
  #sort(): void {
    const [minutes, count, order, places] = [this.#minutes, this.#count, this.#order, this.#places]
    places.fill(0)
    for (let index = 0; index < count; index += 1) {
      const next = Math.floor(minutes[index] ?? 0) + 1
      places[next] = (places[next] ?? 0) + 1
    }
    for (let minute = 1; minute < places.length; minute += 1) {
      places[minute] = (places[minute] ?? 0) + (places[minute - 1] ?? 0)
    }
    for (let index = 0; index < count; index += 1) {
      const minute = Math.floor(minutes[index] ?? 0)
      const place = places[minute] ?? 0
      places[minute] = place + 1
      order[place] = index
    }
    for (let next = 1; next < count; next += 1) {
      const index = order[next] ?? 0
      const at = minutes[index] ?? 0
      let place = next
      for (; place > 0 && (minutes[order[place - 1] ?? 0] ?? 0) > at; place -= 1) {
        order[place] = order[place - 1] ?? 0
      }
      order[place] = index
    }
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
    this.#sort()
    for (let next = 0; next < this.#count; next += 1) {
      const index = this.#order[next] ?? 0
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

function doubled(from: Float64Array): Float64Array<ArrayBuffer> {
  const into = new Float64Array(2 * from.length)
  into.set(from)
  return into
}

/** Adds the runs of all machines in one part of a shift. */
function addRuns(
  slopes: Slopes,
  line: MachineLine,
  [from, to]: readonly [number, number],
  day: number,
  machines: readonly Machine[],
): void {
  const { cycleMinutes, duty, utilisation, variation, power, idlePower } = line
  const ramp = line.rampSeconds / 60
  for (const { random, offset } of machines) {
    const first = from - cycleMinutes * offset(day * MINUTES_OF_DAY + from)
    for (let cycle = first; cycle < to; cycle += cycleMinutes) {
      // The first and the last cycle of a shift are cut by it.
      const begin = Math.max(from, cycle)
      const room = Math.min(to, cycle + cycleMinutes) - begin
      const place = (day * MINUTES_OF_DAY + Math.floor(cycle)) * NUMBERS_PER_CYCLE
      if (room < 2 * ramp || random(place) >= utilisation) continue
      const around = (index: number): number => 1 + variation * (2 * random(place + index) - 1)
      const length = Math.min(room, Math.max(2 * ramp, room * duty * around(1)))
      const start = begin + (room - length) * random(place + 2)
      const height = power * around(3) - idlePower
      slopes.rise(start, ramp, height)
      slopes.rise(start + length - ramp, ramp, -height)
    }
  }
}

/** The envelope of a line under its name. */
export function machineEnvelope(line: MachineLine, calendar: Calendar, seed: number, name: string): Envelope {
  const machines = Array.from({ length: line.count }, (_, index): Machine => {
    const own = `${name}/machine/${index}`
    return { random: seededStream(seed, own), offset: seededStream(seed, `${own}/offset`) }
  })
  const waiting = line.count * line.idlePower
  const slopes = new Slopes()
  return (day) => {
    slopes.clear()
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
