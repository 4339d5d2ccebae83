import type { DatabaseSync } from 'node:sqlite'
import type { CommitRecord, Refusal } from '#contract/commit.ts'
import type { LedgerEntry } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import type { Interval } from '#contract/interval.ts'
import { openAlarms, type AlarmBook } from './books/alarms.ts'
import { openAccountingRecords, type RecordBook } from './books/accounting-records.ts'
import { carryOver } from './books/carry-over.ts'
import { openDaySums, type DaySums } from './books/day-sums.ts'
import { openEntries, type Entries } from './books/entries.ts'
import { openDeclaredGaps, type DeclaredGaps } from './books/declared-gaps.ts'
import { openDirtyWindows, type DirtyWindows } from './books/dirty-windows.ts'
import { openGapEntries, type GapEntries } from './books/gap-entries.ts'
import { openIntervals, type IntervalBook } from './books/intervals.ts'
import { openClosingLocks, type ClosingLocks } from './books/closing-locks.ts'
import { openLocks, type Locks } from './books/locks.ts'
import { openKeptFrom, type KeptFrom } from './books/kept-from.ts'
import { openMarks, type Marks } from './books/marks.ts'
import { openMeterRules, type MeterRules } from './books/meter-rules.ts'
import { contentOf } from './books/slot-content.ts'
import { openLedger, type LedgerBook } from './books/ledger.ts'
import { openPostingProgress, type PostingProgressBook } from './books/posting-progress.ts'
import {
  openQuarantine,
  QUARANTINE_BOUNDS,
  type Quarantine,
  type QuarantineBounds,
} from './books/quarantine.ts'
import { openUncovered, type Uncovered } from './books/uncovered.ts'
import { openSlotProofs } from './books/slot-proof.ts'
import type {
  Books,
  BooksCounts,
  LateAfterLock,
  LedgerAddition,
  PostingProgress,
  RecordWish,
} from './port.ts'
import { fileDamages, inTransaction, openSqlite, probeWrite } from './sqlite-file.ts'

/**
 * Opens or creates the books. Their owner says by which calendar their days are summed; for all others it stays as it
 * is, which is UTC in new books. Throws `books-unusable`.
 */
export function openBooks(file: string, timeZone?: string, bounds = QUARANTINE_BOUNDS): Books {
  return guarded(file, () => new SqliteBooks(file, openSqlite(file, 'books'), timeZone, bounds))
}

function guarded<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('books-unusable', `The books in ${file} cannot be used: ${String(cause)}`, {
      place: { file },
      cause,
    })
  }
}

class SqliteBooks implements Books {
  readonly #file: string
  readonly #database: DatabaseSync
  readonly #marks: Marks
  readonly #declared: DeclaredGaps
  readonly #quarantine: Quarantine
  readonly #gaps: GapEntries
  readonly #alarms: AlarmBook
  readonly #uncovered: Uncovered
  readonly #windows: DirtyWindows
  readonly #intervals: IntervalBook
  readonly #days: DaySums
  readonly #rules: MeterRules
  readonly #entries: Entries
  readonly #locks: Locks
  readonly #keptFrom: KeptFrom
  #revisionsWritten = 0
  readonly #records: RecordBook
  readonly #ledger: LedgerBook
  readonly #closings: ClosingLocks
  readonly #progress: PostingProgressBook
  readonly #slotProof: Books['slotProof']

  constructor(file: string, database: DatabaseSync, timeZone: string | undefined, bounds: QuarantineBounds) {
    this.#file = file
    this.#database = database
    carryOver(database)
    this.#marks = openMarks(database)
    this.#declared = openDeclaredGaps(database, this.#marks.journalOf)
    this.#quarantine = openQuarantine(database, bounds)
    this.#gaps = openGapEntries(database)
    this.#uncovered = openUncovered(database, (series) => this.#intervals.extentOfSeries(series))
    this.#windows = openDirtyWindows(database)
    this.#intervals = openIntervals(database, (...given) => this.#uncovered.note(...given))
    this.#days = openDaySums(database, this.#intervals.keptBetween)
    this.#rules = openMeterRules(database)
    this.#entries = openEntries(database)
    this.#locks = openLocks(database)
    this.#keptFrom = openKeptFrom(database, this.#intervals, this.#locks)
    this.#records = openAccountingRecords(database)
    this.#ledger = openLedger(database)
    this.#closings = openClosingLocks(this.#ledger, this.#locks)
    this.#progress = openPostingProgress(database)
    this.#alarms = openAlarms(database)
    this.#slotProof = openSlotProofs(this.#intervals)
    if (timeZone !== undefined)
      this.#write(() => {
        this.#days.useCalendar(timeZone)
        this.#progress.useCalendar(timeZone)
      })
  }

  followedUntilMs(): number {
    return this.#read(() =>
      Number(this.#database.prepare('SELECT followed_until_ms FROM progress').get()?.['followed_until_ms']),
    )
  }

  follow(records: readonly CommitRecord[], nowMs: number): readonly CommitRecord[] {
    return this.#write(() => {
      const entered = records.filter((record) => this.#enter(record))
      const newestMs = records.reduce((newest, { committedAtMs }) => Math.max(newest, committedAtMs), 0)
      this.#database
        .prepare('UPDATE progress SET followed_until_ms = min(max(followed_until_ms, ?), ?)')
        .run(newestMs, nowMs)
      return entered
    })
  }

  useRules(...[meter, rules, inputs = []]: Parameters<Books['useRules']>): boolean {
    return this.#write(() => {
      if (!this.#rules.change(meter, rules)) return false
      for (const each of [meter, ...inputs]) {
        const recorded = this.#intervals.extentOf(each)
        if (recorded !== undefined) this.#windows.mark({ meter, ...recorded })
      }
      return true
    })
  }

  dirtyWindows(limit: number): ReturnType<Books['dirtyWindows']> {
    return this.#read(() => this.#windows.list(limit))
  }

  markDirty(windows: Parameters<Books['markDirty']>[0]): void {
    this.#write(() => {
      for (const window of windows) this.#windows.mark(window)
    })
  }

  extentOf(meter: string): ReturnType<Books['extentOf']> {
    return this.#read(() => this.#intervals.extentOf(meter))
  }

  record(...[window, intervals, nowMs, dependents]: Parameters<Books['record']>): number {
    return this.recordAll([{ window, intervals }], nowMs, dependents)
  }

  recordAll(...[works, nowMs, dependents]: Parameters<Books['recordAll']>): number {
    // A computed interval that does not fit its type is the caller's fault, not that of the file.
    const computed = works.flatMap(({ intervals }) =>
      intervals.map((interval) => ({ interval, content: contentOf(interval) })),
    )
    const revisions = this.#write(() => {
      const open = computed.filter(({ interval }) => !this.#stands(interval))
      const keeper = this.#locks.keeper(nowMs, (...slot) => this.#progress.mark(...slot, nowMs))
      const written = this.#intervals.write(open, nowMs, keeper)
      this.#days.mark(written)
      for (const { series, interval } of written) this.#progress.mark(series, interval.slotMs, nowMs)
      for (const { window } of works) this.#windows.clear(window)
      const touched = written.length === 0 ? [] : dependents?.(written.map(({ interval }) => interval))
      for (const stretch of touched ?? []) this.#windows.mark(stretch)
      return written.length
    })
    this.#revisionsWritten += revisions
    return revisions
  }

  lock(request: Parameters<Books['lock']>[0]): number {
    return this.#write(() => this.#locks.lock(request))
  }

  unlock(...[id, by, why, atMs]: Parameters<Books['unlock']>): void {
    this.#write(() => {
      for (const stretch of this.#locks.unlock(id, by, why, atMs)) this.#windows.mark(stretch)
    })
  }

  locks(): ReturnType<Books['locks']> {
    return this.#read(() => this.#locks.list())
  }

  lateAfterLock(id: number): ReturnType<Books['lateAfterLock']> {
    return this.#read(() => this.#locks.lateAfter(id).map((late) => this.#withKept(late)))
  }

  lateSlots(...register: Parameters<Books['lateSlots']>): ReturnType<Books['lateSlots']> {
    return this.#read(() => this.#locks.lateSlots(...register).map((late) => this.#withKept(late)))
  }

  lateRegisters(): ReturnType<Books['lateRegisters']> {
    return this.#read(() => this.#locks.lateRegisters())
  }

  keptFromMs(meter: MeterId): number {
    return this.#read(() => this.#keptFrom.of(meter))
  }

  releaseReadings(meter: MeterId, beforeMs: number): number {
    return this.#write(() => this.#keptFrom.release(meter, beforeMs))
  }

  loseReadings(meter: MeterId, beforeMs: number): void {
    if (beforeMs > this.keptFromMs(meter)) this.#write(() => this.#keptFrom.move(meter, beforeMs))
  }

  intervals(...slots: Parameters<Books['intervals']>): ReturnType<Books['intervals']> {
    return this.#read(() => this.#intervals.between(...slots))
  }

  revisions(...slot: Parameters<Books['revisions']>): ReturnType<Books['revisions']> {
    return this.#read(() => this.#intervals.revisions(...slot))
  }

  daySums(...days: Parameters<Books['daySums']>): ReturnType<Books['daySums']> {
    return this.#read(() => this.#days.between(...days))
  }

  settleDays(...[nowMs, limit]: Parameters<Books['settleDays']>): number {
    return this.#write(() => this.#days.settle(nowMs, limit))
  }

  meterEntries(meter: string): ReturnType<Books['meterEntries']> {
    return this.#read(() => this.#entries.of(meter))
  }

  holes(): ReturnType<Books['holes']> {
    return this.#read(() => this.#marks.holes(this.#quarantine.unnumbered()))
  }

  gaps(): ReturnType<Books['gaps']> {
    return this.#read(() => this.#declared.all())
  }

  absentBatches(
    ...[gateway, epoch, range]: Parameters<Books['absentBatches']>
  ): ReturnType<Books['absentBatches']> {
    return this.#read(() => this.#marks.absent(gateway, epoch, range))
  }

  batchCommittedAtMs(...batch: Parameters<Books['batchCommittedAtMs']>): number | undefined {
    return this.#read(() => this.#marks.committedAtMs(...batch))
  }

  gatewaysSeen(): ReadonlyMap<string, number> {
    return this.#read(() => this.#marks.gatewaysSeen())
  }

  uncovered(...[meter, quantity, nowMs]: Parameters<Books['uncovered']>): ReturnType<Books['uncovered']> {
    return this.#read(() => {
      const series = this.#intervals.seriesOf(meter, quantity)
      return series === undefined ? [] : this.#uncovered.runs(series, nowMs)
    })
  }

  unfilledGaps(): ReturnType<Books['unfilledGaps']> {
    return this.#read(() => this.#gaps.unfilled())
  }

  gapEntriesOf(...listed: Parameters<Books['gapEntriesOf']>): ReturnType<Books['gapEntriesOf']> {
    return this.#read(() => this.#gaps.newestOfMeter(...listed))
  }

  gapEntries(...listed: Parameters<Books['gapEntries']>): ReturnType<Books['gapEntries']> {
    return this.#read(() => this.#gaps.newest(...listed))
  }

  changeGaps(...[changes, nowMs]: Parameters<Books['changeGaps']>): void {
    this.#write(() => this.#gaps.apply(changes, nowMs))
  }

  acceptGap(...accepted: Parameters<Books['acceptGap']>): boolean {
    return this.#write(() => this.#gaps.accept(...accepted))
  }

  quarantine(...listed: Parameters<Books['quarantine']>): ReturnType<Books['quarantine']> {
    return this.#read(() => this.#quarantine.newest(...listed))
  }

  quarantineEntry(id: number): ReturnType<Books['quarantineEntry']> {
    return this.#read(() => this.#quarantine.find(id))
  }

  quarantineOverflow(): ReturnType<Books['quarantineOverflow']> {
    return this.#read(() => this.#quarantine.overflow())
  }

  decideQuarantine(...decided: Parameters<Books['decideQuarantine']>): boolean {
    return this.#write(() => this.#quarantine.decide(...decided))
  }

  remarks(subject: string): ReturnType<Books['remarks']> {
    return this.#read(() => this.#alarms.remarks(subject))
  }

  addRemark(...added: Parameters<Books['addRemark']>): void {
    this.#write(() => this.#alarms.addRemark(...added))
  }

  settleAlarms(...settled: Parameters<Books['settleAlarms']>): ReturnType<Books['settleAlarms']> {
    return this.#write(() => this.#alarms.settle(...settled))
  }

  alarms(wish: Parameters<Books['alarms']>[0]): ReturnType<Books['alarms']> {
    return this.#read(() => this.#alarms.list(wish))
  }

  alarm(id: number): ReturnType<Books['alarm']> {
    return this.#read(() => this.#alarms.find(id))
  }

  acknowledgeAlarm(...acknowledged: Parameters<Books['acknowledgeAlarm']>): boolean {
    return this.#write(() => this.#alarms.acknowledge(...acknowledged))
  }

  forgetMarks(...[nowMs, limit]: Parameters<Books['forgetMarks']>): number {
    return this.#write(() => this.#marks.forget(nowMs, limit))
  }

  batchCount(): number {
    return this.#read(() => this.#marks.batchCount())
  }

  counts(): BooksCounts {
    return this.#read(() => ({
      gaps: this.#declared.count(),
      quarantined: this.#quarantine.countOpen(),
      ...this.#windows.counts(),
      missingBatches: this.#marks
        .holes(new Map())
        .reduce((sum, { firstSeq, lastSeq }) => sum + lastSeq - firstSeq + 1, 0),
      revisionsWritten: this.#revisionsWritten,
    }))
  }

  probe(): void {
    this.#read(() => probeWrite(this.#database))
  }

  enterRecords(...[records, nowMs]: Parameters<Books['enterRecords']>): ReturnType<Books['enterRecords']> {
    return this.#write(() =>
      records.map((record, index) => {
        try {
          return this.#records.enter(record, nowMs)
        } catch (error) {
          if (!(error instanceof Fault)) throw error
          throw new Fault(error.code, error.message, { place: { path: String(index) }, cause: error })
        }
      }),
    )
  }

  records(wish: RecordWish): ReturnType<Books['records']> {
    return this.#read(() => this.#records.records(wish))
  }

  slotProof(...asked: Parameters<Books['slotProof']>): ReturnType<Books['slotProof']> {
    return this.#read(() => this.#slotProof(...asked))
  }

  changedMonths(after: number): ReturnType<Books['changedMonths']> {
    return this.#read(() => this.#progress.changedMonths(after))
  }

  postingProgress(account: string): PostingProgress {
    return this.#read(() => this.#progress.progressOf(account))
  }

  post(...[account, bodies, nowMs, progress, after]: Parameters<Books['post']>): ReturnType<Books['post']> {
    return this.#write(() => this.#add({ account, bodies, progress }, nowMs, after))
  }

  postAll(...[additions, nowMs]: Parameters<Books['postAll']>): void {
    this.#write(() => {
      for (const addition of additions) this.#add(addition, nowMs)
    })
  }

  ledgerAccounts(): readonly string[] {
    return this.#read(() => this.#ledger.accounts())
  }

  ledger(...asked: Parameters<Books['ledger']>): ReturnType<Books['ledger']> {
    return this.#read(() => this.#ledger.entries(...asked))
  }

  postedMonths(account: string): readonly string[] {
    return this.#read(() => this.#ledger.postedMonths(account))
  }

  reopenedMonths(account: string): readonly string[] {
    return this.#read(() => this.#ledger.reopenedMonths(account))
  }

  ledgerRows(account: string): ReturnType<Books['ledgerRows']> {
    return this.#ledger.rows(account, 0, -1)
  }

  ledgerHead(account: string): ReturnType<Books['ledgerHead']> {
    return this.#read(() => this.#ledger.headOf(account))
  }

  damages(): readonly string[] {
    return this.#read(() => [...fileDamages(this.#database), ...this.#records.damages()])
  }

  close(): void {
    if (this.#database.isOpen) guarded(this.#file, () => this.#database.close())
  }

  /** Enters one record. True when it was not known. */
  #enter(record: CommitRecord): boolean {
    const arrival = this.#marks.mark(record)
    if (arrival === 'known') return false
    for (const touched of record.touched) this.#windows.mark(touched)
    this.#quarantine.enter(record, record.refused, arrival !== 'again')
    this.#declared.enter(record)
    this.#entries.enter(record)
    if (arrival === 'conflict') this.#quarantine.enter(record, [conflictOf(record)], true)
    return arrival !== 'again'
  }

  #add({ account, bodies, progress }: LedgerAddition, nowMs: number, after?: number): readonly LedgerEntry[] {
    if (progress !== undefined) this.#progress.setProgressOf(account, progress)
    const entries = this.#ledger.append(account, bodies, nowMs, after)
    for (const stretch of this.#closings.follow(entries)) this.#windows.mark(stretch)
    return entries
  }

  #withKept(late: Omit<LateAfterLock, 'kept'>): LateAfterLock {
    const { meter, quantity, slotMs } = late.computed
    const [kept] = this.#intervals.between(meter, quantity, { fromMs: slotMs, toMs: slotMs + 1 })
    return { ...late, kept }
  }

  /** True for a slot whose readings may be gone, and of which more was known than can be computed now. */
  #stands({ meter, quantity, slotMs }: Interval): boolean {
    if (slotMs >= this.#keptFrom.of(meter)) return false
    const period = { fromMs: slotMs, toMs: slotMs + SLOT_MS }
    return this.#intervals.between(meter, quantity, period)[0]?.state === 'known'
  }

  #read<T>(work: () => T): T {
    return guarded(this.#file, work)
  }

  #write<T>(work: () => T): T {
    // What was marked before has been looked at, or was rolled back.
    this.#progress.forgetLast()
    return guarded(this.#file, () => inTransaction(this.#database, work))
  }
}

/** What is shown of a batch whose number another content had before it. Its readings are in the store all the same. */
function conflictOf(record: CommitRecord): Refusal {
  return {
    code: 'number-reused' satisfies Fault['code'],
    detail: `Batch ${record.seq} of gateway ${record.gateway}, epoch ${record.epoch}, came with two contents.`,
    encoding: 'json',
    payload: JSON.stringify(record),
  }
}
