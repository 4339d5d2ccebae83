import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { accessKinds, roleNames, type Access, type NewUser, type Role } from '#contract/access.ts'
import type { AuditEntry } from '#contract/audit-entry.ts'
import { Fault } from '#contract/fault.ts'
import { openAuditLog, type AuditWish } from './audit-log.ts'
import { inTransaction, openSqlite } from './sqlite-file.ts'

/** A user as the pages know one. */
export interface User {
  readonly id: number
  readonly name: string
  readonly role: Role
  readonly enterprise: string | undefined
  readonly active: boolean
  /** False until the one-time link was used. */
  readonly hasPassword: boolean
  readonly createdAtMs: number
}

export interface Session {
  readonly user: User
  readonly createdAtMs: number
  readonly seenAtMs: number
}

/** A token of a program: at most what its user may, and only the kinds of access that it was given. */
export interface ApiToken {
  readonly id: number
  readonly name: string
  readonly user: User
  readonly access: readonly Access[]
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
}

const userRow = z
  .object({
    id: z.int(),
    name: z.string(),
    role: z.enum(roleNames),
    enterprise: z.string().nullable(),
    has_password: z.int(),
    active: z.int(),
    created_at_ms: z.int(),
  })
  .transform(({ has_password, active, created_at_ms, enterprise, ...user }): User => ({
    ...user,
    enterprise: enterprise ?? undefined,
    active: active === 1,
    hasPassword: has_password === 1,
    createdAtMs: created_at_ms,
  }))
const sessionRow = z.object({ user: z.int(), created_at_ms: z.int(), seen_at_ms: z.int() })
const linkRow = z.object({ user: z.int(), expires_at_ms: z.int() })
const tokenRow = z.object({
  id: z.int(),
  name: z.string(),
  user: z.int(),
  access: z.string().transform((text) => z.array(z.enum(accessKinds)).parse(text.split(' '))),
  created_at_ms: z.int(),
  expires_at_ms: z.int().nullable(),
})
const USER_COLUMNS = 'id, name, role, enterprise, password IS NOT NULL AS has_password, active, created_at_ms'

/**
 * Users, sessions, tokens and the audit log, in one SQLite file. One owner: the process that serves the pages; a verb
 * may open it beside it. Only digests of secrets come in here. Throws `books-unusable` where the file cannot be used.
 */
export class AccessBook {
  readonly #database: DatabaseSync
  /** What somebody did, or tried to. */
  readonly auditLog: ReturnType<typeof openAuditLog>

  constructor(file: string) {
    try {
      this.#database = openSqlite(file, 'access')
      this.#database.exec('PRAGMA foreign_keys = ON')
      this.auditLog = openAuditLog(this.#database)
    } catch (cause) {
      throw new Fault('books-unusable', `${file} cannot be used.`, { place: { file }, cause })
    }
  }

  #rows(sql: string, ...values: (string | number | null)[]): unknown[] {
    return this.#database.prepare(sql).all(...values)
  }

  #run(sql: string, ...values: (string | number | null)[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes)
  }

  #one<T extends z.ZodType>(schema: T, sql: string, ...values: (string | number)[]): z.output<T> | undefined {
    const [row] = this.#rows(sql, ...values)
    return row === undefined ? undefined : schema.parse(row)
  }

  users(): readonly User[] {
    return z.array(userRow).parse(this.#rows(`SELECT ${USER_COLUMNS} FROM user ORDER BY name`))
  }

  user(id: number): User | undefined {
    return this.#one(userRow, `SELECT ${USER_COLUMNS} FROM user WHERE id = ?`, id)
  }

  /** The user of a name, whatever its case. */
  userNamed(name: string): User | undefined {
    return this.#one(userRow, `SELECT ${USER_COLUMNS} FROM user WHERE name = ?`, name.trim())
  }

  /** Adds a user without a password. Throws `name-taken`. */
  addUser(user: NewUser, nowMs: number): User {
    if (this.userNamed(user.name) !== undefined) {
      throw new Fault('name-taken', `There is a user "${user.name}" already.`)
    }
    const enterprise = user.role === 'enterprise-user' ? user.enterprise : null
    this.#run(
      'INSERT INTO user (name, role, enterprise, created_at_ms) VALUES (?, ?, ?, ?)',
      user.name,
      user.role,
      enterprise,
      nowMs,
    )
    const added = this.userNamed(user.name)
    if (added === undefined) throw new Fault('books-unusable', 'The user was not kept.')
    return added
  }

  /** Gives a user another role, and an enterprise user its enterprise. */
  setRole(id: number, user: NewUser): User {
    const enterprise = user.role === 'enterprise-user' ? user.enterprise : null
    this.#run('UPDATE user SET role = ?, enterprise = ? WHERE id = ?', user.role, enterprise, id)
    const changed = this.user(id)
    if (changed === undefined) throw new Fault('books-unusable', 'The user was not kept.')
    return changed
  }

  /** The user that a provider knows by that subject. */
  identityOwner(issuer: string, subject: string): User | undefined {
    const row = this.#one(
      z.object({ user: z.int() }),
      'SELECT user FROM identity WHERE issuer = ? AND subject = ?',
      issuer,
      subject,
    )
    return row === undefined ? undefined : this.user(row.user)
  }

  addIdentity(issuer: string, subject: string, id: number): void {
    this.#run('INSERT INTO identity VALUES (?, ?, ?)', issuer, subject, id)
  }

  /** Lets a user in or not; one that is shut out loses sessions and tokens at once. */
  setActive(id: number, active: boolean): void {
    inTransaction(this.#database, () => {
      this.#run('UPDATE user SET active = ? WHERE id = ?', active ? 1 : 0, id)
      if (!active) this.#endAllOf(id)
    })
  }

  passwordHash(id: number): string | undefined {
    const row = this.#one(
      z.object({ password: z.string().nullable() }),
      'SELECT password FROM user WHERE id = ?',
      id,
    )
    return row?.password ?? undefined
  }

  /** Another password ends the sessions that the old one opened, and uses up links. */
  setPassword(id: number, hash: string): void {
    inTransaction(this.#database, () => {
      this.#run('UPDATE user SET password = ? WHERE id = ?', hash, id)
      this.#run('DELETE FROM session WHERE user = ?', id)
      this.#run('DELETE FROM link WHERE user = ?', id)
    })
  }

  /** A one-time link; an earlier one of the same user ends. */
  addLink(digest: string, id: number, expiresAtMs: number): void {
    inTransaction(this.#database, () => {
      this.#run('DELETE FROM link WHERE user = ?', id)
      this.#run('INSERT INTO link VALUES (?, ?, ?)', digest, id, expiresAtMs)
    })
  }

  /** The user of a link that has not ended. */
  linkOwner(digest: string, nowMs: number): User | undefined {
    const link = this.#one(linkRow, 'SELECT user, expires_at_ms FROM link WHERE digest = ?', digest)
    return link === undefined || link.expires_at_ms <= nowMs ? undefined : this.user(link.user)
  }

  addSession(digest: string, id: number, nowMs: number): void {
    this.#run('INSERT INTO session VALUES (?, ?, ?, ?)', digest, id, nowMs, nowMs)
  }

  session(digest: string): Session | undefined {
    const row = this.#one(
      sessionRow,
      'SELECT user, created_at_ms, seen_at_ms FROM session WHERE digest = ?',
      digest,
    )
    const user = row === undefined ? undefined : this.user(row.user)
    if (row === undefined || user === undefined) return undefined
    return { user, createdAtMs: row.created_at_ms, seenAtMs: row.seen_at_ms }
  }

  seeSession(digest: string, nowMs: number): void {
    this.#run('UPDATE session SET seen_at_ms = ? WHERE digest = ?', nowMs, digest)
  }

  endSession(digest: string): void {
    this.#run('DELETE FROM session WHERE digest = ?', digest)
  }

  /** Ends sessions, tokens and links of a user. */
  endAllOf(id: number): void {
    inTransaction(this.#database, () => this.#endAllOf(id))
  }

  /** Forgets sessions not seen since then, and links that have ended. */
  forget(seenBeforeMs: number, nowMs: number): void {
    this.#run('DELETE FROM session WHERE seen_at_ms < ?', seenBeforeMs)
    this.#run('DELETE FROM link WHERE expires_at_ms <= ?', nowMs)
  }

  addToken(
    digest: string,
    token: { readonly name: string; readonly user: number; readonly access: readonly Access[] },
    nowMs: number,
    expiresAtMs: number | undefined,
  ): void {
    this.#run(
      'INSERT INTO token (digest, user, name, access, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?)',
      digest,
      token.user,
      token.name,
      token.access.join(' '),
      nowMs,
      expiresAtMs ?? null,
    )
  }

  #tokens(where: string, ...values: (string | number)[]): ApiToken[] {
    const rows = this.#rows(
      `SELECT id, name, user, access, created_at_ms, expires_at_ms FROM token ${where}`,
      ...values,
    )
    return z
      .array(tokenRow)
      .parse(rows)
      .flatMap(({ user: owner, created_at_ms, expires_at_ms, ...token }) => {
        const user = this.user(owner)
        if (user === undefined) return []
        return { ...token, user, createdAtMs: created_at_ms, expiresAtMs: expires_at_ms ?? undefined }
      })
  }

  tokens(): readonly ApiToken[] {
    return this.#tokens('ORDER BY id')
  }

  token(digest: string): ApiToken | undefined {
    return this.#tokens('WHERE digest = ?', digest)[0]
  }

  /** False where there is no such token. */
  endToken(id: number): boolean {
    return this.#run('DELETE FROM token WHERE id = ?', id) > 0
  }

  #endAllOf(id: number): void {
    for (const table of ['session', 'link', 'token']) this.#run(`DELETE FROM ${table} WHERE user = ?`, id)
  }

  /** Writes down what somebody did; such an entry is never changed. */
  note(entry: Omit<AuditEntry, 'id'>): void {
    this.auditLog.note(entry)
  }

  /** Newest first: at most so many of those that are wished for. */
  audit(limit: number, wish?: AuditWish): readonly AuditEntry[] {
    return this.auditLog.list(limit, wish)
  }

  close(): void {
    this.#database.close()
  }
}
