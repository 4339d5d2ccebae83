import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { DaySums } from './day-sums.ts'
import { scenarioParts, type Scenario } from './scenario.ts'

/**
 * Sums of days kept between processes, because a plant of two years sums up for more than a second before its first
 * answer. They are what the same code made of the same scenario, to the last bit: a file carries the digest of both,
 * and one that is of anything else, or damaged, is not used.
 */
export interface KeptSums {
  readonly daySums: DaySums
  /** Writes the sums where there are more of them than were read. Where nothing can be written, nothing is kept. */
  keep(): void
}

const sourceFolder = fileURLToPath(new URL('.', import.meta.url))

/** Sums of other scenarios and of code of before: the oldest go. */
const FILES_MAX = 8
const NAME = /^[0-9a-f]{64}\.sums$/

const sha256 = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}

/** A line of JSON, then the numbers of all lists, one after the other. */
const header = z.strictObject({
  sha256: z.string(),
  lists: z.array(z.tuple([z.string(), z.int().min(1)])),
})

/** Digest of all that the sums depend on: the scenario, the code of this room, and the runtime's arithmetic. */
function identityOf(scenario: Scenario): string {
  const sources = readdirSync(sourceFolder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .toSorted()
    .map((name) => readFileSync(join(sourceFolder, name)))
  return sha256(JSON.stringify(scenarioParts(scenario)), process.version, process.arch, ...sources)
}

function write(file: string, { lists, count }: DaySums): void {
  const all = new Float64Array(count)
  let at = 0
  for (const list of lists.values()) {
    all.set(list, at)
    at += list.length
  }
  const numbers = Buffer.from(all.buffer)
  const shape = [...lists].map(([name, { length }]) => [name, length])
  const first = `${JSON.stringify({ sha256: sha256(numbers), lists: shape })}\n`
  // Of two processes that write at once, one is the last; each writes the whole.
  const unfinished = `${file}.${process.pid}`
  writeFileSync(unfinished, Buffer.concat([Buffer.from(first), numbers]))
  renameSync(unfinished, file)
}

function removeOldest(folder: string): void {
  const files = readdirSync(folder)
    .filter((name) => NAME.test(name))
    .map((name) => ({ file: join(folder, name), atMs: statSync(join(folder, name)).mtimeMs }))
    .toSorted((a, b) => b.atMs - a.atMs)
  for (const { file } of files.slice(FILES_MAX)) rmSync(file, { force: true })
}

function read(file: string): [string, number[]][] {
  const content = readFileSync(file)
  const end = content.indexOf('\n')
  const { sha256: digest, lists } = header.parse(JSON.parse(content.toString('utf8', 0, end)))
  const numbers = content.subarray(end + 1)
  if (sha256(numbers) !== digest) throw new SyntaxError(`${file} is damaged`)
  const all = new Float64Array(Uint8Array.from(numbers).buffer)
  let at = 0
  return lists.map(([name, length]) => {
    const list = Array.from(all.subarray(at, at + length))
    at += length
    return [name, list]
  })
}

/**
 * The sums that a folder keeps for a scenario; none where it keeps none. What cannot be read or written is told, and
 * costs time only.
 */
export function openKeptSums(folder: string, scenario: Scenario, tell: (why: unknown) => void): KeptSums {
  const file = join(folder, `${identityOf(scenario)}.sums`)
  let daySums = new DaySums()
  try {
    if (existsSync(file)) daySums = new DaySums(read(file))
  } catch (error) {
    tell(error)
  }
  const readCount = daySums.count
  return {
    daySums,
    keep: () => {
      if (daySums.count <= readCount) return
      try {
        mkdirSync(folder, { recursive: true })
        write(file, daySums)
        removeOldest(folder)
      } catch (error) {
        tell(error)
      }
    },
  }
}
