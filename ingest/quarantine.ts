import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Clock } from '#contract/clock.ts'
import type { Refusal } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import { measuringPoint, type Park } from '#contract/park.ts'
import type { Books, QuarantineEntry, QuarantineWish, ReadingStore } from '#store/port.ts'
import { UNNAMED_GATEWAY } from './import-pieces.ts'
import type { Judged } from './record.ts'
import { validate, type Verdict } from './validate.ts'
import { writeGroup } from './write.ts'

/**
 * What a person does with refused payloads: by the command line today, by whoever may over HTTP. A replay goes through
 * the same validation and the same writes as a payload from a gateway; the books learn of it from its commit record.
 */
export interface QuarantineParts {
  readonly books: Pick<Books, 'quarantineEntry' | 'decideQuarantine' | 'absentBatches'>
  readonly store: Pick<ReadingStore, 'append' | 'appendCommits'>
  readonly park: Park
  readonly clock: Clock
}

/** Who decides, and why. */
export interface Person {
  readonly by: string
  readonly reason: string
}

export interface ReplayRequest extends Person {
  /** What is taken in its place: the payload put right, JSON; a sample where the entry is one. */
  readonly payload?: string | undefined
  /** The gateway it is taken for, where the one that sent it is not the right one. */
  readonly gateway?: string | undefined
  /** Take values although they are beyond the meter's rating. */
  readonly isRatingWaived?: boolean | undefined
  /** Take times that were in the future when it arrived, because the clock here was wrong then. */
  readonly isArrivalWaived?: boolean | undefined
}

export interface Replayed {
  /** Readings that are stored now. */
  readonly stored: number
  /** What of it was refused again, each an entry of its own from now on. */
  readonly refused: readonly Refusal[]
}

/** Entries that only tell of something: there is nothing in them that could be stored. */
const TELLING_CODES: readonly string[] = ['number-reused']

/** A sample is replayed in a batch that was never in a journal: its number is nobody's. */
const NO_EPOCH = '0'.repeat(32)

const namedMeter = z.object({ meter: z.string() })

function openEntry(books: QuarantineParts['books'], id: number): QuarantineEntry {
  const entry = books.quarantineEntry(id)
  if (entry === undefined) throw new Fault('quarantine-closed', `Quarantine has no entry ${id}.`)
  if (entry.state !== 'open')
    throw new Fault(
      'quarantine-closed',
      `Entry ${id} was ${entry.state} by ${entry.decision?.by ?? 'nobody known'}.`,
    )
  return entry
}

function bytesOf({ refusal }: QuarantineEntry, replacement: string | undefined): Uint8Array {
  if (replacement !== undefined) return Buffer.from(replacement)
  return Buffer.from(refusal.payload, refusal.encoding === 'base64' ? 'base64' : 'utf8')
}

/** Whose payload it is. A line of a file has no sender: it stands for the gateway that reads its meter. */
function senderOf({ gateway }: QuarantineEntry, given: Uint8Array, park: Park): string {
  if (gateway !== UNNAMED_GATEWAY) return gateway
  const { success, data } = namedMeter.safeParse(parsed(given))
  return (success ? measuringPoint(park, data.meter)?.gateway : undefined) ?? gateway
}

/** No gateway can be named for it: to import it once more is the way, and what is there already stays as it is. */
function lineOfFile({ id }: QuarantineEntry): Fault {
  return new Fault(
    'quarantine-refused',
    `Entry ${id} is a line of an imported file. Put it right in the file, or its meter in the park file, and import the file once more (--again); then discard this entry.`,
  )
}

/** What cannot be read is told of by its validation. */
function parsed(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A payload that stands for one sample. */
function batchAround(sample: Uint8Array, gateway: string): Uint8Array {
  const head = JSON.stringify({ v: 1, gateway, epoch: NO_EPOCH, seq: 1, kind: 'readings' })
  return Buffer.concat([Buffer.from(`${head.slice(0, -1)},"samples":[`), sample, Buffer.from(']}')])
}

/** Its number, where it has one and it is the first to come under it: a repaired payload must not look like a second. */
function ownNumber(verdict: Verdict, gateway: string, books: QuarantineParts['books']): Verdict {
  const { epoch, seq } = verdict
  const isNew =
    epoch !== null &&
    seq !== null &&
    books.absentBatches(gateway, epoch, { firstSeq: seq, lastSeq: seq }).length > 0
  return isNew ? verdict : { ...verdict, epoch: null, seq: null }
}

function judged(
  entry: QuarantineEntry,
  request: ReplayRequest,
  { books, park, clock }: QuarantineParts,
): Judged {
  // A line of a file that could not be read is put right as the sample that it stands for.
  const isLine = entry.gateway === UNNAMED_GATEWAY && entry.refusal.encoding === 'base64'
  if (isLine && request.payload === undefined) throw lineOfFile(entry)
  const isSample = isLine || entry.refusal.encoding === 'json'
  const given = bytesOf(entry, request.payload)
  const gateway = request.gateway ?? senderOf(entry, given, park)
  if (gateway === UNNAMED_GATEWAY && parsed(given) !== undefined) throw lineOfFile(entry)
  const payload = isSample ? batchAround(given, gateway) : given
  const topic = { park: park.description.id, gateway, leaf: 'backlog' as const }
  const isRatingWaived = request.isRatingWaived === true
  // As of its arrival: a time that was in the future then does not become right by waiting, unless the arrival was wrong.
  const judgedMs = request.isArrivalWaived === true ? clock.wallMs() : entry.committedAtMs
  const verdict = validate(payload, topic, park, judgedMs, { isRatingWaived })
  const digest = createHash('sha256').update(payload).digest('hex')
  // Unchanged, it is the same record as before, now with what is stored of it.
  const isSame = !isSample && digest === entry.digest && gateway === entry.gateway
  const numbered = isSample ? { ...verdict, epoch: null, seq: null } : ownNumber(verdict, gateway, books)
  return {
    delivery: { topic, payload, digest, receivedMs: entry.committedAtMs },
    verdict: isSame ? verdict : numbered,
  }
}

/**
 * Takes an entry after all: validated anew by the park as it is now, stored, and closed with the person's reason. What of
 * it is refused again becomes entries of its own. Doing it twice is doing it once.
 *
 * Throws `quarantine-closed`, `quarantine-refused` where nothing of it can be taken (it stays open), or what the store
 * throws.
 */
export async function replayQuarantined(
  id: number,
  request: ReplayRequest,
  parts: QuarantineParts,
): Promise<Replayed> {
  const { books, store, clock } = parts
  const entry = openEntry(books, id)
  if (TELLING_CODES.includes(entry.refusal.code))
    throw new Fault(
      'quarantine-refused',
      `Entry ${id} only tells of something; there is no reading in it; discard it when its cause is known.`,
    )
  if (entry.isCut && request.payload === undefined)
    throw new Fault('quarantine-refused', `Of entry ${id} only the beginning was kept.`)
  const one = judged(entry, request, parts)
  const { readings, gap, refused } = one.verdict
  // A payload whose many faults are one entry: what was taken of it at first is no reason to close it now.
  const isUnchanged = refused.some(({ refusal }) => isDeepStrictEqual(refusal, entry.refusal))
  if (isUnchanged || (readings.length === 0 && gap === undefined)) {
    const why = refused.map(({ refusal }) => `${refusal.detail} [${refusal.code}]`).join('; ')
    throw new Fault('quarantine-refused', `Entry ${id} is still refused: ${why}`)
  }
  // Later than the record that it replaces, even where the clock was set back since: else nobody would learn of it.
  const writtenMs = Math.max(clock.wallMs(), entry.committedAtMs + 1)
  const outcomes = await writeGroup([one], store, { wallMs: () => writtenMs }, new AbortController().signal)
  const record = outcomes?.[0]?.record
  if (record === undefined) throw new RangeError('a replay without its commit record')
  const { by, reason, payload } = request
  const isWaived = request.isRatingWaived === true || request.isArrivalWaived === true
  const state = isWaived ? 'accepted' : 'replayed'
  if (!books.decideQuarantine(id, { state, by, reason, atMs: clock.wallMs(), payload }))
    throw new Fault('quarantine-closed', `Entry ${id} was decided on meanwhile; its readings are stored.`)
  return { stored: record.stored, refused: record.refused }
}

/** Lets all open entries be that are meant, with the person's reason; returns how many these were. */
export function discardAllQuarantined(
  wish: QuarantineWish,
  { by, reason }: Person,
  { books, clock }: { readonly books: Pick<Books, 'decideAllQuarantine'>; readonly clock: Clock },
): number {
  return books.decideAllQuarantine(wish, { state: 'discarded', by, reason, atMs: clock.wallMs() })
}

/** Lets an entry be, with the person's reason; its payload stays. Throws `quarantine-closed`. */
export function discardQuarantined(
  id: number,
  { by, reason }: Person,
  { books, clock }: Pick<QuarantineParts, 'books' | 'clock'>,
): void {
  openEntry(books, id)
  if (!books.decideQuarantine(id, { state: 'discarded', by, reason, atMs: clock.wallMs() }))
    throw new Fault('quarantine-closed', `Entry ${id} was decided on meanwhile.`)
}
