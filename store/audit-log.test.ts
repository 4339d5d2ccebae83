import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canonicalText } from '#contract/canonical-text.ts'
import { AccessBook } from './access-book.ts'

let folder: string
let file: string
let book: AccessBook
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-audit-'))
  file = join(folder, 'access.sqlite')
  book = new AccessBook(file)
})
afterEach(() => {
  book.close()
  rmSync(folder, { recursive: true })
})

const noted = (detail: string) => ({ atMs: 1_000, user: '李伟', address: '::1', action: 'POST /x', detail })
/** Halves of surrogate pairs among it, as a cut may leave them. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))
const findings = (): string[] =>
  [...book.auditLog.findings()].map(({ entry, message }) => `${entry}: ${message}`)

/** Changes the file behind the log's back, as somebody with the disk would: triggers are gone first. */
function damage(sql: string): void {
  book.close()
  const database = new DatabaseSync(file)
  for (const row of database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all())
    database.exec(`DROP TRIGGER ${String(row['name'])}`)
  database.exec(sql)
  database.close()
  book = new AccessBook(file)
}

describe('the audit log', () => {
  test('is a chain of SHA-256 over texts that anybody can write down', () => {
    for (const detail of ['200 {}', 'line\nfeed "quoted"', '']) book.note(noted(detail))
    let previous = '0'.repeat(64)
    for (const entry of book.audit(10).toReversed()) {
      const text = `tanbiao audit entry 1\n${previous}\n${canonicalText(entry)}`
      previous = createHash('sha256').update(text).digest('hex')
      expect(book.auditLog.hashOf(entry.id)).toBe(previous)
    }
    expect(book.auditLog.head()).toEqual({ id: 3, hash: previous })
    expect(findings()).toEqual([])
  })

  test('holds whatever was noted, by whichever process', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, fc.boolean()), { maxLength: 10 }), (all) => {
        const other = new AccessBook(file)
        for (const [detail, isOther] of all) (isOther ? other : book).note(noted(detail))
        other.close()
        expect(findings()).toEqual([])
      }),
      { numRuns: 20 },
    )
  })

  test.each(['UPDATE audit_chain SET id = 9', 'DELETE FROM audit_chain'])('refuses %s in its file', (sql) => {
    book.note(noted('1'))
    const database = new DatabaseSync(file)
    expect(() => database.exec(sql)).toThrow(/only grows/)
    database.close()
  })

  test.each([
    ['a person', "UPDATE audit SET user = 'nobody' WHERE id = 3", ['3: its hash is not that of its content']],
    ['a moment', 'UPDATE audit SET at_ms = at_ms + 1 WHERE id = 3', ['3: its hash']],
    ['an address', "UPDATE audit SET address = '::2' WHERE id = 3", ['3: its hash']],
    ['an action', "UPDATE audit SET action = 'GET /x' WHERE id = 3", ['3: its hash']],
    ['a detail', "UPDATE audit SET detail = '' WHERE id = 3", ['3: its hash']],
    ['a hash', 'UPDATE audit_chain SET hash = zeroblob(32) WHERE id = 3', ['3: its hash', '4: its hash']],
    ['an entry', 'DELETE FROM audit WHERE id = 3', ['3: it is gone']],
    ['entries', 'DELETE FROM audit WHERE id IN (2, 3)', ['2: it and all up to 3 are gone']],
    ['the first entry', 'DELETE FROM audit WHERE id = 1', ['1: it is gone']],
    [
      'an entry with its hash',
      'DELETE FROM audit WHERE id = 3; DELETE FROM audit_chain WHERE id = 3',
      ['3: it is gone', '4: its hash'],
    ],
    [
      'the last entry',
      'DELETE FROM audit WHERE id = 5',
      ['0: the log ends at entry 4; entry 5 was the last'],
    ],
    [
      'all entries',
      'DELETE FROM audit; DELETE FROM audit_chain',
      ['0: the log ends at entry 0; entry 5 was the last'],
    ],
    [
      'where it ends',
      'UPDATE audit_head SET hash = zeroblob(32)',
      ['0: the log ends at entry 5, and not as'],
    ],
    [
      'what nobody noted',
      "INSERT INTO audit VALUES (6, 1, 'x', 'x', 'x', 'x')",
      ['6: it has no hash', '0: the log ends at entry 6, and not as'],
    ],
  ])('finds and names %s that was changed, removed or added', (_, sql, expected) => {
    for (const detail of ['1', '2', '3', '4', '5']) book.note(noted(detail))
    damage(sql)
    const found = findings()
    expect(found).toHaveLength(expected.length)
    for (const [index, text] of expected.entries()) expect(found[index]).toContain(text)
  })

  test('chains the entries of before there were hashes, once', () => {
    for (const detail of ['1', '2', '3']) book.note(noted(detail))
    const { hash } = book.auditLog.head()
    damage('DROP TABLE audit_chain; DROP TABLE audit_head; PRAGMA user_version = 70')
    expect(book.auditLog.head()).toEqual({ id: 3, hash })
    book.note(noted('4'))
    expect(findings()).toEqual([])
    damage("UPDATE audit SET detail = '7' WHERE id = 2")
    expect(findings()).toEqual([expect.stringMatching(/^2: its hash/)])
  })
})
