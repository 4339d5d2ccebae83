import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { manifestFile, manifestText, preparedProgram, programFolder } from './prepared-program.ts'

let folder: string
let root: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-program-'))
  root = join(folder, 'installation')
  mkdirSync(programFolder(root), { recursive: true })
  for (const name of ['a.ts', 'with a space.ts']) writeFileSync(join(root, name), 'export const one = 1\n')
  writeFileSync(manifestFile(root), manifestText(root, 'program.mjs', ['a.ts', 'with a space.ts']))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

it('is used while its sources are those that it was made of', () => {
  expect(preparedProgram(root)).toBe(pathToFileURL(join(programFolder(root), 'program.mjs')).href)
})

it('is not there before it was made', () => {
  rmSync(manifestFile(root))
  expect(preparedProgram(root)).toBeUndefined()
})

it.each<[string, () => void]>([
  ['is longer', () => writeFileSync(join(root, 'a.ts'), 'export const one = 12\n')],
  ['was written at another time', () => utimesSync(join(root, 'with a space.ts'), 1, 1)],
  ['is gone', () => rmSync(join(root, 'a.ts'))],
])('is not used when a source %s', (_, change) => {
  change()
  expect(preparedProgram(root)).toBeUndefined()
})

it('is not used by a copy of the installation, whose files are found elsewhere', () => {
  const copy = join(folder, 'copy')
  cpSync(root, copy, { recursive: true, preserveTimestamps: true })
  expect(preparedProgram(copy)).toBeUndefined()
})
