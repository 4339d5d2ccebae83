import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'

/** Opens SQLite files so that a commit is on the disk when it returns, and brings their tables up to date. */

/** How long a statement waits for another process that has the file. */
const BUSY_TIMEOUT_MS = 5_000

/** Page cache of one file. The leaf pages of the newest readings of some thousand series fit in. */
const CACHE_KIB = 32_768

/**
 * Pages of the log (40 MB) before they are copied into the file. Each batch touches one page a series; the longer the
 * log, the more batches a page serves before it is copied.
 */
const CHECKPOINT_PAGES = 10_000

/** Which tables a file holds: the files migrations/NNN-KIND….sql in order of number. */
export type FileKind = 'books' | 'readings' | 'access'

const migrationFolder = new URL('migrations/', import.meta.url)

interface Migration {
  readonly version: number
  readonly sql: string
}

function migrationsOf(kind: FileKind): Migration[] {
  const found: Migration[] = []
  for (const name of readdirSync(migrationFolder)) {
    const [, version, about] = /^(\d{3})-([a-z]+)(?:-[a-z-]+)?\.sql$/.exec(name) ?? []
    if (version === undefined || about !== kind) continue
    found.push({ version: Number(version), sql: readFileSync(new URL(name, migrationFolder), 'utf8') })
  }
  return found.sort((a, b) => a.version - b.version)
}

/** The one number that a pragma answers with. */
function numberOf(database: DatabaseSync, pragma: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0])
}

function migrate(database: DatabaseSync, kind: FileKind): void {
  const migrations = migrationsOf(kind)
  const newest = migrations.at(-1)?.version ?? 0
  if (numberOf(database, 'user_version') > newest) {
    throw new RangeError('the file was written by a newer version of tanbiao')
  }
  for (const { version, sql } of migrations) {
    inTransaction(database, () => {
      // Read within the transaction: another process may have been faster.
      if (numberOf(database, 'user_version') >= version) return
      database.exec(sql)
      database.exec(`PRAGMA user_version = ${version}`)
    })
  }
}

/** Runs statements as one transaction: all of them, or after an error none. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // After a full disk SQLite has rolled back by itself.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** What SQLite says of a file that another connection is writing. */
const BUSY = /database is locked/
const LOOK_AGAIN_MS = 10

/**
 * The same for work that is not urgent: while another connection writes, this thread goes on with its other work, where a
 * statement that waits would hold all of it up. Throws SQLite's error after as long as such a statement waits.
 */
export async function inTransactionWhenFree<T>(database: DatabaseSync, work: () => T): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += LOOK_AGAIN_MS) {
    database.exec('PRAGMA busy_timeout = 0')
    try {
      return inTransaction(database, work)
    } catch (error) {
      if (waitedMs >= BUSY_TIMEOUT_MS || !BUSY.test(String(error))) throw error
    } finally {
      database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    }
    await pause(LOOK_AGAIN_MS)
  }
}

/**
 * The same without waiting for the disk: the next transaction that waits takes it along, because the log is written in
 * order. After a power cut before that, it never was.
 */
export function inUnsyncedTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('PRAGMA synchronous = NORMAL')
  try {
    return inTransaction(database, work)
  } finally {
    database.exec('PRAGMA synchronous = FULL')
  }
}

/** Changes a page of the file without changing what it says, within a transaction: that fails where a write would. */
export function touch(database: DatabaseSync): void {
  database.exec(`PRAGMA user_version = ${numberOf(database, 'user_version')}`)
}

/** The same as a transaction of its own. */
export function probeWrite(database: DatabaseSync): void {
  inTransaction(database, () => touch(database))
}

/** What SQLite finds wrong with the file: pages, indices, constraints. */
export function fileDamages(database: DatabaseSync): string[] {
  return database
    .prepare('PRAGMA integrity_check')
    .all()
    .map((row) => String(Object.values(row)[0]))
    .filter((line) => line !== 'ok')
}

/** Opens or creates a file. Throws SQLite's error, or RangeError for a file that is not ours to use. */
export function openSqlite(file: string, kind: FileKind): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  try {
    const mode = Object.values(database.prepare('PRAGMA journal_mode = WAL').get() ?? {})[0]
    if (mode !== 'wal') throw new RangeError(`the disk does not allow a write-ahead log (${String(mode)})`)
    // FULL: in WAL mode the log is synced at every commit, so that a commit survives a power cut.
    database.exec(`
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    const application = applicationIds[kind]
    const found = numberOf(database, 'application_id')
    if (found !== application) {
      if (found !== 0 || numberOf(database, 'user_version') !== 0) {
        throw new RangeError(`it does not hold ${kind} of tanbiao`)
      }
      database.exec(`PRAGMA application_id = ${application}`)
    }
    migrate(database, kind)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Marks in the file's header, so that books are never opened as readings: "tbbk", "tbrd" and "tbac". */
const applicationIds = {
  books: 0x7462626b,
  readings: 0x74627264,
  access: 0x74626163,
} as const satisfies Record<FileKind, number>
