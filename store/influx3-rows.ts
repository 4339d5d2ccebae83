import { hash } from 'node:crypto'
import { toNumber } from '#contract/amount.ts'
import { carrierNames } from '#contract/carriers.ts'
import type { RecordedInterval } from '#contract/interval.ts'
import { isQuantityName, quantityOf } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'
import { intervalPoint } from './interval-copy.ts'
import type { FieldValue, Point } from './line-protocol.ts'
import { badReadingOf, BAD_MEASUREMENT, measurementOf, usableReadingOf } from './points.ts'

/**
 * Readings as rows of InfluxDB 3, one a reading. Rows with the same tags and time become one there, and of a column that
 * both have either value may stay (its documentation, "Handle duplicate points"): so what is read back of a reading is
 * one column, which no mixture of two writes can make a third reading of. A table has 500 columns at most: so the
 * quantity is a tag and not the name of a field.
 */

/** Tables that hold usable readings: one a carrier. */
export const readingTables: readonly string[] = carrierNames

const NS_PER_MS = 1_000_000n

function fieldsOf(reading: Reading): Map<string, FieldValue> {
  if (reading.quality === 'bad') return new Map([['cause', { kind: 'string', value: reading.cause }]])
  if (typeof reading.value === 'number') return new Map([['value', { kind: 'float', value: reading.value }]])
  return new Map<string, FieldValue>([
    ['value', { kind: 'float', value: toNumber(reading.value) }],
    ['exact', { kind: 'string', value: `${reading.value.count}*${reading.value.resolution}` }],
  ])
}

/** The rows of sound readings, in their order; of two of one identity the later comes later. */
export function rowsOf(readings: readonly Reading[]): Point[] {
  return readings.map((reading) => {
    const { meter, quantity, quality, atMs } = reading
    const identity = [
      ['meter', meter],
      ['quantity', quantity],
    ] as const
    return {
      measurement: quality === 'bad' ? BAD_MEASUREMENT : measurementOf(quantity),
      tags: quality === 'bad' ? identity : [...identity, ['quality', quality] as const],
      fields: fieldsOf(reading),
      timeNs: BigInt(atMs) * NS_PER_MS,
    }
  })
}

/** Count and resolution of a register; nothing of what is no such text. */
function countedIn(exact: unknown): readonly unknown[] {
  const [, count, resolution] = /^(-?\d{1,16})\*(.+)$/.exec(typeof exact === 'string' ? exact : '') ?? []
  return Number.isSafeInteger(Number(count)) ? [Number(count), resolution] : []
}

/**
 * A finished interval: a row a revision, because of two rows with the same tags and time either may stay. Who looks at
 * them takes the highest revision of a slot.
 */
export function intervalRow(interval: RecordedInterval): Point {
  const { tags, fields, ...point } = intervalPoint(interval)
  const others = [...fields].filter(([name]) => name !== 'revision')
  return { ...point, tags: [...tags, ['revision', String(interval.revision)]], fields: new Map(others) }
}

/** The reading of a row; `undefined` for a row that tanbiao did not write. */
export function readingOf(row: Readonly<Record<string, unknown>>): Reading | undefined {
  const { meter, quantity, quality, at_ms: atMs, cause, value, exact } = row
  if (typeof meter !== 'string' || typeof quantity !== 'string' || !isQuantityName(quantity)) return undefined
  if (typeof atMs !== 'number') return undefined
  if (cause !== undefined && cause !== null) {
    return badReadingOf(meter, quantity, { atMs, quality: undefined, values: [cause] })
  }
  const values = quantityOf(quantity).kind === 'cumulative' ? countedIn(exact) : [value]
  return usableReadingOf(meter, quantity, { atMs, quality, values })
}

/** Bytes of UTF-8 in one string: `STRING_LENGTH_LIMIT_IN_BYTES` of its crate influxdb_line_protocol is 65,536. */
const STRING_BYTES_MAX = 65_536
const BODY = 'body'
/** Tag that tells the series of a commit record; nothing reads it back. */
const SERIES = 'epoch'
const CONTENT_CHARACTERS = 16
/** Of the second part of a body and of all after it, by their number. */
const PART = /^body(\d+)$/

/** Where a text may be cut so that no part is longer than that in UTF-8, and no character is cut. */
function partsOf(text: string): string[] {
  const bytes = Buffer.from(text)
  const parts: string[] = []
  for (let start = 0; start < bytes.length || parts.length === 0;) {
    let end = Math.min(bytes.length, start + STRING_BYTES_MAX)
    // 10xxxxxx is never the first byte of a character.
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
    parts.push(bytes.toString('utf8', start, end))
    start = end
  }
  return parts
}

/**
 * A commit record's point with its body in as many columns as it takes: `body`, `body2`, `body3` … Of two rows with the same
 * tags and time the parts of both would stay: so one of several parts stands in a series of its own, by its content.
 */
export function commitRow(point: Point): Point {
  const body = point.fields.get(BODY)
  if (body?.kind !== 'string') return point
  const parts = partsOf(body.value)
  if (parts.length === 1) return point
  const fields = new Map(point.fields)
  for (const [index, value] of parts.entries())
    fields.set(index === 0 ? BODY : `${BODY}${index + 1}`, { kind: 'string', value })
  const content = hash('sha256', body.value).slice(0, CONTENT_CHARACTERS)
  const tags = point.tags.map(
    ([key, value]) => [key, key === SERIES ? `${value}.${content}` : value] as const,
  )
  return { ...point, tags, fields }
}

/** The body of a commit record out of its row. */
export function commitBodyOf(row: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(row).flatMap(([name, value]) => {
    const number = name === BODY ? 1 : Number(PART.exec(name)?.[1] ?? NaN)
    return Number.isNaN(number) || typeof value !== 'string' ? [] : [{ number, value }]
  })
  return parts
    .toSorted((a, b) => a.number - b.number)
    .map(({ value }) => value)
    .join('')
}
