import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messageRate } from './message-rate.ts'

describe('message rate', () => {
  it('lets a second of messages through at once, then its share', () => {
    const wait = messageRate(10)
    expect(Array.from({ length: 10 }, () => wait(5_000))).toEqual(Array.from({ length: 10 }, () => 0))
    expect(wait(5_000)).toBeCloseTo(100)
    expect(wait(5_000)).toBeCloseTo(200)
    expect(wait(6_000)).toBe(0)
  })

  it('counts what stands for several as several', () => {
    const wait = messageRate(10)
    expect(wait(5_000, 10)).toBe(0)
    expect(wait(5_000, 5)).toBeCloseTo(500)
  })

  it('never lets more through than its share and one second of it', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(pauses, fc.integer({ min: 1, max: 50 }), (steps, perSecond) => {
        const wait = messageRate(perSecond)
        let nowMs = 0
        const sentMs = steps.map((pause) => {
          nowMs += pause
          return nowMs + wait(nowMs)
        })
        const lastMs = Math.max(...sentMs)
        expect(sentMs.length).toBeLessThanOrEqual(perSecond + (lastMs / 1_000) * perSecond + 1e-6)
      }),
    )
  })
})
