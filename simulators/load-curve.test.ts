import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { loadCurve, type Envelope, type Ripple } from './load-curve.ts'

/** Any envelope of straight pieces, the same shape every day but scaled by the day's number, with up to three ripples. */
const curves = fc.record({
  corners: fc
    .uniqueArray(fc.integer({ min: 1, max: 1_439 }), { maxLength: 12 })
    .map((minutes) => [0, ...minutes].toSorted((a, b) => a - b))
    .chain((minutes) =>
      fc.tuple(
        ...minutes.map((minute) =>
          fc.record({
            minute: fc.constant(minute),
            // Steps of a microwatt: doubles near the smallest one have no straight line between them.
            value: fc.integer({ min: 0, max: 900_000_000_000 }).map((microwatts) => microwatts / 1e9),
          }),
        ),
      ),
    ),
  // Fractions of integers: doubles between two bounds are drawn mostly next to zero, where a ripple is none.
  ripples: fc.array(
    fc.record({
      share: fc.integer({ min: 0, max: 300 }).map((thousandths) => thousandths / 1_000),
      periodHours: fc.integer({ min: 20, max: 30_000 }).map((thousandths) => thousandths / 1_000),
      phase: fc.integer({ min: 0, max: 6_300 }).map((thousandths) => thousandths / 1_000),
    }),
    { maxLength: 3 },
  ),
  offsetMs: fc.integer({ min: -14, max: 14 }).map((hours) => hours * HOUR_MS),
  startMs: fc.integer({ min: 1_700_000_000_000, max: 1_700_100_000_000 }),
})

const make = (given: {
  corners: readonly { minute: number; value: number }[]
  ripples: readonly Ripple[]
  offsetMs: number
  startMs: number
}) => {
  const envelope: Envelope = (day) =>
    given.corners.map(({ minute, value }) => ({ minute, value: value * (1 + (day % 3) / 10) }))
  return loadCurve(envelope, given.ripples, given)
}

/** Simpson's rule over pieces of at most a minute, cut at whole minutes, where every corner lies. */
function quadrature(at: (ms: number) => number, fromMs: number, toMs: number, stepsPerPiece: number): number {
  let sum = 0
  for (let startMs = fromMs; startMs < toMs;) {
    const endMs = Math.min(toMs, (Math.floor(startMs / 60_000) + 1) * 60_000)
    const step = (endMs - startMs) / stepsPerPiece
    for (let index = 0; index < stepsPerPiece; index += 1) {
      const left = startMs + index * step
      sum += ((at(left) + 4 * at(left + step / 2) + at(left + step)) * step) / 6
    }
    startMs = endMs
  }
  return sum / HOUR_MS
}

describe('a load curve', () => {
  it('has an integral that numeric quadrature of the flow confirms', () => {
    fc.assert(
      fc.property(
        curves,
        fc.integer({ min: 0, max: 3 * DAY_MS }),
        fc.integer({ min: 1, max: 4 * HOUR_MS }),
        (given, after, span) => {
          const curve = make(given)
          const fromMs = given.startMs + after
          const exact = curve.integralAt(fromMs + span) - curve.integralAt(fromMs)
          const numeric = quadrature((ms) => curve.at(ms), fromMs, fromMs + span, 8)
          expect(Math.abs(exact - numeric)).toBeLessThan(1e-6 * Math.max(1, exact))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('is never negative, and its integral never decreases, not even within a millisecond', () => {
    fc.assert(
      fc.property(
        curves,
        fc.array(fc.integer({ min: -DAY_MS, max: 9 * DAY_MS }), { minLength: 1, maxLength: 20 }),
        (given, offsets) => {
          const curve = make(given)
          const instants = offsets
            .flatMap((offset) => [0, 1, 2].map((ms) => given.startMs + offset + ms))
            .toSorted((a, b) => a - b)
          let reached = 0
          for (const atMs of instants) {
            expect(curve.at(atMs)).toBeGreaterThanOrEqual(0)
            expect(curve.integralAt(atMs)).toBeGreaterThanOrEqual(reached)
            reached = curve.integralAt(atMs)
          }
        },
      ),
    )
  })

  it('answers the same in whatever order it is asked', () => {
    fc.assert(
      fc.property(
        curves,
        fc.array(fc.integer({ min: 0, max: 30 * DAY_MS }), { maxLength: 12 }),
        (given, offsets) => {
          const forwards = make(given)
          const backwards = make(given)
          const ask = (curve: ReturnType<typeof make>, list: number[]) =>
            new Map(list.map((offset) => [offset, curve.integralAt(given.startMs + offset)]))
          const there = ask(forwards, offsets)
          const back = ask(backwards, offsets.toReversed())
          for (const offset of offsets) expect(there.get(offset)).toBe(back.get(offset))
        },
      ),
    )
  })

  it('counts nothing before the start of the registers', () => {
    const curve = make({
      corners: [{ minute: 0, value: 100 }],
      ripples: [],
      offsetMs: 0,
      startMs: 1_700_000_000_000,
    })
    expect(curve.integralAt(1_700_000_000_000)).toBe(0)
    expect(curve.integralAt(1_600_000_000_000)).toBe(0)
  })

  it('passes through its corners, straight between them, into the next day without a jump', () => {
    const curve = loadCurve(
      (day) => [
        { minute: 0, value: day * 100 },
        { minute: 720, value: 50 },
      ],
      [],
      { startMs: 0, offsetMs: 0 },
    )
    expect(curve.at(12 * HOUR_MS)).toBe(50)
    expect(curve.at(18 * HOUR_MS)).toBe(75)
    expect(curve.at(24 * HOUR_MS)).toBe(100)
    expect(curve.integralAt(24 * HOUR_MS)).toBe(12 * 25 + 12 * 75)
  })
})
