import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { AccessBook } from '#store/access-book.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { clockOf, keptPace } from './pace.ts'

/** The files of a server, for verbs that work beside it, running or not. */

type ServerFile = 'books.sqlite' | 'readings.sqlite' | 'access.sqlite'

/**
 * The folder with a server's state: `npm start` keeps it in one of its own within the data folder. The data folder itself
 * where there is nothing of a server yet.
 */
export function serverFolder(data: string): string {
  const folders = [data, join(data, 'server')]
  const holding = (file: ServerFile): string | undefined =>
    folders.find((folder) => existsSync(join(folder, file)))
  return holding('books.sqlite') ?? holding('readings.sqlite') ?? data
}

const missing: Readonly<Record<ServerFile, string>> = {
  'books.sqlite': 'There are no books',
  'readings.sqlite': 'There are no readings',
  'access.sqlite': 'There are no users',
}

/**
 * A file of a server. Throws `file-unreadable` where it is not there: to open it would make an empty one, of which no
 * server would ever know.
 */
export function serverFile(data: string, file: ServerFile): string {
  const path = join(serverFolder(data), file)
  if (existsSync(path)) return path
  throw new Fault('file-unreadable', `${missing[file]} in ${data}: no server has run on it.`, {
    place: { file: path },
  })
}

/** The address of a server's store: as it is given, or that of the data folder. Throws `file-unreadable`. */
export function storeAddress(data: string, given: string | undefined): string {
  return given ?? `sqlite:${serverFile(data, 'readings.sqlite')}`
}

/** Users and audit log of a data folder, for as long as the work lasts; undefined where no server has made them. */
export function withAccess<T>(data: string, work: (access: AccessBook | undefined) => T): T {
  const path = join(serverFolder(data), 'access.sqlite')
  const access = existsSync(path) ? new AccessBook(path) : undefined
  try {
    return work(access)
  } finally {
    access?.close()
  }
}

/** The server's clock, which may run faster. */
export const serverClock = (data: string): Clock => clockOf(keptPace(serverFolder(data)))

/**
 * Works with the books of a data folder by the server's clock, and closes them. Each call is one transaction on the
 * file, and what their owner keeps in memory does not rest on what is decided here. Throws `file-unreadable` where there
 * are none.
 */
export async function withBooks<T>(
  data: string,
  work: (books: Books, clock: Clock) => T | Promise<T>,
): Promise<T> {
  const books = openBooks(serverFile(data, 'books.sqlite'))
  try {
    return await work(books, serverClock(data))
  } finally {
    books.close()
  }
}
