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
/** A read that came too late to be taken stands beside the failure that the gateway noted instead. */
const FAILURE_NEAR_MS = 10_000

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

/**
 * Compares what was served of one meter with what is stored: nothing invented, nothing twice, and nothing lost but the
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

  const failures = readings.filter(({ quality }) => quality === 'bad').map(({ atMs }) => atMs)
  const lostPerKill = new Map<Kill, number>()
  let tooLate = 0
  for (const [index, read] of served.entries()) {
    if (stored.has(read.count)) continue
    const kill = kills.find(({ atMs }) => atMs >= read.atMs)
    const later = served.slice(index).filter(({ atMs }) => kill !== undefined && atMs <= kill.atMs)
    const lostBefore = kill === undefined ? 0 : (lostPerKill.get(kill) ?? 0)
    const isLast = later.every(({ count }) => !stored.has(count))
    // The last reads before a kill were inside the gateway, whatever failures its next start notes beside them.
    if (kill !== undefined && isLast && lostBefore < READS_IN_FLIGHT_MAX) {
      lostPerKill.set(kill, lostBefore + 1)
      continue
    }
    const place = failures.findIndex((atMs) => Math.abs(atMs - read.atMs) < FAILURE_NEAR_MS)
    if (place >= 0) {
      failures.splice(place, 1)
      tooLate += 1
      continue
    }
    if (kill === undefined) {
      differences.push(`${meter}: ${read.count} Wh, served at ${read.atMs}, is lost without a kill`)
      continue
    }
    if (!isLast) {
      differences.push(`${meter}: ${read.count} Wh is lost though later reads before the kill were kept`)
    }
    lostPerKill.set(kill, lostBefore + 1)
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
