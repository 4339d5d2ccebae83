import { Fault } from '#contract/fault.ts'
import { accountBooks } from './books/account-books.ts'
import { carryOver } from './books/carry-over.ts'
import { deliveryBooks } from './books/delivery-books.ts'
import { intervalBooks } from './books/interval-books.ts'
import { openParts, type BooksFile } from './books/parts.ts'
import { QUARANTINE_BOUNDS, type QuarantineBounds } from './books/quarantine.ts'
import type { Books } from './port.ts'
import { fileDamages, inTransaction, inUnsyncedTransaction, openSqlite, probeWrite } from './sqlite-file.ts'

/**
 * Opens or creates the books. Their owner says by which calendar their days are summed; for all others it stays as it
 * is, which is UTC in new books. Throws `books-unusable`.
 */
export function openBooks(file: string, timeZone?: string, bounds = QUARANTINE_BOUNDS): Books {
  return guarded(file, () => booksIn(file, timeZone, bounds))
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

function booksIn(name: string, timeZone: string | undefined, bounds: QuarantineBounds): Books {
  const database = openSqlite(name, 'books')
  carryOver(database)
  const parts = openParts(database, bounds)
  const file: BooksFile = {
    read: (work) => guarded(name, work),
    write: (work, more = false) => {
      // What was marked before has been looked at, or was rolled back.
      parts.progress.forgetLast()
      return guarded(name, () =>
        more ? inUnsyncedTransaction(database, work) : inTransaction(database, work),
      )
    },
  }
  if (timeZone !== undefined)
    file.write(() => {
      parts.days.useCalendar(timeZone)
      parts.months.useCalendar(timeZone)
      parts.progress.useCalendar(timeZone)
    })
  let revisionsWritten = 0
  const { alarms, copies, declared, gaps, published, quarantine, windows, marks, records } = parts
  const missingBatches = (): number =>
    marks.holes(new Map()).reduce((total, { firstSeq, lastSeq }) => total + lastSeq - firstSeq + 1, 0)
  return {
    ...deliveryBooks(file, parts, database),
    ...intervalBooks(file, parts, (written) => {
      revisionsWritten += written
    }),
    ...accountBooks(file, parts),
    remarks: (subject) => file.read(() => alarms.remarks(subject)),
    addRemark: (...added) => file.write(() => alarms.addRemark(...added)),
    settleAlarms: (...settled) => file.write(() => alarms.settle(...settled)),
    alarms: (wish) => file.read(() => alarms.list(wish)),
    alarm: (id) => file.read(() => alarms.find(id)),
    acknowledgeAlarm: (...acknowledged) => file.write(() => alarms.acknowledge(...acknowledged)),
    publishedConfigurations: () => file.read(() => published.list()),
    keepPublished: (each) => file.write(() => published.keep(each)),
    counts: () =>
      file.read(() => ({
        gaps: declared.count(),
        openGaps: gaps.countOpen(),
        quarantined: quarantine.countOpen(),
        ...windows.counts(),
        daysToCopy: copies.count(),
        missingBatches: Math.max(0, missingBatches() - gaps.countAcceptedBatches()),
        revisionsWritten,
      })),
    probe: () => file.read(() => probeWrite(database)),
    damages: () =>
      file.read(() => [
        ...fileDamages(database),
        ...records.damages(),
        ...parts.entries.damages(),
        ...parts.days.damages(),
        ...parts.months.damages(),
      ]),
    close: () => {
      if (database.isOpen) guarded(name, () => database.close())
    },
  }
}
