import { z } from 'zod'
import { toNumber } from '#contract/amount.ts'
import { carrierNames } from '#contract/carriers.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { HOUR_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import type { MeterId } from '#contract/identity.ts'
import { quantities, quantityOf, type QuantityName } from '#contract/quantities.ts'
import { badCause, usableQuality, type Reading } from '#contract/reading.ts'
import type { CommitPlace } from './commit-places.ts'
import { commitText, storedCommit } from './commit-text.ts'
import { jointCommits, type JointCommits } from './joint-commits.ts'
import type { FieldValue, Point } from './line-protocol.ts'

/** Readings and commit records as points of InfluxDB, and back. The layout is in README.md. */

export const BAD_MEASUREMENT = 'bad'
export const COMMIT_MEASUREMENT = 'commit'

/** Measurements that hold usable readings: one a carrier. */
export const readingMeasurements: readonly string[] = carrierNames

const NS_PER_MS = 1_000_000n

const countField = (quantity: QuantityName): string => `${quantity}.count`
const resolutionField = (quantity: QuantityName): string => `${quantity}.resolution`

/** The measurement in which usable readings of a quantity stand. */
export function measurementOf(quantity: QuantityName): string {
  return quantityOf(quantity).carrier
}

/** The fields from which a usable reading is read back: its value, or its count and then its resolution. */
export function fieldsOf(quantity: QuantityName): readonly [string, ...string[]] {
  return quantityOf(quantity).kind === 'cumulative'
    ? [countField(quantity), resolutionField(quantity)]
    : [quantity]
}

const quantityByField = new Map(
  quantities.flatMap(({ name }) => fieldsOf(name).map((field) => [field, name] as const)),
)

/** The quantity that is read back from a field; `undefined` for any other, such as the value that people look at. */
export function quantityOfField(field: string): QuantityName | undefined {
  return quantityByField.get(field)
}

function addFields(fields: Map<string, FieldValue>, reading: Reading): void {
  const { quantity } = reading
  if (reading.quality === 'bad') {
    fields.set(quantity, { kind: 'string', value: reading.cause })
  } else if (typeof reading.value === 'number') {
    fields.set(quantity, { kind: 'float', value: reading.value })
  } else {
    fields.set(quantity, { kind: 'float', value: toNumber(reading.value) })
    fields.set(countField(quantity), { kind: 'integer', value: reading.value.count })
    fields.set(resolutionField(quantity), { kind: 'string', value: reading.value.resolution })
  }
}

/** The points of sound readings: one per meter, moment, quality and carrier. The later of two equals stands. */
export function pointsOf(readings: readonly Reading[]): Point[] {
  const points = new Map<string, Point & { readonly fields: Map<string, FieldValue> }>()
  for (const reading of readings) {
    const { meter, quality, atMs } = reading
    const measurement = quality === 'bad' ? BAD_MEASUREMENT : measurementOf(reading.quantity)
    const key = `${measurement} ${meter} ${quality} ${atMs}`
    let point = points.get(key)
    if (point === undefined) {
      point = {
        measurement,
        tags:
          quality === 'bad'
            ? [['meter', meter]]
            : [
                ['meter', meter],
                ['quality', quality],
              ],
        fields: new Map(),
        timeNs: BigInt(atMs) * NS_PER_MS,
      }
      points.set(key, point)
    }
    addFields(point.fields, reading)
  }
  return [...points.values()]
}

/** What a server gives back of one reading. */
export interface StoredFields {
  readonly atMs: number
  /** The tag of that name; absent in the measurement of bad readings. */
  readonly quality: unknown
  /** Values of `fieldsOf(quantity)` in that order, or the cause of a bad reading. */
  readonly values: readonly unknown[]
}

/** A usable reading read back; `undefined` for a row that tanbiao did not write. */
export function usableReadingOf(meter: MeterId, quantity: QuantityName, stored: StoredFields) {
  const quality = usableQuality.safeParse(stored.quality)
  const [first, second] = stored.values
  if (!quality.success || typeof first !== 'number') return undefined
  const identity = { meter, quantity, atMs: stored.atMs, quality: quality.data }
  if (quantityOf(quantity).kind === 'instantaneous') return { ...identity, value: first }
  return typeof second === 'string' ? { ...identity, value: { count: first, resolution: second } } : undefined
}

/** A bad reading read back; `undefined` for a row that tanbiao did not write. */
export function badReadingOf(
  meter: MeterId,
  quantity: QuantityName,
  stored: StoredFields,
): Reading | undefined {
  const cause = badCause.safeParse(stored.values[0])
  return cause.success ? { meter, quantity, atMs: stored.atMs, quality: 'bad', cause: cause.data } : undefined
}

/** A commit record as a point, at a place that no other has. */
export function commitPoint(record: CommitRecord, { series, place }: CommitPlace): Point {
  const fields = new Map<string, FieldValue>([
    ['digest', { kind: 'string', value: record.digest }],
    ['body', { kind: 'string', value: commitText(record) }],
    ['committedAtMs', { kind: 'integer', value: record.committedAtMs }],
    ['stored', { kind: 'integer', value: record.stored }],
    ['refused', { kind: 'integer', value: record.refused.length }],
  ])
  if (record.seq !== null) fields.set('seq', { kind: 'integer', value: record.seq })
  return {
    measurement: COMMIT_MEASUREMENT,
    tags: [
      ['gateway', record.gateway],
      ['epoch', series],
    ],
    fields,
    timeNs: BigInt(record.committedAtMs) * NS_PER_MS + BigInt(place),
  }
}

/** Joint commit records as one point, at a place that no other has. */
export function jointCommitPoint(joint: JointCommits, { series, place }: CommitPlace): Point {
  const { gateway, committedAtMs, records } = joint
  return {
    measurement: COMMIT_MEASUREMENT,
    tags: [
      ['gateway', gateway],
      ['epoch', series],
    ],
    fields: new Map<string, FieldValue>([
      ['body', { kind: 'string', value: joint.text() }],
      ['batches', { kind: 'integer', value: records.length }],
      ['committedAtMs', { kind: 'integer', value: committedAtMs }],
      ['stored', { kind: 'integer', value: records.reduce((sum, { stored }) => sum + stored, 0) }],
      ['refused', { kind: 'integer', value: 0 }],
    ]),
    timeNs: BigInt(committedAtMs) * NS_PER_MS + BigInt(place),
  }
}

/** What a probe writes: one point an hour, so that probing often leaves no more behind. */
export function probePoint(nowMs: number): Point {
  return {
    measurement: 'probe',
    tags: [],
    fields: new Map([['by', { kind: 'string', value: 'tanbiao' }]]),
    timeNs: BigInt(nowMs - (nowMs % HOUR_MS)) * NS_PER_MS,
  }
}

/**
 * Commit records from their stored bodies, in order of time, each identity once with its latest moment.
 * Throws `store-unavailable` for one that this version cannot read: passing over it would lose what it speaks of.
 */
export function commitsFrom(bodies: readonly unknown[]): CommitRecord[] {
  return newestCommits(bodies.flatMap(commitsIn))
}

/** In order of time, each identity once with its latest moment. */
export function newestCommits(records: readonly CommitRecord[]): CommitRecord[] {
  const newest = new Map<string, CommitRecord>()
  for (const record of records) {
    const identity = `${record.gateway} ${record.epoch} ${record.seq} ${record.digest}`
    const other = newest.get(identity)
    if (other === undefined || other.committedAtMs <= record.committedAtMs) newest.set(identity, record)
  }
  return [...newest.values()].sort((a, b) => a.committedAtMs - b.committedAtMs)
}

const commitBody = z.union([storedCommit.transform((record) => [record]), jointCommits])

/** The records of one stored body. Throws `store-unavailable` where this version cannot read it. */
export function commitsIn(body: unknown): readonly CommitRecord[] {
  try {
    return commitBody.parse(JSON.parse(String(body)))
  } catch (cause) {
    throw new Fault(
      'store-unavailable',
      'The store holds a commit record that cannot be read; a newer version of tanbiao may have written it.',
      { cause },
    )
  }
}
