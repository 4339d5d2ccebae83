import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readingStoreConformance } from './conformance.ts'
import { openSqliteReadings } from './sqlite-readings.ts'

function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-readings-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

readingStoreConformance('SQLite', async () => {
  const { folder, remove } = temporaryFolder()
  const open = () => openSqliteReadings({ file: join(folder, 'readings.sqlite') })
  return { store: await open(), reopen: open, cleanup: async () => remove() }
})

test('a file that is not a database makes the store unavailable, with the file named', async () => {
  const { folder, remove } = temporaryFolder()
  const file = join(folder, 'readings.sqlite')
  writeFileSync(file, 'this is a diary, not a database. '.repeat(100))
  await expect(openSqliteReadings({ file })).rejects.toMatchObject({
    code: 'store-unavailable',
    place: { file },
  })
  remove()
})
