import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'

/** The journal's file: its tables, how it is opened, and what tells that it is damaged. */

/**
 * full: every write waits for the disk; a power cut takes back nothing. normal: only checkpoints wait; a kill takes
 * back nothing, a power cut the rows since the last checkpoint (some 4 MB). Neither can be corrupted by it.
 */
export type Fsync = 'full' | 'normal'

const FORMAT = 0x5442_0002
/** The write-ahead log is cut back to this after a burst. */
const WAL_BYTES_MAX = 16 * 1024 * 1024
/** How long to wait for another process that reads the file. */
const LOCK_WAIT_MS = 2_000

/**
 * `place` numbers the rows of all epochs in one sequence; a row's number in its epoch is its place minus the epoch's
 * `after_place`. The checks and seals are there so that no changed bit passes for another number.
 */
const SCHEMA = `
  CREATE TABLE identity (
    only INTEGER PRIMARY KEY CHECK (only = 1), gateway TEXT NOT NULL,
    last_place INTEGER NOT NULL, trimmed_place INTEGER NOT NULL, newest_ms INTEGER NOT NULL,
    mirror INTEGER NOT NULL CHECK (mirror = -(last_place + 3 * trimmed_place + 7 * newest_ms)),
    running INTEGER NOT NULL CHECK (running IN (0, 1))
  ) STRICT;
  CREATE TABLE epoch (after_place INTEGER PRIMARY KEY, epoch TEXT NOT NULL, seal TEXT NOT NULL) STRICT;
  CREATE TABLE batch (
    place INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, payload BLOB NOT NULL, bytes INTEGER NOT NULL,
    readings INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, acknowledged_ms INTEGER
  ) STRICT;
  CREATE INDEX waiting ON batch (place, bytes, from_ms) WHERE acknowledged_ms IS NULL;
  CREATE INDEX acknowledged ON batch (acknowledged_ms) WHERE acknowledged_ms IS NOT NULL;
  CREATE TABLE held (
    id INTEGER PRIMARY KEY, boot TEXT NOT NULL, readings INTEGER NOT NULL, to_ms INTEGER NOT NULL,
    floor_ms INTEGER NOT NULL, digest TEXT NOT NULL, payload BLOB NOT NULL
  ) STRICT;
  PRAGMA user_version = ${FORMAT};
  PRAGMA application_id = ${~FORMAT};
`

/** What the journal knows of itself beside its rows. */
export const identityRow = z.object({
  gateway: z.string(),
  last_place: z.int().min(0),
  trimmed_place: z.int().min(0),
  newest_ms: z.int().min(0),
  running: z.int(),
})

export const epochRow = z.object({ after_place: z.int().min(0), epoch: z.string(), seal: z.string() })

/** SHA-256 in hexadecimal digits. */
export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** Binds an epoch to its gateway and place. */
export const sealOf = (gateway: string, afterPlace: number, epoch: string): string =>
  sha256(`${gateway} ${afterPlace} ${epoch}`)

/** The content of the file contradicts itself; what can be read of it is to be salvaged. */
export class Damage extends Error {}

/** Result codes of SQLite that speak of the machine and not of the file's content (sqlite.org/rescode.html). */
const SURROUNDINGS: readonly number[] = [3, 5, 6, 7, 8, 9, 10, 13, 14, 15, 22, 23]
/** SQLITE_IOERR_SHORT_READ and SQLITE_IOERR_CORRUPTFS are IO errors by name, and damage by meaning. */
const DAMAGED_IO: readonly number[] = [522, 8_458]
export const SQLITE_FULL = 13

/** SQLite's extended result code in an error, if there is one. */
export function sqliteCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code : undefined
}

/** True for an error that says that the file is damaged. */
export function isDamage(error: unknown): boolean {
  if (error instanceof Damage || error instanceof z.ZodError) return true
  const code = sqliteCode(error)
  if (code !== undefined) return DAMAGED_IO.includes(code) || !SURROUNDINGS.includes(code & 0xff)
  // An integer that no number can hold was never written by us.
  return error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE'
}

/** Any error of the journal as a Fault. */
export function asFault(file: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Fault('journal-unusable', `The journal cannot be used: ${reason}.`, { place: { file }, cause })
}

/** True when the path itself is wrong, which no waiting mends. */
export function isMisplaced(file: string): boolean {
  const folder = dirname(file)
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return true
  return existsSync(file) && !statSync(file).isFile()
}

/** One connection. The file is made where there is none. */
export function connect(file: string, fsync: Fsync): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: LOCK_WAIT_MS })
  try {
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${fsync}; PRAGMA journal_size_limit = ${WAL_BYTES_MAX}`,
    )
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Makes the tables in a new file. */
export function createTables(database: DatabaseSync): void {
  database.exec(SCHEMA)
}

function formatOf(database: DatabaseSync): { format: unknown; seal: unknown } {
  return {
    format: database.prepare('PRAGMA user_version').get()?.['user_version'],
    seal: database.prepare('PRAGMA application_id').get()?.['application_id'],
  }
}

/**
 * Reads the whole file and compares indexes with tables. Throws Damage, or a Fault for a sound file that is not this
 * gateway's or of another format: that needs a person.
 */
export function verify(database: DatabaseSync, file: string, gateway: string): void {
  const { format, seal } = formatOf(database)
  if (format !== FORMAT || seal !== ~FORMAT) {
    // One changed bit cannot make both say the same other format.
    if (typeof format !== 'number' || seal !== ~format || format === 0)
      throw new Damage('its format is not known')
    throw asFault(file, new Error(`its format is ${format}, not ${FORMAT}`))
  }
  const check = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check']
  if (check !== 'ok') throw new Damage(String(check))
  const identity = identityRow.parse(database.prepare('SELECT * FROM identity').get())
  const epochs = z.array(epochRow).min(1).parse(database.prepare('SELECT * FROM epoch').all())
  for (const each of epochs)
    if (each.seal !== sealOf(identity.gateway, each.after_place, each.epoch))
      throw new Damage('the seal of an epoch is broken')
  if (identity.gateway !== gateway)
    throw asFault(file, new Error(`it belongs to gateway "${identity.gateway}", not "${gateway}"`))
}
