import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import type { Reading } from '#contract/reading.ts'
import { momentsOf, POINTS_MAX, summed, thinned } from './curve.ts'

const at = (atMs: number, value: number | undefined): Reading => {
  const identity = { meter: 'm', quantity: 'activePower.total', atMs } as const
  return value === undefined
    ? { ...identity, quality: 'bad', cause: 'timeout' }
    : { ...identity, quality: 'good', value }
}

const GAP_MS = 30_000
const reading = fc.tuple(
  fc.integer({ min: 0, max: DAY_MS - 1 }),
  fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined, freq: 10 }),
)
const readings = fc
  .uniqueArray(reading, { selector: ([atMs]) => atMs, maxLength: 900, size: 'max' })
  .map((list) => list.toSorted(([a], [b]) => a - b).map(([atMs, value]) => at(atMs, value)))
const period = { fromMs: 0, toMs: DAY_MS }

test('a curve has at most 600 points in order of time, within the values that were read', () => {
  fc.assert(
    fc.property(readings, (list) => {
      const points = thinned(list, period, GAP_MS)
      expect(points.length).toBeLessThanOrEqual(POINTS_MAX)
      expect(points.map(({ atMs }) => atMs)).toEqual(points.map(({ atMs }) => atMs).toSorted((a, b) => a - b))
      const values = list.flatMap((each) => (each.quality === 'bad' ? [] : each.value))
      const drawn = points.flatMap(({ value }) => value ?? [])
      expect(Math.min(...drawn)).toBeGreaterThanOrEqual(Math.min(...values.map(Number)))
      expect(Math.max(...drawn)).toBeLessThanOrEqual(Math.max(...values.map(Number)))
    }),
    { numRuns: 25, endOnFailure: true },
  )
})

test('no line is drawn across a long gap or a failed reading', () => {
  fc.assert(
    fc.property(readings, (list) => {
      const points = thinned(list, period, GAP_MS)
      // Every break of what was read must have a null in the stretch between its two sides.
      const usable = list.filter(({ quality }) => quality !== 'bad')
      const breaks = usable.slice(1).flatMap((later, index) => {
        const earlier = usable[index]
        if (earlier === undefined) return []
        const failed = list[list.indexOf(later) - 1] !== earlier
        return failed || later.atMs - earlier.atMs > GAP_MS ? { fromMs: earlier.atMs, toMs: later.atMs } : []
      })
      const joined = points.slice(1).flatMap((point, index) => {
        const before = points[index]
        const isLine = before !== undefined && before.value !== null && point.value !== null
        return isLine ? { fromMs: before.atMs, toMs: point.atMs } : []
      })
      const crossed = joined.filter((line) =>
        breaks.some(
          (hole) =>
            line.fromMs < hole.toMs &&
            hole.fromMs < line.toMs &&
            line.fromMs <= hole.fromMs &&
            line.toMs >= hole.toMs,
        ),
      )
      expect(crossed).toEqual([])
    }),
    { numRuns: 25, endOnFailure: true },
  )
})

test('the sum of a park is unknown where one part is, and is never the sum of the rest', () => {
  const whole = [at(0, 5), at(10_000, 6), at(20_000, 7)]
  const failing = [at(0, 1), at(10_000, undefined)]
  const sources = [whole, failing].map((list) => ({ readings: list, gapMs: 15_000 }))
  expect(summed(sources, [0, 10_000, 20_000])).toEqual([6, null, null])
})

test('a value stands for the present only as long as the gap allows', () => {
  const source = { readings: [at(0, 5)], gapMs: 15_000 }
  expect(summed([source], [0, 10_000, 15_000, 20_000])).toEqual([5, 5, 5, null])
  expect(summed([], [0])).toEqual([null])
})

test('moments lie on the wall clock', () => {
  expect(momentsOf({ fromMs: 5_000, toMs: 30_000 }, 10_000)).toEqual([10_000, 20_000, 30_000])
})
