import type { Amount } from '#contract/amount.ts'
import type { AccountingRecord } from '#contract/accounting-record.ts'
import type { CommitRecord, Refusal } from '#contract/commit.ts'
import type { GapKind } from '#contract/gap.ts'
import type { KeptBody } from '#contract/kept-entry.ts'
import type { Period } from '#contract/grid.ts'
import type { Interval, IntervalMethod, RecordedInterval } from '#contract/interval.ts'
import type { GapRecord } from '#contract/messages.ts'
import type { MeterId } from '#contract/identity.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { StretchToCopy } from './reading-store.ts'

/** What the books are given and give back. */

/** A stretch of a meter's time whose intervals must be computed again, both ends included: instants of readings, events or entries. */
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

/** A batch that was followed; `epoch` is null and `seq` 0 where it came without. */
export interface CommittedBatch extends Pick<CommitRecord, 'gateway' | 'epoch' | 'digest' | 'committedAtMs'> {
  readonly seq: number
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

/** A gateway whose batches came with two contents under one number. */
export interface ReusedNumbers {
  readonly gateway: string
  /** Open entries of quarantine that tell of it. */
  readonly entries: number
  /** When the first of them arrived. */
  readonly sinceMs: number
}

/** Which open entries of quarantine are meant: all that have what is given. */
export interface QuarantineWish {
  readonly gateway?: string | undefined
  readonly code?: string | undefined
}

/** Stretches of a meter's settled slots of which something is open; each list without overlaps. */
export interface OpenSlots {
  /** What readings do not cover, or only in part, and nobody has to decide. */
  readonly uncovered: readonly Period[]
  /** Of which a stretch waits for a person, of the register that is named, where they begin. */
  readonly undecided: readonly (Period & { readonly quantity: QuantityName })[]
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

/** Settled slots of a meter's day that have changed since they were copied. */
export interface DayToCopy extends StretchToCopy, Period {}

/** A period of whole slots of an account, enterprise or park, and the meters that its figures rest on. */
export interface LockRequest extends Period {
  readonly account: string
  readonly meters: readonly MeterId[]
  readonly by: string
  readonly why: string
  readonly atMs: number
  /** Number of the entry of the account's ledger that closes the period; undefined where none does. */
  readonly closing?: number | undefined
}

export interface PeriodLock extends LockRequest {
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

/** What came late of one register to one locked period: from its first slot to the end of its last one. */
export interface LateRegister extends Period {
  readonly lock: number
  readonly meter: MeterId
  readonly quantity: QuantityName
  readonly slots: number
  /** When the first of them was noted. */
  readonly notedMs: number
}

/** How many entries the books have of what needs attention. */
export interface BooksCounts {
  /** Stretches that gateways declared lost. */
  readonly gaps: number
  /** Gap entries of each kind on which nobody has decided and that nothing has filled. */
  readonly openGaps: Readonly<Record<GapKind, number>>
  /** Numbers of batches that neither arrived nor were declared lost, nor accepted as lost by a person. */
  readonly missingBatches: number
  /** Entries that nobody has decided on. */
  readonly quarantined: number
  readonly dirtyWindows: number
  /** Begin of the oldest of them. */
  readonly oldestDirtyMs: number | undefined
  /** Days of a meter with settled intervals that were not copied when these were last asked for (`intervalsToCopy`). */
  readonly daysToCopy: number
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

/** What is added to the end of an account's chain, and how far the account is posted then. */
export interface LedgerAddition {
  readonly account: string
  readonly bodies: readonly KeptBody[]
  readonly progress: PostingProgress | undefined
}

/** Which entries of an account. */
export interface LedgerPageWish {
  /** Number of the last entry of the page before; 0 for the first page. */
  readonly after: number
  readonly limit: number
  /** Those alone that speak of this month. */
  readonly month?: string | undefined
}

/** A certificate as an account claims it: by a record that covers electricity, or by an entry of its ledger. */
export interface CertificateClaim {
  readonly certificate: string
  readonly account: string
  readonly in: 'record' | 'entry'
  /** Of the record, or of the entry. */
  readonly number: number
}

/** An entry as it is kept, before anything of it is believed. */
export interface LedgerRow {
  readonly account: string
  readonly number: number
  readonly recordedAtMs: number
  readonly kind: string
  readonly month: string | null
  readonly reverses: number | null
  readonly reference: string | null
  /** How it is written and hashed (contract/kept-entry.ts). */
  readonly version: number
  readonly body: string
  /** Canonical text of the evidence that `body` names, where it names one and it is there. */
  readonly evidence: string | undefined
  readonly previous: string
  readonly hash: string
}
