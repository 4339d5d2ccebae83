import type { CommitRecord } from '#contract/commit.ts'
import type { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { RecordedInterval } from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Reading, RegisterReading } from '#contract/reading.ts'
import type { Readings } from '#contract/sample-block.ts'
import type { MeterId } from '#contract/identity.ts'

/** What a reading store promises. */

/** A reading that the store will not take, whatever is tried: its place in the batch and the reason. */
export interface RefusedReading {
  readonly index: number
  readonly fault: Fault
}

export interface AppendResult {
  readonly stored: number
  readonly refused: readonly RefusedReading[]
}

/**
 * Many, append-only readings, and the commit records beside them.
 *
 * Writing twice is the same as once: a reading's identity is (meter, quantity, atMs), a commit record's is
 * (gateway, epoch, seq, digest), of which epoch and seq may be unknown. All calls may overlap with one another.
 * Every method throws a Fault `store-unavailable` (retryable) when the store cannot be reached or cannot write:
 * then nothing may be assumed of the call, and it is made again.
 */
export interface ReadingStore {
  /**
   * Stores readings durably: when it resolves, those not in `refused` survive a crash of the store's machine.
   * A reading that the store refuses for itself is returned, and does not take its neighbours with it.
   */
  append(readings: Readings): Promise<AppendResult>

  /** Stores commit records durably. Called after the readings they speak of are stored. */
  appendCommits(records: readonly CommitRecord[]): Promise<void>

  /** Commit records with committedAtMs ≥ fromMs in order of committedAtMs, at most `limit` (default 1,000). */
  commitsSince(fromMs: number, limit?: number): Promise<readonly CommitRecord[]>

  /** Usable and bad readings of one quantity with fromMs ≤ atMs < toMs, in order of time. */
  readings(meter: MeterId, quantity: QuantityName, period: Period): Promise<readonly Reading[]>

  /**
   * Usable register readings of a cumulative quantity in [fromMs, toMs), in order of time, with the nearest one before
   * and the nearest one at or after, so that the whole period can be bracketed.
   */
  registerSeries(meter: MeterId, quantity: QuantityName, period: Period): Promise<RegisterSeries>

  /** The newest reading of every quantity of each meter; quantities never read are absent. */
  latest(meters: readonly MeterId[]): Promise<readonly Reading[]>

  /**
   * Writes something that is no reading, as durably as `append` does: resolves where the store can be written now.
   * For those who ask whether it works; nothing is owed to it.
   */
  probe(nowMs: number): Promise<void>

  /** Where others look at finished intervals beside the readings; absent where nobody does. */
  readonly intervalCopy?: IntervalCopy

  /** How it lets go of old readings; absent where it never does. */
  readonly retention?: StoreRetention

  /** Waits for calls under way, then lets go of files and connections. */
  close(): Promise<void>
}

export type StoreRetention =
  | {
      readonly by: 'owner'
      /**
       * Deletes readings of a meter in a period, at most `limit` of them, the oldest of each quantity first. The newest
       * usable one of each quantity before its end stays, so that a register that is read later can be bracketed.
       * Gives how many it deleted: 0 when none is left.
       */
      deleteWithin(meter: MeterId, period: Period, limit: number): Promise<number>
      /**
       * Packs some of the oldest commit records of before an instant, whole, into a fraction of their room. `commitsSince`
       * gives them as ever, only slower. Gives how many it packed: 0 when none was left.
       */
      packCommits(beforeMs: number): Promise<number>
      /**
       * Deletes of the next pack after the one named (0: of the first) the commit records of before an instant that are not
       * needed. Gives that pack and how many went; undefined where there is none.
       */
      thinCommits(
        after: number,
        beforeMs: number,
        isNeeded: (record: CommitRecord) => boolean,
      ): Promise<{ readonly page: number; readonly gone: number } | undefined>
    }
  | {
      readonly by: 'server'
      /** How long the server keeps readings; Infinity for ever, undefined where it does not say. */
      keptMs(): Promise<number | undefined>
    }

/** Newest revisions of a meter's slots, in order. */
export interface StretchToCopy {
  readonly meter: MeterId
  readonly quantity: QuantityName
  readonly intervals: readonly RecordedInterval[]
  /** True where points may stand there of which the books that these come from know nothing. */
  readonly mayReplace: boolean
}

export interface CopyResult {
  /** The server's reason where it did not take all of them; it took the others, and would not take these another time. */
  readonly refused: string | undefined
}

/** Finished intervals beside the readings, for Grafana. They are never read back. */
export interface IntervalCopy {
  /** Names server and database, without secrets. */
  readonly target: string

  /**
   * Writes intervals over earlier revisions of them. Twice is once. Throws `store-unavailable`: then it is made again.
   */
  write(stretches: readonly StretchToCopy[]): Promise<CopyResult>
}

export interface RegisterSeries {
  readonly before: RegisterReading | undefined
  readonly within: readonly RegisterReading[]
  readonly after: RegisterReading | undefined
}
