import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { GAP_METERS_MAX } from '#contract/messages.ts'
import { slept } from './deadline.ts'
import type { Journal, JournalRow } from './journal.ts'
import { SampleQueue } from './sample-queue.ts'
import { energyAtLines } from './thinning.ts'
import type { Judged } from './timekeeping.ts'

/** Readings kept in memory while the disk refuses them: some 20 MB, minutes to hours of a gateway's meters. */
const UNWRITTEN_READINGS_MAX = 100_000
/** A window that brought so much is written before it ends. */
const WINDOW_READINGS_MAX = 20_000
/** How much of it may be registers at the lines of the grid, of readings that were dropped. */
const AT_LINES_SHARE_MAX = 1 / 4
/** Pause before a refused write is tried again. */
const RETRY_MS = 2_000
/** That readings are being lost is logged this often. */
const LOSS_LOGGED_EVERY_MS = 60_000

export interface CommitOptions {
  readonly journal: Pick<Journal, 'append' | 'appendGap' | 'hold'>
  /** Identity of this boot of the machine. */
  readonly boot: string
  readonly windowMs: number
  readonly clock: Clock
  readonly log: Logger
  /** Called with the rows of a write after they are safe. Must not throw. */
  readonly committed: (rows: readonly JournalRow[]) => void
  /** Called when the disk begins or ceases to refuse. Must not throw. */
  readonly changed: () => void
  readonly unwrittenMax?: number
}

interface Lost {
  readonly cause: 'quota' | 'disk'
  readings: number
  /** Undefined while all of them have monotonic times only. */
  fromMs: number | undefined
  toMs: number | undefined
  readonly meters: Set<string>
}

/**
 * Group commit: readings that arrive close together become one transaction of the journal. One that grows large is
 * written before its time.
 * While the disk refuses writes, or the journal is full and takes no more, they wait in memory; when that is full the
 * oldest are dropped but for their registers of energy at the lines of the grid, which is logged, counted, and declared by a
 * gap record as soon as the journal takes one.
 */
export class GroupCommit {
  readonly #options: CommitOptions
  readonly #stopped = new AbortController()
  /** Readings that arrive within this time are one disk write. */
  windowMs: number
  readonly #unwritten = new SampleQueue()
  /** What is kept of those that memory could not hold: registers at the lines of the grid. */
  readonly #atLines = new SampleQueue()
  /** Samples with monotonic times. */
  readonly #untimed = new SampleQueue()
  #problem: Fault | undefined
  #waiting = false
  #lost: Lost | undefined
  #lostInAll = 0
  #lossToldMs = Number.NEGATIVE_INFINITY

  constructor(options: CommitOptions) {
    this.#options = options
    this.windowMs = options.windowMs
  }

  /** Readings that the journal has refused and that are still in memory. */
  get unwritten(): number {
    return this.#problem === undefined ? 0 : this.#inMemory
  }

  /** Readings lost since the start. */
  get lost(): number {
    return this.#lostInAll
  }

  /** Why the newest write was refused, if it was. */
  get problem(): Fault | undefined {
    return this.#problem
  }

  add({ fate, sample }: Judged): void {
    const queue = fate === 'hold' ? this.#untimed : this.#unwritten
    queue.push(sample)
    if (this.#problem === undefined && this.#inMemory > this.#windowMax) this.#write()
    this.#dropOverflow()
    if (!this.#waiting) void this.#writeLater()
  }

  /** Writes what is there at once and stops waiting. Returns true when nothing is left unwritten. */
  finish(): boolean {
    this.#stopped.abort()
    this.#write()
    return this.#inMemory === 0 && this.#lost === undefined
  }

  get #windowMax(): number {
    return Math.min(WINDOW_READINGS_MAX, this.#unwrittenMax)
  }

  get #unwrittenMax(): number {
    return this.#options.unwrittenMax ?? UNWRITTEN_READINGS_MAX
  }

  get #inMemory(): number {
    return this.#unwritten.readings + this.#untimed.readings + this.#atLines.readings
  }

  async #writeLater(): Promise<void> {
    const { clock } = this.#options
    this.#waiting = true
    let waitMs = this.windowMs
    while (await slept(clock, waitMs, this.#stopped.signal)) {
      this.#write()
      if (this.#problem === undefined) break
      waitMs = RETRY_MS
    }
    this.#waiting = false
  }

  #write(): void {
    const { journal, committed, boot } = this.#options
    const rows: JournalRow[] = []
    try {
      if (this.#lost !== undefined) rows.push(journal.appendGap(this.#gapOf(this.#lost)))
      this.#lost = undefined
      if (this.#untimed.readings > 0) journal.hold(boot, this.#untimed.samples)
      this.#untimed.clear()
      if (this.#atLines.readings > 0) rows.push(...journal.append(this.#atLines.samples))
      this.#atLines.clear()
      if (this.#unwritten.readings > 0) rows.push(...journal.append(this.#unwritten.samples))
      this.#unwritten.clear()
      this.#note(undefined)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#note(error)
    }
    if (rows.length > 0) committed(rows)
  }

  #gapOf({ cause, readings, fromMs, toMs, meters }: Lost): Parameters<Journal['appendGap']>[0] {
    const nowMs = Math.max(0, Math.floor(this.#options.clock.wallMs()))
    const named = meters.size <= GAP_METERS_MAX ? { meters: [...meters].toSorted() } : {}
    return { cause, readings, fromMs: fromMs ?? nowMs, toMs: toMs ?? fromMs ?? nowMs, ...named }
  }

  #note(problem: Fault | undefined): void {
    const { log, changed } = this.#options
    const before = this.#problem
    this.#problem = problem
    if (before?.message === problem?.message) return
    if (problem === undefined) log.warn({ lost: this.#lostInAll }, 'the journal takes readings again')
    else log.error({ err: problem, unwritten: this.unwritten }, 'readings cannot be written to the journal')
    changed()
  }

  #dropOverflow(): void {
    if (this.#inMemory <= this.#unwrittenMax) return
    const cause = this.#problem?.code === 'journal-full' ? 'quota' : 'disk'
    this.#lost ??= { cause, readings: 0, fromMs: undefined, toMs: undefined, meters: new Set() }
    const before = this.#inMemory
    // Again where what is kept of a sample at a line is still too much.
    while (this.#inMemory > this.#unwrittenMax)
      this.#dropSome(this.#lost, this.#inMemory - this.#unwrittenMax)
    const dropped = before - this.#inMemory
    this.#lost.readings += dropped
    if (this.#lostInAll === 0) this.#options.changed()
    this.#lostInAll += dropped
    this.#tellLoss(this.#lost)
  }

  /** Drops at least one sample, and so many readings but for those that are kept of them. */
  #dropSome(lost: Lost, readings: number): void {
    const held = this.#untimed.readings
    const untimed = this.#untimed.drop(readings)
    const timed = [...this.#unwritten.drop(readings - (held - this.#untimed.readings))]
    for (const sample of energyAtLines(timed)) this.#atLines.push(sample)
    timed.push(...this.#atLines.drop(this.#atLines.readings - this.#unwrittenMax * AT_LINES_SHARE_MAX))
    for (const { atMs } of timed) {
      lost.fromMs = Math.min(lost.fromMs ?? atMs, atMs)
      lost.toMs = Math.max(lost.toMs ?? atMs, atMs)
    }
    for (const { meter } of [...untimed, ...timed]) lost.meters.add(meter)
  }

  #tellLoss({ meters, ...lost }: Lost): void {
    const { clock, log } = this.#options
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#lossToldMs < LOSS_LOGGED_EVERY_MS) return
    this.#lossToldMs = nowMs
    log.error({ lost: { ...lost, meters: meters.size } }, 'readings are lost: the journal refuses them')
  }
}
