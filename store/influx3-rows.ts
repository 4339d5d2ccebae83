import { toNumber } from '#contract/amount.ts'
import { carrierNames } from '#contract/carriers.ts'
import { isQuantityName, quantityOf } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'
import type { FieldValue, Point } from './line-protocol.ts'
import { badReadingOf, BAD_MEASUREMENT, measurementOf, usableReadingOf } from './points.ts'

/**
 * Readings as rows of InfluxDB 3, one a reading. Of rows with the same tags and time the last one written stands as a
 * whole there, and a table has 500 columns at most: so the quantity is a tag and not the name of a field.
 */

/** Tables that hold usable readings: one a carrier. */
export const readingTables: readonly string[] = carrierNames

const NS_PER_MS = 1_000_000n

function fieldsOf(reading: Reading): Map<string, FieldValue> {
  if (reading.quality === 'bad') return new Map([['cause', { kind: 'string', value: reading.cause }]])
  if (typeof reading.value === 'number') return new Map([['value', { kind: 'float', value: reading.value }]])
  return new Map<string, FieldValue>([
    ['value', { kind: 'float', value: toNumber(reading.value) }],
    ['count', { kind: 'integer', value: reading.value.count }],
    ['resolution', { kind: 'string', value: reading.value.resolution }],
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

/** The reading of a row; `undefined` for a row that tanbiao did not write. */
export function readingOf(row: Readonly<Record<string, unknown>>): Reading | undefined {
  const { meter, quantity, quality, at_ms: atMs, cause, value, count, resolution } = row
  if (typeof meter !== 'string' || typeof quantity !== 'string' || !isQuantityName(quantity)) return undefined
  if (typeof atMs !== 'number') return undefined
  if (cause !== undefined && cause !== null) {
    return badReadingOf(meter, quantity, { atMs, quality: undefined, values: [cause] })
  }
  const values = quantityOf(quantity).kind === 'cumulative' ? [count, resolution] : [value]
  return usableReadingOf(meter, quantity, { atMs, quality, values })
}
