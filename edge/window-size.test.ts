import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QUICK_MS, SLOW_MS, windowBounds, WindowSize } from './window-size.ts'

const quick = (nowMs: number, filledBy = 4): Parameters<WindowSize['received']>[0] => ({
  sentAtMs: nowMs - 10,
  nowMs,
  filledBy,
  isStored: true,
})

function growAsMuchAsMayBe(size: WindowSize, nowMs = 0): void {
  for (let receipt = 0; receipt < 4 * 120; receipt += 1) size.received(quick(nowMs))
}

/** One that has grown as far as it may. */
function grown(nowMs = 0): WindowSize {
  const size = new WindowSize(windowBounds(undefined))
  growAsMuchAsMayBe(size, nowMs)
  expect(size.places).toBe(128)
  return size
}

const event = fc.record({
  what: fc.constantFrom('received', 'received', 'received', 'sent', 'lost'),
  passedMs: fc.integer({ min: 0, max: 20_000 }),
  afterMs: fc.integer({ min: 0, max: 700 }),
  filledBy: fc.integer({ min: 0, max: 128 }),
  isStored: fc.boolean(),
})

describe('WindowSize', () => {
  it('never leaves its bounds, whatever happens', () => {
    const told = fc.option(fc.integer({ min: 1, max: 128 }), { nil: undefined })
    const broker = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined })
    fc.assert(
      fc.property(
        told,
        broker,
        fc.array(event, { maxLength: 300 }),
        (inFlightBatches, receiveMaximum, events) => {
          const bounds = windowBounds(inFlightBatches, receiveMaximum)
          const size = new WindowSize(bounds)
          let nowMs = 0
          for (const { what, passedMs, afterMs, filledBy, isStored } of events) {
            nowMs += passedMs
            if (what === 'sent') size.sent(nowMs)
            else if (what === 'lost') size.lost()
            else size.received({ sentAtMs: nowMs - afterMs, nowMs, filledBy, isStored })
            expect(size.places).toBeGreaterThanOrEqual(
              Math.min(inFlightBatches ?? 8, receiveMaximum ?? Infinity),
            )
            expect(size.places).toBeLessThanOrEqual(
              Math.min(inFlightBatches ?? 128, receiveMaximum ?? Infinity),
            )
          }
        },
      ),
    )
  })

  it('grows by one with each round of quick receipts of a full window', () => {
    const size = new WindowSize(windowBounds(undefined))
    const sizes: number[] = []
    for (let round = 0; round < 3; round += 1) {
      for (let receipt = 0; receipt < 4; receipt += 1) size.received(quick(round))
      sizes.push(size.places)
    }
    expect(sizes).toEqual([9, 10, 11])
  })

  it('does not grow where there was room, where quarantine answered, or where it took long', () => {
    const size = new WindowSize(windowBounds(undefined))
    for (let nowMs = 0; nowMs < 10_000; nowMs += 10) {
      size.received(quick(nowMs, 0))
      size.received({ ...quick(nowMs), isStored: false })
      size.received({ ...quick(nowMs), sentAtMs: nowMs - QUICK_MS - 1 })
      size.received({ ...quick(nowMs), sentAtMs: nowMs - 300_000 })
    }
    expect(size.places).toBe(8)
  })

  it('halves once for all that was on its way when a receipt came slowly, down to its beginning', () => {
    const size = grown()
    const slow = (sentAtMs: number): void =>
      size.received({ ...quick(0), sentAtMs, nowMs: sentAtMs + SLOW_MS + 1 })
    for (let sentAtMs = 0; sentAtMs < 128; sentAtMs += 1) slow(sentAtMs)
    expect(size.places).toBe(64)
    const sizes: number[] = []
    for (let round = 1; round < 5; round += 1) {
      slow(1_000 * round)
      sizes.push(size.places)
    }
    expect(sizes).toEqual([32, 16, 8, 8])
  })

  it('begins anew after a batch was lost, and grows to half of what was too much', () => {
    const size = grown()
    for (let batch = 0; batch < 64; batch += 1) size.lost()
    expect(size.places).toBe(8)
    growAsMuchAsMayBe(size)
    expect(size.places).toBe(64)
    size.lost()
    growAsMuchAsMayBe(size)
    expect(size.places).toBe(32)
  })

  it('begins anew, with all its room, when it was not full for long', () => {
    const size = grown(0)
    size.sent(10_000)
    expect(size.places).toBe(128)
    size.lost()
    size.sent(10_001)
    expect(size.places).toBe(8)
    growAsMuchAsMayBe(size)
    expect(size.places).toBe(128)
  })
})
