import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equal, sum } from '#contract/amount.ts'
import { HOUR_MS } from '#contract/duration.ts'
import { join, NO_SLOTS, sumOfSlot, type EnergySum } from '#contract/energy-sum.ts'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import { calendarParts, partsOf, rollUp } from './rollup.ts'

// Offsets of whole, half and quarter hours; summer time in both hemispheres, of half an hour too; none at all.
const zones = ['Asia/Shanghai', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/Santiago']
const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds

const slotAt = (slotMs: number): fc.Arbitrary<Interval> => {
  const identity = { meter: 'm1', quantity: 'activeEnergyImport.total', slotMs } as const
  const point = (atMs: number) => ({ atMs, register: { count: 0, resolution: '1' } })
  const boundary = (atMs: number) => ({
    ...point(atMs),
    method: 'measured' as const,
    before: point(atMs),
    after: point(atMs),
  })
  const open = { from: point(slotMs), to: point(slotMs + 1), reason: 'beyond-rating' } as const
  const undecided = fc.constantFrom([], [open])
  return fc.oneof(
    fc
      .record({ undecided })
      .map((rest): Interval => ({ ...identity, ...rest, state: 'missing', cause: 'no-readings' })),
    fc
      .record({
        energy: fc.record({
          count: fc.integer({ min: 0, max: 1_000_000 }),
          resolution: fc.constantFrom('0.01', '0.1', '0.4', '0.025'),
        }),
        method: fc.constantFrom('measured', 'interpolated', 'apportioned', 'estimated', 'manual'),
        coverage: fc.integer({ min: 0, max: SLOT_MS }).map((ms) => ms / SLOT_MS),
        late: fc.constantFrom(0, 60_000),
        simulated: fc.boolean(),
        uncertain: fc.boolean(),
        undecided,
      })
      .map(({ late, ...rest }): Interval => ({
        ...identity,
        ...rest,
        state: 'known',
        basis: 'register',
        opening: boundary(slotMs + late),
        closing: boundary(slotMs + SLOT_MS),
      })),
  )
}

/** Slots around a change of summer time, some of them never computed. */
const slots = fc
  .record({
    fromMs: fc
      .constantFrom(
        at('2025-03-29T00:00:00Z'),
        at('2025-10-04T00:00:00Z'),
        at('2025-10-25T00:00:00Z'),
        at('2025-12-30T00:00:00Z'),
      )
      .chain((ms) => fc.integer({ min: 0, max: 96 }).map((slot) => ms + slot * SLOT_MS)),
    there: fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }),
  })
  .chain(({ fromMs, there }) =>
    fc.record({
      whole: fc.constant({ fromMs, toMs: fromMs + there.length * SLOT_MS }),
      intervals: fc.tuple(
        ...there.flatMap((isThere, index) => (isThere ? [slotAt(fromMs + index * SLOT_MS)] : [])),
      ),
    }),
  )

const placed = (intervals: readonly Interval[]) =>
  intervals.map((interval) => ({ fromMs: interval.slotMs, sum: sumOfSlot(interval) }))
const joined = (intervals: readonly Interval[]): EnergySum => join(intervals.map((each) => sumOfSlot(each)))

describe('sums', () => {
  test('over any split of the calendar join to the sum of the whole', () => {
    fc.assert(
      fc.property(
        slots,
        fc.constantFrom(...zones),
        fc.constantFrom(...calendarParts),
        ({ whole, intervals }, zone, part) => {
          const rolled = rollUp(placed(intervals), partsOf(part, whole, zone))
          expect(join(rolled.map(({ sum }) => sum))).toEqual(joined(intervals))
        },
      ),
    )
  })

  test('of days are those of their hours, and of months those of their days', () => {
    fc.assert(
      fc.property(slots, fc.constantFrom(...zones), ({ whole, intervals }, zone) => {
        let finer: readonly { readonly fromMs: number; readonly sum: EnergySum }[] = placed(intervals)
        for (const part of calendarParts) {
          const parts = [...partsOf(part, whole, zone)]
          const direct = rollUp(placed(intervals), parts)
          expect(rollUp(finer, parts)).toEqual(direct)
          finer = direct
        }
      }),
      { numRuns: 50 },
    )
  })

  test('do not depend on the order of what is summed', () => {
    const shuffled = slots.chain(({ intervals }) =>
      fc.tuple(fc.constant(intervals), fc.shuffledSubarray(intervals, { minLength: intervals.length })),
    )
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(joined(other)).toEqual(joined(one))
      }),
    )
  })

  test('have the energy of their known slots, by method too, and count every slot once', () => {
    fc.assert(
      fc.property(slots, ({ intervals }) => {
        const whole = joined(intervals)
        const known = intervals.flatMap((each) => (each.state === 'known' ? [each] : []))
        const energies = [
          sum(known.map(({ energy }) => energy)),
          sum(Object.values(whole.methods).map(({ energy }) => energy)),
        ]
        for (const energy of energies) {
          if (whole.energy === undefined) expect(energy).toBeUndefined()
          else expect(energy !== undefined && equal(energy, whole.energy)).toBe(true)
        }
        expect(whole.known + whole.missing).toBe(intervals.length)
        expect(Object.values(whole.methods).reduce((count, { slots }) => count + slots, 0)).toBe(whole.known)
        expect(whole.partial).toBe(
          known.filter(
            (each) =>
              each.undecided.length > 0 || (each.basis === 'register' && each.opening.atMs > each.slotMs),
          ).length,
        )
      }),
    )
  })

  test('of nothing have no energy: nothing measured is not zero', () => {
    expect(join([])).toEqual(NO_SLOTS)
    expect(NO_SLOTS.energy).toBeUndefined()
  })
})

describe('parts of the calendar', () => {
  const lengths = (part: 'hour' | 'day' | 'month', period: Period, zone: string): number[] =>
    [...partsOf(part, period, zone)].map(({ fromMs, toMs }) => (toMs - fromMs) / HOUR_MS)

  test('a day has 23 or 25 hours where the clocks are changed, and each of them is there', () => {
    const spring = { fromMs: at('2025-03-29T23:00:00Z'), toMs: at('2025-03-31T22:00:00Z') }
    expect(lengths('day', spring, 'Europe/Berlin')).toEqual([23, 24])
    expect(lengths('hour', spring, 'Europe/Berlin')).toEqual(Array(47).fill(1))
    const autumn = { fromMs: at('2025-10-25T22:00:00Z'), toMs: at('2025-10-26T23:00:00Z') }
    expect(lengths('day', autumn, 'Europe/Berlin')).toEqual([25])
    expect(lengths('hour', autumn, 'Europe/Berlin')).toEqual(Array(25).fill(1))
  })

  test('where the clocks change by half an hour, the day’s last hour is half a one', () => {
    const autumn = { fromMs: at('2025-04-05T13:00:00Z'), toMs: at('2025-04-06T13:30:00Z') }
    expect(lengths('day', autumn, 'Australia/Lord_Howe')).toEqual([24.5])
    expect(lengths('hour', autumn, 'Australia/Lord_Howe')).toEqual([...Array<number>(24).fill(1), 0.5])
  })

  test('leave no time out and overlap nowhere; the first and the last are cut to the period', () => {
    fc.assert(
      fc.property(
        slots,
        fc.constantFrom(...zones),
        fc.constantFrom(...calendarParts),
        ({ whole }, zone, part) => {
          const parts = [...partsOf(part, whole, zone)]
          expect(parts[0]?.fromMs).toBe(whole.fromMs)
          expect(parts.at(-1)?.toMs).toBe(whole.toMs)
          for (const [index, { fromMs }] of parts.slice(1).entries()) expect(parts[index]?.toMs).toBe(fromMs)
        },
      ),
    )
  })

  test('months are those of the park, not of Greenwich', () => {
    const quarter = { fromMs: at('2025-01-31T16:00:00Z'), toMs: at('2025-04-30T16:00:00Z') }
    expect(lengths('month', quarter, 'Asia/Shanghai')).toEqual([28 * 24, 31 * 24, 30 * 24])
  })
})
