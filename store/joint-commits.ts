import { z } from 'zod'
import { commitRecord, type CommitRecord } from '#contract/commit.ts'
import { epochIdentifier, epochMs, identifier, sequenceNumber } from '#contract/identity.ts'
import { metersTogether, togetherOf } from './commit-text.ts'

/**
 * Joint commit records: plain ones of one journal and moment as one text. A text for each costs InfluxDB 1.x an eighth
 * of what the readings cost that it speaks of, and most of it is names that all of them share
 * (docs/decisions/0016-joint-commit-records.md):
 *
 *     { "gateway": …, "epoch": …, "committedAtMs": …, "meters": ["METER METER …", …],
 *       "batches": [[SEQ, "DIGEST", STORED, [[FROM_MS, TO_MS, PLACE_IN_METERS], …]], …] }
 */

/** Of one text. */
export const JOINT_RECORDS_MAX = 256
/** InfluxDB 3 takes texts of 65,536 bytes. A record that is longer stands alone. */
export const JOINT_CHARACTERS_MAX = 48 * 1024
/** Gateway, epoch, moment, and the names of all parts. */
const FRAME_CHARACTERS = 256
/** At most, with what stands between: two moments and a place; number, digest and count. */
const RANGE_CHARACTERS = 48
const BATCH_CHARACTERS = 112
/** Quotation marks and a comma. */
const AROUND_METERS = 3

/** It says no more than that a numbered batch was stored. */
export interface PlainCommit extends CommitRecord {
  readonly epoch: string
  readonly seq: number
}

export function isPlain(record: CommitRecord): record is PlainCommit {
  const { epoch, seq, refused, gap, entry } = record
  return epoch !== null && seq !== null && refused.length === 0 && gap === undefined && entry === undefined
}

type Range = readonly [fromMs: number, toMs: number, meters: number]
type Batch = readonly [seq: number, digest: string, stored: number, touched: readonly Range[]]

const range = z.tuple([epochMs, epochMs, z.int().min(0)])
const { digest, stored } = commitRecord.shape
const batch = z.tuple([sequenceNumber, digest, stored, z.array(range)])

/** Commit records out of the JSON of their text. */
export const jointCommits = z
  .strictObject({
    gateway: identifier,
    epoch: epochIdentifier,
    committedAtMs: epochMs,
    meters: z.array(metersTogether),
    batches: z.array(batch).min(1),
  })
  .transform(({ meters, batches, ...ofAll }, context) => {
    const touchedIn = ([fromMs, toMs, place]: Range): CommitRecord['touched'] => {
      const found = meters[place]
      if (found === undefined) context.addIssue({ code: 'custom', message: `there are no meters ${place}` })
      return (found ?? []).map((meter) => ({ meter, fromMs, toMs }))
    }
    return batches.map(([seq, digestOf, count, touched]): CommitRecord => ({
      ...ofAll,
      seq,
      digest: digestOf,
      stored: count,
      touched: touched.flatMap(touchedIn),
      refused: [],
    }))
  })

/** Records of one journal and moment on their way into one text. */
export class JointCommits {
  readonly gateway: string
  readonly committedAtMs: number
  readonly #epoch: string
  readonly #records: PlainCommit[] = []
  readonly #batches: Batch[] = []
  /** Texts of meters, and which of them each is. */
  readonly #meters = new Map<string, number>()
  #characters = FRAME_CHARACTERS

  /** With its first record, however long that is. */
  constructor(first: PlainCommit) {
    this.gateway = first.gateway
    this.committedAtMs = first.committedAtMs
    this.#epoch = first.epoch
    this.#add(first, Infinity)
  }

  /** What records must share to stand in one text. */
  static keyOf({ gateway, epoch, committedAtMs }: PlainCommit): string {
    return `${gateway} ${epoch} ${committedAtMs}`
  }

  get records(): readonly PlainCommit[] {
    return this.#records
  }

  /** Adds another record of the same key. False, and it is not added, where the text would become too long. */
  add(record: PlainCommit): boolean {
    return this.#records.length < JOINT_RECORDS_MAX && this.#add(record, JOINT_CHARACTERS_MAX)
  }

  /** `jointCommits` gives the same records back. */
  text(): string {
    return JSON.stringify({
      gateway: this.gateway,
      epoch: this.#epoch,
      committedAtMs: this.committedAtMs,
      meters: [...this.#meters.keys()],
      batches: this.#batches,
    })
  }

  #add(record: PlainCommit, charactersMax: number): boolean {
    const parts = togetherOf(record.touched)
    let characters = BATCH_CHARACTERS
    for (const [, , meters] of parts)
      characters += RANGE_CHARACTERS + (this.#meters.has(meters) ? 0 : meters.length + AROUND_METERS)
    if (this.#characters + characters > charactersMax) return false
    this.#characters += characters
    const touched = parts.map(([fromMs, toMs, meters]): Range => [fromMs, toMs, this.#placeOf(meters)])
    this.#batches.push([record.seq, record.digest, record.stored, touched])
    this.#records.push(record)
    return true
  }

  #placeOf(meters: string): number {
    const known = this.#meters.get(meters)
    if (known !== undefined) return known
    this.#meters.set(meters, this.#meters.size)
    return this.#meters.size - 1
  }
}
