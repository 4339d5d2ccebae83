import type { CommitRecord, Refusal } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { CommitPlace, CommitPlaces } from './commit-places.ts'
import { encodeLine, type Point } from './line-protocol.ts'
import type { SendLines, WriteAnswer } from './partial-write.ts'
import { commitPoint } from './points.ts'

/**
 * Commit records as requests that a server takes. Their bodies carry refused payloads, up to 5.6 MB each, and servers
 * bound a request (InfluxDB 1.x 25 MB by default, proxies often 1 MB): one that is too long would be sent for ever, and
 * with it everything of all gateways.
 */

const COMMITS_PER_REQUEST = 100
/** A single record may be longer. */
const CHARACTERS_PER_REQUEST = 4 * 1024 * 1024

/** What is kept of refused payloads of a record that is too long by itself; then a quarter of it, and so on. */
const CHARACTERS_KEPT_FIRST = 256 * 1024
const CHARACTERS_KEPT_LEAST = 1_000

/** The point of a commit record as it is written. */
type CommitLayout = (point: Point) => Point

interface Written {
  readonly record: CommitRecord
  readonly place: CommitPlace
  readonly layout: CommitLayout
  readonly line: string
}

function written(record: CommitRecord, place: CommitPlace, layout: CommitLayout): Written {
  return { record, place, layout, line: encodeLine(layout(commitPoint(record, place))) }
}

function* requestsOf(
  records: readonly CommitRecord[],
  places: CommitPlaces,
  layout: CommitLayout,
): Generator<Written[]> {
  let request: Written[] = []
  let characters = 0
  for (const record of records) {
    const one = written(record, places.of(record), layout)
    if (
      request.length === COMMITS_PER_REQUEST ||
      (request.length > 0 && characters + one.line.length > CHARACTERS_PER_REQUEST)
    ) {
      yield request
      request = []
      characters = 0
    }
    request.push(one)
    characters += one.line.length
  }
  if (request.length > 0) yield request
}

/** The record with the beginnings of its payloads, and a word of it; the same one where they are short already. */
function shortened(record: CommitRecord, characters: number): CommitRecord {
  // A multiple of four, so that base64 can be decoded.
  const kept = 4 * Math.floor(characters / 4 / Math.max(1, record.refused.length))
  const refused = record.refused.map((each): Refusal => {
    if (each.payload.length <= kept) return each
    const what = `of ${each.payload.length} characters the store took the first ${kept} only`
    return { ...each, detail: `${each.detail} (${what})`, payload: each.payload.slice(0, kept) }
  })
  return { ...record, refused }
}

function notTaken({ reason }: WriteAnswer & { readonly taken: false }): Fault {
  return new Fault('store-unavailable', `The store did not take a commit record: ${reason}`)
}

async function sendOne(
  { record, place, layout }: Written,
  send: SendLines,
  answered: WriteAnswer,
): Promise<void> {
  let answer = answered
  for (let kept = CHARACTERS_KEPT_FIRST; !answer.taken; kept /= 4) {
    if (answer.isTooLong !== true || kept < CHARACTERS_KEPT_LEAST) throw notTaken(answer)
    answer = await send([written(shortened(record, kept), place, layout).line])
  }
}

async function sendAll(request: readonly Written[], send: SendLines): Promise<void> {
  const answer = await send(request.map(({ line }) => line))
  if (answer.taken) return
  const [first] = request
  if (first === undefined || answer.isTooLong !== true) throw notTaken(answer)
  if (request.length === 1) return sendOne(first, send, answer)
  const middle = Math.ceil(request.length / 2)
  await sendAll(request.slice(0, middle), send)
  await sendAll(request.slice(middle), send)
}

/** Writes commit records, each of which must be taken. Throws `store-unavailable` with the server's words otherwise. */
export async function appendCommitsThrough(
  records: readonly CommitRecord[],
  places: CommitPlaces,
  send: SendLines,
  layout: CommitLayout = (point) => point,
): Promise<void> {
  for (const request of requestsOf(records, places, layout)) await sendAll(request, send)
}
