import { hash as digestOf } from 'node:crypto'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { z } from 'zod'
import { NO_HASH, type EntryBody, type LedgerEntry } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import { bodyKeeper, hashedText, type KeptBody, type KeptPart } from '#contract/kept-entry.ts'
import type { CertificateClaim } from '../port.ts'
import { claimRow } from './accounting-records.ts'
import { openLedgerChecks, type Reversed } from './ledger-checks.ts'
import { openLedgerFactors } from './ledger-parts.ts'
import { openLedgerRows } from './ledger-rows.ts'

/** The carbon ledger: entries are added at the end of an account's chain, and nothing else is ever done to them. */

const headRow = z.object({ number: z.number(), hash: z.string() }).optional()
const lastRow = z.object({ last: z.number() }).optional()

/** Clocks are put right by less than this all the time. */
const CLOCK_STEP_MS = 60_000
/** Rows of one statement: most of its time it would else begin and end. */
const ROWS_AT_ONCE = 20
const ROW = '(?, ?, ?, ?, ?, ?, ?, ?, unhex(?), unhex(?), ?, ?, ?)'
const insertOf = (database: DatabaseSync, rows: number): StatementSync =>
  database.prepare(`INSERT INTO ledger_entry VALUES ${Array.from({ length: rows }, () => ROW).join(', ')}`)

/** How entries are written and hashed now. */
const VERSION = 2

/** What was added: numbers from the first on, one hash each, and the hash before them. */
interface Appended {
  readonly first: number
  readonly recordedAtMs: number
  readonly previous: string
  readonly hashes: string[]
}

/** Which entries of the file already have the evidence of postings that take their place. */
class HeldEvidence {
  readonly #reversed: Reversed
  #last: number | undefined

  constructor(reversed: Reversed) {
    this.#reversed = reversed
  }

  /** The entry that has the evidence of the next body: that of the posting which the body before it takes back. */
  holderOf({ reverses, parts }: KeptBody): number | undefined {
    const taken = this.#last === undefined ? undefined : this.#reversed.get(this.#last)
    this.#last = reverses ?? undefined
    if (taken === undefined || parts === undefined) return undefined
    // A key of the canonical text: within a value the quotes would be escaped.
    return taken.body.includes(`"evidence":"${parts.evidence.digest}"`) ? taken.evidenceIn : undefined
  }
}

/** The ledger of the books. `append` and `enter` belong into a transaction of the caller. */
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
  const factors = openLedgerFactors(database)
  const keep = bodyKeeper((text) => digestOf('sha256', text))
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

  /**
   * Adds entries to the end of an account's chain. Throws `entry-invalid`, `certificate-used` or `month-closed`. Returns
   * their hashes and what they have in common.
   */
  function append(account: string, bodies: readonly KeptBody[], nowMs: number, after?: number): Appended {
    let { number, hash: previous } = headOf(account)
    if (after !== undefined && after !== number)
      throw new Fault('entry-invalid', `Entry ${number} of ${account} came after entry ${after}.`)
    // What was known at a moment stays so, whatever becomes of the clock.
    const lastMs = lastRow.parse(last.get(account, number))?.last ?? 0
    const recordedAtMs = Math.max(nowMs, lastMs)
    const appended: Appended = { first: number + 1, recordedAtMs, previous, hashes: [] }
    if (bodies.length === 0) return appended
    const held = new HeldEvidence(check(account, bodies, number + 1))
    const isAhead = lastMs - nowMs > CLOCK_STEP_MS && toldClock.get(account, lastMs) === undefined
    // After what is added: a closing is signed over the chain as it was before it.
    const all = isAhead ? [...bodies, keep({ kind: 'clock', wallMs: nowMs })] : bodies
    const used = new Map<string, KeptPart>()
    const rows: SQLInputValue[][] = []
    for (const kept of all) {
      number += 1
      const { kind, month, reverses, reference, text, parts } = kept
      const said = { account, number, recordedAtMs, previous, version: VERSION } as const
      const hash = digestOf('sha256', hashedText(said, text))
      const evidenceOf = held.holderOf(kept) ?? null
      const evidence = evidenceOf === null ? (parts?.evidence.text ?? null) : null
      const ofBody = [kind, month, reverses, reference, text, previous, hash]
      rows.push([account, number, recordedAtMs, ...ofBody, VERSION, evidence, evidenceOf])
      if (parts !== undefined) used.set(parts.factors.digest, parts.factors)
      appended.hashes.push(hash)
      previous = hash
    }
    for (const each of used.values()) factors.keep(each)
    insert(rows)
    setHead.run(account, number, previous)
    return appended
  }

  /** The same of bodies that are not kept yet. Returns the entries. */
  function enter(
    account: string,
    bodies: readonly EntryBody[],
    nowMs: number,
    after?: number,
  ): LedgerEntry[] {
    const { first, recordedAtMs, previous, hashes } = append(account, bodies.map(keep), nowMs, after)
    return bodies.map((body, index) => ({
      account,
      number: first + index,
      recordedAtMs,
      version: VERSION,
      body,
      previous: hashes[index - 1] ?? previous,
      hash: hashes[index] ?? NO_HASH,
    }))
  }

  function headOf(account: string): { readonly number: number; readonly hash: string } {
    return headRow.parse(head.get(account)) ?? { number: 0, hash: NO_HASH }
  }

  return {
    append,
    enter,
    ...openLedgerRows(database, factors),
    factorsText: (digest: string) => factors.find(digest)?.text,
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
