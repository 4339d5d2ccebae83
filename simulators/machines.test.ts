import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeCalendar } from './calendar.ts'
import { flow, type FlowInput, type FlowOf } from './flow-kinds.ts'
import { machineBounds, machineEnvelope } from './machines.ts'

const calendar = makeCalendar({ restDays: ['saturday', 'sunday'], closures: [['2026-02-16', '2026-02-20']] })
const rests = (on: number): boolean => calendar.restsOn(on, undefined)
/** Number of a day from 1970. */
const day = (date: string): number => Date.parse(date) / 86_400_000

function line(change: Partial<Extract<FlowInput, { kind: 'machines' }>>): FlowOf<'machines'> {
  const parsed = flow.parse({
    kind: 'machines',
    count: 3,
    power: 40,
    idlePower: 4,
    standby: 2,
    shifts: [['06:00', '14:00']],
    cycleMinutes: 10,
    duty: 0.6,
    ...change,
  })
  if (parsed.kind !== 'machines') throw new Error('no line')
  return parsed
}

const cornersOf = (of: FlowOf<'machines'>, on: string, seed = 1) =>
  machineEnvelope(of, calendar, seed, 'line')(day(on))
const FRIDAY = '2026-03-06'

describe('a line of machines', () => {
  it('has corners in order of time within the day, and keeps its bounds', () => {
    const lines = fc.record({
      count: fc.integer({ min: 1, max: 9 }),
      cycleMinutes: fc.double({ min: 7, max: 200, noNaN: true }),
      duty: fc.double({ min: 0.05, max: 0.9, noNaN: true }),
      variation: fc.double({ min: 0, max: 0.5, noNaN: true }),
      utilisation: fc.double({ min: 0, max: 1, noNaN: true }),
      idlePower: fc.integer({ min: 0, max: 19 }),
      standby: fc.integer({ min: 0, max: 90 }),
      rampSeconds: fc.integer({ min: 1, max: 25 }),
      shifts: fc.constantFrom<[string, string][]>(
        [['06:00', '14:00']],
        [['00:00', '24:00']],
        [
          ['06:00', '14:00'],
          ['14:00', '22:00'],
          ['22:00', '06:00'],
        ],
        [['20:30', '04:10']],
      ),
    })
    fc.assert(
      fc.property(lines, fc.integer({ min: 20_000, max: 21_000 }), fc.nat(), (given, on, seed) => {
        const made = line(given)
        const { least, most } = machineBounds(made)
        const envelope = machineEnvelope(made, calendar, seed, 'line')
        const corners = envelope(on)
        expect(corners[0]?.minute).toBe(0)
        for (const [index, { minute, value }] of corners.entries()) {
          if (index > 0) expect(minute).toBeGreaterThan(corners[index - 1]?.minute ?? 0)
          expect(minute).toBeLessThanOrEqual(1_440 + 1e-9)
          expect(value).toBeGreaterThanOrEqual(least - 1e-6)
          expect(value).toBeLessThanOrEqual(most + 1e-6)
        }
        // One day ends where the next begins, unless works without a pause stop at midnight.
        const stops = given.shifts[0]?.[1] === '24:00' && rests(on) !== rests(on + 1)
        if (!stops) expect(envelope(on + 1)[0]?.value).toBeCloseTo(corners.at(-1)?.value ?? 0, 6)
      }),
    )
  })

  it('starts each machine at most once in a cycle, at other moments on other days', () => {
    const starts = (on: string, seed?: number): number[] => {
      const corners = cornersOf(line({ count: 1, standby: 4, variation: 0 }), on, seed)
      return corners.flatMap(({ minute, value }, index) =>
        Math.abs(value - 4) < 1e-6 && (corners[index + 1]?.value ?? 0) > 30 ? [minute] : [],
      )
    }
    // Cycles of ten minutes from some moment on, the first and the last cut by the shift.
    const cycles = Array.from({ length: 100 }, (_, tenth) =>
      starts(FRIDAY).map((minute) => Math.floor((minute - 360 + tenth / 10) / 10)),
    )
    expect(cycles).toContainEqual(Array.from({ length: 49 }, (_, index) => index))
    expect(starts('2026-03-09')).not.toEqual(starts(FRIDAY))
    expect(starts(FRIDAY, 2)).not.toEqual(starts(FRIDAY))
    expect(starts(FRIDAY)).toEqual(starts(FRIDAY))
  })

  it('has machines that do not pause together: no minute of their cycle is quieter than the others', () => {
    const many = line({ count: 20, standby: 0, duty: 0.7, cycleMinutes: 20 })
    const corners = cornersOf(many, FRIDAY)
    const powerAt = (minute: number): number => {
      const index = corners.findLastIndex((corner) => corner.minute <= minute)
      const [from, to] = [corners[index], corners[index + 1]]
      if (from === undefined || to === undefined) return Number.NaN
      return from.value + ((to.value - from.value) * (minute - from.minute)) / (to.minute - from.minute)
    }
    const meanAt = (ofCycle: number): number =>
      Array.from({ length: 20 }, (_, cycle) => powerAt(400 + cycle * 20 + ofCycle)).reduce((a, b) => a + b) /
      20
    const means = Array.from({ length: 20 }, (_, minute) => meanAt(minute))
    const all = means.reduce((a, b) => a + b) / means.length
    for (const mean of means) expect(Math.abs(mean / all - 1)).toBeLessThan(0.3)
  })

  it('rests on days of rest and in closures, unless it never does', () => {
    for (const on of ['2026-03-07', '2026-03-08', '2026-02-18']) {
      expect(cornersOf(line({}), on)).toEqual([{ minute: 0, value: 2 }])
      expect(cornersOf(line({ restDays: [] }), on).length).toBeGreaterThan(100)
    }
    expect(cornersOf(line({ restDays: ['friday'] }), FRIDAY)).toEqual([{ minute: 0, value: 2 }])
  })

  it('ends a night shift in the morning after, though that is a day of rest', () => {
    const night = line({ shifts: [['22:00', '05:00']], standby: 0 })
    const working = (on: string): number[] =>
      cornersOf(night, on)
        .filter(({ value }) => value > 30)
        .map(({ minute }) => minute)
    const saturday = working('2026-03-07')
    expect(saturday.length).toBeGreaterThan(50)
    expect(Math.max(...saturday)).toBeLessThan(5 * 60)
    expect(working('2026-03-08')).toEqual([])
    const monday = working('2026-03-09')
    expect(Math.min(...monday)).toBeGreaterThan(22 * 60)
  })
})
