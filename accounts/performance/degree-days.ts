import { HOUR_MS } from '#contract/duration.ts'
import type { Period } from '#contract/grid.ts'
import type { Reading } from '#contract/reading.ts'

/** Base temperatures of degree days, °C. A day counts by the difference of its mean temperature from them. */
export interface DegreeDayBases {
  readonly heating: number
  readonly cooling: number
}

/**
 * 18 °C and 26 °C, as HDD18 and CDD26 of Chinese building standards; not read in print, so a report names them as an
 * assumption.
 */
export const assumedBases: DegreeDayBases = { heating: 18, cooling: 26 }

/** Hours of a day that must have a reading, so that its mean is that of a day and not of its afternoon. */
const HOURS_MIN = 20

export interface DegreeDays {
  readonly heating: number
  readonly cooling: number
  readonly days: number
  /** Days with readings of fewer than 20 hours: in neither sum. */
  readonly missingDays: number
}

/**
 * Degree days of whole days from readings of the outdoor temperature: mean of the hours' means.
 * @param days in order of time
 */
export function degreeDays(
  readings: readonly Reading[],
  days: Iterable<Period>,
  bases: DegreeDayBases = assumedBases,
): DegreeDays {
  const hours = new Map<number, { sum: number; count: number }>()
  for (const reading of readings) {
    if (reading.quality === 'bad' || typeof reading.value !== 'number') continue
    const hour = Math.floor(reading.atMs / HOUR_MS)
    const known = hours.get(hour) ?? { sum: 0, count: 0 }
    hours.set(hour, { sum: known.sum + reading.value, count: known.count + 1 })
  }
  let [heating, cooling, counted, missingDays] = [0, 0, 0, 0]
  for (const { fromMs, toMs } of days) {
    const means: number[] = []
    for (let atMs = fromMs; atMs < toMs; atMs += HOUR_MS) {
      const hour = hours.get(Math.floor(atMs / HOUR_MS))
      if (hour !== undefined) means.push(hour.sum / hour.count)
    }
    if (means.length < HOURS_MIN) {
      missingDays += 1
      continue
    }
    const mean = means.reduce((a, b) => a + b, 0) / means.length
    counted += 1
    heating += Math.max(0, bases.heating - mean)
    cooling += Math.max(0, mean - bases.cooling)
  }
  return { heating, cooling, days: counted, missingDays }
}
