import type { AccountingRecord } from '#contract/accounting-record.ts'
import type { CommitRecord } from '#contract/commit.ts'
import type { PlacedSum } from '#contract/energy-sum.ts'
import type { EntryBody, LedgerEntry } from '#contract/entry.ts'
import type { GapChanges, GapDecision, GapEntry, GapState } from '#contract/gap.ts'
import type { Period } from '#contract/grid.ts'
import type { Interval, RecordedInterval } from '#contract/interval.ts'
import type { RecordedEntry } from '#contract/meter-entry.ts'
import type { AlarmBooks } from './alarm-port.ts'
import type { FleetBooks } from './fleet-port.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { MeterId } from '#contract/identity.ts'
import type {
  CommittedBatch,
  DirtyWindow,
  NumberRange,
  OpenSlots,
  Hole,
  QuarantineState,
  QuarantineDecision,
  QuarantineEntry,
  QuarantineOverflow,
  QuarantineWish,
  ReusedNumbers,
  RecordedGap,
  ComputedWindow,
  DayToCopy,
  LockRequest,
  PeriodLock,
  LateAfterLock,
  LateRegister,
  BooksCounts,
  EnteredRecord,
  RecordWish,
  RevisionRun,
  SlotProof,
  ChangedMonth,
  PostingProgress,
  CertificateClaim,
  LedgerAddition,
  LedgerPageWish,
  LedgerRow,
} from './port/book-facts.ts'

export type * from './port/book-facts.ts'
export { NO_PROGRESS } from './port/book-facts.ts'
export type * from './port/reading-store.ts'

/** What was delivered: batches, holes and gaps, quarantine, and what persons said of meters. */
export interface DeliveryBooks {
  /** committedAtMs up to which commit records have been followed; 0 in new books. */
  followedUntilMs(): number

  /**
   * Enters commit records: batch marks, gaps, quarantine and dirty windows, and moves `followedUntilMs` up to the
   * newest of them, but never beyond `nowMs`, the owner's own clock (and back to it where that was set back), because
   * a record carries the time of another machine. Entering a record twice is entering it once.
   * Returns those that were new.
   */
  follow(records: readonly CommitRecord[], nowMs: number): readonly CommitRecord[]

  /** What persons said of a meter, oldest first, withdrawn entries included. */
  meterEntries(meter: MeterId): readonly RecordedEntry[]

  /** Numbers below the highest seen of each epoch that neither arrived nor were declared lost. */
  holes(): readonly Hole[]

  gaps(): readonly RecordedGap[]

  /** Numbers of a range that have not arrived, declared lost or not. */
  absentBatches(gateway: string, epoch: string, range: NumberRange): readonly NumberRange[]

  /** When a batch was committed last; undefined where it has not arrived, or more than three days ago. */
  batchCommittedAtMs(gateway: string, epoch: string, seq: number): number | undefined

  /** The batches committed last, from `fromMs` on, newest first; none of more than three days ago. */
  batchesSince(fromMs: number, limit: number): readonly CommittedBatch[]

  /** When something of each gateway was committed last. */
  gatewaysSeen(): ReadonlyMap<string, number>

  /**
   * What is open of a meter's settled slots, as the longest stretches, in order: `uncovered`, which readings of its register
   * do not cover, or only in part (the last may reach to now over slots that were never computed), and `undecided`, of
   * which a stretch waits for a person, of any of its registers. `unchanged` where nothing is new since the last answer.
   */
  openSlots(meter: MeterId, register: QuantityName, nowMs: number): OpenSlots | 'unchanged'

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

  /** Gateways whose numbers came with two contents, as far as nobody has decided on these entries of quarantine. */
  reusedNumbers(): readonly ReusedNumbers[]

  /** A person decides on an entry. False where it is not open. */
  decideQuarantine(id: number, decision: QuarantineDecision): boolean

  /** The same decision on all open entries that are meant, in one transaction. Returns how many these were. */
  decideAllQuarantine(wish: QuarantineWish, decision: QuarantineDecision): number

  /**
   * Takes away at most `limit` marks of batches committed more than three days ago: their numbers are kept as ranges, so
   * the books stay small over years. Returns how many there were.
   */
  forgetMarks(nowMs: number, limit: number): number

  /** Batches marked of each (gateway, epoch), for reports and tests. */
  batchCount(): number
}

/** Energy: what is to be computed, intervals with their revisions, their sums and their locks. */
export interface IntervalBooks {
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
   * revised; what would have changed them is noted and given by `lateAfterLock`. Returns the lock's number. Throws
   * `request-invalid` for one that does not end after it begins.
   */
  lock(request: LockRequest): number

  /** Releases a lock, with reason: what came late is computed again and becomes revisions. Twice is once. Throws `not-found`. */
  unlock(id: number, by: string, why: string, atMs: number): void

  /** All locks, released ones included, in the order in which they were made. */
  locks(): readonly PeriodLock[]

  /** Slots of a lock for which something else has been computed since, each with what is kept and what it would be. */
  lateAfterLock(id: number): readonly LateAfterLock[]

  /** The same of one register's slots with fromMs ≤ slotMs < toMs, whatever locks them. */
  lateSlots(meter: MeterId, quantity: QuantityName, period: Period): readonly LateAfterLock[]

  /** Registers of which something came late to a locked period, by lock. */
  lateRegisters(): readonly LateRegister[]

  /** Before this instant the readings of a meter may be gone; 0 where all are kept. */
  keptFromMs(meter: MeterId): number

  /**
   * Lets readings of a meter go: moves `keptFromMs` towards an instant, about a month, but not beyond a dirty window,
   * a slot that is undecided, or one that came late to a locked period, and only to a line at which the register was
   * read, or a little before and after it. From then on no computation changes a known interval before it. Returns it.
   */
  releaseReadings(meter: MeterId, beforeMs: number): number

  /** The same for readings that are gone already, whatever still needed them. */
  loseReadings(meter: MeterId, beforeMs: number): void

  /**
   * The time whose readings may be gone: what is known of its slots stands, and readings that come late for it count for
   * nothing. Undefined where all are kept. What was recorded before it is computed as ever.
   */
  standing(meter: MeterId): Period | undefined

  /**
   * The time whose readings of a meter may be deleted, but for the newest of each quantity; empty where none may. Never
   * beyond what has been recorded: what came after all, and is not computed yet, is not in it.
   */
  deletable(meter: MeterId): Period

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
   * Sums that fill a period which begins and ends with days: its whole months, and the days before and after these, in
   * order; those without a recorded slot are absent. Joined they are the same as `daySums`, and a year of them is read in a
   * thirtieth of the time.
   */
  sumsOver(meter: MeterId, quantity: QuantityName, period: Period): readonly PlacedSum[]

  /**
   * Keeps the sums of days, and then of months, that were over at `nowMs` and have changed since, at most `limit` of them,
   * so that `daySums` and `sumsOver` need not make them. Returns how many it summed: 0 when none was left.
   */
  settleDays(nowMs: number, limit: number): number

  /**
   * Says where finished intervals are copied to, for others to look at: from then on those that change are marked. All
   * are, where it is another place than before, or where `again` is said. `undefined` is nowhere.
   */
  copyIntervalsTo(target: string | undefined, again?: boolean): void

  /** Slots that have changed since they were copied and are settled at `nowMs`: of at most `limit` days, newest first. */
  intervalsToCopy(nowMs: number, limit: number): readonly DayToCopy[]

  /** Days that `intervalsToCopy` gave were copied. What has changed of them since is given again. */
  intervalsCopied(days: readonly DayToCopy[]): void

  /**
   * Adds up a meter's slots with fromMs ≤ slotMs < toMs: the newest revisions, or the very ones of `runs`. Throws
   * `amount-overflow` where the sum cannot be held exactly.
   */
  slotProof(meter: MeterId, quantity: QuantityName, period: Period, runs?: readonly RevisionRun[]): SlotProof
}

/** Accounting: what no meter measures, and the ledgers. */
export interface AccountBooks {
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

  /** Months changed after a change, in order, at most so many where that is said; each once, at its latest change. */
  changedMonths(after: number, limit?: number): readonly ChangedMonth[]

  /** Number of the last change; 0 where there is none. */
  lastChange(): number

  postingProgress(account: string): PostingProgress

  /**
   * Adds entries to the end of an account's chain, numbered and hashed, in one transaction, with the account's new
   * progress where there is one. `recordedAtMs` is `nowMs`, but never before that of the entry before; where it is so by
   * more than a minute, an entry of the kind `clock` after them says it, once. Throws
   * `entry-invalid` for a reversal of what cannot be reversed, `certificate-used` for a reference that an account holds,
   * `month-closed` for a figure of a closed month, `entry-invalid` where the last entry is not number `after`; then nothing
   * was added. A closing locks the intervals that its month's postings rest on, a reopening releases them: what came
   * late is dirty from then on.
   */
  post(
    account: string,
    bodies: readonly EntryBody[],
    nowMs: number,
    progress?: PostingProgress,
    after?: number,
  ): readonly LedgerEntry[]

  /**
   * The same for several accounts, in order and in one transaction: all of it, or after a fault nothing. Closings and
   * reopenings are not among them.
   * @param more what follows at once waits for the disk, and so for this: after a power cut both may be gone
   */
  postAll(additions: readonly LedgerAddition[], nowMs: number, more?: boolean): void

  /** Certificates as records and as entries claim them, records first; what was replaced or reversed claims nothing. */
  certificates(): readonly CertificateClaim[]

  /** Months that entries after a number speak of. */
  monthsAfter(account: string, number: number): readonly string[]

  /** Accounts that have entries. */
  ledgerAccounts(): readonly string[]

  /**
   * Entries of an account in order, or those that speak of some months. Throws a ZodError or SyntaxError where one is
   * damaged.
   */
  ledger(account: string, months?: readonly string[]): readonly LedgerEntry[]

  /** One entry, by its number; undefined where there is none. Throws as `ledger`. */
  ledgerEntry(account: string, number: number): LedgerEntry | undefined

  /** At most `limit` entries after a number, in order; those of one month where it is named. Throws as `ledger`. */
  ledgerPage(account: string, wish: LedgerPageWish): readonly LedgerEntry[]

  /** Months that were ever posted, in order. */
  postedMonths(account: string): readonly string[]

  /** Months that were ever reopened, in order. */
  reopenedMonths(account: string): readonly string[]

  /** The same as they are kept, one by one, so that a damaged one can be told of. */
  ledgerRows(account: string): Iterable<LedgerRow>

  /** Text of a list of factors by its SHA-256, as it is kept, whatever it is; undefined where there is none. */
  ledgerFactors(digest: string): string | undefined

  /** Hash of an entry as it is kept; undefined where there is none. */
  ledgerHash(account: string, number: number): string | undefined

  /** Number and hash of an account's last entry as they were noted when it was added. */
  ledgerHead(account: string): { readonly number: number; readonly hash: string }
}

/**
 * The books: few, transactional facts with one owner, the process that runs the recompute and posting loops.
 * SQLite always; calls are synchronous and each is one transaction.
 * Throws a Fault `books-unusable` when the file cannot be read or written.
 */
export interface Books extends DeliveryBooks, IntervalBooks, AccountBooks, AlarmBooks, FleetBooks {
  /** Some ten milliseconds at most, however old the books are. */
  counts(): BooksCounts

  /** Writes nothing, as durably as anything else: returns where the books can be written now. */
  probe(): void

  /**
   * What is wrong with the file itself, with records and decisions whose digest is not that of their content, and with
   * kept sums that are not those of the intervals. Reads all intervals: a second for some million of them.
   */
  damages(): readonly string[]

  close(): void
}
