import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { canonicalText } from '#contract/canonical-text.ts'
import { NO_HASH, type EntryBody } from '#contract/entry.ts'

/** What kept them apart; all later migrations leave it as it is. */
const partsMigration = readFileSync(
  new URL('../migrations/111-books-ledger-parts.sql', import.meta.url),
  'utf8',
)

/**
 * Makes books what they were before parts of postings were kept apart, with these entries as the only ones of an account:
 * whole bodies, hashed as version 1. Then brings them up to date by that migration. The books are closed meanwhile.
 */
export function writeOldLedger(
  file: string,
  account: string,
  entries: readonly { readonly body: EntryBody; readonly recordedAtMs: number }[],
): void {
  const database = new DatabaseSync(file)
  for (const { name } of database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all())
    if (String(name).startsWith('ledger_')) database.exec(`DROP TRIGGER ${String(name)}`)
  database.exec(`
    DELETE FROM ledger_entry; DELETE FROM ledger_head;
    DROP INDEX quarantine_reused;
    DROP TABLE ledger_factors;
    ALTER TABLE ledger_entry DROP COLUMN evidence_of;
    ALTER TABLE ledger_entry DROP COLUMN evidence;
    ALTER TABLE ledger_entry DROP COLUMN version;
    CREATE TRIGGER ledger_entry_stays BEFORE UPDATE ON ledger_entry
    BEGIN SELECT raise(ABORT, 'ledger entries are never changed'); END;
    CREATE TRIGGER ledger_entry_is_kept BEFORE DELETE ON ledger_entry
    BEGIN SELECT raise(ABORT, 'ledger entries are never removed'); END`)
  const insert = database.prepare(
    'INSERT INTO ledger_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, unhex(?), unhex(?))',
  )
  let previous = NO_HASH
  for (const [index, { body, recordedAtMs }] of entries.entries()) {
    const text = canonicalText(body)
    const said = ['tanbiao ledger entry 1', account, index + 1, recordedAtMs, previous, text]
    const hash = createHash('sha256').update(said.join('\n')).digest('hex')
    const month = 'month' in body ? (body.month ?? null) : null
    const reverses = body.kind === 'reversal' ? body.reverses : null
    const reference = 'reference' in body ? body.reference : null
    insert.run(account, index + 1, recordedAtMs, body.kind, month, reverses, reference, text, previous, hash)
    previous = hash
  }
  database.prepare('INSERT INTO ledger_head VALUES (?, ?, unhex(?))').run(account, entries.length, previous)
  database.exec(partsMigration)
  database.close()
}
