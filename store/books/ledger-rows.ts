import { hash as digestOf } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { entryBody, hashedText, type EntryBody, type LedgerEntry } from '#contract/entry.ts'
import type { LedgerRow } from '../port.ts'

/** Rows of the ledger out of the file: some hundred thousand at a time, so usual ones are taken without a schema. */

const HEXES = 'lower(hex(previous)), lower(hex(hash))'

const entryRow = z.tuple([
  z.number(),
  z.number(),
  z.string(),
  z.string().nullable(),
  z.number().nullable(),
  z.string().nullable(),
  z.string(),
  z.string(),
  z.string(),
])
const contentRow = z.tuple([z.number(), z.number(), z.string(), z.string(), z.string()])
type ContentRow = z.output<typeof contentRow>

const isUsual = (row: readonly unknown[]): row is ContentRow =>
  row.length === 5 &&
  typeof row[0] === 'number' &&
  typeof row[1] === 'number' &&
  typeof row[2] === 'string' &&
  typeof row[3] === 'string' &&
  typeof row[4] === 'string'

/** A body that is known to be as it was written. */
const isWritten = (_: unknown, isProven: boolean): _ is EntryBody => isProven

/**
 * An entry whose hash is that of its content is as it was written, by this program: only one that is not is looked at
 * for what is wrong with it.
 */
function entryOf(account: string, kept: unknown): LedgerEntry {
  const [number, recordedAtMs, text, previous, hash] =
    Array.isArray(kept) && isUsual(kept) ? kept : contentRow.parse(kept)
  const isProven = digestOf('sha256', hashedText({ account, number, recordedAtMs, previous }, text)) === hash
  const parsed: unknown = JSON.parse(text)
  const body = isWritten(parsed, isProven) ? parsed : entryBody.parse(parsed)
  return { account, number, recordedAtMs, body, previous, hash }
}

function rowOf(account: string, kept: unknown): LedgerRow {
  const [number, recordedAtMs, kind, month, reverses, reference, body, previous, hash] = entryRow.parse(kept)
  return { account, number, recordedAtMs, kind, month, reverses, reference, body, previous, hash }
}

/** Reads the ledgers of the books. */
export function openLedgerRows(database: DatabaseSync) {
  const prepare = (sql: string) => {
    const statement = database.prepare(sql)
    statement.setReturnArrays(true)
    return statement
  }
  const list = prepare(
    `SELECT number, recorded_at_ms, kind, month, reverses, reference, body, ${HEXES} FROM ledger_entry
     WHERE account = ? ORDER BY number`,
  )
  const all = prepare(
    `SELECT number, recorded_at_ms, body, ${HEXES} FROM ledger_entry WHERE account = ? ORDER BY number`,
  )
  const ofMonth = prepare(
    `SELECT number, recorded_at_ms, body, ${HEXES} FROM ledger_entry WHERE account = ? AND month = ?`,
  )

  /** Rows as they are kept, unread, so that a damaged one can be told of. */
  function* rows(account: string): Generator<LedgerRow> {
    for (const each of list.iterate(account)) yield rowOf(account, each)
  }

  /** Entries of an account in order, or those of some months. Throws a ZodError or SyntaxError for a damaged one. */
  function entries(account: string, months?: readonly string[]): LedgerEntry[] {
    if (months === undefined) return all.all(account).map((row) => entryOf(account, row))
    return months
      .flatMap((month) => ofMonth.all(account, month).map((row) => entryOf(account, row)))
      .sort((a, b) => a.number - b.number)
  }

  return { rows, entries }
}
