import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { Sample, StateMessage } from '#contract/messages.ts'
import type { GatewayFile } from '#firmware-config/gateway.ts'
import { GroupCommit } from './commit.ts'
import { slept } from './deadline.ts'
import { Journal, type JournalRow } from './journal.ts'
import { Timekeeping } from './timekeeping.ts'

const MS_PER_HOUR = 3_600_000
const MS_PER_DAY = 24 * MS_PER_HOUR
const BYTES_PER_MEGABYTE = 1e6
/** Rows whose grace time or age is over are looked for this often. */
const TRIM_EVERY_MS = 60_000
/** The clocks are compared at least this often. */
const LOOK_EVERY_MS = 1_000

export interface RecorderOptions {
  readonly gateway: GatewayFile
  /** Path of the journal; it is made where there is none. */
  readonly journalFile: string
  /** Identity of this boot: monotonic times of one boot can be compared. */
  readonly boot: string
  readonly clock: Clock
  readonly log: Logger
  /** Called with rows that are safe now. Must not throw. */
  readonly committed: (rows: readonly JournalRow[]) => void
  /** Called when what `state` says has changed in kind. Must not throw. */
  readonly changed: () => void
}

/**
 * From readings to rows of the journal: gives them their time, commits them in groups, holds them back while the clock
 * is not set, and keeps the journal within its limits. Nothing of the disk or the clock ends it.
 */
export class Recorder {
  readonly journal: Journal
  /** The gateway's time, with which readings are to be stamped. */
  readonly clock: Timekeeping
  #options: RecorderOptions
  readonly #commit: GroupCommit
  #trimmedMs = -Infinity
  #reported: unknown

  /** Throws `journal-unusable` for a journal that only a person can mend. */
  constructor(options: RecorderOptions) {
    const { gateway, journalFile, boot, clock, log, committed, changed } = options
    const { fsync, commitWindowMs } = gateway.journal
    this.#options = options
    this.journal = Journal.open({
      file: journalFile,
      gateway: gateway.gateway,
      ...limitsOf(gateway),
      fsync,
      compression: gateway.uplink.compression,
      clock,
    })
    const newestMs = this.#asked((journal) => journal.newestMs()) ?? 0
    this.clock = new Timekeeping({ clock, log, newestMs, changed })
    const { journal } = this
    this.#commit = new GroupCommit({
      journal,
      boot,
      windowMs: commitWindowMs,
      clock: this.clock,
      log,
      committed,
      changed,
    })
    this.#reportDamage()
  }

  /**
   * Keeps the journal by another configuration of the same gateway from now on, but for what `settledAtStart` names.
   */
  change(gateway: GatewayFile): void {
    this.#options = { ...this.#options, gateway }
    this.journal.limit(limitsOf(gateway))
    this.#commit.windowMs = gateway.journal.commitWindowMs
  }

  /** Takes the readings of one answer, just stamped. They are safe soon; never throws. */
  readonly read = (sample: Sample): void => this.#commit.add(this.clock.judge(sample))

  /** What the state message says of journal and clock. */
  state(): Pick<StateMessage, 'journal' | 'clock'> {
    const clock = this.clock.state()
    const { gateway } = this.#options
    const { unwritten, lost, problem } = this.#commit
    const known = this.#asked((journal) => {
      const { rows, bytes, oldestMs } = journal.waiting()
      const held = journal.held()
      return {
        rows,
        bytes,
        ...(oldestMs === undefined ? {} : { oldestMs }),
        ...(held === 0 ? {} : { held }),
        usedBytes: journal.usedBytes(),
      }
    })
    const { damage } = this.journal
    return {
      clock,
      journal: {
        ...(known ?? { rows: 0, bytes: 0, problem: 'The journal cannot be read.' }),
        quotaBytes: gateway.journal.quotaMegabytes * BYTES_PER_MEGABYTE,
        ...(unwritten === 0 ? {} : { unwritten }),
        ...(lost === 0 ? {} : { lost }),
        ...(problem === undefined ? {} : { problem: problem.message.slice(0, 500) }),
        ...(damage === undefined
          ? {}
          : { damage: { atMs: damage.atMs, what: damage.what, salvaged: damage.salvaged } }),
      },
    }
  }

  /** Watches the clock, gives held readings their times and trims the journal, until the signal is aborted. */
  async upkeep(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    do {
      this.clock.look()
      this.#reportDamage()
      while (this.#releaseSome()) if (!(await slept(clock, 0, signal))) return
      if (clock.monotonicMs() - this.#trimmedMs < TRIM_EVERY_MS) continue
      this.#trimmedMs = clock.monotonicMs()
      while (this.#trimSome()) if (!(await slept(clock, 0, signal))) return
    } while (await slept(clock, LOOK_EVERY_MS, signal))
  }

  /** Writes what is there; the journal stays open, so that receipts can still be entered. */
  finish(): void {
    if (this.#commit.finish()) return
    this.#options.log.error(
      { readings: this.#commit.unwritten },
      'readings are lost: the journal refuses them',
    )
  }

  /** Held readings become rows as soon as the time is known. Returns true when there may be more. */
  #releaseSome(): boolean {
    if (this.clock.condition === 'unset') return false
    const rows = this.#asked((journal) => {
      const held = journal.oldestHeld()
      if (held === undefined) return undefined
      // Of another boot it is only known that it ended before this one began; its last reading is put there.
      const beforeMs = held.boot === this.#options.boot ? 0 : held.lastMs
      return journal.release(held.boot, this.clock.heldOffsetMs - beforeMs)
    })
    if (rows !== undefined) this.#options.committed([])
    return rows !== undefined
  }

  #trimSome(): boolean {
    const { maxAgeDays } = this.#options.gateway.journal
    return (
      this.#asked((journal) => {
        const trimmed = journal.trim()
        // An unsure clock must not make readings old.
        if (maxAgeDays === undefined || this.clock.condition !== 'set') return trimmed > 0
        const gaps = journal.dropOlder(Math.floor(this.clock.wallMs() - maxAgeDays * MS_PER_DAY))
        if (gaps.length > 0)
          this.#options.log.error({ gaps: gaps.length }, 'readings were dropped for their age')
        return trimmed > 0 || gaps.length > 0
      }) === true
    )
  }

  #reportDamage(): void {
    const { damage } = this.journal
    if (damage === this.#reported) return
    this.#reported = damage
    this.#options.log.error(
      { damage },
      'the journal was damaged: what could be read is kept, the rest declared lost',
    )
    this.#options.changed()
  }

  /** What the journal says; undefined, and logged, when it cannot be read now. */
  #asked<T>(ask: (journal: Journal) => T): T | undefined {
    try {
      return ask(this.journal)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#options.log.debug({ err: error }, 'the journal cannot be used now')
      return undefined
    }
  }
}

function limitsOf({ journal }: GatewayFile): Parameters<Journal['limit']>[0] {
  const { graceHours, quotaMegabytes, whenFull } = journal
  return { graceMs: graceHours * MS_PER_HOUR, quotaBytes: quotaMegabytes * BYTES_PER_MEGABYTE, whenFull }
}

/** Settings with which the journal is opened and its rows are written: they hold from one start to the next. */
export function settledAtStart({ journal, uplink }: GatewayFile): ReadonlyMap<string, string> {
  return new Map([
    ['journal.fsync', journal.fsync],
    ['uplink.compression', uplink.compression],
  ])
}
