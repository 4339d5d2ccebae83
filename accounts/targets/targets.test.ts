import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { accountingPlan } from '../accounting-plan.ts'
import { decimal, textOf, type Decimal } from '../decimal.ts'
import { forecastRest } from './forecast.ts'
import { daysIn, deducted, laterMonth, monthsOf, type MonthFigure } from './month-figure.ts'
import { warningGradeOf, targetStatus } from './pace.ts'
import { peakCurve } from './peak-curve.ts'
import { targetContradictions } from './target-check.ts'
import { deductionFile, targetFile } from './target.ts'

const read = (path: string): unknown => parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const demo = '../../firmware-config/examples/demo-park/'
const { rules } = deductionFile.parse(read('deductions.yaml'))
const plan = accountingPlan.parse(read(`${demo}accounting.yaml`))
const base = {
  park: 'demo-park',
  warnings: {
    document: 'none',
    grades: [
      { id: 'on-track', name: { zh: '正常', en: 'On track' }, colour: 'green', from: '0' },
      { id: 'watch', name: { zh: '关注', en: 'Watch' }, colour: 'yellow', from: '0.97' },
      { id: 'exceeded', name: { zh: '超标', en: 'Exceeded' }, colour: 'red', from: '1' },
    ],
  },
} as const
const target = {
  id: 'total',
  account: 'demo-park',
  year: 2026,
  of: 'energy',
  limit: '1200',
  document: 'none',
  confidence: 'unverified',
} as const
const file = targetFile.parse({ ...base, targets: [target] })
const parsed = (over: object): (typeof file.targets)[number] =>
  targetFile.parse({ ...base, targets: [{ ...target, ...over }] }).targets[0] ?? expect.unreachable()

/** Months from one on; a figure that is a season around a level, by the number of the month. */
const months = (
  first: string,
  count: number,
  tonnes: (month: string, index: number) => number,
): MonthFigure[] =>
  Array.from({ length: count }, (_, index) => {
    const month = laterMonth(first, index)
    return { month, tonnes: decimal(String(Number(tonnes(month, index).toFixed(6)))), complete: true }
  })
const season = (month: string): number =>
  [140, 130, 110, 90, 80, 85, 95, 95, 80, 90, 110, 135][Number(month.slice(5)) - 1] ?? 0
const text = (value: Decimal | undefined): string | undefined =>
  value === undefined ? undefined : textOf(value)

describe('A target’s pace', () => {
  it('is held against the share that these months had last year', () => {
    const figures = months('2024-01', 33, season)
    const status = targetStatus(parsed({}), { tonnes: figures }, '2026-09', file.warnings.grades)
    expect(text(status.toDate)).toBe('905')
    expect(status.pace).toMatchObject({ basis: 'last-year' })
    expect(status.pace?.usualShare).toBeCloseTo(905 / 1240, 12)
    expect(status.pace?.ratio).toBeCloseTo(1240 / 1200, 12)
    expect(text(status.left)).toBe('295')
    expect(status.missing).toEqual([])
    if ('reason' in status.forecast) expect.unreachable()
    // Every year is like the other: the seasonal model has no error, and the band is a line.
    expect(status.forecast).toMatchObject({ tonnes: { model: 'seasonal' } })
    expect(status.forecast.expected).toBeCloseTo(1240, 6)
    expect(status.forecast.high - status.forecast.low).toBeLessThan(1e-6)
    expect(status.grade?.id).toBe('exceeded')
  })

  it('falls back to days where last year is not complete, and says so', () => {
    const status = targetStatus(
      parsed({}),
      { tonnes: months('2025-11', 12, () => 100) },
      '2026-10',
      file.warnings.grades,
    )
    expect(status.pace?.basis).toBe('days')
    expect(status.pace?.usualShare).toBeCloseTo(304 / 365, 12)
    if ('reason' in status.forecast) expect.unreachable()
    expect(status.forecast.tonnes.model).toBe('daily-mean')
    expect(status.forecast.tonnes.backtest.trials.length).toBeGreaterThanOrEqual(3)
    const { low, expected, high } = status.forecast
    expect(low).toBeLessThan(expected)
    expect(high).toBeGreaterThan(1200)
    expect(status.gradeAtHigh?.id).toBe('exceeded')
  })

  it('names the months that are missing, and then forecasts nothing', () => {
    const figures = months('2025-01', 20, season).map((figure) =>
      figure.month === '2026-03' ? { ...figure, complete: false } : figure,
    )
    const status = targetStatus(parsed({}), { tonnes: figures }, '2026-08', file.warnings.grades)
    expect(status.missing).toEqual(['2026-03'])
    expect(text(status.toDate)).toBe(String(825 - 110))
    // Last year was the same: without March on both sides, and nothing can be said to be left.
    expect(status.pace?.usualShare).toBeCloseTo((825 - 110) / 1240, 12)
    expect(status.pace?.ratio).toBeCloseTo(1240 / 1200, 12)
    expect(status.left).toBeUndefined()
    expect(status.forecast).toEqual({ reason: 'month-missing', months: ['2026-03'] })
    expect(status.grade).toBeUndefined()
  })

  it('of an intensity is tonnes over output, and what is left follows from the output to come', () => {
    const intensity = {
      intensity: { per: 'output-value', measure: 'value-added', prices: '2020' },
      limit: '0.5',
    }
    const status = targetStatus(
      parsed({ ...intensity, baseYear: 2025, baseValue: '0.5' }),
      { tonnes: months('2024-01', 34, () => 40), output: months('2024-01', 34, () => 100) },
      '2026-10',
      file.warnings.grades,
    )
    expect(text(status.toDate)).toBe('0.4')
    expect(status.pace).toBeUndefined()
    if ('reason' in status.forecast) expect.unreachable()
    expect(status.forecast.expected).toBeCloseTo(0.4, 9)
    expect(text(status.left)).toBe('200')
    expect(status.changeAgainstBase).toBeCloseTo(-0.2, 9)
    expect(status.grade?.id).toBe('on-track')
  })
})

describe('A forecast', () => {
  it('is refused where the past is too short to try a model on', () => {
    expect(forecastRest(months('2026-01', 4, season), '2026-04')).toEqual({ reason: 'history-too-short' })
  })

  it('of a year that is over is nothing more', () => {
    expect(forecastRest(months('2026-01', 12, season), '2026-12')).toMatchObject({ remaining: 0, months: [] })
  })

  test('follows whatever factor all of it is multiplied with, and its trials never looked ahead', () => {
    const values = fc.array(fc.integer({ min: 50, max: 150 }), { minLength: 34, maxLength: 34 })
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 9 }), (tonnes, factor) => {
        const one = forecastRest(
          months('2024-01', 34, (_, index) => tonnes[index] ?? 0),
          '2026-10',
        )
        const other = forecastRest(
          months('2024-01', 34, (_, index) => (tonnes[index] ?? 0) * factor),
          '2026-10',
        )
        if ('reason' in one || 'reason' in other) expect.unreachable()
        expect(other.remaining / one.remaining).toBeCloseTo(factor, 9)
        for (const { after, until } of one.backtest.trials)
          expect(after < until && until <= '2026-10').toBe(true)
        expect(one.low).toBeLessThanOrEqual(one.remaining)
      }),
      { numRuns: 30 },
    )
  })

  test('a month that is still to come changes no trial', () => {
    const past = months('2024-01', 34, season)
    const later = [...past, ...months('2026-11', 2, () => 9_999)]
    expect(forecastRest(past, '2026-10')).toEqual(forecastRest(later, '2026-10'))
  })
})

describe('Deductions', () => {
  it('take away raw material and newly added renewables, never more than that', () => {
    const figures = months('2026-01', 3, () => 100)
    const found = deducted(figures, {
      feedstock: new Map(['2026-01', '2026-02'].map((month) => [month, decimal('10')])),
      renewable: new Map([
        ['2026-01', decimal('8')],
        ['2025-01', decimal('5')],
        ['2026-02', decimal('2')],
        ['2025-02', decimal('5')],
      ]),
      baseYear: 2025,
    })
    expect(found.map(({ tonnes, complete }) => [text(tonnes), complete])).toEqual([
      ['87', true],
      ['90', true],
      // What was deducted is not known, so nothing is.
      [undefined, false],
    ])
  })
})

describe('The curve to the peak', () => {
  const scenario = {
    id: 'planned',
    name: { zh: '规划', en: 'Planned' },
    of: 'carbon',
    until: 2032,
    growth: [
      { from: 2027, rate: { percent: '2', low: '1', high: '3', document: 'none' } },
      { from: 2030, rate: { percent: '-2', low: '-4', high: '1', document: 'none' } },
    ],
    projects: ['pv'],
  }
  const projects = [
    {
      id: 'pv',
      name: { zh: '光伏', en: 'PV' },
      account: 'demo-park',
      from: '2028-07',
      of: 'carbon',
      change: { by: 'tonnes', perYear: '-100' },
      document: 'none',
    },
    {
      id: 'unused',
      name: { zh: '其他', en: 'Other' },
      account: 'demo-park',
      from: '2028-01',
      of: 'carbon',
      change: { by: 'percent', percent: '50' },
      document: 'none',
    },
  ]
  const { scenarios, projects: parsedProjects } = targetFile.parse({
    ...base,
    scenarios: [scenario],
    projects,
  })
  const from = { year: 2026, tonnes: 1000, low: 990, high: 1020, basis: 'forecast' } as const

  it('compounds growth, adds projects from their month on, and names its peak with the band', () => {
    const curve = peakCurve(from, scenarios[0] ?? expect.unreachable(), parsedProjects)
    expect(curve.years.map(({ year }) => year)).toEqual([2027, 2028, 2029, 2030, 2031, 2032])
    expect(curve.years[0]?.expected).toBeCloseTo(1020, 9)
    expect(curve.years[1]?.expected).toBeCloseTo(1020 * 1.02 - 50, 9)
    expect(curve.years[2]?.expected).toBeCloseTo(1020 * 1.02 * 1.02 - 100, 9)
    expect(curve.peak).toEqual({ expected: 2027, low: 2027, high: 2027 })
  })

  it('adds no more of a project than is not in its first year yet', () => {
    const works = (start: string, change: object) => {
      const [project] = targetFile.parse({
        ...base,
        projects: [{ ...projects[0], from: start, change }],
      }).projects
      const flat = {
        ...scenario,
        growth: [{ from: 2027, rate: { percent: '0', low: '0', high: '0', document: 'd' } }],
      }
      const [parsed] = targetFile.parse({ ...base, scenarios: [flat] }).scenarios
      if (project === undefined || parsed === undefined) expect.unreachable()
      return peakCurve(from, parsed, [project]).years[0]?.expected
    }
    const tonnes = { by: 'tonnes', perYear: '-100' }
    expect(works('2025-03', tonnes)).toBe(1000)
    // A quarter of it is in 2026.
    expect(works('2026-10', tonnes)).toBe(925)
    expect(works('2027-01', tonnes)).toBe(900)
    // 1,000 t are 1 + 0.25 × 0.1 of what there would be without it.
    expect(works('2026-10', { by: 'percent', percent: '10' })).toBeCloseTo((1000 / 1.025) * 1.1, 9)
  })

  it('has no peak while it still rises at its end', () => {
    const rising = { ...scenario, until: 2029, projects: [] }
    const parsed = targetFile.parse({ ...base, scenarios: [rising] }).scenarios[0] ?? expect.unreachable()
    expect(peakCurve(from, parsed, []).peak).toEqual({ expected: undefined, low: undefined, high: undefined })
  })

  test('the band holds the expectation, in every year', () => {
    const rate = fc.integer({ min: -5, max: 8 })
    fc.assert(
      fc.property(rate, fc.nat(4), fc.nat(4), (percent, below, above) => {
        const growth = {
          percent: String(percent),
          low: String(percent - below),
          high: String(percent + above),
          document: 'none',
        }
        const one = targetFile.parse({
          ...base,
          projects,
          scenarios: [{ ...scenario, growth: [{ from: 2027, rate: growth }] }],
        })
        const curve = peakCurve(from, one.scenarios[0] ?? expect.unreachable(), one.projects)
        for (const { low, expected, high } of curve.years)
          expect(low <= expected && expected <= high).toBe(true)
      }),
    )
  })
})

describe('targets.yaml', () => {
  it('names nobody who is not there', () => {
    const wrong = targetFile.parse({
      ...base,
      park: 'other',
      warnings: {
        document: 'none',
        grades: [
          { ...base.warnings.grades[0], from: '0.5' },
          { ...base.warnings.grades[1], from: '0.4' },
        ],
      },
      targets: [
        { ...target, account: 'nobody' },
        { ...target, of: 'carbon', deducts: ['feedstock'] },
        {
          ...target,
          id: 'third',
          account: 'steel',
          deducts: ['new-renewable'],
          intensity: { per: 'product', product: 'none', unit: 't' },
        },
        {
          ...target,
          id: 'fourth',
          account: 'steel',
          intensity: { per: 'product', product: 'steel-tube', unit: 'kg' },
        },
      ],
      projects: [],
      scenarios: [
        {
          id: 's',
          name: { zh: 's', en: 's' },
          of: 'carbon',
          until: 2030,
          projects: ['none'],
          growth: [{ from: 2027, rate: { percent: '1', low: '1', high: '1', document: 'd' } }],
        },
      ],
    })
    expect(targetContradictions(wrong, plan, rules).map(({ message }) => message)).toEqual([
      'the accounting plan is of demo-park',
      'total stands twice',
      'there is no account nobody',
      'feedstock is no deduction from carbon',
      'steel has no product none',
      'what is newly added needs a base year',
      'steel-tube is counted in t, not in kg',
      'grades stand in rising order',
      'the first grade holds from "0" on',
      'there is no project none',
    ])
    expect(targetContradictions(file, plan, rules)).toEqual([])
  })

  it('grades by thresholds that are data', () => {
    expect([0.5, 0.97, 0.9999, 1, 3].map((ratio) => warningGradeOf(ratio, file.warnings.grades)?.id)).toEqual(
      ['on-track', 'watch', 'watch', 'exceeded', 'exceeded'],
    )
    expect(monthsOf(2026)).toHaveLength(12)
    expect(daysIn('2024-02')).toBe(29)
  })
})
