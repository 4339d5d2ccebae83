import type { DatabaseSync } from 'node:sqlite'
import { openAccountingRecords } from './accounting-records.ts'
import { openAlarms } from './alarms.ts'
import { openClosingLocks } from './closing-locks.ts'
import { openDaySums } from './day-sums.ts'
import { openDeclaredGaps } from './declared-gaps.ts'
import { openDirtyWindows } from './dirty-windows.ts'
import { openEntries } from './entries.ts'
import { openGapEntries } from './gap-entries.ts'
import { openIntervalCopies } from './interval-copies.ts'
import { openIntervals, type IntervalBook } from './intervals.ts'
import { openKeptFrom } from './kept-from.ts'
import { openLedger } from './ledger.ts'
import { openLocks } from './locks.ts'
import { openMarks } from './marks.ts'
import { openMeterRules } from './meter-rules.ts'
import { openMonthSums } from './month-sums.ts'
import { openPostingProgress } from './posting-progress.ts'
import { openPublishedConfigurations } from './published-configurations.ts'
import { openQuarantine, type QuarantineBounds } from './quarantine.ts'
import { openSlotProofs } from './slot-proof.ts'
import { openUncovered } from './uncovered.ts'

/**
 * How the books reach their file: each call with the fault that names it, a write as one transaction. With `more` it is
 * on the disk no later than the next one without.
 */
export interface BooksFile {
  read<T>(work: () => T): T
  write<T>(work: () => T, more?: boolean): T
}

export type BookParts = ReturnType<typeof openParts>

/** The parts of the books, one a kind of table, over one open file. */
export function openParts(database: DatabaseSync, bounds: QuarantineBounds) {
  const marks = openMarks(database)
  const uncovered = openUncovered(database, (series) => intervals.extentOfSeries(series))
  const intervals: IntervalBook = openIntervals(database, (...given) => uncovered.note(...given))
  const days = openDaySums(database, intervals.keptBetween)
  const locks = openLocks(database)
  const ledger = openLedger(database)
  return {
    marks,
    uncovered,
    intervals,
    declared: openDeclaredGaps(database, marks.journalOf),
    quarantine: openQuarantine(database, bounds),
    gaps: openGapEntries(database),
    alarms: openAlarms(database),
    published: openPublishedConfigurations(database),
    windows: openDirtyWindows(database),
    copies: openIntervalCopies(database, intervals.between),
    days,
    months: openMonthSums(database, days),
    rules: openMeterRules(database),
    entries: openEntries(database),
    locks,
    keptFrom: openKeptFrom(database, intervals, locks),
    records: openAccountingRecords(database),
    ledger,
    closings: openClosingLocks(ledger, locks),
    progress: openPostingProgress(database),
    slotProof: openSlotProofs(intervals),
  }
}
