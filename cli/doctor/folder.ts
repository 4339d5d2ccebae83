import { randomUUID } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { failed, type Finding } from './finding.ts'

const MIB = 1024 * 1024
/** The logs of two SQLite files and some minutes of work. */
const FREE_MIB_MIN = 256
/** A park of a hundred meters needs some gigabytes a year. */
const FREE_MIB_ENOUGH = 2_048

/** The process that holds a data folder, as it described itself. */
export interface Holder {
  readonly text: string
  /** Where its pages are. */
  readonly url: string | undefined
  /** Where its embedded broker is. */
  readonly broker: string | undefined
}

/** `undefined` where nobody holds the folder. */
export function holderOf(folder: string): Holder | undefined {
  const file = join(resolve(folder), 'lock.sqlite')
  if (!existsSync(file)) return undefined
  const lock = new DatabaseSync(file, { readOnly: true })
  try {
    lock.prepare('SELECT count(*) FROM sqlite_schema').get()
    return undefined
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('locked'))) throw error
    const description = join(resolve(folder), 'running.txt')
    const text = existsSync(description) ? readFileSync(description, 'utf8').trim() : 'another process'
    const addressOf = (scheme: string) => new RegExp(`${scheme}://[^\\s,]+`).exec(text)?.[0]
    return { text, url: addressOf('http'), broker: addressOf('mqtt') }
  } finally {
    lock.close()
  }
}

/** Whether the data folder can be written, and by whom it is held. */
export function checkFolder(path: string): Finding {
  const check = 'folder'
  const folder = resolve(path)
  if (!existsSync(folder)) {
    const above = dirname(folder)
    if (!existsSync(above))
      return {
        check,
        state: 'fault',
        what: `${above} does not exist.`,
        advice: 'Create it, or give another folder with --data.',
      }
    try {
      // Rights alone do not say it: as root one may write everywhere, but for where nothing can be made.
      rmdirSync(mkdtempSync(join(above, 'tanbiao-doctor-')))
    } catch (error) {
      return {
        check,
        state: 'fault',
        what: `${folder} is not there, and cannot be made: ${error instanceof Error ? error.message : String(error)}`,
        advice: 'Let the user of the server own the folder above it, or give another folder with --data.',
      }
    }
    return { check, state: 'ok', what: `${folder} is not there yet; the first start makes it.` }
  }
  const file = join(folder, `doctor-${randomUUID()}`)
  try {
    const written = openSync(file, 'wx')
    try {
      writeSync(written, Buffer.alloc(4_096))
      fsyncSync(written)
    } finally {
      closeSync(written)
    }
  } catch (error) {
    return {
      check,
      state: 'fault',
      what: `Nothing can be written in ${folder}: ${error instanceof Error ? error.message : String(error)}`,
      advice: 'Make room, or let the user of the server own the folder.',
    }
  } finally {
    rmSync(file, { force: true })
  }
  try {
    const holder = holderOf(folder)
    const by = holder === undefined ? 'no server runs on it' : `held by ${holder.text}`
    return { check, state: 'ok', what: `${folder} can be written; ${by}.` }
  } catch (error) {
    return failed(check, error)
  }
}

/** How much room the disk of the data folder has. */
export function checkDisk(path: string): Finding {
  const check = 'disk'
  const folder = resolve(path)
  const place = existsSync(folder) ? folder : dirname(folder)
  if (!existsSync(place)) return { check, state: 'skipped', what: `${place} does not exist.` }
  const { bavail, bsize, blocks } = statfsSync(place)
  const freeMib = Math.floor((bavail * bsize) / MIB)
  const percent = blocks === 0 ? 0 : Math.floor((100 * bavail) / blocks)
  const what = `${freeMib} MiB free (${percent} %) where ${folder} is.`
  if (freeMib < FREE_MIB_MIN) {
    return {
      check,
      state: 'fault',
      what,
      advice:
        'Make room now: a full disk stops the acknowledgements, and gateways keep their readings meanwhile.',
    }
  }
  if (freeMib < FREE_MIB_ENOUGH) {
    return { check, state: 'warning', what, advice: 'Make room, or keep readings for fewer days.' }
  }
  return { check, state: 'ok', what }
}
