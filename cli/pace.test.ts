import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Fault } from '#contract/fault.ts'
import { openDataFolder } from './data-folder.ts'
import { keptPace, paceOfFolder } from './pace.ts'

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-pace-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

test('a data folder goes on in the time that it was begun in', () => {
  const data = openDataFolder(newFolder())
  const given = { speed: 60, since: 1_000, from: 2_000 }
  expect(paceOfFolder(data, 'journal.sqlite', given)).toEqual({ speed: 60, sinceMs: 1_000, fromMs: 2_000 })
  expect(paceOfFolder(data, 'journal.sqlite', {})).toEqual({ speed: 60, sinceMs: 1_000, fromMs: 2_000 })
  expect(() => paceOfFolder(data, 'journal.sqlite', { speed: 10 })).toThrow(/60 times as fast/)
  data.release()
})

test.each(['', '{"speed":60', '{"speed":"fast"}'])('a damaged pace (%j) is told with its place', (text) => {
  const folder = newFolder()
  const file = join(folder, 'pace.json')
  writeFileSync(file, text)
  let thrown: unknown
  try {
    keptPace(folder)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(Fault)
  expect(thrown).toMatchObject({ code: 'file-invalid', place: { file } })
})
