import type { CommitRecord, Refusal } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { CommitPlace, CommitPlaces } from './commit-places.ts'
import { JointCommits } from './joint-commits.ts'
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

/** Several records, or one with its place. */
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

/** Records as points: as many of one moment as one takes, and alone what says more than what was stored. */
function* pointsOf(records: readonly CommitRecord[], writing: Writing): Generator<Written> {
  const one = (record: CommitRecord): Written =>
    written({ record, place: writing.places.of(record) }, writing)
  let joint = new JointCommits()
  const joined = (): Written[] => {
    const [first, ...others] = joint.records
    const made = first === undefined ? [] : [others.length === 0 ? one(first) : written(joint, writing)]
    joint = new JointCommits()
    return made
  }
  for (const record of records) {
    if (joint.add(record)) continue
    yield* joined()
    if (!joint.add(record)) yield one(record)
  }
  yield* joined()
}

function* requestsOf(records: readonly CommitRecord[], writing: Writing): Generator<Written[]> {
  let request: Written[] = []
  let characters = 0
  for (const point of pointsOf(records, writing)) {
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

async function sendOne({ content }: Written, writing: Writing, answered: NotTaken): Promise<void> {
  if (content instanceof JointCommits) {
    if (answered.isTooLong !== true) throw notTaken(answered)
    const middle = Math.ceil(content.records.length / 2)
    await appendAll(content.records.slice(0, middle), writing)
    return appendAll(content.records.slice(middle), writing)
  }
  let answer: WriteAnswer = answered
  for (let kept = CHARACTERS_KEPT_FIRST; !answer.taken; kept /= 4) {
    if (answer.isTooLong !== true || kept < CHARACTERS_KEPT_LEAST) throw notTaken(answer)
    const record = shortened(content.record, kept)
    answer = await writing.send([written({ ...content, record }, writing).line])
  }
}

async function sendAll(request: readonly Written[], writing: Writing): Promise<void> {
  const answer = await writing.send(request.map(({ line }) => line))
  if (answer.taken) return
  const [first] = request
  if (first === undefined || answer.isTooLong !== true) throw notTaken(answer)
  if (request.length === 1) return sendOne(first, writing, answer)
  const middle = Math.ceil(request.length / 2)
  await sendAll(request.slice(0, middle), writing)
  await sendAll(request.slice(middle), writing)
}

async function appendAll(records: readonly CommitRecord[], writing: Writing): Promise<void> {
  for (const request of requestsOf(records, writing)) await sendAll(request, writing)
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
