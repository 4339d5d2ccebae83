import { describe, expect, test } from 'vitest'
import { MINUTE_MS } from '#contract/duration.ts'
import type { RegisterReading } from '#contract/reading.ts'
import { dirtyPeriod } from './dirty.ts'
import { MemorySeries } from './in-memory.test-support.ts'

const START_MS = Temporal.Instant.from('2025-03-10T08:00:00Z').epochMilliseconds
const minute = (minutes: number): number => START_MS + minutes * MINUTE_MS

function dirty(readingsAt: readonly number[], from: number, to: number, read: [number, number]) {
  const series = new MemorySeries(
    readingsAt.map((minutes): RegisterReading => ({
      meter: 'm1',
      quantity: 'steamMass',
      atMs: minute(minutes),
      quality: 'good',
      value: { count: 0, resolution: '1' },
    })),
  )
  const period = dirtyPeriod(
    { fromMs: minute(from), toMs: minute(to) },
    series.series({ fromMs: minute(read[0]), toMs: minute(read[1]) }),
  )
  return [(period.fromMs - START_MS) / MINUTE_MS, (period.toMs - START_MS) / MINUTE_MS]
}

describe('a touched window makes dirty', () => {
  test('its own slot where the nearest readings are in it', () => {
    expect(dirty([-40, 1, 5, 9, 70], 5, 5, [0, 15])).toEqual([0, 15])
  })

  test('all slots from the nearest reading before to the nearest after it', () => {
    expect(dirty([-40, 5, 70], 5, 5, [0, 15])).toEqual([-45, 75])
  })

  test('its own slots only where nothing was read before or after', () => {
    expect(dirty([5, 20], 5, 20, [0, 30])).toEqual([0, 30])
  })

  test('the slot that a reading at a line begins', () => {
    expect(dirty([0, 15, 30], 15, 15, [15, 30])).toEqual([0, 45])
  })
})
