import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BOUNDARY_TOLERANCE_MS, SLOT_MS } from '#contract/grid.ts'
import { placesOf } from './boundary.ts'

const START_MS = Temporal.Instant.from('2025-03-10T00:00:00+08:00').epochMilliseconds

describe('places on the grid', () => {
  const times = fc
    .array(fc.oneof(fc.integer({ min: -4_000, max: 4_000 }), fc.integer({ min: 0, max: 3 * SLOT_MS })), {
      minLength: 1,
      maxLength: 30,
    })
    .map((offsets) => [...new Set(offsets.map((ms) => START_MS + SLOT_MS + ms))].toSorted((a, b) => a - b))

  test('keep the order of the readings strictly, and move none beyond the tolerance', () => {
    fc.assert(
      fc.property(times, (ms) => {
        const places = placesOf(ms)
        expect(places.toSorted((a, b) => a - b)).toEqual([...new Set(places)])
        const furthest = Math.max(
          ...places.map((place, index) => Math.abs(place - (ms[index] ?? Number.NaN))),
        )
        expect(furthest).toBeLessThanOrEqual(BOUNDARY_TOLERANCE_MS)
      }),
    )
  })

  test('give every line that has a reading within the tolerance exactly one, the nearest', () => {
    fc.assert(
      fc.property(times, (ms) => {
        const places = placesOf(ms)
        for (let line = START_MS; line <= START_MS + 5 * SLOT_MS; line += SLOT_MS) {
          const distances = ms.map((each) => Math.abs(each - line))
          const nearest = Math.min(...distances)
          const expected = nearest <= BOUNDARY_TOLERANCE_MS ? [distances.indexOf(nearest)] : []
          expect(places.flatMap((place, index) => (place === line ? [index] : []))).toEqual(expected)
        }
      }),
    )
  })

  test('take the earlier of two readings equally near, and the tolerance as still near', () => {
    expect(placesOf([START_MS - 700, START_MS + 700])).toEqual([START_MS, START_MS + 700])
    expect(placesOf([START_MS + BOUNDARY_TOLERANCE_MS])).toEqual([START_MS])
    expect(placesOf([START_MS + BOUNDARY_TOLERANCE_MS + 1])).toEqual([START_MS + BOUNDARY_TOLERANCE_MS + 1])
  })
})
