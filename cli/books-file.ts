import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '#contract/fault.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { text } from './options.ts'

/**
 * The books of a server, running or not, for a person's look or decision. Each call is one transaction on the file, and
 * what the owner of the books keeps in memory does not rest on what is decided here.
 */

/** Options of the verbs that look into the books. */
export const booksOptions = {
  data: text.default('./data').meta({ description: 'The data folder of "serve", running or not (./data)' }),
}

/** Who decides, and why. */
export const personOptions = {
  by: text.meta({ description: 'Your name: it stays with the decision' }),
  reason: text.meta({ description: 'Why: it stays with the decision' }),
}

/** Works with the books of a data folder. Throws `file-unreadable` where there are none. */
export async function withBooks<T>(data: string, work: (books: Books) => T | Promise<T>): Promise<T> {
  const file = join(data, 'books.sqlite')
  if (!existsSync(file)) throw new Fault('file-unreadable', 'There are no books.', { place: { file } })
  const books = openBooks(file)
  try {
    return await work(books)
  } finally {
    books.close()
  }
}

/** An instant for a table: to the second, UTC. */
export function momentText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
