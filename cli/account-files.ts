import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import type { EnergyItems } from '#accounts/energy-item.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { accountingPlanBeside, readAccountingPlan, readEnergyItems } from './accounting-files.ts'
import { readFactorFiles } from './factor-files.ts'
import { clockOf, keptPace } from './pace.ts'

/** What the verbs of records and ledger work on: the park with its plan, and the books of a data folder. */

/** The park file with what lies beside it. */
export interface AccountFiles {
  readonly park: Park
  readonly plan: AccountingPlan | undefined
  readonly items: EnergyItems
}

/** Reads a park file, and the accounting plan beside it where there is one. Throws `file-unreadable` or `InvalidFile`. */
export function readAccountFiles(parkFile: string): AccountFiles {
  const park = readParkFile(parkFile)
  const planFile = accountingPlanBeside(parkFile)
  return {
    park,
    plan: planFile === undefined ? undefined : readAccountingPlan(planFile, park, readFactorFiles()),
    items: readEnergyItems(),
  }
}

/** The same for verbs that cannot do without a plan. Throws `file-unreadable` where there is none. */
export function requiredPlan(parkFile: string): AccountFiles & { readonly plan: AccountingPlan } {
  const { plan, ...files } = readAccountFiles(parkFile)
  if (plan !== undefined) return { ...files, plan }
  throw new Fault('file-unreadable', `There is no accounting.yaml beside ${parkFile}.`, {
    place: { file: parkFile },
  })
}

/**
 * The folder with the books: `npm start` keeps the server's state in one of its own within the data folder. Throws
 * `file-unreadable` where there are none.
 */
export function booksFolder(data: string): string {
  const folder = [data, join(data, 'server')].find((each) => existsSync(join(each, 'books.sqlite')))
  if (folder !== undefined) return folder
  throw new Fault('file-unreadable', `There are no books in ${data}.`, { place: { file: data } })
}

/**
 * Works with the books of a data folder by the server's clock, and closes them. Throws `file-unreadable` where there are
 * none.
 */
export async function withBooks<T>(
  data: string,
  work: (books: Books, clock: Clock) => T | Promise<T>,
): Promise<T> {
  const folder = booksFolder(data)
  const books = openBooks(join(folder, 'books.sqlite'))
  try {
    return await work(books, clockOf(keptPace(folder)))
  } finally {
    books.close()
  }
}
