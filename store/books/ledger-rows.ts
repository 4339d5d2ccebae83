import { hash as digestOf } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { entryBody, type EntryBody, type LedgerEntry } from '#contract/entry.ts'
import { hashedText, namesParts } from '#contract/kept-entry.ts'
import type { LedgerPageWish, LedgerRow } from '../port.ts'
import type { openLedgerFactors } from './ledger-parts.ts'

/** Rows of the ledger out of the file: some hundred thousand at a time, so usual ones are taken without a schema. */

const HEXES = 'lower(hex(previous)), lower(hex(hash))'
const CONTENT = `number, recorded_at_ms, version, body, ${HEXES}, evidence, evidence_of`

const version = z.literal([1, 2])
const entryRow = z.tuple([
  z.number(),
  z.number(),
  z.string(),
  z.string().nullable(),
  z.number().nullable(),
  z.string().nullable(),
  // Of a damaged row it may be none.
  z.number(),
  z.string(),
  z.string(),
  z.string(),
  z.string().nullable(),
  z.number().nullable(),
])
const contentRow = z.tuple([
  z.number(),
  z.number(),
  version,
  z.string(),
  z.string(),
  z.string(),
  z.string().nullable(),
  z.number().nullable(),
])
type ContentRow = z.output<typeof contentRow>
const evidenceRow = z.tuple([z.string().nullable()]).optional()
const hashRow = z.tuple([z.string()]).optional()

const isUsual = (row: unknown): row is ContentRow =>
  Array.isArray(row) &&
  row.length === 8 &&
  typeof row[0] === 'number' &&
  typeof row[1] === 'number' &&
  (row[2] === 1 || row[2] === 2) &&
  typeof row[3] === 'string' &&
  typeof row[4] === 'string' &&
  typeof row[5] === 'string' &&
  (row[6] === null || typeof row[6] === 'string') &&
  (row[7] === null || typeof row[7] === 'number')

/** A body that is known to be as it was written. */
const isWritten = (_: unknown, isProven: boolean): _ is EntryBody => isProven

/** An evidence as it was read. */
interface KeptEvidence {
  readonly parsed: unknown
  readonly digest: string
}

/** Evidences of entries that are read together, by number: later postings may rest on the same one. */
type Evidences = Map<number, KeptEvidence>

/** Reads the ledgers of the books. */
export function openLedgerRows(database: DatabaseSync, factors: ReturnType<typeof openLedgerFactors>) {
  const prepare = (sql: string) => {
    const statement = database.prepare(sql)
    statement.setReturnArrays(true)
    return statement
  }
  const list = prepare(
    `SELECT number, recorded_at_ms, kind, month, reverses, reference, version, body, ${HEXES}, evidence, evidence_of
     FROM ledger_entry WHERE account = ? ORDER BY number`,
  )
  const all = prepare(`SELECT ${CONTENT} FROM ledger_entry WHERE account = ? ORDER BY number`)
  const ofMonth = prepare(
    `SELECT ${CONTENT} FROM ledger_entry INDEXED BY ledger_entry_by_month WHERE account = ? AND month = ?`,
  )
  const one = prepare(`SELECT ${CONTENT} FROM ledger_entry WHERE account = ? AND number = ?`)
  const page = prepare(
    `SELECT ${CONTENT} FROM ledger_entry WHERE account = ? AND number > ? ORDER BY number LIMIT ?`,
  )
  const pageOfMonth = prepare(
    `SELECT ${CONTENT} FROM ledger_entry INDEXED BY ledger_entry_by_month
     WHERE account = ? AND month = ? AND number > ? ORDER BY number LIMIT ?`,
  )
  const evidence = prepare('SELECT evidence FROM ledger_entry WHERE account = ? AND number = ?')
  const hash = prepare('SELECT lower(hex(hash)) FROM ledger_entry WHERE account = ? AND number = ?')

  const evidenceText = (account: string, number: number): string | undefined =>
    evidenceRow.parse(evidence.get(account, number))?.[0] ?? undefined

  /** The evidence of a row: its own, or that of the entry which has it. */
  function evidenceOf(account: string, row: ContentRow, known: Evidences): KeptEvidence | undefined {
    const [number, , , , , , own, of] = row
    const holder = own === null ? of : number
    if (holder === null) return undefined
    const found = known.get(holder)
    if (found !== undefined) return found
    const text = own ?? evidenceText(account, holder)
    if (text === undefined) return undefined
    const read = { parsed: JSON.parse(text), digest: digestOf('sha256', text) }
    known.set(holder, read)
    return read
  }

  /**
   * An entry whose hash is that of its content is as it was written, by this program: only one that is not is looked at
   * for what is wrong with it.
   */
  function entryOf(account: string, kept: unknown, known: Evidences): LedgerEntry {
    const row = isUsual(kept) ? kept : contentRow.parse(kept)
    const [number, recordedAtMs, version, text, previous, hash] = row
    const entry = { account, number, recordedAtMs, previous, version }
    let isProven = digestOf('sha256', hashedText(entry, text)) === hash
    let parsed: unknown = JSON.parse(text)
    if (version > 1 && namesParts(parsed)) {
      const [used, rest] = [factors.find(parsed.factors), evidenceOf(account, row, known)]
      isProven &&= used?.isProven === true && rest?.digest === parsed.evidence
      parsed = { ...parsed, factors: used?.parsed, evidence: rest?.parsed }
    }
    const body = isWritten(parsed, isProven) ? parsed : entryBody.parse(parsed)
    return { account, number, recordedAtMs, version, body, previous, hash }
  }

  function entriesOf(account: string, rows: readonly unknown[]): LedgerEntry[] {
    const known: Evidences = new Map()
    return rows.map((row) => entryOf(account, row, known))
  }

  function rowOf(account: string, kept: unknown): LedgerRow {
    const [number, recordedAtMs, kind, month, reverses, reference, version, body, previous, hash, own, of] =
      entryRow.parse(kept)
    const evidence = own ?? (of === null ? undefined : evidenceText(account, of))
    const columns = { kind, month, reverses, reference, version, body, evidence, previous, hash }
    return { account, number, recordedAtMs, ...columns }
  }

  /** Rows as they are kept, unread, so that a damaged one can be told of. */
  function* rows(account: string): Generator<LedgerRow> {
    for (const each of list.iterate(account)) yield rowOf(account, each)
  }

  /** Entries of an account in order, or those of some months. Throws a ZodError or SyntaxError for a damaged one. */
  function entries(account: string, months?: readonly string[]): LedgerEntry[] {
    if (months === undefined) return entriesOf(account, all.all(account))
    const found = months.flatMap((month) => ofMonth.all(account, month))
    return entriesOf(account, found).sort((a, b) => a.number - b.number)
  }

  function entry(account: string, number: number): LedgerEntry | undefined {
    const found = one.get(account, number)
    return found === undefined ? undefined : entryOf(account, found, new Map())
  }

  function pageOf(account: string, { after, limit, month }: LedgerPageWish): LedgerEntry[] {
    const found =
      month === undefined ? page.all(account, after, limit) : pageOfMonth.all(account, month, after, limit)
    return entriesOf(account, found)
  }

  const hashOf = (account: string, number: number): string | undefined =>
    hashRow.parse(hash.get(account, number))?.[0]

  return { rows, entries, entry, page: pageOf, hashOf }
}
