import { hash as digestOf } from 'node:crypto'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { z } from 'zod'
import { canonicalText } from '#contract/canonical-text.ts'
import { hashedText, NO_HASH, type EntryBody, type LedgerEntry } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import type { CertificateClaim } from '../port.ts'
import { claimRow } from './accounting-records.ts'
import { openLedgerChecks } from './ledger-checks.ts'
import { openLedgerRows } from './ledger-rows.ts'

/** The carbon ledger: entries are added at the end of an account's chain, and nothing else is ever done to them. */

const headRow = z.object({ number: z.number(), hash: z.string() }).optional()
const lastRow = z.object({ last: z.number() }).optional()

/** Clocks are put right by less than this all the time. */
const CLOCK_STEP_MS = 60_000
/** Rows of one statement: most of its time it would else begin and end. */
const ROWS_AT_ONCE = 20
const ROW = '(?, ?, ?, ?, ?, ?, ?, ?, unhex(?), unhex(?))'
const insertOf = (database: DatabaseSync, rows: number): StatementSync =>
  database.prepare(`INSERT INTO ledger_entry VALUES ${Array.from({ length: rows }, () => ROW).join(', ')}`)

/** What the columns of an entry say of its body. */
function columnsOf(
  body: EntryBody,
): [kind: string, month: string | null, reverses: number | null, reference: string | null] {
  return [
    body.kind,
    'month' in body ? (body.month ?? null) : null,
    body.kind === 'reversal' ? body.reverses : null,
    'reference' in body ? body.reference : null,
  ]
}

/** The ledger of the books. `append` belongs into a transaction of the caller. */
export function openLedger(database: DatabaseSync) {
  const head = database.prepare('SELECT number, lower(hex(hash)) AS hash FROM ledger_head WHERE account = ?')
  const setHead = database.prepare('INSERT OR REPLACE INTO ledger_head VALUES (?, ?, unhex(?))')
  const [insertOne, insertMany] = [insertOf(database, 1), insertOf(database, ROWS_AT_ONCE)]
  // From the entries too: an account whose head is gone is not gone.
  const accounts = database.prepare(
    `WITH RECURSIVE one (account) AS (
       SELECT min(account) FROM ledger_entry
       UNION ALL SELECT (SELECT min(account) FROM ledger_entry WHERE account > one.account) FROM one WHERE account IS NOT NULL)
     SELECT account FROM one WHERE account IS NOT NULL UNION SELECT account FROM ledger_head ORDER BY account`,
  )
  const last = database.prepare(
    'SELECT recorded_at_ms AS last FROM ledger_entry WHERE account = ? AND number = ?',
  )
  const toldClock = database.prepare(
    "SELECT 1 FROM ledger_entry WHERE account = ? AND kind = 'clock' AND recorded_at_ms = ? LIMIT 1",
  )
  const posted = database.prepare(
    "SELECT DISTINCT month FROM ledger_entry WHERE account = ? AND kind = 'posting' ORDER BY month",
  )
  const reopened = database.prepare(
    `SELECT DISTINCT month FROM ledger_entry WHERE account = ? AND kind = 'reopening' ORDER BY month`,
  )
  const after = database.prepare(
    'SELECT DISTINCT month FROM ledger_entry WHERE account = ? AND number > ? AND month IS NOT NULL ORDER BY month',
  )
  const claims = database.prepare(
    `SELECT reference AS certificate, account, number FROM ledger_entry AS one
     WHERE reference IS NOT NULL AND kind = 'certificate'
     AND NOT EXISTS (SELECT 1 FROM ledger_entry AS other
                     WHERE other.account = one.account AND other.reverses = one.number)
     ORDER BY recorded_at_ms, account, number`,
  )
  const check = openLedgerChecks(database)

  /** Writes rows of the table, in groups. */
  function insert(rows: readonly (readonly SQLInputValue[])[]): void {
    let next = 0
    for (; next + ROWS_AT_ONCE <= rows.length; next += ROWS_AT_ONCE)
      insertMany.run(...rows.slice(next, next + ROWS_AT_ONCE).flat())
    for (; next < rows.length; next += 1) insertOne.run(...(rows[next] ?? []))
  }

  /** Adds entries to the end of an account's chain. Throws `entry-invalid`, `certificate-used` or `month-closed`. */
  function append(
    account: string,
    bodies: readonly EntryBody[],
    nowMs: number,
    after?: number,
  ): LedgerEntry[] {
    if (bodies.length === 0) return []
    let { number, hash: previous } = headOf(account)
    if (after !== undefined && after !== number)
      throw new Fault('entry-invalid', `Entry ${number} of ${account} came after entry ${after}.`)
    // What was known at a moment stays so, whatever becomes of the clock.
    const lastMs = lastRow.parse(last.get(account, number))?.last ?? 0
    const recordedAtMs = Math.max(nowMs, lastMs)
    check(account, bodies, number + 1)
    const isAhead = lastMs - nowMs > CLOCK_STEP_MS && toldClock.get(account, lastMs) === undefined
    // After what is added: a closing is signed over the chain as it was before it.
    const all: readonly EntryBody[] = isAhead ? [...bodies, { kind: 'clock', wallMs: nowMs }] : bodies
    const rows: SQLInputValue[][] = []
    const entries = all.map((body): LedgerEntry => {
      number += 1
      const text = canonicalText(body)
      const hash = digestOf('sha256', hashedText({ account, number, recordedAtMs, previous }, text))
      const [kind, month, reverses, reference] = columnsOf(body)
      rows.push([account, number, recordedAtMs, kind, month, reverses, reference, text, previous, hash])
      const entry = { account, number, recordedAtMs, body, previous, hash }
      previous = hash
      return entry
    })
    insert(rows)
    setHead.run(account, number, previous)
    return entries
  }

  function headOf(account: string): { readonly number: number; readonly hash: string } {
    return headRow.parse(head.get(account)) ?? { number: 0, hash: NO_HASH }
  }

  return {
    append,
    ...openLedgerRows(database),
    headOf,
    certificates: () =>
      claims.all().map((row): CertificateClaim => ({ in: 'entry', ...claimRow.parse(row) })),
    accounts: () => accounts.all().map((row) => String(row['account'])),
    reopenedMonths: (account: string) => reopened.all(account).map((row) => String(row['month'])),
    monthsAfter: (account: string, number: number) =>
      after.all(account, number).map((row) => String(row['month'])),
    postedMonths: (account: string) => posted.all(account).map((row) => String(row['month'])),
  }
}
