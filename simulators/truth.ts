import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import type { Served } from './meter-server.ts'
import type { Plant } from './plant.ts'

/** What really happened: what left the meters, and what flowed through them. */

/** Energy or amount of a meter in [fromMs, toMs), exact, in the unit of its register. */
export function energyBetween(plant: Plant, meter: string, fromMs: number, toMs: number): number {
  return plant.energyAt(meter, toMs) - plant.energyAt(meter, fromMs)
}

/** An append-only file with one JSON line for each reply. */
export interface ServedLog {
  record(served: Served): void
  /** Writes what is still waiting and closes the file. Twice is once. */
  close(): void
}

/** Lines reach the file after this long at the latest. */
const FLUSH_MS = 100
/** Written at once when so many wait: some 200 kB. */
const LINES_MAX = 1_000

/** Opens a served log for appending. Throws `folder-unusable` where the file cannot be opened. */
export function openServedLog(file: string): ServedLog {
  let handle: number
  try {
    handle = openSync(file, 'a')
  } catch (cause) {
    throw new Fault('folder-unusable', `${file} cannot be written.`, { place: { file }, cause })
  }
  let waiting: string[] = []
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    const lines = waiting.join('')
    waiting = []
    if (lines !== '') writeSync(handle, lines)
  }
  return {
    record: (served) => {
      waiting.push(`${JSON.stringify(served)}\n`)
      if (waiting.length >= LINES_MAX) flush()
      else timer ??= setTimeout(flush, FLUSH_MS)
    },
    close: () => {
      if (closed) return
      closed = true
      flush()
      closeSync(handle)
    },
  }
}

const servedLine = z.strictObject({
  meter: z.string(),
  unit: z.int().min(0).max(255),
  atMs: z.int(),
  address: z.int().min(0).max(0xffff),
  function: z.union([z.literal(3), z.literal(4)]),
  words: z.array(z.int().min(0).max(0xffff)),
})

/** All replies of a served log, in the order in which they left. Throws `file-unreadable` or `file-invalid`. */
export function readServedLog(file: string): Served[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${file} cannot be read.`, { place: { file }, cause })
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      try {
        return servedLine.parse(JSON.parse(line))
      } catch (cause) {
        throw new Fault('file-invalid', 'not a line of a served log', {
          place: { file, line: index + 1 },
          cause,
        })
      }
    })
}
