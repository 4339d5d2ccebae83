import { createHash } from 'node:crypto'
import type { BaseLogger } from 'pino'
import { z } from 'zod'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { ReadingStore } from '#store/port.ts'
import { backoffMs, pause } from './backoff.ts'
import { fileLines } from './import-lines.ts'
import { rowsCommitted, writeMark } from './import-mark.ts'
import { formatOf, piecesOf, UNNAMED_GATEWAY, type Piece } from './import-pieces.ts'
import type { Judged } from './record.ts'
import { validate } from './validate.ts'
import { writeGroup } from './write.ts'

/**
 * Payloads out of a file instead of from the broker: the same validation, the same writes in the same order, the same
 * commit records. What a gateway would have published is one line; there is nobody to send a receipt to.
 */

/** One write to the store: the file of an embedded store is locked for as long, and a server waits beside it. */
const READINGS_PER_GROUP = 3_000
const PAYLOADS_PER_GROUP_MAX = 256
const STORE_BACKOFF = { firstMs: 200, maxMs: 10_000 }

export interface ImportOptions {
  /** Payloads: `.jsonl`; readings: `.csv` or `.lp` (line protocol). Each may end in `.zst`. */
  readonly file: string
  /** Where it is kept how far the import has come. */
  readonly markFile: string
  readonly park: Park
  readonly store: ReadingStore
  readonly clock: Clock
  readonly random: () => number
  readonly log: BaseLogger
  /** Ends the import between two groups; calling again continues. */
  readonly signal: AbortSignal
  /** From its beginning, although it was imported before: the park file has changed since, say. */
  readonly again?: boolean
  /** Called after each group with the lines committed so far, those of an earlier run included. */
  readonly onProgress?: (rows: number) => void
}

export interface ImportResult {
  /** False when the signal ended it early. */
  readonly complete: boolean
  /** Lines committed by this call. */
  readonly rows: number
  readonly readings: number
  /** Readings and payloads that went to quarantine. */
  readonly refused: number
}

const sender = z.object({ gateway: identifier })

/** Whose line it is. One of a gateway that the park lacks is refused as such, and taken once it is there. */
function gatewayOf(payload: Uint8Array): string {
  try {
    return sender.safeParse(JSON.parse(new TextDecoder().decode(payload))).data?.gateway ?? UNNAMED_GATEWAY
  } catch (error) {
    if (error instanceof SyntaxError) return UNNAMED_GATEWAY
    throw error
  }
}

function judgeLine(payload: Uint8Array, park: Park, receivedMs: number): Judged {
  const gateway = gatewayOf(payload)
  const topic = { park: park.description.id, gateway, leaf: 'backlog' as const }
  const digest = createHash('sha256').update(payload).digest('hex')
  return {
    delivery: { topic, payload, digest, receivedMs },
    verdict: validate(payload, topic, park, receivedMs),
  }
}

async function* payloadsOf(file: string, park: Park): AsyncGenerator<Piece> {
  for await (const { number, bytes } of fileLines(file))
    yield { rows: number, judge: async (receivedMs) => judgeLine(bytes, park, receivedMs) }
}

/**
 * Imports a file from where the last import of it ended. Importing twice is importing once. A store that is away is
 * waited for; any other fault of it is thrown, as are `file-unreadable` and `file-invalid`.
 */
export async function importFile(options: ImportOptions): Promise<ImportResult> {
  const { file, markFile, park, store, clock, random, log, signal, onProgress, again = false } = options
  const skip = again ? 0 : await rowsCommitted(markFile, store)
  const counts = { rows: 0, readings: 0, refused: 0 }
  const format = formatOf(file)
  const pieces = format === undefined ? payloadsOf(file, park) : piecesOf(file, format, park)
  let row = 0
  let group: Judged[] = []
  let readings = 0
  let done = skip

  /** Waits for a store that is away; undefined where the signal ended it. */
  const trying = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof Fault && error.retryable)) throw error
        if (attempt === 0) log.warn({ err: error, file }, 'the store is away; the import waits for it')
        await pause(clock, backoffMs(STORE_BACKOFF, attempt, random), signal)
      }
    }
    return undefined
  }

  const write = async (): Promise<boolean> => {
    const outcomes = await trying(() => writeGroup(group, store, clock, signal))
    if (outcomes === undefined) return false
    for (const { record, receipt } of outcomes) {
      counts.readings += record.stored
      counts.refused += receipt.outcome === 'quarantined' ? 1 : receipt.refused
    }
    const last = outcomes.at(-1)?.record
    if (last !== undefined) {
      const { digest, committedAtMs } = last
      writeMark(markFile, { v: 1, file, rows: row, digest, committedAtMs })
    }
    counts.rows += row - done
    done = row
    onProgress?.(row)
    group = []
    readings = 0
    return true
  }

  if (skip > 0) onProgress?.(skip)
  for await (const piece of pieces) {
    if (piece.rows <= skip) continue
    row = piece.rows
    const judged = await trying(() => piece.judge(clock.wallMs(), store))
    if (judged === undefined) return { complete: false, ...counts }
    group.push(judged)
    readings += judged.verdict.readings.length
    if (readings < READINGS_PER_GROUP && group.length < PAYLOADS_PER_GROUP_MAX) continue
    if (!(await write())) return { complete: false, ...counts }
  }
  const complete = group.length === 0 ? !signal.aborted : await write()
  return { complete, ...counts }
}
