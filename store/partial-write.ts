import { Fault } from '#contract/fault.ts'
import type { Reading } from '#contract/reading.ts'
import { readingsIn, SampleBlocks, type Readings } from '#contract/sample-block.ts'
import { requestsOf, sendBlocks } from './block-requests.ts'
import type { AppendResult, RefusedReading } from './port.ts'
import { linesOf } from './reading-lines.ts'
import { READINGS_PER_REQUEST, type RequestLength } from './request-length.ts'
import { refusalOf } from './storable.ts'

/**
 * InfluxDB takes the good lines of a request and drops the bad ones, and says so with one error for all of them.
 * Here the request is taken apart until it is known which readings were dropped. Only what stood in a request that
 * was answered in full counts as stored; writing the rest again does no harm.
 */

/** How a server answered one request; a request that failed as a whole is thrown. */
export type WriteAnswer =
  | { readonly taken: true }
  /** Some line was dropped. `dropped` is how many the server says; it may be wrong or absent. */
  | {
      readonly taken: false
      readonly reason: string
      readonly dropped: number | undefined
      /** The request, or a text in it, was longer than the server takes: it may be taken in parts, or shortened. */
      readonly isTooLong?: boolean
    }

/** Lines, or the bytes of lines, which may be written over once the promise is settled with `taken`. */
export type Lines = readonly string[] | Buffer

/** Sends lines as one request. Throws `store-unavailable`. */
export type SendLines = (lines: Lines) => Promise<WriteAnswer>

/** The text of a request. */
export function textOf(lines: Lines): string {
  return Buffer.isBuffer(lines) ? lines.toString() : lines.join('\n')
}

/** The bytes of a request. */
export function bodyOf(lines: Lines): Buffer {
  return Buffer.isBuffer(lines) ? lines : Buffer.from(lines.join('\n'))
}

/** Sound readings as the lines that are written. */
type Layout = (readings: readonly Reading[]) => string[]

interface Placed {
  readonly index: number
  readonly reading: Reading
}

/** Readings by the field they are written to: a type conflict concerns one field, so it refuses one such group. */
function byField(batch: readonly Placed[]): Placed[][] {
  const groups = Map.groupBy(batch, ({ reading }) =>
    reading.quality === 'bad' ? `bad ${reading.quantity}` : reading.quantity,
  )
  return [...groups.values()]
}

function halves(batch: readonly Placed[]): Placed[][] {
  const middle = Math.ceil(batch.length / 2)
  return [batch.slice(0, middle), batch.slice(middle)]
}

function refuse({ index, reading }: Placed, reason: string): RefusedReading {
  return {
    index,
    fault: new Fault('store-refused', `The store refused the reading: ${reason}`, {
      place: { path: `${reading.meter} ${reading.quantity} ${reading.atMs}` },
    }),
  }
}

/** Finds out which readings of a request that was not taken whole were refused. */
async function takeApart(
  batch: readonly Placed[],
  lines: number,
  answer: WriteAnswer & { readonly taken: false },
  send: SendLines,
  layout: Layout,
): Promise<RefusedReading[]> {
  const fields = byField(batch)
  if (fields.length === 1 && (batch.length === 1 || answer.dropped === lines)) {
    return batch.map((placed) => refuse(placed, answer.reason))
  }
  const refused: RefusedReading[] = []
  for (const part of fields.length > 1 ? fields : halves(batch)) {
    const partLines = layout(part.map(({ reading }) => reading))
    const partAnswer = await send(partLines)
    if (!partAnswer.taken)
      refused.push(...(await takeApart(part, partLines.length, partAnswer, send, layout)))
  }
  return refused
}

/** Writes readings through `send`, and finds those that are refused. Throws `store-unavailable`. */
export async function appendThrough(
  readings: Readings,
  length: RequestLength,
  send: SendLines,
): Promise<AppendResult> {
  if (!(readings instanceof SampleBlocks)) return appendAs(linesOf, readingsIn(readings), send)
  let stored = 0
  const refused: RefusedReading[] = []
  for (const request of requestsOf(readings, length.readingsMax)) {
    const first = stored + refused.length
    const result = await appendBlocks(request, length, send)
    stored += result.stored
    for (const { index, fault } of result.refused) refused.push({ index: first + index, fault })
  }
  return { stored, refused }
}

async function appendBlocks(
  request: SampleBlocks,
  length: RequestLength,
  send: SendLines,
): Promise<AppendResult> {
  let answer: WriteAnswer | undefined
  try {
    answer = await sendBlocks(request, send)
  } catch (error) {
    length.failed()
    throw error
  }
  if (answer?.taken === true) {
    length.taken()
    return { stored: request.length, refused: [] }
  }
  if (answer?.isTooLong === true && request.blocks.length > 1 && length.tooLong(request.length))
    return appendThrough(request, length, send)
  return appendAs(linesOf, request.readings(), send)
}

/** The same in another layout of points. Throws `store-unavailable`. */
export async function appendAs(
  layout: Layout,
  readings: readonly Reading[],
  send: SendLines,
): Promise<AppendResult> {
  const refused: RefusedReading[] = []
  for (let start = 0; start < readings.length; start += READINGS_PER_REQUEST) {
    const request = readings.slice(start, start + READINGS_PER_REQUEST)
    const unsound = new Map<number, Fault>()
    for (let index = 0; index < request.length; index += 1) {
      const reading = request[index]
      const fault = reading === undefined ? undefined : refusalOf(reading)
      if (fault !== undefined) unsound.set(index, fault)
    }
    const isSound = (_: unknown, index: number): boolean => !unsound.has(index)
    const sound = unsound.size === 0 ? request : request.filter(isSound)
    for (const [index, fault] of unsound) refused.push({ index: start + index, fault })
    if (sound.length === 0) continue
    const lines = layout(sound)
    const answer = await send(lines)
    if (answer.taken) continue
    const placed = request.map((reading, index) => ({ index: start + index, reading })).filter(isSound)
    refused.push(...(await takeApart(placed, lines.length, answer, send, layout)))
  }
  refused.sort((a, b) => a.index - b.index)
  return { stored: readings.length - refused.length, refused }
}

/** Writes few lines that must all be taken. Throws `store-unavailable` with the server's words otherwise. */
export async function writeAll(lines: readonly string[], send: SendLines): Promise<void> {
  const answer = await send(lines)
  if (!answer.taken) throw new Fault('store-unavailable', `The store did not take a line: ${answer.reason}`)
}

const DROPPED = /dropped=(\d+)/

/** InfluxDB 2.x and late 1.x take no text of more than 1 MiB in a field, and refuse the point with these words. */
const FIELD_TOO_LONG = /input field .* is too long/

/** What a refusing answer says of the number of dropped lines. */
export function refusedAnswer(reason: string, isTooLong = false): WriteAnswer {
  const dropped = DROPPED.exec(reason)?.[1]
  return {
    taken: false,
    reason,
    dropped: dropped === undefined ? undefined : Number(dropped),
    isTooLong: isTooLong || FIELD_TOO_LONG.test(reason),
  }
}

/** Characters of a server's answer that are kept in a fault. */
const REASON_LENGTH_MAX = 1_000

/** The server's own words out of a response body, which is JSON in most versions. */
export function serverWords(body: string): string {
  let words = body
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed === 'object' && parsed !== null) {
      const named = 'error' in parsed ? parsed.error : 'message' in parsed ? parsed.message : undefined
      if (typeof named === 'string') words = named
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return words.trim().slice(0, REASON_LENGTH_MAX)
}
