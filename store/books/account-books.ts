import { Fault } from '#contract/fault.ts'
import type { LedgerEntry } from '#contract/entry.ts'
import type { AccountBooks, LedgerAddition } from '../port.ts'
import type { BookParts, BooksFile } from './parts.ts'

/** The books of accounting: what no meter measures, and the ledgers. */
export function accountBooks(
  file: BooksFile,
  { records, progress, ledger, closings, windows }: BookParts,
): AccountBooks {
  function add(
    { account, bodies, progress: now }: LedgerAddition,
    nowMs: number,
    after?: number,
  ): readonly LedgerEntry[] {
    if (now !== undefined) progress.setProgressOf(account, now)
    const entries = ledger.append(account, bodies, nowMs, after)
    for (const stretch of closings.follow(entries)) windows.mark(stretch)
    return entries
  }

  return {
    enterRecords: (entered, nowMs) =>
      file.write(() =>
        entered.map((record, index) => {
          try {
            return records.enter(record, nowMs)
          } catch (error) {
            if (!(error instanceof Fault)) throw error
            throw new Fault(error.code, error.message, { place: { path: String(index) }, cause: error })
          }
        }),
      ),
    records: (wish) => file.read(() => records.records(wish)),
    changedMonths: (after, limit = -1) => file.read(() => progress.changedMonths(after, limit)),
    lastChange: () => file.read(() => progress.lastChange()),
    postingProgress: (account) => file.read(() => progress.progressOf(account)),
    post: (account, bodies, nowMs, progressNow, after) =>
      file.write(() => add({ account, bodies, progress: progressNow }, nowMs, after)),
    postAll: (additions, nowMs, more = false) => {
      file.write(() => {
        for (const addition of additions) add(addition, nowMs)
      }, more)
    },
    ledgerAccounts: () => file.read(() => ledger.accounts()),
    ledger: (...asked) => file.read(() => ledger.entries(...asked)),
    certificates: () => file.read(() => [...records.certificates(), ...ledger.certificates()]),
    monthsAfter: (account, number) => file.read(() => ledger.monthsAfter(account, number)),
    postedMonths: (account) => file.read(() => ledger.postedMonths(account)),
    reopenedMonths: (account) => file.read(() => ledger.reopenedMonths(account)),
    ledgerRows: (account) => ledger.rows(account),
    ledgerHead: (account) => file.read(() => ledger.headOf(account)),
  }
}
