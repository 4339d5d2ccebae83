import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { accountingRecord, type AccountingRecord } from '#contract/accounting-record.ts'
import { canonicalText } from '#contract/canonical-text.ts'
import { Fault } from '#contract/fault.ts'
import type { CertificateClaim, EnteredRecord, RecordWish } from '../port.ts'

/** Records of the books: bills, stocks, production, laboratory values. Never changed, never removed. */

const numberRow = z.object({ number: z.number() })
const originalRow = z.object({ account: z.string(), kind: z.string(), by: z.number().nullable() })
const holderRow = z.object({ number: z.number(), account: z.string() })
/** Where a certificate is claimed: a row of the records or of the ledgers. */
export const claimRow = z.object({ certificate: z.string(), account: z.string(), number: z.number() })
const recordRow = z.object({
  number: z.number(),
  entered_at_ms: z.number(),
  content: z.string(),
  replaced_by: z.number().nullable(),
})

const keptRow = z.object({
  number: z.number(),
  digest: z.instanceof(Uint8Array),
  account: z.string(),
  kind: z.string(),
  from_day: z.string(),
  to_day: z.string(),
  certificate: z.string().nullable(),
  replaces: z.number().nullable(),
  content: z.string(),
})

/** What a row's columns say of its content; undefined where that is no record. */
function columnsOf(content: string): object | undefined {
  let record: AccountingRecord
  try {
    record = accountingRecord.parse(JSON.parse(content))
  } catch {
    return undefined
  }
  return {
    account: record.account,
    kind: record.kind,
    from_day: record.from,
    to_day: record.to,
    certificate: record.kind === 'green-certificate' ? record.certificate : null,
    replaces: record.replaces ?? null,
  }
}

/** Before all, and after all days. */
const [FIRST_DAY, LAST_DAY] = ['0000-01-01', '9999-12-31']

const digestOf = (content: string): Buffer => createHash('sha256').update(content).digest()

/** The records of the books. `enter` belongs into a transaction of the caller. */
export function openAccountingRecords(database: DatabaseSync) {
  const known = database.prepare('SELECT number FROM accounting_record WHERE digest = ?')
  const original = database.prepare(
    `SELECT one.account, one.kind, other.number AS "by" FROM accounting_record AS one
     LEFT JOIN accounting_record AS other ON other.replaces = one.number WHERE one.number = ?`,
  )
  const holder = database.prepare(
    `SELECT number, account FROM accounting_record AS one WHERE certificate = ? AND number IS NOT ?
     AND NOT EXISTS (SELECT 1 FROM accounting_record AS other WHERE other.replaces = one.number) LIMIT 1`,
  )
  const entry = database.prepare(
    `SELECT number, account FROM ledger_entry AS one WHERE reference = ? AND kind = 'certificate' AND account <> ?
     AND NOT EXISTS (SELECT 1 FROM ledger_entry AS other
                     WHERE other.account = one.account AND other.reverses = one.number) LIMIT 1`,
  )
  const insert = database.prepare(
    `INSERT INTO accounting_record
       (digest, entered_at_ms, account, kind, from_day, to_day, certificate, replaces, content)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number`,
  )
  const list = database.prepare(
    `SELECT one.number, one.entered_at_ms, one.content, other.number AS replaced_by FROM accounting_record AS one
     LEFT JOIN accounting_record AS other ON other.replaces = one.number
     WHERE (?1 IS NULL OR one.account = ?1) AND one.from_day < ?3 AND one.to_day > ?2 AND one.number > ?4
     ORDER BY one.number`,
  )

  const claims = database.prepare(
    `SELECT certificate, account, number FROM accounting_record AS one WHERE certificate IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM accounting_record AS other WHERE other.replaces = one.number) ORDER BY number`,
  )
  const all = database.prepare('SELECT * FROM accounting_record ORDER BY number')

  /** A correction names a record of its account and kind that nothing has replaced; only a withdrawal changes the kind. */
  function checkCorrection({ account, kind, replaces }: AccountingRecord): void {
    if (replaces === undefined) return
    const found = originalRow.optional().parse(original.get(replaces))
    const why =
      found === undefined
        ? 'there is none'
        : found.account !== account
          ? `it is of account ${found.account}`
          : found.kind !== kind && kind !== 'withdrawal'
            ? `it is of kind ${found.kind}`
            : found.by !== null
              ? `record ${found.by} has replaced it`
              : undefined
    if (why !== undefined)
      throw new Fault('correction-invalid', `Record ${replaces} cannot be replaced by this one: ${why}.`)
  }

  function checkCertificate(record: AccountingRecord): void {
    if (record.kind !== 'green-certificate') return
    const { certificate, account } = record
    const used = (what: string, row: unknown): void => {
      const found = holderRow.optional().parse(row)
      if (found === undefined) return
      throw new Fault(
        'certificate-used',
        `Certificate ${certificate} is in ${what} ${found.number} of account ${found.account}.`,
      )
    }
    used('record', holder.get(certificate, record.replaces ?? null))
    // The account’s own position of it is no other claim.
    used('entry', entry.get(certificate, account))
  }

  /** Enters one record, or finds the very same one. Throws `correction-invalid` or `certificate-used`. */
  function enter(record: AccountingRecord, nowMs: number): { number: number; isNew: boolean } {
    const content = canonicalText(record)
    const digest = digestOf(content)
    const same = numberRow.optional().parse(known.get(digest))
    if (same !== undefined) return { number: same.number, isNew: false }
    checkCorrection(record)
    checkCertificate(record)
    const { account, kind, from, to, replaces = null } = record
    const certificate = record.kind === 'green-certificate' ? record.certificate : null
    const row = insert.get(digest, nowMs, account, kind, from, to, certificate, replaces, content)
    return { number: numberRow.parse(row).number, isNew: true }
  }

  function records({
    account,
    kinds,
    from = FIRST_DAY,
    to = LAST_DAY,
    after = 0,
  }: RecordWish): EnteredRecord[] {
    return list.all(account ?? null, from, to, after).flatMap((row): EnteredRecord[] => {
      const { number, entered_at_ms: enteredAtMs, content, replaced_by: by } = recordRow.parse(row)
      const record = accountingRecord.parse(JSON.parse(content))
      if (kinds !== undefined && !kinds.includes(record.kind)) return []
      return [{ number, enteredAtMs, record, replacedBy: by ?? undefined }]
    })
  }

  /** Records whose columns or digest are not those of their content. */
  function damages(): string[] {
    return all.all().flatMap((row): string[] => {
      const { number, digest, content, ...columns } = keptRow.parse(row)
      const isIntact = digestOf(content).equals(digest) && isDeepStrictEqual(columns, columnsOf(content))
      return isIntact ? [] : [`record ${number} is not what was entered`]
    })
  }

  const certificates = (): CertificateClaim[] =>
    claims.all().map((row) => ({ in: 'record', ...claimRow.parse(row) }))

  return { enter, records, certificates, damages }
}
