import type { z } from 'zod'
import { sum, toDecimal } from '#contract/amount.ts'
import { isRegisterReading, type Reading } from '#contract/reading.ts'
import type { scenarioFile } from '#simulators/scenario.ts'
import { readServedLog } from '#simulators/truth.ts'
import type { Books, Hole } from '#store/port.ts'

/**
 * The truth of what simulated meters served, and what may differ from it. Every read shows a register that has advanced
 * since the one before, so each reply can be told apart.
 */

export const TRUTH_PROFILE = 'schneider-iem3155'
export const REGISTER = 'activeEnergyImport.total'
/** schneider-iem3155: i64 Wh. */
const REGISTER_ADDRESS = 0x0c83
const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }

/**
 * Reads of one meter that a killed gateway may take with it: those whose reply had not reached the journal. At 5 reads
 * a second and a commit window of 50 ms it is one or two; a slow disk may make it a few more, a lost journal row many.
 */
const READS_IN_FLIGHT_MAX = 10
/** A read that came too late to be taken stands this near to the failure that the gateway noted instead. */
const FAILURE_NEAR_MS = 10_000
/** The same of a stamp: an answer may wait for a processor, but never takes the time of a clock that somebody has set. */
const STAMP_OFF_MS_MAX = 10_000

export interface Served {
  readonly count: number
  readonly atMs: number
}

export interface Kill {
  readonly gateway: string
  readonly atMs: number
}

/** Loads so large that the register has advanced by many steps whenever it is read again. */
export function fastScenario(meters: readonly string[], seed: number): z.input<typeof scenarioFile> {
  return {
    park: 'test-park',
    seed,
    registersFrom: '2026-01-01T00:00:00+08:00',
    utcOffset: '+08:00',
    latitude: 39.1,
    flows: Object.fromEntries(
      meters.map((name, index) => [name, { kind: 'continuous', mean: 4_000 + 1_000 * index }]),
    ),
  }
}

/** The registers that left the simulator, per meter, in order: count of Wh and when. */
export function registersServed(file: string, meters: readonly string[]): ReadonlyMap<string, Served[]> {
  const truth = new Map<string, Served[]>(meters.map((meter) => [meter, []]))
  for (const { meter, address, words, atMs } of readServedLog(file)) {
    const at = REGISTER_ADDRESS - address
    if (at < 0 || at + 4 > words.length) continue
    const count = words.slice(at, at + 4).reduce((total, word) => total * 0x1_0000 + word, 0)
    truth.get(meter)?.push({ count, atMs })
  }
  return truth
}

export interface Comparison {
  /** What must not be, in words; empty where all is as it should be. */
  readonly differences: readonly string[]
  /** Reads that were inside a gateway when it was killed. */
  readonly takenAlong: number
  /** Reads that came too late, each with a failure noted in its place. */
  readonly tooLate: number
}

/** The failures that a gateway noted of one meter, each of which can stand in the place of one read that came too late. */
class Failures {
  readonly #served: readonly Served[]
  readonly #kills: readonly Kill[]
  readonly #stampOf: ReadonlyMap<number, number>
  readonly #notedMs: number[]

  constructor(served: readonly Served[], readings: readonly Reading[], kills: readonly Kill[]) {
    this.#served = served
    this.#kills = kills
    const taken = readings.filter(isRegisterReading)
    this.#stampOf = new Map(taken.map(({ value, atMs }) => [value.count, atMs]))
    this.#notedMs = readings.filter(({ quality }) => quality === 'bad').map(({ atMs }) => atMs)
  }

  /**
   * Takes the failure in whose place a read was served, and says whether there was one. A meter is asked one thing after
   * the other, so it was noted between the neighbours of the read that were taken; and by the process that had asked, so
   * no kill lies between the two: a read that died with its gateway is none that came too late, whatever the next process
   * notes, and neither is one of a meter that was taken away soon after.
   */
  takeFor(index: number): boolean {
    const read = this.#served[index]
    if (read === undefined) return false
    const stamps = (of: readonly Served[]): number[] =>
      of.flatMap(({ count }) => this.#stampOf.get(count) ?? [])
    const afterMs = stamps(this.#served.slice(0, index)).at(-1) ?? -Infinity
    const beforeMs = stamps(this.#served.slice(index + 1))[0] ?? Infinity
    const place = this.#notedMs.findIndex(
      (atMs) =>
        afterMs < atMs &&
        atMs < beforeMs &&
        Math.abs(atMs - read.atMs) < FAILURE_NEAR_MS &&
        !this.#kills.some((kill) => isBetween(kill.atMs, atMs, read.atMs)),
    )
    if (place < 0) return false
    this.#notedMs.splice(place, 1)
    return true
  }
}

const isBetween = (atMs: number, one: number, other: number): boolean =>
  Math.min(one, other) <= atMs && atMs <= Math.max(one, other)

/**
 * Compares what was served of one meter with what is stored: nothing invented, twice or at another time, and nothing lost but the
 * last reads before a kill of its gateway, and reads in whose place a failure was noted.
 */
export function compareMeter(
  meter: string,
  served: readonly Served[],
  readings: readonly Reading[],
  kills: readonly Kill[],
): Comparison {
  const differences: string[] = []
  const counts = readings.filter(isRegisterReading).map(({ value }) => value.count)
  const stored = new Set(counts)
  const servedCounts = new Set(served.map(({ count }) => count))
  if (servedCounts.size !== served.length) differences.push(`${meter}: replies cannot be told apart`)
  if (stored.size !== counts.length) differences.push(`${meter}: ${counts.length - stored.size} stored twice`)
  for (const count of stored)
    if (!servedCounts.has(count)) differences.push(`${meter}: ${count} Wh is invented`)

  const servedMs = new Map(served.map(({ count, atMs }) => [count, atMs]))
  for (const { value, atMs } of readings.filter(isRegisterReading)) {
    const offMs = atMs - (servedMs.get(value.count) ?? atMs)
    if (Math.abs(offMs) > STAMP_OFF_MS_MAX)
      differences.push(
        `${meter}: ${value.count} Wh is stamped ${offMs} ms off the moment at which it was served`,
      )
  }

  const failures = new Failures(served, readings, kills)
  const lostPerKill = new Map<Kill, number>()
  let tooLate = 0
  for (const [index, read] of served.entries()) {
    if (stored.has(read.count)) continue
    if (failures.takeFor(index)) {
      tooLate += 1
      continue
    }
    const kill = kills.find(({ atMs }) => atMs >= read.atMs)
    if (kill === undefined) {
      differences.push(`${meter}: ${read.count} Wh, served at ${read.atMs}, is lost without a kill`)
      continue
    }
    const later = served.slice(index).filter(({ atMs }) => atMs <= kill.atMs)
    if (later.some(({ count }) => stored.has(count))) {
      differences.push(`${meter}: ${read.count} Wh is lost though later reads before the kill were kept`)
    }
    lostPerKill.set(kill, (lostPerKill.get(kill) ?? 0) + 1)
  }
  const takenAlong = [...lostPerKill.values()].reduce((total, lost) => total + lost, 0)
  for (const lost of lostPerKill.values()) {
    if (lost > READS_IN_FLIGHT_MAX) differences.push(`${meter}: ${lost} reads lost at one kill`)
  }
  return { differences, takenAlong, tooLate }
}

/** The energy of a meter's intervals against the advance of its stored register: equal to the last digit. */
export function compareEnergy(books: Books, meter: string, readings: readonly Reading[]): string[] {
  const counts = readings.filter(isRegisterReading).map(({ value }) => value.count)
  const known = books.intervals(meter, REGISTER, ALL).filter((each) => each.state === 'known')
  const energy = sum(known.map((interval) => interval.energy))
  const found = energy === undefined ? undefined : toDecimal(energy)
  const expected = (((counts.at(-1) ?? 0) - (counts[0] ?? 0)) / 1_000).toFixed(3)
  return found === expected ? [] : [`${meter}: intervals sum up to ${found} kWh, its register to ${expected}`]
}

/**
 * The equation of delivery: each number up to the newest that arrived is in the books, declared lost, or waits in a
 * journal. Gives the numbers that are none of these.
 */
export function missingNumbers(
  holes: readonly Hole[],
  waiting: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  return holes.flatMap(({ gateway, epoch, firstSeq, lastSeq }) =>
    Array.from({ length: lastSeq - firstSeq + 1 }, (_, index) => `${epoch} ${firstSeq + index}`)
      .filter((number) => waiting.get(gateway)?.has(number) !== true)
      .map((number) => `${gateway} ${number}`),
  )
}
