import type { Clock } from '#contract/clock.ts'
import type { Fault } from '#contract/fault.ts'
import type { BusDescription } from '#firmware-config/gateway.ts'
import type { ReadFunction } from '#firmware-config/profile.ts'
import type { Line } from '../bus.ts'
import { Asker, type Asked } from './asker.ts'
import { answerText, presenceOf, type Presence } from './presence.ts'

type Transport = BusDescription['transport']

/** A unit that answered. */
export interface FoundUnit {
  readonly transport: Transport
  readonly unit: number
  readonly latencyMs: number
  /** What it said first. */
  readonly firstAnswer: string
}

/** Where a unit was asked and bytes came that are no answer: wrong settings, noise, or two meters of one address. */
export interface NoisyUnit {
  readonly transport: Transport
  readonly unit: number
}

export interface ScanProgress {
  readonly transport: Transport
  readonly unit: number
  readonly round: Round['name']
  /** Questions of this round, asked and in all. */
  readonly asked: number
  readonly total: number
  /** Of this round, from the mean duration of its questions. */
  readonly leftMs: number
  readonly found: number
}

export interface ScanOptions {
  /** One for every way in which the line may be set; asked one after the other. */
  readonly transports: readonly Transport[]
  readonly units: readonly number[]
  /** How long the patient round waits for an answer. */
  readonly timeoutMs: number
  readonly open: (transport: Transport) => Line
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly progress: (progress: ScanProgress) => void
  readonly found: (unit: FoundUnit) => void
}

export interface ScanResult {
  readonly found: readonly FoundUnit[]
  readonly noisy: readonly NoisyUnit[]
  readonly asked: number
  readonly complete: boolean
}

interface Round {
  readonly name: 'quick' | 'patient'
  readonly timeoutMs: number
  /** Meters that know one of the two functions only answer the other with exception 01; a few stay silent. */
  readonly function: ReadFunction
}

/** Most meters answer within this time; those that need longer are found in the patient round. */
const QUICK_MS = 100
/** Opening a line again just after it was closed, or after the peer closed it. */
const REOPEN_PAUSE_MS = 600
const REOPENS_MAX = 5

interface Candidate {
  readonly transport: Transport
  readonly unit: number
}

/**
 * Asks every unit at every setting of the line for its first register. Serial lines are asked quickly at first, then,
 * patiently, the units that were silent where something was heard, or everywhere if nothing was. A Modbus TCP gateway
 * is asked patiently only: it queues what we no longer wait for, and would answer ever later. An aborted signal ends the
 * scan with what it has found. Throws the line's Fault when it cannot be opened.
 */
export async function scan(options: ScanOptions): Promise<ScanResult> {
  const { transports, units, timeoutMs } = options
  const notes = new Notes()
  const all = transports.flatMap((transport) => units.map((unit) => ({ transport, unit })))
  const queued = transports.some(({ kind }) => kind === 'tcp')
  try {
    if (!queued) {
      const quickMs = Math.min(QUICK_MS, timeoutMs)
      await askRound({ name: 'quick', timeoutMs: quickMs, function: 3 }, all, notes, options)
    }
    // A line that is opened anew for the second round first waits for late answers to the first.
    const again = queued ? all : notes.worthAsking(all)
    await askRound({ name: 'patient', timeoutMs, function: queued ? 3 : 4 }, again, notes, options)
    return notes.result(true)
  } catch (error) {
    if (options.signal.aborted) return notes.result(false)
    throw error
  }
}

/** What a scan has heard so far. */
class Notes {
  readonly found: FoundUnit[] = []
  readonly #presences = new Map<Candidate, Presence>()
  #asked = 0

  take(candidate: Candidate, presence: Presence): void {
    this.#asked += 1
    this.#presences.set(candidate, presence)
  }

  /** The silent and noisy ones of the settings at which anything was heard, or of all. */
  worthAsking(all: readonly Candidate[]): readonly Candidate[] {
    const heardOf = (each: Candidate): boolean => this.#presenceOf(each) !== 'silent'
    const heard = new Set(all.filter(heardOf).map(({ transport }) => transport))
    const open = all.filter((each) => ['silent', 'noise'].includes(this.#presenceOf(each)))
    return heard.size === 0 ? open : open.filter(({ transport }) => heard.has(transport))
  }

  #presenceOf(candidate: Candidate): Presence {
    return this.#presences.get(candidate) ?? 'silent'
  }

  result(complete: boolean): ScanResult {
    const noisy = [...this.#presences.keys()].filter((each) => this.#presenceOf(each) === 'noise')
    return { found: this.found, noisy, asked: this.#asked, complete }
  }
}

async function askRound(
  round: Round,
  candidates: readonly Candidate[],
  notes: Notes,
  options: ScanOptions,
): Promise<void> {
  const { clock, signal } = options
  const startedMs = clock.monotonicMs()
  let asked = 0
  for (const [transport, here] of Map.groupBy(candidates, (candidate) => candidate.transport)) {
    const asker = new Asker(options.open(transport), { transport, clock, timeoutMs: round.timeoutMs })
    try {
      for (const candidate of here) {
        const meanMs = asked === 0 ? round.timeoutMs : (clock.monotonicMs() - startedMs) / asked
        options.progress({
          ...candidate,
          round: round.name,
          asked,
          total: candidates.length,
          leftMs: meanMs * (candidates.length - asked),
          found: notes.found.length,
        })
        const query = { unit: candidate.unit, function: round.function, address: 0, quantity: 1 }
        const first = await askOpened(asker, query, options)
        asked += 1
        const presence = presenceOf(first.answer)
        notes.take(candidate, presence)
        if (presence !== 'there') continue
        // The first answer's time may be that of the connection.
        const second = await asker.ask(query, signal)
        const found = {
          ...candidate,
          latencyMs: Math.round(Math.min(first.latencyMs, second.latencyMs) * 10) / 10,
          firstAnswer: answerText(first.answer, query.address),
        }
        notes.found.push(found)
        options.found(found)
      }
    } finally {
      asker.close()
    }
  }
}

/** Asks, and opens the line again where it was lost. */
async function askOpened(
  asker: Asker,
  query: Parameters<Asker['ask']>[0],
  { clock, signal }: ScanOptions,
): Promise<Asked> {
  let first: Fault | undefined
  for (let attempt = 1; ; attempt += 1) {
    const asked = await asker.ask(query, signal)
    if (asked.answer.cause !== 'disconnected') return asked
    first ??= asked.answer.fault
    if (attempt > REOPENS_MAX) throw first
    await clock.sleep(REOPEN_PAUSE_MS, signal)
  }
}
