import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
  fsyncSync,
} from 'node:fs'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'

/**
 * The file of an export. It grows as FILE.part and has its name when it is whole. How far it has come is kept beside it,
 * so that an export that was interrupted goes on: the part is cut back to what the note speaks of.
 */
const note = z.strictObject({
  v: z.literal(1),
  /** SHA-256 of what was asked for. */
  wish: z.string(),
  bytes: z.int().min(0),
  /** Of the meter `meter`, all before `fromMs` is written, and all of the meters before it. */
  meter: z.int().min(0),
  fromMs: z.int(),
})

/** Where an export goes on. */
export type ExportPlace = Pick<z.infer<typeof note>, 'meter' | 'fromMs'>

export interface ExportFile {
  /** Where it goes on; undefined for a new one. */
  readonly resumesAt: ExportPlace | undefined
  write(text: string): void
  /** All that was written so far is safe, and the export goes on here. */
  mark(place: ExportPlace): void
  /** Gives the file its name. */
  finish(): void
  close(): void
}

function noteOf(file: string, wish: string): z.infer<typeof note> | undefined {
  if (!existsSync(file)) return undefined
  try {
    const found = note.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data
    return found?.wish === wish ? found : undefined
  } catch (error) {
    // Cut short by a crash: the export begins again.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Opens an export, a new one or one of the same wish that was interrupted. Throws `folder-unusable`. */
export function openExport(file: string, wishText: string): ExportFile {
  const wish = createHash('sha256').update(wishText).digest('hex')
  const part = `${file}.part`
  const noteFile = `${file}.note`
  const writing = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      if (cause instanceof Fault) throw cause
      throw new Fault('folder-unusable', `${file} cannot be written: ${String(cause)}`, {
        place: { file },
        cause,
      })
    }
  }
  const found = writing(() => (existsSync(part) ? noteOf(noteFile, wish) : undefined))
  const handle = writing(() => openSync(part, found === undefined ? 'w' : 'r+'))
  let bytes = found?.bytes ?? 0
  writing(() => ftruncateSync(handle, bytes))
  let isOpen = true
  const close = (): void => {
    if (isOpen) closeSync(handle)
    isOpen = false
  }
  return {
    resumesAt: found,
    write: (text) => {
      const buffer = Buffer.from(text)
      writing(() => {
        for (let done = 0; done < buffer.length;)
          done += writeSync(handle, buffer, done, undefined, bytes + done)
      })
      bytes += buffer.length
    },
    mark: ({ meter, fromMs }) =>
      writing(() => {
        fsyncSync(handle)
        writeFileSync(`${noteFile}.new`, JSON.stringify({ v: 1, wish, bytes, meter, fromMs }))
        renameSync(`${noteFile}.new`, noteFile)
      }),
    finish: () =>
      writing(() => {
        fsyncSync(handle)
        close()
        renameSync(part, file)
        rmSync(noteFile, { force: true })
      }),
    close,
  }
}
