import type { CommitRecord, Refusal } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { CommitPlace, CommitPlaces } from './commit-places.ts'
import { isPlain, JointCommits } from './joint-commits.ts'
import { encodeLine, type Point } from './line-protocol.ts'
import type { SendLines, WriteAnswer } from './partial-write.ts'
import { commitPoint, jointCommitPoint } from './points.ts'

/**
 * Commit records as requests that a server takes. Their bodies carry refused payloads, up to 5.6 MB each, and servers
 * bound a request (InfluxDB 1.x 25 MB by default, proxies often 1 MB): one that is too long would be sent for ever, and
 * with it everything of all gateways.
 */

const POINTS_PER_REQUEST = 100
/** A single point may be longer. */
const CHARACTERS_PER_REQUEST = 4 * 1024 * 1024

/** What is kept of refused payloads of a record that is too long by itself; then a quarter of it, and so on. */
const CHARACTERS_KEPT_FIRST = 256 * 1024
const CHARACTERS_KEPT_LEAST = 1_000

/** The point of a commit record as it is written. */
type CommitLayout = (point: Point) => Point

/** How records become points, and where these go. */
interface Writing {
  readonly places: CommitPlaces
  readonly layout: CommitLayout
  readonly send: SendLines
}

/** Joint records, or one with its place. */
type Content = JointCommits | { readonly record: CommitRecord; readonly place: CommitPlace }

interface Written {
  readonly content: Content
  readonly line: string
}

function written(content: Content, { places, layout }: Writing): Written {
  const point =
    content instanceof JointCommits
      ? jointCommitPoint(content, places.joint())
      : commitPoint(content.record, content.place)
  return { content, line: encodeLine(layout(point)) }
}

const alone = (record: CommitRecord, writing: Writing): Written =>
  written({ record, place: writing.places.of(record) }, writing)

/** Plain records joint, as many as a text takes; all others, and what has no company, alone. */
function* pointsOf(records: readonly CommitRecord[], writing: Writing): Generator<Written> {
  const joined = (joint: JointCommits): Written => {
    const [first, ...others] = joint.records
    return first !== undefined && others.length === 0 ? alone(first, writing) : written(joint, writing)
  }
  const open = new Map<string, JointCommits>()
  for (const record of records) {
    if (!isPlain(record)) {
      yield alone(record, writing)
      continue
    }
    const key = JointCommits.keyOf(record)
    const joint = open.get(key)
    if (joint?.add(record) === true) continue
    if (joint !== undefined) yield joined(joint)
    open.set(key, new JointCommits(record))
  }
  for (const joint of open.values()) yield joined(joint)
}

function* requestsOfPoints(points: Iterable<Written>): Generator<Written[]> {
  let request: Written[] = []
  let characters = 0
  for (const point of points) {
    if (
      request.length === POINTS_PER_REQUEST ||
      (request.length > 0 && characters + point.line.length > CHARACTERS_PER_REQUEST)
    ) {
      yield request
      request = []
      characters = 0
    }
    request.push(point)
    characters += point.line.length
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

type NotTaken = WriteAnswer & { readonly taken: false }

function notTaken({ reason }: NotTaken): Fault {
  return new Fault('store-unavailable', `The store did not take a commit record: ${reason}`)
}

/** Writes one with less and less of what was refused in it. */
async function sendShortened(record: CommitRecord, place: CommitPlace, writing: Writing): Promise<void> {
  for (let kept = CHARACTERS_KEPT_FIRST; ; kept /= 4) {
    const answer = await writing.send([written({ record: shortened(record, kept), place }, writing).line])
    if (answer.taken) return
    if (answer.isTooLong !== true || kept / 4 < CHARACTERS_KEPT_LEAST) throw notTaken(answer)
  }
}

async function sendAll(request: readonly Written[], writing: Writing): Promise<void> {
  const answer = await writing.send(request.map(({ line }) => line))
  if (answer.taken) return
  const [first, ...others] = request
  if (first === undefined) throw notTaken(answer)
  if (answer.isTooLong !== true) return sendAlone(request, writing, answer)
  if (others.length > 0) {
    const middle = Math.ceil(request.length / 2)
    await sendAll(request.slice(0, middle), writing)
    return sendAll(request.slice(middle), writing)
  }
  const { content } = first
  if (!(content instanceof JointCommits)) return sendShortened(content.record, content.place, writing)
  const middle = Math.ceil(content.records.length / 2)
  await appendAll(content.records.slice(0, middle), writing)
  await appendAll(content.records.slice(middle), writing)
}

/**
 * After a refusal that has nothing to do with length: a server that takes no new series, for one, still takes records in
 * those that it has. Throws where nothing in the request was joint, or where that is refused, too.
 */
async function sendAlone(request: readonly Written[], writing: Writing, answer: NotTaken): Promise<void> {
  if (!request.some(({ content }) => content instanceof JointCommits)) throw notTaken(answer)
  const all = request.flatMap((point) =>
    point.content instanceof JointCommits
      ? point.content.records.map((record) => alone(record, writing))
      : [point],
  )
  for (const some of requestsOfPoints(all)) await sendAll(some, writing)
}

async function appendAll(records: readonly CommitRecord[], writing: Writing): Promise<void> {
  for (const request of requestsOfPoints(pointsOf(records, writing))) await sendAll(request, writing)
}

/** Writes commit records, each of which must be taken. Throws `store-unavailable` with the server's words otherwise. */
export function appendCommitsThrough(
  records: readonly CommitRecord[],
  places: CommitPlaces,
  send: SendLines,
  layout: CommitLayout = (point) => point,
): Promise<void> {
  return appendAll(records, { places, send, layout })
}
