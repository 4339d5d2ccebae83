import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { Reading } from '#contract/reading.ts'
import { slept } from './deadline.ts'
import type { Journal, JournalRow } from './journal.ts'

/** Readings kept in memory while the disk refuses them: some 20 MB, minutes to hours of a gateway's meters. */
const UNWRITTEN_READINGS_MAX = 100_000
/** Pause before a refused write is tried again. */
const RETRY_MS = 2_000

export interface CommitOptions {
  readonly journal: Pick<Journal, 'append' | 'appendGap'>
  /** Readings that arrive within this time are one disk write. */
  readonly windowMs: number
  readonly clock: Clock
  readonly log: Logger
  /** Called with the rows of a write after they are safe. Must not throw. */
  readonly committed: (rows: readonly JournalRow[]) => void
  readonly unwrittenMax?: number
}

interface Lost {
  readings: number
  fromMs: number
  toMs: number
}

/**
 * Group commit: readings that arrive close together become one transaction of the journal.
 * While the disk refuses writes they wait in memory; when that is full the oldest are dropped, which is logged, counted,
 * and declared by a gap record as soon as the disk works again.
 */
export class GroupCommit {
  readonly #options: CommitOptions
  readonly #stopped = new AbortController()
  #unwritten: Reading[] = []
  #failing = false
  #waiting = false
  #lost: Lost | undefined
  #lostInAll = 0

  constructor(options: CommitOptions) {
    this.#options = options
  }

  /** Readings that the disk has refused and that are still in memory. */
  get unwritten(): number {
    return this.#failing ? this.#unwritten.length : 0
  }

  /** Readings lost since the start. */
  get lost(): number {
    return this.#lostInAll
  }

  add(readings: readonly Reading[]): void {
    for (const reading of readings) this.#unwritten.push(reading)
    this.#dropOverflow()
    if (!this.#waiting && this.#unwritten.length > 0) void this.#writeLater()
  }

  /** Writes what is there at once and stops waiting. Returns true when nothing is left unwritten. */
  finish(): boolean {
    this.#stopped.abort()
    this.#write()
    return this.#unwritten.length === 0 && this.#lost === undefined
  }

  async #writeLater(): Promise<void> {
    const { clock, windowMs } = this.#options
    this.#waiting = true
    let waitMs = windowMs
    while (await slept(clock, waitMs, this.#stopped.signal)) {
      this.#write()
      if (!this.#failing) break
      waitMs = RETRY_MS
    }
    this.#waiting = false
  }

  #write(): void {
    const { journal, log, committed } = this.#options
    const rows: JournalRow[] = []
    try {
      if (this.#lost !== undefined) {
        rows.push(journal.appendGap('quota', this.#lost.fromMs, this.#lost.toMs))
        this.#lost = undefined
      }
      if (this.#unwritten.length > 0) {
        rows.push(...journal.append(this.#unwritten))
        this.#unwritten = []
      }
      if (this.#failing) log.warn('the journal takes readings again')
      this.#failing = false
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#failing = true
      log.error(
        { err: error, unwritten: this.#unwritten.length },
        'readings cannot be written to the journal',
      )
    }
    if (rows.length > 0) committed(rows)
  }

  #dropOverflow(): void {
    const excess = this.#unwritten.length - (this.#options.unwrittenMax ?? UNWRITTEN_READINGS_MAX)
    if (excess <= 0) return
    for (const { atMs } of this.#unwritten.splice(0, excess)) {
      this.#lost ??= { readings: 0, fromMs: atMs, toMs: atMs }
      this.#lost.readings += 1
      this.#lost.fromMs = Math.min(this.#lost.fromMs, atMs)
      this.#lost.toMs = Math.max(this.#lost.toMs, atMs)
    }
    this.#lostInAll += excess
    this.#options.log.error({ dropped: excess, lost: this.#lost }, 'readings are lost: the disk refuses them')
  }
}
