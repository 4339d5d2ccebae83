import { factorLibrary } from '#accounts/factor-library.ts'
import { measuredFromBooks } from '#accounts/measured-energy.ts'
import type { ReportGround } from '#accounts/report.ts'
import { Fault } from '#contract/fault.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { accountingPlanBeside, readAccountingPlan, readReportFiles } from './accounting-files.ts'
import { readFactorFiles } from './factor-files.ts'
import { serverClock, serverFile } from './server-folder.ts'

/** Everything that reports are made from, read from files and the books of a data folder. */
export interface AccountingGround extends ReportGround {
  readonly books: Books
  /** What the server's clock shows: it may run faster. */
  readonly nowMs: number
  close(): void
}

/**
 * Opens a park's accounting: its park file, the plan beside it or the given one, and the books of a server, running or
 * not. Throws `file-unreadable`, `InvalidFile`, `argument-invalid` where there is no plan.
 */
export function openAccounting(files: {
  readonly park: string
  readonly data: string
  readonly accounting?: string | undefined
}): AccountingGround {
  const park = readParkFile(files.park)
  const planFile = files.accounting ?? accountingPlanBeside(files.park)
  if (planFile === undefined)
    throw new Fault('argument-invalid', `--accounting: there is no accounting.yaml beside ${files.park}`)
  const factors = readFactorFiles()
  const plan = readAccountingPlan(planFile, park, factors)
  const books = openBooks(serverFile(files.data, 'books.sqlite'))
  const nowMs = serverClock(files.data).wallMs()
  return {
    park,
    plan,
    ...readReportFiles(),
    library: factorLibrary(factors),
    records: books.records({}).filter(({ replacedBy }) => replacedBy === undefined),
    measured: measuredFromBooks(books, nowMs),
    books,
    nowMs,
    close: () => {
      books.close()
    },
  }
}
