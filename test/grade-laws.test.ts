import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, subtract, toNumber, type Amount } from '#contract/amount.ts'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import type { RegisterReading } from '#contract/reading.ts'
import { energyOf } from '#intervals/energy.ts'
import { gradeMeter, type GradedMeter, type MeterGrade } from '#simulators/grade.ts'
import { TRUTH_RESOLUTION } from '#simulators/truth-energy.ts'
import { parkOf } from './support/installation.ts'

/** Laws of the grade, over intervals that the platform itself makes of readings at any moments. */

const STEP = '0.01'
const startMs = Date.parse('2026-03-02T00:00:00+08:00')
const SLOTS = 16
const ANSWER_MS = 500

const meter = indexPark(parkDescription.parse(parkOf({ graded: 'gw' }))).meters.get('graded')
if (meter === undefined) throw new RangeError('the park has the meter')

/** A load that is never still: its mean and swing in kW. */
const load = fc.record({
  mean: fc.integer({ min: 50, max: 5_000 }),
  swing: fc.double({ min: 0, max: 0.95, noNaN: true }),
})
type Load = typeof load extends fc.Arbitrary<infer T> ? T : never
const PERIOD_MS = 1_700_000

const flowedTo = ({ mean, swing }: Load, atMs: number): number => {
  const t = atMs - startMs + 3_600_000
  const omega = (2 * Math.PI) / PERIOD_MS
  return (mean * (t + (swing / omega) * (1 - Math.cos(omega * t)))) / 3_600_000
}
const truthOf =
  (of: Load): GradedMeter['truthIn'] =>
  ({ fromMs, toMs }) => {
    const counted = (atMs: number): Amount => ({
      count: Math.round(flowedTo(of, atMs) * 1e6),
      resolution: TRUTH_RESOLUTION,
    })
    return subtract(counted(toMs), counted(fromMs))
  }

/** Moments of reading, each a moment or several slots after the one before; some at a line, a little beside it. */
const reading = fc.record({
  afterMs: fc.oneof(
    fc.integer({ min: 10_000, max: 600_000 }),
    fc.integer({ min: 600_000, max: 4 * SLOT_MS }),
  ),
  atLine: fc.boolean(),
  besideMs: fc.integer({ min: -1_500, max: 1_500 }),
  answerMs: fc.integer({ min: 0, max: ANSWER_MS }),
})
const readings = fc.array(reading, { minLength: 6, maxLength: 40 })
type Read = typeof readings extends fc.Arbitrary<infer T> ? T : never

function registerReadings(of: Load, given: Read): RegisterReading[] {
  let atMs = startMs - SLOT_MS
  return given.flatMap(({ afterMs, atLine, besideMs, answerMs }) => {
    const next = atMs + afterMs
    const moment = atLine ? Math.round(next / SLOT_MS) * SLOT_MS + besideMs : next
    if (moment <= atMs) return []
    atMs = moment
    const count = Math.floor(flowedTo(of, moment - answerMs) / Number(STEP))
    const value = { count, resolution: STEP }
    return [{ meter: meter?.id ?? '', atMs, quantity: 'activeEnergyImport.total', quality: 'good', value }]
  })
}

const window: Period = { fromMs: startMs, toMs: startMs + SLOTS * SLOT_MS }
const intervalsOf = (of: Load, given: Read): readonly Interval[] =>
  energyOf(
    meter,
    'activeEnergyImport.total',
    { before: undefined, within: registerReadings(of, given), after: undefined },
    window,
  )
const gradeOf = (of: Load, intervals: readonly Interval[], period: Period): MeterGrade =>
  gradeMeter(
    {
      meter: meter.id,
      intervals,
      truthIn: truthOf(of),
      step: Number(STEP),
      isFloat32: false,
      eventsMs: [],
      isScaled: false,
    },
    { period, reasons: [], answerMs: ANSWER_MS },
  )
/** What has no cause of a grade's difference, in the register's unit. */
const leftOf = ({ platform, truth, differences }: MeterGrade): number =>
  toNumber(
    differences.reduce((left, { difference }) => subtract(left, difference), subtract(platform, truth)),
  )

const slots = fc
  .tuple(fc.integer({ min: 0, max: SLOTS - 1 }), fc.integer({ min: 1, max: SLOTS }))
  .map(([from, length]) => ({
    fromMs: startMs + from * SLOT_MS,
    toMs: startMs + Math.min(SLOTS, from + length) * SLOT_MS,
  }))

describe('The grade of intervals from readings at any moments', () => {
  it('finds nothing short or invented, and names the cause of all but what readings round away', () => {
    fc.assert(
      fc.property(load, readings, slots, (of, given, period) => {
        const grade = gradeOf(of, intervalsOf(of, given), period)
        expect(grade.findings.filter(({ cause }) => cause !== 'lost')).toEqual([])
        expect(grade.differences.filter(({ cause }) => cause === 'unjudged')).toEqual([])
        expect(Math.abs(leftOf(grade))).toBeLessThanOrEqual(grade.rounding)
        const chains = 1 + grade.findings.length
        const flowing = (2 * of.mean * (1 + of.swing) * (ANSWER_MS * 1.1)) / 3_600_000
        expect(grade.rounding).toBeLessThanOrEqual(chains * (Number(STEP) + flowing + 1e-5))
      }),
      { numRuns: 300 },
    )
  })

  it('sees a change of any interval’s energy that is larger than that, however the interval came about', () => {
    fc.assert(
      fc.property(
        load,
        readings,
        slots,
        fc.nat(),
        fc.constantFrom(1, -1),
        (of, given, period, which, sign) => {
          const intervals = intervalsOf(of, given)
          const known = intervals.filter(
            ({ slotMs, state }) => state === 'known' && period.fromMs <= slotMs && slotMs < period.toMs,
          )
          const target = known[which % Math.max(1, known.length)]
          fc.pre(target?.state === 'known')
          if (target?.state !== 'known') return
          const before = gradeOf(of, intervals, period)
          const count = sign * Math.ceil((2 * before.rounding) / Number(STEP) + 1)
          const energy = add(target.energy, { count, resolution: STEP })
          const changed = intervals.map((each) => (each === target ? { ...target, energy } : each))
          const grade = gradeOf(of, changed, period)
          const cause = sign > 0 ? 'invented' : 'short'
          const isFound = grade.findings.some((each) => each.cause === cause)
          // What one run hides, because much flows while the answers at its ends travel, is too much for its chain.
          expect(isFound || Math.abs(leftOf(grade)) > grade.rounding).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })
})
