import { hash as digestOf } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { canonicalText } from '#contract/canonical-text.ts'
import { entryBody, hashedText, NO_HASH, type EntryBody, type LedgerEntry } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import type { LedgerRow } from '../port.ts'

/** The carbon ledger: entries are added at the end of an account's chain, and nothing else is ever done to them. */

const headRow = z.object({ number: z.number(), hash: z.instanceof(Uint8Array) }).optional()
const entryRow = z.object({
  number: z.number(),
  recorded_at_ms: z.number(),
  kind: z.string(),
  month: z.string().nullable(),
  reverses: z.number().nullable(),
  reference: z.string().nullable(),
  body: z.string(),
  previous: z.instanceof(Uint8Array),
  hash: z.instanceof(Uint8Array),
})
const contentRow = entryRow.omit({ kind: true, month: true, reverses: true, reference: true })
const targetRow = z.object({ kind: z.string(), reversed: z.number() }).optional()
const holderRow = z.object({ account: z.string(), number: z.number() }).optional()
const lockRow = z.object({ kind: z.string() }).optional()
const lastRow = z.object({ last: z.number() }).optional()

/** A body that is known to be as it was written. */
const writtenBody = z.custom<EntryBody>((body) => typeof body === 'object' && body !== null)

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** What a row's columns say of its body. */
export function columnsOf(body: EntryBody): Pick<LedgerRow, 'kind' | 'month' | 'reverses' | 'reference'> {
  return {
    kind: body.kind,
    month: 'month' in body ? (body.month ?? null) : null,
    reverses: body.kind === 'reversal' ? body.reverses : null,
    reference: 'reference' in body ? body.reference : null,
  }
}

function rowOf(account: string, kept: unknown): LedgerRow {
  const { recorded_at_ms: recordedAtMs, previous, hash, ...row } = entryRow.parse(kept)
  return { account, recordedAtMs, ...row, previous: hexOf(previous), hash: hexOf(hash) }
}

/** Kinds whose figures a reversal can take back. */
const REVERSIBLE = new Set(['posting', 'adjustment', 'allowance', 'offset', 'certificate'])
/** Kinds that change what a closed month says. */
const LOCKED = new Set(['posting', 'reversal', 'adjustment'])

/** The ledger of the books. `append` belongs into a transaction of the caller. */
export function openLedger(database: DatabaseSync) {
  const head = database.prepare('SELECT number, hash FROM ledger_head WHERE account = ?')
  const setHead = database.prepare('INSERT OR REPLACE INTO ledger_head VALUES (?, ?, ?)')
  const insert = database.prepare('INSERT INTO ledger_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const accounts = database.prepare('SELECT account FROM ledger_head ORDER BY account')
  const last = database.prepare(
    'SELECT recorded_at_ms AS last FROM ledger_entry WHERE account = ? AND number = ?',
  )
  const list = database.prepare(
    'SELECT * FROM ledger_entry WHERE account = ? AND number > ? ORDER BY number LIMIT ?',
  )
  const ofMonth = database.prepare(
    'SELECT number, recorded_at_ms, body, previous, hash FROM ledger_entry WHERE account = ? AND month = ?',
  )
  const posted = database.prepare(
    "SELECT DISTINCT month FROM ledger_entry WHERE account = ? AND kind = 'posting' ORDER BY month",
  )
  const reopened = database.prepare(
    `SELECT DISTINCT month FROM ledger_entry WHERE account = ? AND kind = 'reopening' ORDER BY month`,
  )
  const target = database.prepare(
    `SELECT kind, EXISTS (SELECT 1 FROM ledger_entry WHERE account = ?1 AND reverses = ?2) AS reversed
     FROM ledger_entry WHERE account = ?1 AND number = ?2`,
  )
  const holder = database.prepare(
    `SELECT account, number FROM ledger_entry AS one WHERE reference = ? AND kind IN ('certificate', 'offset')
     AND NOT EXISTS (SELECT 1 FROM ledger_entry AS other
                     WHERE other.account = one.account AND other.reverses = one.number) LIMIT 1`,
  )
  // SQLite would rather walk through the whole account from its end.
  const lock = database.prepare(
    `SELECT kind FROM ledger_entry INDEXED BY ledger_entry_by_month
     WHERE account = ? AND month = ? AND kind IN ('closing', 'reopening') ORDER BY number DESC LIMIT 1`,
  )

  function isClosed(account: string, month: string): boolean {
    return lockRow.parse(lock.get(account, month))?.kind === 'closing'
  }

  /** @param isClosed whether the month is closed by the entries before */
  function check(account: string, body: EntryBody, isClosed: (month: string) => boolean): void {
    if (body.kind === 'reversal') {
      const found = targetRow.parse(target.get(account, body.reverses))
      if (found === undefined || !REVERSIBLE.has(found.kind) || found.reversed !== 0)
        throw new Fault('entry-invalid', `Entry ${body.reverses} of ${account} cannot be reversed.`)
    }
    if (body.kind === 'certificate' || body.kind === 'offset') {
      const found = holderRow.parse(holder.get(body.reference))
      if (found !== undefined) {
        const where = `entry ${found.number} of account ${found.account}`
        throw new Fault('certificate-used', `${body.reference} is in ${where}.`)
      }
    }
    if (!('month' in body) || body.month === undefined) return
    const closed = isClosed(body.month)
    if (closed && (LOCKED.has(body.kind) || body.kind === 'closing'))
      throw new Fault('month-closed', `${body.month} of account ${account} is closed.`)
    if (!closed && body.kind === 'reopening')
      throw new Fault('entry-invalid', `${body.month} of account ${account} is not closed.`)
  }

  /** Adds entries to the end of an account's chain. Throws `entry-invalid`, `certificate-used` or `month-closed`. */
  function append(
    account: string,
    bodies: readonly EntryBody[],
    nowMs: number,
    after?: number,
  ): LedgerEntry[] {
    if (bodies.length === 0) return []
    const found = headRow.parse(head.get(account))
    let number = found?.number ?? 0
    if (after !== undefined && after !== number)
      throw new Fault('entry-invalid', `Entry ${number} of ${account} came after entry ${after}.`)
    let previous = found === undefined ? NO_HASH : hexOf(found.hash)
    let before = Buffer.from(previous, 'hex')
    // What was known at a moment stays so, whatever becomes of the clock.
    const lastMs = lastRow.parse(last.get(account, number))?.last ?? 0
    const recordedAtMs = Math.max(nowMs, lastMs)
    // Asked once for all entries of a month that come together.
    const closed = new Map<string, boolean>()
    const isClosedNow = (month: string): boolean => {
      const known = closed.get(month) ?? isClosed(account, month)
      closed.set(month, known)
      return known
    }
    const entries = bodies.map((body): LedgerEntry => {
      check(account, body, isClosedNow)
      if (body.kind === 'closing' || body.kind === 'reopening')
        closed.set(body.month, body.kind === 'closing')
      number += 1
      const text = canonicalText(body)
      const hash = digestOf('sha256', hashedText({ account, number, recordedAtMs, previous }, text), 'buffer')
      const { kind, month, reverses, reference } = columnsOf(body)
      insert.run(account, number, recordedAtMs, kind, month, reverses, reference, text, before, hash)
      before = hash
      const entry = { account, number, recordedAtMs, body, previous, hash: hexOf(hash) }
      previous = entry.hash
      return entry
    })
    setHead.run(account, number, before)
    return entries
  }

  /** Rows as they are kept, unread, so that a damaged one can be told of. */
  function* rows(account: string, after: number, limit: number): Generator<LedgerRow> {
    for (const each of list.iterate(account, after, limit)) yield rowOf(account, each)
  }

  /**
   * An entry whose hash is that of its content is as it was written, by this program: only one that is not is looked at
   * for what is wrong with it.
   */
  const entryOf = (account: string, kept: unknown): LedgerEntry => {
    const { number, recorded_at_ms: recordedAtMs, body, ...row } = contentRow.parse(kept)
    const [previous, hash] = [hexOf(row.previous), hexOf(row.hash)]
    const parsed: unknown = JSON.parse(body)
    const isProven =
      digestOf('sha256', hashedText({ account, number, recordedAtMs, previous }, body)) === hash
    const checked = isProven ? writtenBody : entryBody
    return { account, number, recordedAtMs, body: checked.parse(parsed), previous, hash }
  }

  /** Entries of an account in order, or those of some months. Throws a ZodError or SyntaxError for a damaged one. */
  function entries(account: string, months?: readonly string[]): LedgerEntry[] {
    if (months === undefined) return list.all(account, 0, -1).map((row) => entryOf(account, row))
    return months
      .flatMap((month) => ofMonth.all(account, month).map((row) => entryOf(account, row)))
      .toSorted((a, b) => a.number - b.number)
  }

  function headOf(account: string): { readonly number: number; readonly hash: string } {
    const found = headRow.parse(head.get(account))
    return found === undefined
      ? { number: 0, hash: NO_HASH }
      : { number: found.number, hash: hexOf(found.hash) }
  }

  return {
    append,
    rows,
    entries,
    headOf,
    accounts: () => accounts.all().map((row) => String(row['account'])),
    reopenedMonths: (account: string) => reopened.all(account).map((row) => String(row['month'])),
    postedMonths: (account: string) => posted.all(account).map((row) => String(row['month'])),
  }
}
