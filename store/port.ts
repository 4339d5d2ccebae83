import type { Amount } from '#contract/amount.ts'
import type { AccountingRecord } from '#contract/accounting-record.ts'
import type { CommitRecord, Refusal } from '#contract/commit.ts'
import type { PlacedSum } from '#contract/energy-sum.ts'
import type { EntryBody, LedgerEntry } from '#contract/entry.ts'
import type { Fault } from '#contract/fault.ts'
import type { GapChanges, GapDecision, GapEntry, GapState } from '#contract/gap.ts'
import type { Period } from '#contract/grid.ts'
import type { Interval, IntervalMethod, RecordedInterval } from '#contract/interval.ts'
import type { GapRecord } from '#contract/messages.ts'
import type { RecordedEntry } from '#contract/meter-entry.ts'
import type { AlarmBooks } from './alarm-port.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Reading, RegisterReading } from '#contract/reading.ts'
import type { MeterId } from '#contract/identity.ts'

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
 * (gateway, epoch, seq), or its digest where those are unknown. All calls may overlap with one another.
 * Every method throws a Fault `store-unavailable` (retryable) when the store cannot be reached or cannot write:
 * then nothing may be assumed of the call, and it is made again.
 */
export interface ReadingStore {
  /**
   * Stores readings durably: when it resolves, those not in `refused` survive a crash of the store's machine.
   * A reading that the store refuses for itself is returned, and does not take its neighbours with it.
   */
  append(readings: readonly Reading[]): Promise<AppendResult>

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

  /** How it lets go of old readings; absent where it never does. */
  readonly retention?: StoreRetention

  /** Waits for calls under way, then lets go of files and connections. */
  close(): Promise<void>
}

export type StoreRetention =
  | {
      readonly by: 'owner'
      /**
       * Deletes readings of a meter before an instant, at most `limit` of them, the oldest of each quantity first. The
       * newest usable one of each quantity before it stays, so that a register that is read later can be bracketed.
       * Gives how many it deleted: 0 when none is left.
       */
      deleteBefore(meter: MeterId, beforeMs: number, limit: number): Promise<number>
    }
  | {
      readonly by: 'server'
      /** How long the server keeps readings; Infinity for ever, undefined where it does not say. */
      keptMs(): Promise<number | undefined>
    }

export interface RegisterSeries {
  readonly before: RegisterReading | undefined
  readonly within: readonly RegisterReading[]
  readonly after: RegisterReading | undefined
}

/** A stretch of a meter's time whose intervals must be computed again; both ends are instants of readings. */
export interface DirtyWindow {
  readonly meter: MeterId
  readonly fromMs: number
  readonly toMs: number
}

/** Numbers of batches, both ends included. */
export interface NumberRange {
  readonly firstSeq: number
  readonly lastSeq: number
}

/** A hole in the numbers of an epoch: batches that were made but have not arrived. */
export interface Hole {
  readonly gateway: string
  readonly epoch: string
  readonly firstSeq: number
  readonly lastSeq: number
  /**
   * Payloads of this gateway that are in quarantine without a number, because they could not be decoded: batches that
   * are missing here may be among them. The gateway has a receipt for each and does not send it again.
   */
  readonly unnumbered: number
}

/** open: nobody has decided. The others were decided by a person. */
export type QuarantineState = 'open' | 'replayed' | 'accepted' | 'discarded'

/** What a person did with an entry of quarantine. */
export interface QuarantineDecision {
  /** replayed: taken after all. accepted: taken although it was beyond the rating. discarded: let be. */
  readonly state: Exclude<QuarantineState, 'open'>
  readonly by: string
  readonly reason: string
  readonly atMs: number
  /** What was replayed in its place, where the payload was put right. */
  readonly payload?: string | undefined
}

export interface QuarantineEntry {
  readonly id: number
  readonly gateway: string
  readonly digest: string
  readonly committedAtMs: number
  /** Of a long payload only the beginning, see `quarantine`. */
  readonly refusal: Refusal
  /** Characters of the payload that is kept. */
  readonly payloadCharacters: number
  /** True where quarantine was full: only the beginning of the payload is kept. */
  readonly isCut: boolean
  readonly state: QuarantineState
  readonly decision?: QuarantineDecision
}

/** Refusals beyond the bounds of quarantine: how many there were, of whom, and why. */
export interface QuarantineOverflow {
  /** '*' where there were too many names. */
  readonly gateway: string
  readonly code: string
  readonly firstMs: number
  readonly lastMs: number
  readonly refusals: number
  readonly characters: number
}

/** A recorded gap, with the moment it was learned of. */
export interface RecordedGap {
  readonly record: GapRecord
  readonly committedAtMs: number
}

/** What was computed for a dirty window. */
export interface ComputedWindow {
  readonly window: DirtyWindow
  readonly intervals: readonly Interval[]
}

/** A period of whole slots of an account, enterprise or park, and the meters that its figures rest on. */
export interface LockRequest extends Period {
  readonly account: string
  readonly meters: readonly MeterId[]
  readonly by: string
  readonly why: string
  readonly atMs: number
}

export interface PeriodLock extends Omit<LockRequest, 'meters'> {
  readonly id: number
  readonly released: { readonly by: string; readonly why: string; readonly atMs: number } | undefined
}

/** A slot of a locked period, as it is kept and as it would be by now. */
export interface LateAfterLock {
  readonly lock: number
  readonly kept: RecordedInterval | undefined
  readonly computed: Interval
  readonly notedMs: number
}

/** How many entries the books have of what needs attention. */
export interface BooksCounts {
  /** Stretches that gateways declared lost. */
  readonly gaps: number
  /** Numbers of batches that neither arrived nor were declared lost. */
  readonly missingBatches: number
  /** Entries that nobody has decided on. */
  readonly quarantined: number
  readonly dirtyWindows: number
  /** Begin of the oldest of them. */
  readonly oldestDirtyMs: number | undefined
  /** Revisions of intervals that were written since the books were opened. */
  readonly revisionsWritten: number
}

/** A record as the books keep it. */
export interface EnteredRecord {
  /** 1, 2, 3 … over all accounts. */
  readonly number: number
  readonly enteredAtMs: number
  readonly record: AccountingRecord
  /** The record that corrects or withdraws it: then it counts no longer. */
  readonly replacedBy: number | undefined
}

/** Which records are asked for: those of [from, to) in whole days, and of these kinds; all where nothing is said. */
export interface RecordWish {
  readonly account?: string
  readonly kinds?: readonly AccountingRecord['kind'][]
  readonly from?: string
  readonly to?: string
  /** Numbers above this. */
  readonly after?: number
}

/** First slot, number of slots, revision: a stretch of slots with one revision number. */
export type RevisionRun = readonly [fromMs: number, slots: number, revision: number]

/** What a meter's slots of a period add up to, with the proof of which they are. */
export interface SlotProof {
  readonly runs: readonly RevisionRun[]
  /** SHA-256 over the intervals of `runs` as they are kept, slot by slot. */
  readonly digest: string
  readonly energy: Amount | undefined
  readonly known: number
  readonly missing: number
  readonly undecided: number
  readonly byMethod: readonly { readonly method: IntervalMethod; readonly energy: Amount }[]
}

/** A month of a register of which a slot was revised. */
export interface ChangedMonth {
  /** Grows with every change. */
  readonly id: number
  readonly meter: string
  readonly quantity: string
  readonly month: string
  readonly changedAtMs: number
}

/** Up to which changes and records an account was posted, and by what rules (a text of the caller's). */
export interface PostingProgress {
  readonly changes: number
  readonly records: number
  readonly rules: string
}

export const NO_PROGRESS: PostingProgress = { changes: 0, records: 0, rules: '' }

/** An entry as it is kept, before anything of it is believed. */
export interface LedgerRow {
  readonly account: string
  readonly number: number
  readonly recordedAtMs: number
  readonly kind: string
  readonly month: string | null
  readonly reverses: number | null
  readonly reference: string | null
  readonly body: string
  readonly previous: string
  readonly hash: string
}

/**
 * The books: few, transactional facts with one owner, the process that runs the recompute and posting loops.
 * SQLite always; calls are synchronous and each is one transaction.
 * Throws a Fault `books-unusable` when the file cannot be read or written.
 */
export interface Books extends AlarmBooks {
  /** committedAtMs up to which commit records have been followed; 0 in new books. */
  followedUntilMs(): number

  /**
   * Enters commit records: batch marks, gaps, quarantine and dirty windows, and moves `followedUntilMs` up to the
   * newest of them, but never beyond `nowMs`, the owner's own clock (and back to it where that was set back), because
   * a record carries the time of another machine. Entering a record twice is entering it once.
   * Returns those that were new.
   */
  follow(records: readonly CommitRecord[], nowMs: number): readonly CommitRecord[]

  /**
   * Remembers by what facts a meter's intervals are computed: its rating, its dated events … as one text. Where the
   * text differs from the one remembered, all time of its recorded intervals becomes dirty, and of those of its inputs,
   * the meters that it follows from. True when it did.
   */
  useRules(meter: MeterId, rules: string, inputs?: readonly MeterId[]): boolean

  /** Dirty windows, oldest first; windows of one meter less than a slot apart are one. */
  dirtyWindows(limit: number): readonly DirtyWindow[]

  /**
   * Records computed intervals: a slot whose content differs from its newest revision gets the next revision, an equal
   * one is left alone. Until a slot is settled at `nowMs` (contract/grid.ts) it is provisional: its one revision is
   * replaced, because otherwise each meter's slot under way would leave one a minute. Takes the window out of the dirty ones if it has not grown since it was read; an empty
   * window (toMs < fromMs) takes out none, so that a long one can be recorded in pieces. One transaction.
   * What `dependents` says of the intervals that changed becomes dirty in the same transaction. Returns how many
   * revisions were written.
   */
  record(
    window: DirtyWindow,
    intervals: readonly Interval[],
    nowMs: number,
    dependents?: (changed: readonly Interval[]) => readonly DirtyWindow[],
  ): number

  /** The same for several windows, in one transaction: a flush of the disk costs more than an interval. */
  recordAll(
    works: readonly ComputedWindow[],
    nowMs: number,
    dependents?: (changed: readonly Interval[]) => readonly DirtyWindow[],
  ): number

  /** Marks stretches dirty, beside those that commit records touch. */
  markDirty(windows: readonly DirtyWindow[]): void

  /** From a meter's first recorded slot to the last moment of its newest one; undefined where nothing is recorded. */
  extentOf(meter: MeterId): Period | undefined

  /**
   * Locks a period of some meters, those of an account whose figures are published. From then on its slots are not
   * revised; what would have changed them is noted and given by `lateAfterLock`. Returns the lock's number.
   */
  lock(request: LockRequest): number

  /** Releases a lock, with reason: what came late is computed again and becomes revisions. Twice is once. */
  unlock(id: number, by: string, why: string, atMs: number): void

  /** All locks, released ones included, in the order in which they were made. */
  locks(): readonly PeriodLock[]

  /** Slots of a lock for which something else has been computed since, each with what is kept and what it would be. */
  lateAfterLock(id: number): readonly LateAfterLock[]

  /** Before this instant the readings of a meter may be gone; 0 where all are kept. */
  keptFromMs(meter: MeterId): number

  /**
   * Lets readings of a meter go: moves `keptFromMs` towards an instant, a month at most, but not beyond a dirty window
   * or a slot that is undecided. From then on no computation changes a known interval before it. Returns it.
   */
  releaseReadings(meter: MeterId, beforeMs: number): number

  /** The same for readings that are gone already, whatever still needed them. */
  loseReadings(meter: MeterId, beforeMs: number): void

  /** The newest revision of each slot with fromMs ≤ slotMs < toMs, in order. Slots never computed are absent. */
  intervals(meter: MeterId, quantity: QuantityName, period: Period): readonly RecordedInterval[]

  /** All revisions of one slot since it was settled, oldest first. */
  revisions(meter: MeterId, quantity: QuantityName, slotMs: number): readonly RecordedInterval[]

  /**
   * Sums over the days of the park's calendar that begin in a period, in order; days without a recorded slot are
   * absent. They always agree with `intervals`: a day of which a slot has changed is summed again.
   */
  daySums(meter: MeterId, quantity: QuantityName, period: Period): readonly PlacedSum[]

  /**
   * Keeps the sums of days that were over at `nowMs` and have changed since, at most `limit` of them, so that
   * `daySums` need not make them. Returns how many it summed: 0 when none was left.
   */
  settleDays(nowMs: number, limit: number): number

  /** What persons said of a meter, oldest first, withdrawn entries included. */
  meterEntries(meter: MeterId): readonly RecordedEntry[]

  /** Numbers below the highest seen of each epoch that neither arrived nor were declared lost. */
  holes(): readonly Hole[]

  gaps(): readonly RecordedGap[]

  /** Numbers of a range that have not arrived, declared lost or not. */
  absentBatches(gateway: string, epoch: string, range: NumberRange): readonly NumberRange[]

  /** When a batch was committed last; undefined where it has not arrived, or more than three days ago. */
  batchCommittedAtMs(gateway: string, epoch: string, seq: number): number | undefined

  /** When something of each gateway was committed last. */
  gatewaysSeen(): ReadonlyMap<string, number>

  /**
   * The longest stretches of settled slots that readings do not cover, or only in part, in order; the last may reach to
   * now over slots that were never computed. `unchanged` where nothing is new since the last answer.
   */
  uncovered(meter: MeterId, quantity: QuantityName, nowMs: number): readonly Period[] | 'unchanged'

  /** Gap entries that are open or accepted. */
  unfilledGaps(): readonly GapEntry[]

  /** Gap entries, newest first. */
  gapEntries(limit: number, state?: GapState): readonly GapEntry[]

  /** Gap entries of a meter, newest first. */
  gapEntriesOf(meter: MeterId, limit: number): readonly GapEntry[]

  changeGaps(changes: GapChanges, nowMs: number): void

  /** A person lets a gap be. False where the entry is not open. */
  acceptGap(id: number, decision: GapDecision): boolean

  /** Newest first, each with the first 4,000 characters of its payload: it may have megabytes. */
  quarantine(limit: number, state?: QuarantineState): readonly QuarantineEntry[]

  /** One entry with its whole payload. */
  quarantineEntry(id: number): QuarantineEntry | undefined

  quarantineOverflow(): readonly QuarantineOverflow[]

  /** A person decides on an entry. False where it is not open. */
  decideQuarantine(id: number, decision: QuarantineDecision): boolean

  /**
   * Takes away at most `limit` marks of batches committed more than three days ago: their numbers are kept as ranges, so
   * the books stay small over years. Returns how many there were.
   */
  forgetMarks(nowMs: number, limit: number): number

  /** Batches marked of each (gateway, epoch), for reports and tests. */
  batchCount(): number

  /** Some ten milliseconds at most, however old the books are. */
  counts(): BooksCounts

  /** Writes nothing, as durably as anything else: returns where the books can be written now. */
  probe(): void

  /**
   * Enters records in one transaction: all of them, or after a fault none. A record that is the very same as one of
   * the books is that one. Returns the number of each, in order, and whether it was new. Throws `correction-invalid` or
   * `certificate-used`, whose place is the index in `records`.
   */
  enterRecords(
    records: readonly AccountingRecord[],
    nowMs: number,
  ): readonly { readonly number: number; readonly isNew: boolean }[]

  /** Records in order of number; those replaced are among them, and say by which. */
  records(wish: RecordWish): readonly EnteredRecord[]

  /**
   * Adds up a meter's slots with fromMs ≤ slotMs < toMs: the newest revisions, or the very ones of `runs`. Throws
   * `amount-overflow` where the sum cannot be held exactly.
   */
  slotProof(meter: MeterId, quantity: QuantityName, period: Period, runs?: readonly RevisionRun[]): SlotProof

  /** Months changed after a change, in order; each once, at its latest change. */
  changedMonths(after: number): readonly ChangedMonth[]

  postingProgress(account: string): PostingProgress

  /**
   * Adds entries to the end of an account's chain, numbered and hashed, in one transaction, with the account's new
   * progress where there is one. `recordedAtMs` is `nowMs`, but never before that of the entry before. Throws
   * `entry-invalid` for a reversal of what cannot be reversed, `certificate-used` for a reference that an account holds,
   * `month-closed` for a figure of a closed month, `entry-invalid` where the last entry is not number `after`; then nothing
   * was added.
   */
  post(
    account: string,
    bodies: readonly EntryBody[],
    nowMs: number,
    progress?: PostingProgress,
    after?: number,
  ): readonly LedgerEntry[]

  /** Accounts that have entries. */
  ledgerAccounts(): readonly string[]

  /**
   * Entries of an account in order, or those that speak of some months. Throws a ZodError or SyntaxError where one is
   * damaged.
   */
  ledger(account: string, months?: readonly string[]): readonly LedgerEntry[]

  /** Months that were ever posted, in order. */
  postedMonths(account: string): readonly string[]

  /** Months that were ever reopened, in order. */
  reopenedMonths(account: string): readonly string[]

  /** The same as they are kept, one by one, so that a damaged one can be told of. */
  ledgerRows(account: string): Iterable<LedgerRow>

  /** Number and hash of an account's last entry as they were noted when it was added. */
  ledgerHead(account: string): { readonly number: number; readonly hash: string }

  /** What is wrong with the file itself and with records whose digest is not that of their content. */
  damages(): readonly string[]

  close(): void
}
