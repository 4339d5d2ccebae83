import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { keptFolder } from './installation.ts'

/**
 * The prepared program: all of tanbiao in a few files, because to find and read several hundred modules takes a process
 * longer than to run them. It is made of the sources at installation (`npm run build:program`), is never under version
 * control, and is used only while every source is the very file that it was made of; else the sources run themselves.
 */

/** Where the prepared program of an installation lies. */
export const programFolder = (root: string): string => keptFolder(root, 'program')

/** The file beside it that says what it was made of. */
export const manifestFile = (root: string): string => join(programFolder(root), 'made-of.txt')

/** A source as it is now: when it was changed, its size, and its path from the root. */
function sourceLine(root: string, path: string): string {
  const { mtimeMs, size } = statSync(join(root, path))
  return `${mtimeMs} ${size} ${path}`
}

/** The text of a manifest: where the program was made, its first module, then its sources. */
export function manifestText(root: string, entry: string, sources: readonly string[]): string {
  return [root, entry, ...sources.map((path) => sourceLine(root, path))].join('\n')
}

/** The address of its first module, where there is one that was made of exactly the sources that are there. */
export function preparedProgram(root: string): string | undefined {
  try {
    const [madeAt, entry = '', ...sources] = readFileSync(manifestFile(root), 'utf8').split('\n')
    const isUnchanged = (line: string): boolean =>
      sourceLine(root, line.split(' ').slice(2).join(' ')) === line
    if (madeAt !== root || !sources.every(isUnchanged)) return undefined
    return pathToFileURL(join(programFolder(root), entry)).href
  } catch (error) {
    // Not made yet, or a source is gone.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
