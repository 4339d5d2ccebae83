import { readFileSync } from 'node:fs'
import { Fault } from '#contract/fault.ts'

/** The text of a file. Throws `file-unreadable`. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${file} cannot be read.`, { place: { file }, cause })
  }
}
