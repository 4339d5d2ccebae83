import type { Clock } from '#contract/clock.ts'
import type { Line } from '../bus.ts'
import type { ReadQuery } from '#edge/modbus/frame.ts'
import type { HostileMeter } from './hostile-meter.ts'
import type { SeededRandom } from './seeded-random.ts'

export const UNITS = [1, 2, 3, 4, 5, 6] as const
/** Few, so that most requests have the size of others; 0x02XX begins like the reply to one register. */
const ADDRESSES = [0, 10, 100, 0x0203, 0x0403] as const
const QUANTITIES = [1, 2, 2, 2, 10] as const
const FUNCTIONS = [3, 3, 4] as const
/** Reads in a row that must be right when the server is honest again. */
const PROOF_READS = 100
const RECOVERY_READS_MAX = 2_000

export interface HostileRun {
  readonly line: Line
  readonly meter: HostileMeter
  readonly clock: Clock
  readonly random: SeededRandom
  readonly timeoutMs: number
  /** Part of the reads that wait for a quarter of it, as a bus does when others need the line. */
  readonly hastyShare?: number
  /** Between reads the line rests for up to this long. */
  readonly restMsMax: number
  /** Resolves when the meters have sent all that they still meant to send. */
  readonly quiet?: () => Promise<void>
}

/** What came of a run. */
export interface Tally {
  reads: number
  values: number
  /** Every value that no meter had. */
  readonly wrong: string[]
  readonly causes: Record<string, number>
}

async function readOnce(
  run: HostileRun,
  query: ReadQuery,
  tally: Tally,
  waitMs = run.timeoutMs,
): Promise<boolean> {
  const { line, meter } = run
  const since = meter.heard
  const answer = await line.read(query, waitMs, new AbortController().signal, run.timeoutMs)
  tally.reads += 1
  if (answer.words === undefined) {
    tally.causes[answer.cause] = (tally.causes[answer.cause] ?? 0) + 1
    return false
  }
  tally.values += 1
  const right = meter.had(query, answer.words, since)
  if (!right) {
    tally.wrong.push(`read ${tally.reads}, request ${since}: ${JSON.stringify(query)} ${answer.words.join()}`)
  }
  return right
}

/** Reads at random until the meters have heard that many requests; as many at once, each of another unit, as the line takes. */
export async function provoke(run: HostileRun, requests: number): Promise<Tally> {
  const { line, meter } = run
  const tally: Tally = { reads: 0, values: 0, wrong: [], causes: {} }
  const idle = new Set<number>(UNITS)
  const read = async (): Promise<void> => {
    while (meter.heard < requests) await readAnyOf(run, idle, tally)
  }
  await Promise.all(Array.from({ length: line.requestsAtOnce ?? 1 }, read))
  return tally
}

async function readAnyOf(run: HostileRun, idle: Set<number>, tally: Tally): Promise<void> {
  const { random, clock } = run
  const unit = random.of([...idle])
  const query = {
    unit,
    function: random.of(FUNCTIONS),
    address: random.of(ADDRESSES),
    quantity: random.of(QUANTITIES),
  }
  const waitMs = random.chance(run.hastyShare ?? 0) ? run.timeoutMs / 4 : run.timeoutMs
  idle.delete(unit)
  await readOnce(run, query, tally, waitMs)
  idle.add(unit)
  if (random.chance(0.5)) await clock.sleep(random.below(run.restMsMax + 1))
}

/**
 * Makes the meters honest. Resolves with what is still wrong then; with nothing when every unit is read again, and then
 * without a single failure.
 */
export async function unrecovered(run: HostileRun): Promise<string[]> {
  const { meter, clock, random } = run
  const tally: Tally = { reads: 0, values: 0, wrong: [], causes: {} }
  const query = (unit: number): ReadQuery => ({
    unit,
    function: 3,
    address: random.of(ADDRESSES),
    quantity: 2,
  })
  meter.reformed = true
  // What they meant to send late comes when it comes; nothing of it may lie in the way of an honest answer.
  await run.quiet?.()
  const unread = new Set<number>(UNITS)
  for (let tries = 0; unread.size > 0 && tries < RECOVERY_READS_MAX; tries += 1) {
    for (const unit of UNITS) if (await readOnce(run, query(unit), tally)) unread.delete(unit)
    await clock.sleep(run.restMsMax)
  }
  if (unread.size > 0) return [`units ${[...unread].join()} are not read again`]
  const { wrong } = tally
  const proof: Tally = { reads: 0, values: 0, wrong, causes: {} }
  for (let read = 0; read < PROOF_READS; read += 1) await readOnce(run, query(random.of(UNITS)), proof)
  return [...wrong, ...Object.keys(proof.causes)]
}
