import { createHash } from 'node:crypto'
import { toDecimal } from '#contract/amount.ts'
import type { Refusal } from '#contract/commit.ts'
import { samplesOf } from '#contract/messages.ts'
import { Fault } from '#contract/fault.ts'
import { measuringPoint, type Park } from '#contract/park.ts'
import { FUTURE_MS_MAX, type Reading, type UsableReading } from '#contract/reading.ts'
import type { ReadingStore } from '#store/port.ts'
import { lineSample } from '#store/line-reading.ts'
import { fastSample } from './fast-sample.ts'
import { fileLines } from './import-lines.ts'
import { measuredUnder } from './measured-under.ts'
import { csvHead, csvSample } from './reading-csv.ts'
import type { Judged } from './record.ts'
import { judgeSample } from './sample.ts'
import type { Verdict } from './validate.ts'

/**
 * Files of readings, CSV or line protocol, in pieces of many lines. Each line is judged as a sample of its meter's own
 * gateway is, with everything that is refused in quarantine by its line; a piece has one commit record, which bears no
 * number of any journal.
 */

/** Lines with one commit record. A file must be cut alike each time: it is by the last digest that it is continued. */
const LINES_PER_PIECE = 1_000

/** The name under which commit records of imported lines stand, and lines that name no gateway of the park. */
export const UNNAMED_GATEWAY = 'import'

export type ReadingFormat = 'csv' | 'lines'

/** The format that a file's name tells; undefined for payloads (`.jsonl`). */
export function formatOf(file: string): ReadingFormat | undefined {
  if (/\.csv(?:\.zst)?$/.test(file)) return 'csv'
  return /\.lp(?:\.zst)?$/.test(file) ? 'lines' : undefined
}

type StoreRead = Pick<ReadingStore, 'readings'>

/** What a line says, before it is judged. */
interface Said {
  readonly sample: unknown
  readonly isUnsaid: boolean
}

/** Some lines of a file. */
export interface Piece {
  /** Lines up to its end, from the beginning of the file. */
  readonly rows: number
  readonly judge: (receivedMs: number, store: StoreRead) => Promise<Judged>
}

interface Line {
  readonly number: number
  readonly text: string
}

/** Undefined for a line that is passed over. */
type Read = (text: string, park: Park) => Said | undefined

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The lines of a file of readings, piece by piece. Throws `file-unreadable` or `file-invalid`. */
export async function* piecesOf(file: string, format: ReadingFormat, park: Park): AsyncGenerator<Piece> {
  let read: Read | undefined = format === 'csv' ? undefined : lineReader
  let lines: Line[] = []
  let hash = createHash('sha256')
  let rows = 0
  const piece = (): Piece => {
    const taken = { lines, read: read ?? lineReader, digest: hash.digest('hex') }
    lines = []
    hash = createHash('sha256')
    const end = rows
    return { rows: end, judge: (receivedMs, store) => judged(taken, park, receivedMs, store) }
  }
  for await (const { number, bytes } of fileLines(file)) {
    rows = number
    // Bytes that are no text make a line that says nothing, and go to quarantine with it.
    const text = textOf(bytes) ?? Buffer.from(bytes).toString('latin1')
    if (read === undefined) {
      read = csvReader(text, file)
      continue
    }
    if (text.trim() === '') continue
    lines.push({ number: rows, text: text.trimEnd() })
    hash.update(`${rows}\n`).update(bytes)
    if (lines.length === LINES_PER_PIECE) yield piece()
  }
  if (lines.length > 0) yield piece()
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function csvReader(text: string, file: string): Read {
  try {
    const head = csvHead(text)
    return (line, park) => csvSample(line, head, park)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new Fault('file-invalid', `The first line must name the columns: ${cause.message}.`, {
      place: { file, line: 1 },
      cause,
    })
  }
}

function lineReader(text: string): Said | undefined {
  const sample = lineSample(text)
  return sample === undefined ? undefined : { sample, isUnsaid: false }
}

async function judged(
  { lines, read, digest }: { readonly lines: readonly Line[]; readonly read: Read; readonly digest: string },
  park: Park,
  receivedMs: number,
  store: StoreRead,
): Promise<Judged> {
  const readings: Reading[] = []
  const unsaid = new Map<Reading, string>()
  const refused: Verdict['refused'][number][] = []
  for (const { number, text } of lines) {
    const place = `line ${number}`
    let said: Said | undefined
    try {
      said = read(text, park)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      refused.push({ refusal: unreadable(text, `${place}: ${error.message}`), readings: 1 })
      continue
    }
    if (said === undefined) continue
    const before = readings.length
    judgeLine(said.sample, place, { park, receivedMs, readings, refused })
    if (said.isUnsaid) for (const reading of readings.slice(before)) unsaid.set(reading, place)
  }
  const hidden = await measuredUnder([...unsaid.keys()], store)
  for (const [reading, measured] of hidden)
    refused.push({ refusal: hiding(reading, measured, unsaid.get(reading) ?? ''), readings: 1 })
  const topic = { park: park.description.id, gateway: UNNAMED_GATEWAY, leaf: 'backlog' as const }
  return {
    delivery: { topic, payload: new Uint8Array(), digest, receivedMs },
    verdict: {
      outcome: 'stored',
      epoch: null,
      seq: null,
      readings: readings.filter((reading) => !hidden.has(reading)),
      refused,
      gap: undefined,
    },
  }
}

/** A reading that a line must not hide. */
function hiding(reading: Reading, measured: UsableReading, place: string): Refusal {
  const shown = typeof measured.value === 'number' ? measured.value : toDecimal(measured.value)
  const detail = `${place}: the meter was read at this very moment (${measured.quality}) and showed ${shown}; a reading by hand must not hide that: say so with the quality "manual", or leave the line out`
  return {
    code: 'reading-measured',
    detail,
    meter: reading.meter,
    encoding: 'json',
    payload: JSON.stringify(samplesOf([reading])[0]),
  }
}

function judgeLine(
  sample: unknown,
  place: string,
  to: {
    readonly park: Park
    readonly receivedMs: number
    readonly readings: Reading[]
    readonly refused: Verdict['refused'][number][]
  },
): void {
  const named = typeof sample === 'object' && sample !== null && 'meter' in sample ? sample.meter : undefined
  const meter = typeof named === 'string' ? measuringPoint(to.park, named) : undefined
  // Whoever may import speaks for the gateway of each meter, and for meters that no gateway reads.
  const rules = { gateway: meter?.gateway, park: to.park, latestMs: to.receivedMs + FUTURE_MS_MAX }
  const follows = meter !== undefined && 'formula' in meter && meter.formula !== undefined
  if (!follows && fastSample(sample, rules, to.readings)) return
  if (follows) {
    const what = `${place}: the energy of ${meter.id} follows from other meters, it is not read`
    const payload = JSON.stringify(sample)
    const refusal = {
      code: 'meter-foreign',
      detail: what,
      meter: meter.id,
      encoding: 'json',
      payload,
    } as const
    to.refused.push({ refusal, readings: 1 })
    return
  }
  const { readings, refused } = judgeSample(sample, rules)
  to.readings.push(...readings)
  for (const { refusal, readings: count } of refused)
    to.refused.push({ refusal: { ...refusal, detail: `${place}: ${refusal.detail}` }, readings: count })
}

function unreadable(text: string, detail: string): Refusal {
  const payload = Buffer.from(text).toString('base64')
  return { code: 'message-undecodable', detail: detail.slice(0, 500), encoding: 'base64', payload }
}
