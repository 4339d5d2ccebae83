import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { add, subtract, toNumber } from '#contract/amount.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import { gapReasons, type Reason } from '#simulators/grade-reasons.ts'
import { gradeJson, gradeReport } from '#simulators/grade-report.ts'
import { gradablePeriod, gradeMeter, isClean, type GradedMeter } from '#simulators/grade.ts'
import { TRUTH_RESOLUTION } from '#simulators/truth-energy.ts'
import { floatStepOf, gradedPast, registerIntervalOf } from './support/graded-past.ts'
import { pastPark } from './support/past.ts'

const past = pastPark()
const fromMs = Date.parse('2026-03-02T00:00:00+08:00')
const period = { fromMs, toMs: fromMs + 9 * 24 * 3_600_000 }

let folder: string
let meters: readonly GradedMeter[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-grade-'))
  const made = await gradedPast(past, folder, period)
  meters = made.meters
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

const rules = { period, reasons: [], answerMs: 0 }
const meterNamed = (id: string): GradedMeter => {
  const found = meters.find(({ meter }) => meter === id)
  if (found === undefined) throw new RangeError(id)
  return found
}

describe('An untouched past', () => {
  it('differs from the truth by nothing but the steps of its registers', () => {
    expect(meters.length).toBeGreaterThanOrEqual(10)
    expect(gradablePeriod(meters.map(({ intervals }) => intervals))).toEqual(period)
    for (const meter of meters) {
      const grade = gradeMeter(meter, rules)
      expect(grade.findings, meter.meter).toEqual([])
      expect(grade.missing).toBe(0)
      expect([...grade.methods.keys()]).toEqual(['measured'])
      expect(Math.abs(toNumber(grade.platform) - toNumber(grade.truth)), meter.meter).toBeLessThanOrEqual(
        meter.step + floatStepOf(meter) + 1e-5,
      )
    }
    expect(isClean(meters.map((meter) => gradeMeter(meter, rules)))).toBe(true)
  })
})

describe('What is left open', () => {
  const openIn = (meter: GradedMeter, index: number, more: number): Interval[] => {
    const whole = registerIntervalOf(meter, index)
    const [fromMs, toMs] = [whole.slotMs + 300_000, whole.slotMs + 420_000]
    const at = (atMs: number) => ({ atMs, register: whole.opening.register })
    const undecided = [{ from: at(fromMs), to: at(toMs), reason: 'register-decreased' as const }]
    const resolution = TRUTH_RESOLUTION
    const within = meter.truthIn({ fromMs, toMs })
    const energy = add(subtract(whole.energy, within), { count: more, resolution })
    return meter.intervals.with(index, { ...whole, energy, undecided })
  }

  it('is lost, once, and what lies around it in the same slot is judged without it', () => {
    const meter = meterNamed('computing-it')
    const { slotMs } = registerIntervalOf(meter, 200)
    const [fromMs, toMs] = [slotMs + 300_000, slotMs + 420_000]
    const { findings } = gradeMeter({ ...meter, intervals: openIn(meter, 200, 0) }, rules)
    expect(findings).toMatchObject([{ cause: 'lost', fromMs, toMs, truth: meter.truthIn({ fromMs, toMs }) }])
    const short = gradeMeter({ ...meter, intervals: openIn(meter, 200, -5_000_000) }, rules)
    expect(short.findings.map(({ cause }) => cause).toSorted()).toEqual(['lost', 'short'])
  })

  it('over the line between two slots is one loss, with the reason of either side', () => {
    const meter = meterNamed('computing-it')
    const [first, second] = [registerIntervalOf(meter, 200), registerIntervalOf(meter, 201)]
    const lineMs = second.slotMs
    const [fromMs, toMs] = [lineMs - 60_000, lineMs + 3_000]
    const point = (atMs: number) => ({ atMs, register: first.closing.register })
    const edge = (atMs: number) => ({
      ...point(atMs),
      method: 'measured' as const,
      before: point(atMs),
      after: point(atMs),
    })
    const undecided = [{ from: point(fromMs), to: point(toMs), reason: 'register-decreased' as const }]
    const energyIn = (from: number, to: number) => meter.truthIn({ fromMs: from, toMs: to })
    const intervals = meter.intervals
      .with(200, { ...first, closing: edge(fromMs), energy: energyIn(first.slotMs, fromMs), undecided })
      .with(201, { ...second, opening: edge(toMs), energy: energyIn(toMs, lineMs + SLOT_MS), undecided })
    const reasons = [
      { fromMs: fromMs + 1, toMs: fromMs + 1, meters: new Set([meter.meter]), text: 'fault s1 reset' },
    ]
    const { findings } = gradeMeter({ ...meter, intervals }, { ...rules, reasons })
    expect(findings).toMatchObject([{ cause: 'lost', fromMs, toMs, reasons: ['fault s1 reset'] }])
  })

  it('of the newest slot, while its readings come, is not graded yet', () => {
    const [one, other] = [meterNamed('computing-it'), meterNamed('park-incoming')]
    const whole = other.intervals.length - 1
    const last = registerIntervalOf(other, whole)
    const closing = { ...last.closing, atMs: last.slotMs + 60_000 }
    const intervals = other.intervals.with(whole, { ...last, closing })
    const newest = gradablePeriod([one.intervals, intervals])
    expect(newest).toEqual({ fromMs: period.fromMs, toMs: period.toMs - SLOT_MS })
  })
})

describe('A damage', () => {
  const slots = fc.uniqueArray(fc.integer({ min: 1, max: 800 }), { minLength: 1, maxLength: 6 })

  it('that takes intervals away is found as what they held, stretch by stretch', () => {
    const meter = meterNamed('computing-it')
    fc.assert(
      fc.property(slots, (taken) => {
        const gone = new Set(taken)
        const intervals = meter.intervals.filter((_, index) => !gone.has(index))
        const grade = gradeMeter({ ...meter, intervals }, rules)
        expect(grade.missing).toBe(taken.length)
        expect(new Set(grade.findings.map(({ cause }) => cause))).toEqual(new Set(['lost']))
        const lost = grade.findings.reduce((sum, finding) => sum + finding.truth.count, 0)
        const held = taken.reduce((sum, index) => {
          const { slotMs } = registerIntervalOf(meter, index)
          return sum + meter.truthIn({ fromMs: slotMs, toMs: slotMs + SLOT_MS }).count
        }, 0)
        expect(lost).toBe(held)
      }),
      { numRuns: 20 },
    )
  })

  it('that changes an interval is found by its cause, where it is', () => {
    for (const meter of meters) {
      const target = registerIntervalOf(meter, 400)
      for (const sign of [1, -1]) {
        // Three steps, less the step that both ends may hide; a 32-bit float hides more.
        const steps = 3 + Math.ceil((2 * floatStepOf(meter)) / meter.step)
        const change = { count: sign * steps, resolution: target.energy.resolution }
        const changed = { ...target, energy: add(target.energy, change) }
        const intervals = meter.intervals.with(400, changed)
        const { findings } = gradeMeter({ ...meter, intervals }, rules)
        expect(findings, meter.meter).toHaveLength(1)
        expect(findings[0]).toMatchObject({
          cause: sign > 0 ? 'invented' : 'short',
          fromMs: target.slotMs,
          toMs: target.slotMs + SLOT_MS,
          reasons: [],
        })
      }
    }
  })

  it('is forgiven where a gap record or a fault explains it, and only there', () => {
    const meter = meterNamed('steel-drawing-line')
    const { slotMs } = registerIntervalOf(meter, 100)
    const intervals = meter.intervals.filter((_, index) => index !== 100 && index !== 300)
    const fault: Reason = {
      fromMs: slotMs + 1,
      toMs: slotMs + 2,
      meters: new Set([meter.meter]),
      text: 'fault s1 silent',
    }
    const gap = {
      v: 1 as const,
      kind: 'gap' as const,
      gateway: 'gateway-east',
      epoch: 'a'.repeat(32),
      seq: 1,
      cause: 'quota' as const,
      lost: { epoch: 'a'.repeat(32), firstSeq: 1, lastSeq: 2 },
      fromMs: slotMs,
      toMs: slotMs + 1,
    }
    const foreign = { ...fault, meters: new Set(['food-incoming']) }
    for (const reasons of [[fault], gapReasons([gap], past.park)]) {
      const grade = gradeMeter({ ...meter, intervals }, { ...rules, reasons })
      expect(grade.findings.map((finding) => finding.reasons.length)).toEqual([1, 0])
      expect(isClean([grade])).toBe(false)
    }
    const unexplained = gradeMeter({ ...meter, intervals }, { ...rules, reasons: [foreign] })
    expect(unexplained.findings.map((finding) => finding.reasons)).toEqual([[], []])
  })
})

describe('A grade', () => {
  it('is printed for people and for programs', () => {
    const meter = meterNamed('park-pv')
    const grade = gradeMeter({ ...meter, intervals: meter.intervals.toSpliced(50, 1) }, rules)
    const text = gradeReport([grade], period, () => 'kWh')
    expect(text).toMatch(/park-pv +kWh +864 /)
    expect(text).toMatch(/lost park-pv .*: truth \d+\.\d{3}, platform –: NO REASON/)
    const parsed: unknown = JSON.parse(gradeJson([grade], period, () => 'kWh'))
    expect(parsed).toMatchObject({
      clean: false,
      period,
      meters: [{ meter: 'park-pv', slots: 864, missing: 1, findings: [{ cause: 'lost', platform: null }] }],
    })
  })

  it('judges what was interpolated by the readings at its ends', () => {
    const meter = meterNamed('food-incoming')
    const [first, second] = [registerIntervalOf(meter, 10), registerIntervalOf(meter, 11)]
    const total = toNumber(add(first.energy, second.energy))
    const shared = (share: number): Interval[] => {
      const line = { ...first.closing, method: 'interpolated' as const }
      const energyOf = (part: number) => ({ count: Math.round(total * part * 100), resolution: '0.01' })
      return [
        { ...first, energy: energyOf(share), method: 'interpolated', closing: line },
        { ...second, energy: energyOf(1 - share), method: 'interpolated', opening: line },
      ]
    }
    const graded = (share: number, more: number) => {
      const [a, b] = shared(share)
      if (a?.state !== 'known' || b === undefined) throw new RangeError('two intervals')
      const given = { ...a, energy: add(a.energy, { count: more, resolution: '1' }) }
      return gradeMeter({ ...meter, intervals: meter.intervals.with(10, given).with(11, b) }, rules)
    }
    const fair = graded(0.9, 0)
    expect(fair.findings).toEqual([])
    expect(fair.methods.get('interpolated')?.slots).toBe(2)
    expect(graded(0.9, 50).findings).toMatchObject([
      { cause: 'invented', fromMs: first.slotMs, toMs: second.slotMs + SLOT_MS },
    ])
  })
})
