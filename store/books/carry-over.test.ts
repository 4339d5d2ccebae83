import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import { openBooks } from '../books.ts'
import { known, T0 } from './books.test-support.ts'
import { textOf } from './interval-text.ts'

const migrations = new URL('../migrations/', import.meta.url)

test('books that had a row for each revision are opened with all of them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-carry-'))
  const file = join(folder, 'books.sqlite')
  try {
    const older = new DatabaseSync(file)
    const before = readdirSync(migrations)
      .filter((name) => /^0\d\d-books/.test(name) && name < '022')
      .toSorted()
    for (const name of before) older.exec(readFileSync(new URL(name, migrations), 'utf8'))
    older.exec('PRAGMA application_id = 0x7462626b; PRAGMA user_version = 21')
    older.exec("INSERT INTO series VALUES (1, 'm-1', 'activeEnergyImport.total')")
    const insert = older.prepare('INSERT INTO interval VALUES (1, ?, ?, ?)')
    insert.run(T0, 1, textOf(known(T0, 100)))
    insert.run(T0, 2, textOf(known(T0, 120)))
    insert.run(T0 + 100 * SLOT_MS, 1, textOf(known(T0 + 100 * SLOT_MS, 7)))
    older.close()
    for (const _ of ['first', 'again']) {
      const books = openBooks(file)
      const revisions = books.revisions('m-1', 'activeEnergyImport.total', T0)
      expect(revisions).toEqual([
        { ...known(T0, 100), revision: 1 },
        { ...known(T0, 120), revision: 2 },
      ])
      const all = books.intervals('m-1', 'activeEnergyImport.total', { fromMs: 0, toMs: T0 + 200 * SLOT_MS })
      expect(all.map(({ slotMs, revision }) => [slotMs, revision])).toEqual([
        [T0, 2],
        [T0 + 100 * SLOT_MS, 1],
      ])
      books.close()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
