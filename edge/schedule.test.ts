import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backOffMs, nextPollMs, nextSlotMs } from './schedule.ts'

const QUARTER_MS = 900_000

describe('nextPollMs', () => {
  it('is later than now, on the grid of the interval, and skips what was missed', () => {
    fc.assert(
      fc.property(
        fc.nat(4e12),
        fc.integer({ min: 100, max: 3_600_000 }),
        fc.nat(20),
        (nowMs, everyMs, failures) => {
          const dueMs = nextPollMs(nowMs, everyMs, failures)
          expect(dueMs).toBeGreaterThan(nowMs)
          expect(dueMs % everyMs).toBe(0)
          const longestMs = failures < 3 ? everyMs : Math.max(30_000, everyMs)
          expect(dueMs - nowMs).toBeLessThanOrEqual(longestMs)
        },
      ),
    )
  })

  it('is the next slot of the grid where nothing failed', () => {
    fc.assert(
      fc.property(fc.nat(4e12), fc.integer({ min: 100, max: 3_600_000 }), (nowMs, everyMs) => {
        expect(nextPollMs(nowMs, everyMs, 0)).toBe(nextSlotMs(nowMs, everyMs))
      }),
    )
  })

  it('meets every quarter of an hour for intervals that divide it', () => {
    for (const everyMs of [100, 1_000, 10_000, 60_000, 300_000, QUARTER_MS]) {
      expect(nextPollMs(4 * QUARTER_MS - 1, everyMs, 0)).toBe(4 * QUARTER_MS)
    }
  })

  it('asks a meter less often from the third failure in a row on, at least every 30 s', () => {
    const pauses = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((failures) => nextPollMs(60_000, 1_000, failures) - 60_000)
    expect(pauses).toEqual([1_000, 1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(nextPollMs(60_000, 60_000, 9)).toBe(120_000)
  })
})

describe('backOffMs', () => {
  it('stays below a ceiling that doubles up to its limit', () => {
    const limits = { firstMs: 100, maxMs: 1_000 }
    expect([1, 2, 3, 4, 5, 50].map((failures) => backOffMs(failures, limits, 0.999))).toEqual([
      99, 199, 399, 799, 999, 999,
    ])
    expect(backOffMs(9, limits, 0)).toBe(0)
  })
})
