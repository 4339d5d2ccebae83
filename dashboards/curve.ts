import type { Period } from '#contract/grid.ts'
import type { Reading } from '#contract/reading.ts'

/** A curve that never bridges what is not known. Pure. */

export interface CurvePoint {
  readonly atMs: number
  /** Null breaks the line. */
  readonly value: number | null
}

/** Most points of a curve that is drawn: more than a screen has columns for it is of no use. */
export const POINTS_MAX = 600

interface Sampled {
  readonly atMs: number
  readonly value: number
  /** Nothing connects it with the one before: too long a time, or a failed reading, lies between them. */
  readonly broken: boolean
}

function sampled(readings: readonly Reading[], gapMs: number): Sampled[] {
  const samples: Sampled[] = []
  let failed = false
  for (const reading of readings) {
    if (reading.quality === 'bad' || typeof reading.value !== 'number') {
      failed = true
      continue
    }
    const before = samples.at(-1)
    const broken = before !== undefined && (failed || reading.atMs - before.atMs > gapMs)
    samples.push({ atMs: reading.atMs, value: reading.value, broken })
    failed = false
  }
  return samples
}

/**
 * Readings (in order of time) as at most 600 points. Where there are more readings, each bin is shown by its mean.
 * Two readings further apart than `gapMs`, or with a failed one between them, are parted by a null.
 */
export function thinned(readings: readonly Reading[], { fromMs, toMs }: Period, gapMs: number): CurvePoint[] {
  const samples = sampled(readings, gapMs)
  // A bin may need a null on either side of it.
  const binMs = samples.length * 2 <= POINTS_MAX ? 1 : Math.ceil((toMs - fromMs) / Math.floor(POINTS_MAX / 3))
  const bins = Map.groupBy(samples, ({ atMs }) => Math.floor((atMs - fromMs) / binMs))
  return [...bins.values()].flatMap((bin) => {
    const [first, ...others] = bin
    if (first === undefined) return []
    const mean = bin.reduce((total, { value }) => total + value, 0) / bin.length
    return [
      ...(first.broken ? [{ atMs: first.atMs, value: null }] : []),
      { atMs: first.atMs, value: mean },
      ...(others.some(({ broken }) => broken) ? [{ atMs: bin.at(-1)?.atMs ?? first.atMs, value: null }] : []),
    ]
  })
}

/** One meter's readings (in order of time), with the time over which one of them stands for the present. */
export interface CurveSource {
  readonly readings: readonly Reading[]
  readonly gapMs: number
}

/**
 * The value of a source at each moment: its newest usable reading not older than `gapMs`, null after a failed one.
 * Moments are in order of time.
 */
function held({ readings, gapMs }: CurveSource, momentsMs: readonly number[]): (number | null)[] {
  let next = 0
  let current: Reading | undefined
  return momentsMs.map((momentMs) => {
    for (
      let reading = readings[next];
      reading !== undefined && reading.atMs <= momentMs;
      reading = readings[next]
    ) {
      current = reading
      next += 1
    }
    if (current === undefined || current.quality === 'bad' || typeof current.value !== 'number') return null
    return momentMs - current.atMs > gapMs ? null : current.value
  })
}

/** The sum of sources at each moment: null where any of them has no value, because a part is not the whole. */
export function summed(sources: readonly CurveSource[], momentsMs: readonly number[]): (number | null)[] {
  const each = sources.map((source) => held(source, momentsMs))
  return momentsMs.map((_, index) => {
    let total = 0
    for (const values of each) {
      const value = values[index]
      if (value === undefined || value === null) return null
      total += value
    }
    return each.length === 0 ? null : total
  })
}

/** Moments of a period at a step, aligned to the wall clock, both ends included where they fall on it. */
export function momentsOf({ fromMs, toMs }: Period, stepMs: number): number[] {
  const first = Math.ceil(fromMs / stepMs) * stepMs
  return Array.from(
    { length: Math.max(0, Math.floor((toMs - first) / stepMs) + 1) },
    (_, i) => first + i * stepMs,
  )
}
