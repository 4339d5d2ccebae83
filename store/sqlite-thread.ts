import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { openSqlite } from './sqlite-file.ts'
import { SqliteWriter, type WriteRequest } from './sqlite-writer.ts'

/**
 * A thread that writes a file of readings: while it waits for the disk, the thread of the broker goes on. It loads no schemas,
 * which would take longer than all the rest of its start.
 */

/** What it is asked; `undefined` asks it to end. */
export interface Asked {
  readonly id: number
  readonly request: WriteRequest | undefined
}

/** What became of it: a number, or SQLite's error in words. */
export type Answered =
  | { readonly id: number; readonly result: number }
  | { readonly id: number; readonly error: string }

/** Requests of one transaction: those that came while the one before waited for the disk share its flush. */
const REQUESTS_AT_ONCE_MAX = 8

if (parentPort === null) throw new Error('sqlite-thread.ts is no program of its own')
const port = parentPort
const file: unknown = workerData
if (typeof file !== 'string') throw new TypeError('the thread needs to know its file')
const database = openSqlite(file, 'readings')
const writer = new SqliteWriter(database)

interface ToWrite {
  readonly id: number
  readonly request: WriteRequest
}

function answer(answered: Answered): void {
  port.postMessage(answered)
}

function answerFault(id: number, cause: unknown): void {
  answer({ id, error: cause instanceof Error ? cause.message : String(cause) })
}

/** Of a second's readings of some hundred meters: more is a backlog, an import or a large park. */
const SHORT_BYTES_MAX = 64 * 1024

const isShort = ({ request }: ToWrite): boolean =>
  request.kind !== 'append' || request.samples.contents.byteLength <= SHORT_BYTES_MAX

/** What is soon written does not wait for what takes its time: new readings are not behind ten thousand of a backlog. */
function writeShortFirst(all: readonly ToWrite[]): void {
  const short = all.filter(isShort)
  if (short.length > 0) write(short)
  if (short.length < all.length) write(all.filter((each) => !isShort(each)))
}

/** Together, and where that fails each by itself: what is wrong with one is no matter of the others. */
function write(all: readonly ToWrite[]): void {
  try {
    const results = writer.run(all.map(({ request }) => request))
    for (const [place, { id }] of all.entries()) answer({ id, result: results[place] ?? 0 })
  } catch (error) {
    const [first] = all
    if (all.length > 1) for (const each of all) write([each])
    else if (first !== undefined) answerFault(first.id, error)
  }
}

function end(id: number): void {
  try {
    database.close()
    answer({ id, result: 0 })
  } catch (error) {
    answerFault(id, error)
  }
  port.close()
}

port.on('message', (first: Asked) => {
  const all: ToWrite[] = []
  let asked: Asked | undefined = first
  while (asked !== undefined) {
    const { id, request }: Asked = asked
    if (request === undefined) {
      writeShortFirst(all)
      return end(id)
    }
    all.push({ id, request })
    asked = all.length < REQUESTS_AT_ONCE_MAX ? receiveMessageOnPort(port)?.message : undefined
  }
  writeShortFirst(all)
})
