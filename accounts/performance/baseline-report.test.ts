import { describe, expect, test } from 'vitest'
import { decimal } from '../decimal.ts'
import { sayIn } from '../report-sheet.ts'
import { driversOf, monthsOfWish } from './baseline-months.ts'
import { baselineReport, type BaselineMonth } from './baseline-report.ts'
import { baselineSheets } from './baseline-sheets.ts'
import { baselineView, baselineViewOf } from './baseline-view.ts'

const wish = { drivers: 'tube, heating', basis: 'calorific', from: '2025-01', to: '2025-12' } as const

/** A works that takes 20 tce a month, 0.05 a tonne and 0.02 a degree day, and a little that nobody can explain. */
const month = (name: string, tonnes: number, heating: number, over: object = {}): BaselineMonth => ({
  month: name,
  energy: decimal(String(Math.round((20 + 0.05 * tonnes + 0.02 * heating + (tonnes % 7) / 100) * 1e6) / 1e6)),
  complete: true,
  drivers: { tube: tonnes, heating },
  ...over,
})
const heat = [600, 480, 300, 90, 0, 0, 0, 0, 20, 150, 340, 560]
const made = [400, 310, 520, 505, 480, 530, 495, 460, 515, 500, 525, 450]
const base = heat.map((heating, index) =>
  month(`2025-${String(index + 1).padStart(2, '0')}`, made[index] ?? 0, heating),
)

describe('A baseline', () => {
  test('finds what energy depends on, and holds later months against it', () => {
    const saved = month('2026-01', 450, 500, { energy: decimal('50') })
    const report = baselineReport(base, [saved, month('2026-02', 900, 100)], driversOf(wish))
    const view = baselineViewOf('works', 'calorific', report)
    expect(baselineView.parse(view)).toEqual(view)
    expect(view.refusal).toBeNull()
    const [constant, tube, heating] = view.model?.coefficients ?? []
    expect(constant?.value).toBeCloseTo(20, 0)
    expect(tube?.value).toBeCloseTo(0.05, 3)
    expect(heating?.value).toBeCloseTo(0.02, 3)
    const [january, february] = view.judged
    expect(january).toMatchObject({ month: '2026-01', isSignificant: true, beyondRange: [] })
    expect(january?.difference).toBeCloseTo(50 - (20 + 22.5 + 10), 1)
    expect(february?.beyondRange).toEqual(['tube'])
  })

  test('leaves out months of which something is not known, and is refused where too few are left', () => {
    const broken = base.map((each, index) =>
      index < 4
        ? { ...each, complete: false }
        : index === 4
          ? { ...each, drivers: { ...each.drivers, heating: undefined } }
          : each,
    )
    const view = baselineViewOf('works', 'calorific', baselineReport(broken, base, driversOf(wish)))
    expect(view.refusal).toEqual({ reason: 'too-few-periods', facts: { periods: 7, needed: 9 } })
    expect(view.model).toBeNull()
    expect(view.judged).toEqual([])
    expect(view.leftOut).toEqual([
      ...['2025-01', '2025-02', '2025-03', '2025-04'].map((name) => ({ month: name, why: ['energy'] })),
      { month: '2025-05', why: ['heating'] },
    ])
    const [first] = baselineSheets(
      {
        park: { zh: '园', en: 'Park' },
        whose: { zh: '厂', en: 'Works' },
        period: { name: '2025', from: '2025-01-01', to: '2026-01-01' },
        planRevision: '1',
      },
      view,
      sayIn('en'),
    )
    expect(first?.rows[0]).toEqual(['Too few complete months'])
  })

  test('is of months that follow one another, and judges those after it', () => {
    expect(monthsOfWish({ ...wish, until: '2026-02' })).toMatchObject({
      judged: ['2026-01', '2026-02'],
    })
    for (const wrong of [
      { from: '2026-01', to: '2025-12' },
      { from: '2025-01', to: '2025-12', until: '2025-12' },
      { from: '2020-01', to: '2025-12' },
    ])
      expect(() => monthsOfWish({ ...wish, ...wrong })).toThrow(
        expect.objectContaining({ code: 'request-invalid' }),
      )
  })
})
