import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Files that are on the disk when a call returns. */

/** What something is called while it is written; no identifier begins so. */
export const PARTIAL = '.partial'

/** Writes a new file. Throws where it is there already. */
export function writeSynced(path: string, content: Buffer | string): void {
  const file = openSync(path, 'wx')
  try {
    const bytes = Buffer.from(content)
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Keeps what was moved within a folder. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Puts a file in its place, whole or not at all, in that of an older one where there is one. */
export function putWhole(folder: string, name: string, content: string): void {
  mkdirSync(folder, { recursive: true })
  const partial = join(folder, `${PARTIAL}${name}`)
  rmSync(partial, { force: true })
  writeSynced(partial, content)
  renameSync(partial, join(folder, name))
  syncFolder(folder)
}
