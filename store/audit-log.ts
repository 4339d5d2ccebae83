import { hash as digestOf } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { auditText, type AuditEntry } from '#contract/audit-entry.ts'
import { NO_HASH } from '#contract/entry.ts'
import { inTransaction } from './sqlite-file.ts'

/** Which entries of the audit log; those of everybody, about everything, where nothing is said. */
export interface AuditWish {
  /** Older than the entry of this id: for the next page. */
  readonly before?: number | undefined
  /** A part of the person’s name, whatever its case. */
  readonly user?: string | undefined
  /** A part of the address that was asked, or of what was sent there: the object. */
  readonly about?: string | undefined
  readonly fromMs?: number | undefined
  /** Not included. */
  readonly toMs?: number | undefined
}

/** What is not as it was written, and where. */
export interface AuditFinding {
  /** Number of the entry; 0 for the log as a whole. */
  readonly entry: number
  readonly message: string
}

/** Number and hash of the last entry; 0 and `NO_HASH` of a log without any. */
export interface AuditHead {
  readonly id: number
  readonly hash: string
}

const auditRow = z
  .object({
    id: z.int(),
    at_ms: z.int(),
    user: z.string(),
    address: z.string(),
    action: z.string(),
    detail: z.string(),
  })
  .transform(({ at_ms, ...entry }): AuditEntry => ({ ...entry, atMs: at_ms }))
const headRow = z.object({ id: z.int(), hash: z.string() }).optional()
const addedRow = z.object({ id: z.int() })
const hashRow = z.object({ hash: z.string().nullable() })

/** Half of a surrogate pair, as where a long text was cut, is no text in the file: what is hashed is what is kept. */
function asKept({ atMs, user, address, action, detail }: Omit<AuditEntry, 'id'>): Omit<AuditEntry, 'id'> {
  return {
    atMs,
    user: user.toWellFormed(),
    address: address.toWellFormed(),
    action: action.toWellFormed(),
    detail: detail.toWellFormed(),
  }
}

const COLUMNS = 'id, at_ms, user, address, action, detail'

/**
 * The audit log: entries are added at its end, each with a hash over itself and the hash before it, and nothing else is
 * ever done to them. Entries of before there were hashes are chained as they are found, once.
 */
export function openAuditLog(database: DatabaseSync) {
  const insert = database.prepare(
    'INSERT INTO audit (at_ms, user, address, action, detail) VALUES (?, ?, ?, ?, ?) RETURNING id',
  )
  const chain = database.prepare('INSERT INTO audit_chain VALUES (?, unhex(?))')
  const setHead = database.prepare('INSERT OR REPLACE INTO audit_head VALUES (1, ?, unhex(?))')
  const getHead = database.prepare('SELECT id, lower(hex(hash)) AS hash FROM audit_head')
  const getHash = database.prepare('SELECT lower(hex(hash)) AS hash FROM audit_chain WHERE id = ?')
  const list = database.prepare(
    `SELECT ${COLUMNS} FROM audit
     WHERE id < ? AND at_ms >= ? AND at_ms < ? AND instr(lower(user), lower(?)) > 0
       AND instr(lower(action || ' ' || detail), lower(?)) > 0
     ORDER BY id DESC LIMIT ?`,
  )
  const all = database.prepare(
    `SELECT ${COLUMNS}, (SELECT lower(hex(hash)) FROM audit_chain WHERE audit_chain.id = audit.id) AS hash
     FROM audit ORDER BY id`,
  )

  const head = (): AuditHead => headRow.parse(getHead.get()) ?? { id: 0, hash: NO_HASH }

  /** Hash of an entry as it was written; undefined where there is none. */
  const hashOf = (id: number): string | undefined =>
    hashRow.optional().parse(getHash.get(id))?.hash ?? undefined

  /** Adds an entry's hash to the chain. Returns it. */
  function link(entry: AuditEntry, previous: string): string {
    const hash = digestOf('sha256', auditText(entry, previous))
    chain.run(entry.id, hash)
    return hash
  }

  function chainOlder(): void {
    let last = head()
    for (const row of all.all()) {
      const entry = auditRow.parse(row)
      last = { id: entry.id, hash: link(entry, last.hash) }
    }
    setHead.run(last.id, last.hash)
  }

  if (getHead.get() === undefined)
    inTransaction(database, () => {
      // Another process may have been faster.
      if (getHead.get() === undefined) chainOlder()
    })

  return {
    head,
    hashOf,

    /** Writes down what somebody did; such an entry is never changed. */
    note(noted: Omit<AuditEntry, 'id'>): void {
      inTransaction(database, () => {
        const entry = asKept(noted)
        const { atMs, user, address, action, detail } = entry
        const { id } = addedRow.parse(insert.get(atMs, user, address, action, detail))
        setHead.run(id, link({ ...entry, id }, head().hash))
      })
    },

    /** Newest first: at most so many of those that are wished for. */
    list(limit: number, wish: AuditWish = {}): readonly AuditEntry[] {
      const { before = Number.MAX_SAFE_INTEGER, user = '', about = '' } = wish
      const { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER } = wish
      return z.array(auditRow).parse(list.all(before, fromMs, toMs, user, about, limit))
    },

    /** Everything that is not as it was written, in order. */
    *findings(): Generator<AuditFinding> {
      let before: AuditHead = { id: 0, hash: NO_HASH }
      for (const row of all.iterate()) {
        const entry = auditRow.parse(row)
        const { hash } = hashRow.parse(row)
        const { id } = entry
        if (id !== before.id + 1) {
          const [first, last] = [before.id + 1, id - 1]
          const message = first === last ? 'it is gone' : `it and all up to ${last} are gone`
          yield { entry: first, message }
          before = { id: last, hash: hashOf(last) ?? '' }
        }
        if (hash === null) yield { entry: id, message: 'it has no hash: it was not added by tanbiao' }
        else if (hash !== digestOf('sha256', auditText(entry, before.hash)))
          yield { entry: id, message: 'its hash is not that of its content and of the entry before it' }
        before = { id, hash: hash ?? '' }
      }
      const end = head()
      if (end.id > before.id) {
        const message = `the log ends at entry ${before.id}; entry ${end.id} was the last that was added`
        yield { entry: 0, message }
      } else if (end.id !== before.id || end.hash !== before.hash) {
        yield {
          entry: 0,
          message: `the log ends at entry ${before.id}, and not as it was noted when it was added`,
        }
      }
    },
  }
}
