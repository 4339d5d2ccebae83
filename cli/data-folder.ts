import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '#contract/fault.ts'

/** The one folder where an installation keeps its state, held by one process at a time. */
export interface DataFolder {
  readonly path: string
  /** A file or folder in it. */
  file(...names: string[]): string
  /** What a second copy is told about this one, e.g. its address. */
  describe(text: string): void
  release(): void
}

/**
 * Opens the folder, making it where only its last part is missing, and locks it.
 * The lock is an SQLite transaction: the operating system lets go of it however the process ends.
 * Throws `folder-unusable` or `already-running`.
 */
export function openDataFolder(path: string): DataFolder {
  const folder = resolve(path)
  if (!existsSync(dirname(folder))) {
    throw new Fault('folder-unusable', `${dirname(folder)} does not exist.`, { place: { file: folder } })
  }
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new Fault('folder-unusable', `${folder} cannot be used as data folder.`, {
      place: { file: folder },
      cause,
    })
  }
  const holder = join(folder, 'running.txt')
  const lock = lockFile(join(folder, 'lock.sqlite'), () =>
    existsSync(holder) ? readFileSync(holder, 'utf8').trim() : 'another process',
  )
  writeFileSync(holder, `process ${process.pid}\n`)
  return {
    path: folder,
    file: (...names) => join(folder, ...names),
    describe: (text) => {
      writeFileSync(holder, `process ${process.pid}, ${text}\n`)
    },
    release: () => {
      lock.close()
    },
  }
}

function lockFile(file: string, holder: () => string): DatabaseSync {
  try {
    const lock = new DatabaseSync(file)
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return lock
  } catch (cause) {
    if (cause instanceof Error && cause.message.includes('locked')) {
      throw new Fault('already-running', `${dirname(file)} is in use by ${holder()}.`, { place: { file } })
    }
    throw new Fault('folder-unusable', `${file} cannot be opened.`, { place: { file }, cause })
  }
}
