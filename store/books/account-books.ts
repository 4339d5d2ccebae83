import { Fault } from '#contract/fault.ts'
import type { AccountBooks, LedgerAddition } from '../port.ts'
import type { BookParts, BooksFile } from './parts.ts'

/** The books of accounting: what no meter measures, and the ledgers. */
export function accountBooks(
  file: BooksFile,
  { records, progress, ledger, closings, windows }: BookParts,
): AccountBooks {
  function add({ account, bodies, progress: now }: LedgerAddition, nowMs: number): void {
    if (now !== undefined) progress.setProgressOf(account, now)
    const person = bodies.find(({ kind }) => kind === 'closing' || kind === 'reopening')
    if (person !== undefined) throw new RangeError(`a ${person.kind} is entered by itself`)
    ledger.append(account, bodies, nowMs)
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
      file.write(() => {
        if (progressNow !== undefined) progress.setProgressOf(account, progressNow)
        const entries = ledger.enter(account, bodies, nowMs, after)
        for (const stretch of closings.follow(entries)) windows.mark(stretch)
        return entries
      }),
    postAll: (additions, nowMs, more = false) => {
      file.write(() => {
        for (const addition of additions) add(addition, nowMs)
      }, more)
    },
    ledgerAccounts: () => file.read(() => ledger.accounts()),
    ledger: (...asked) => file.read(() => ledger.entries(...asked)),
    ledgerEntry: (...asked) => file.read(() => ledger.entry(...asked)),
    ledgerPage: (...asked) => file.read(() => ledger.page(...asked)),
    certificates: () => file.read(() => [...records.certificates(), ...ledger.certificates()]),
    monthsAfter: (account, number) => file.read(() => ledger.monthsAfter(account, number)),
    postedMonths: (account) => file.read(() => ledger.postedMonths(account)),
    reopenedMonths: (account) => file.read(() => ledger.reopenedMonths(account)),
    ledgerRows: (account) => ledger.rows(account),
    ledgerFactors: (digest) => file.read(() => ledger.factorsText(digest)),
    ledgerHash: (...asked) => file.read(() => ledger.hashOf(...asked)),
    ledgerHead: (account) => file.read(() => ledger.headOf(account)),
  }
}
