import { z } from 'zod'
import { commitRecord, type CommitRecord } from '#contract/commit.ts'
import { epochIdentifier, epochMs, identifier, sequenceNumber } from '#contract/identity.ts'
import { metersTogether, togetherOf } from './commit-text.ts'

/**
 * Commit records of one moment as one text. A text for each costs a server as much as a tenth of the readings that it speaks
 * of, and most of it is names that all of them share (docs/decisions/0016-commits-of-a-write-are-one-point.md):
 *
 *     { "committedAtMs": …, "meters": ["METER METER …", …],
 *       "journals": [["GATEWAY", "EPOCH", [[SEQ, "DIGEST", STORED, [[FROM_MS, TO_MS, PLACE_IN_METERS], …]], …]], …] }
 */

/** Records of one text: as many as ingest writes at once. */
const RECORDS_MAX = 256
/** Well within what InfluxDB 3 takes as one text, 65,536 bytes. One record may be longer. */
const CHARACTERS_MAX = 48 * 1024
/** At most, beside names: of a range two moments and a place; of a batch its number, its digest and its count. */
const RANGE_CHARACTERS = 48
const BATCH_CHARACTERS = 112
const BETWEEN_CHARACTERS = 8

type Range = readonly [fromMs: number, toMs: number, meters: number]
type Batch = readonly [seq: number, digest: string, stored: number, touched: readonly Range[]]

const range = z.tuple([epochMs, epochMs, z.int().min(0)])
const { digest, stored } = commitRecord.shape
const batch = z.tuple([sequenceNumber, digest, stored, z.array(range)])
const journal = z.tuple([identifier, epochIdentifier, z.array(batch)])

/** Commit records out of the JSON of their text. */
export const jointCommits = z
  .strictObject({ committedAtMs: epochMs, meters: z.array(metersTogether), journals: z.array(journal) })
  .transform(({ committedAtMs, meters, journals }, context) => {
    const touchedIn = ([fromMs, toMs, place]: Range): CommitRecord['touched'] => {
      const found = meters[place]
      if (found === undefined) context.addIssue({ code: 'custom', message: `there are no meters ${place}` })
      return (found ?? []).map((meter) => ({ meter, fromMs, toMs }))
    }
    return journals.flatMap(([gateway, epoch, batches]) =>
      batches.map(([seq, digestOf, count, touched]): CommitRecord => ({
        gateway,
        epoch,
        seq,
        digest: digestOf,
        committedAtMs,
        stored: count,
        touched: touched.flatMap(touchedIn),
        refused: [],
      })),
    )
  })

/** Records on their way into one text. */
export class JointCommits {
  readonly #records: CommitRecord[] = []
  /** Texts of meters, and which of them each is. */
  readonly #meters = new Map<string, number>()
  readonly #journals = new Map<string, readonly [gateway: string, epoch: string, batches: Batch[]]>()
  #characters = 0

  get records(): readonly CommitRecord[] {
    return this.#records
  }

  /**
   * Adds a record. False, and it is not added, where it says more than that a numbered batch was stored, is of another
   * moment than those before, or would make the text too long.
   */
  add(record: CommitRecord): boolean {
    const { gateway, epoch, seq, refused, gap, entry } = record
    if (epoch === null || seq === null) return false
    if (refused.length > 0 || gap !== undefined || entry !== undefined) return false
    if (this.#records.length === RECORDS_MAX) return false
    if ((this.#records[0] ?? record).committedAtMs !== record.committedAtMs) return false
    const parts = togetherOf(record.touched)
    const name = `${gateway} ${epoch}`
    const before = this.#journals.get(name)
    let characters = BATCH_CHARACTERS + (before === undefined ? name.length + BETWEEN_CHARACTERS : 0)
    for (const [, , meters] of parts)
      characters += RANGE_CHARACTERS + (this.#meters.has(meters) ? 0 : meters.length + BETWEEN_CHARACTERS)
    if (this.#records.length > 0 && this.#characters + characters > CHARACTERS_MAX) return false
    this.#characters += characters
    const touched = parts.map(([fromMs, toMs, meters]): Range => [fromMs, toMs, this.#placeOf(meters)])
    const added: Batch = [seq, record.digest, record.stored, touched]
    if (before === undefined) this.#journals.set(name, [gateway, epoch, [added]])
    else before[2].push(added)
    this.#records.push(record)
    return true
  }

  /** `jointCommits` gives the same records back, journal by journal. */
  text(): string {
    return JSON.stringify({
      committedAtMs: this.#records[0]?.committedAtMs,
      meters: [...this.#meters.keys()],
      journals: [...this.#journals.values()],
    })
  }

  #placeOf(meters: string): number {
    const known = this.#meters.get(meters)
    if (known !== undefined) return known
    this.#meters.set(meters, this.#meters.size)
    return this.#meters.size - 1
  }
}
