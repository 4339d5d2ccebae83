import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { SLOT_MS } from '#contract/grid.ts'
import { planTariffContradictions, tariffContradictions } from './tariff-check.ts'
import { tariffClock } from './tariff-clock.ts'
import { tariffPeriods } from './price.ts'
import { tariffFile, type Tariff } from './tariff.ts'
import { accountingPlan } from '../accounting-plan.ts'

const read = (name: string): unknown => parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const tariffs: Readonly<Record<string, Tariff>> = {
  tianjin: tariffFile.parse(read('../tariffs/tianjin.yaml')),
  'with-holidays': tariffFile.parse(read('cases/with-holidays.yaml')),
}
const tariff = (id: string): Tariff => {
  const found = tariffs[id]
  if (found === undefined) throw new Error(`no tariff ${id}`)
  return found
}
const msOf = (text: string): number => Temporal.Instant.from(text).epochMilliseconds

const messages = (file: unknown): string[] =>
  tariffContradictions(tariffFile.parse(file)).map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('A tariff file', () => {
  it.each(Object.keys(tariffs))('%s holds its own rules', (id) => {
    expect(tariffContradictions(tariff(id))).toEqual([])
  })

  const dayCases = z
    .array(z.strictObject({ title: z.string(), periods: z.unknown(), expect: z.array(z.string()) }))
    .parse(read('cases/check.yaml'))
  it.each(dayCases)('$title', ({ periods, expect: expected }) => {
    const months = Array.from({ length: 12 }, (_, index) => index + 1)
    const file = {
      id: 'case',
      name: { zh: '例', en: 'case' },
      region: 'nowhere',
      schedules: [
        {
          from: '2026-01-01',
          document: 'none',
          source: 'none',
          confidence: 'unverified',
          seasons: [{ name: { zh: '全年', en: 'All year' }, months, days: [{ periods }] }],
        },
      ],
    }
    expect(tariffContradictions(tariffFile.parse(file)).map(({ message }) => message)).toEqual(expected)
  })

  it('has no month in no season, no overlapping validity, no holidays without a calendar, no multiple of itself', () => {
    const whole = tariff('with-holidays')
    const [schedule] = whole.schedules
    const { calendar: _, ...uncalendared } = schedule ?? expect.unreachable()
    const [season] = uncalendared.seasons
    const wrong = {
      ...whole,
      schedules: [
        {
          ...uncalendared,
          to: '2026-12-31',
          seasons: [{ ...season, months: [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }],
        },
        {
          ...schedule,
          from: '2026-12-01',
          multipliers: { peak: { of: 'valley', times: '2' }, valley: { of: 'peak', times: '0.5' } },
        },
      ],
    }
    expect(messages(wrong)).toEqual([
      'schedules.1.from: overlaps with the one from 2026-01-01',
      'schedules.0.seasons: month 1 is in 2 seasons',
      'schedules.0.seasons: month 12 is in 0 seasons',
      ...[0, 1, 2].map(
        (day) =>
          `schedules.0.seasons.0.days.${day}.on: kinds of day differ, but there is no calendar of holidays`,
      ),
      'schedules.1.multipliers.peak: peak is a multiple of itself',
      'schedules.1.multipliers.valley: valley is a multiple of itself',
      'schedules.1.multipliers: several periods are no multiple of another: flat, deepValley',
    ])
  })

  it('has a price for every period, without overlap, or multipliers to make it of', () => {
    const row = { from: '2026-01-01', document: 'bill', confidence: 'unverified' }
    const energy = { by: 'period', cnyPerKwh: { peak: '1', flat: '0.6' } }
    const prices = [
      { ...row, to: '2026-07-01', energy },
      { ...row, from: '2026-06-01', energy: { by: 'multiplier', floatingCnyPerKwh: '0.5' } },
    ]
    expect(messages({ ...tariff('tianjin'), prices })).toEqual([
      'prices.1.from: overlaps with the one from 2026-01-01',
      'prices.0.energy: there is no price for the period sharp',
      'prices.0.energy: there is no price for the period valley',
    ])
    expect(messages({ ...tariff('with-holidays'), prices: [prices[1]] })).toEqual([
      'prices.0.energy: the tariff’s schedule from 2026-01-01 has no multipliers',
    ])
  })

  it('is named by accounts, or the plan is told of', () => {
    const plan = accountingPlan.parse(read('../../firmware-config/examples/demo-park/accounting.yaml'))
    const [account] = plan.accounts
    const wrong = { ...plan, accounts: [{ ...account, tariff: 'none' }] }
    expect(planTariffContradictions(accountingPlan.parse(wrong), new Map())).toEqual([
      { path: ['accounts', 0, 'tariff'], message: 'there is no tariff none' },
    ])
  })
})

describe('The clock of a tariff', () => {
  const cases = z
    .array(z.strictObject({ tariff: z.string(), at: z.string(), period: z.enum([...tariffPeriods, 'none']) }))
    .parse(read('cases/periods.yaml'))
  it.each(cases)('$tariff at $at: $period', ({ tariff: id, at, period }) => {
    expect(tariffClock(tariff(id))(msOf(at))?.period ?? 'none').toBe(period)
  })

  test('tells one period of every slot of its validity, in whatever order they are asked', () => {
    const first = msOf('2025-10-01T00:00+08:00')
    const clock = tariffClock(tariff('tianjin'))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 96 * 800 }), { maxLength: 40 }), (slots) => {
        for (const slot of slots) {
          const slotMs = first + slot * SLOT_MS
          expect(clock(slotMs)?.period).toBe(tariffClock(tariff('tianjin'))(slotMs)?.period)
          expect(clock(slotMs)).toBeDefined()
        }
      }),
      { numRuns: 20 },
    )
  })

  test('goes by the time on the wall where clocks are changed', () => {
    const clock = tariffClock({ ...tariff('tianjin'), timeZone: 'Europe/Berlin' })
    // The night of 2026-10-25: 02:00 comes twice, then it is valley until six.
    expect(clock(msOf('2026-10-25T05:45+01:00'))?.period).toBe('valley')
    expect(clock(msOf('2026-10-25T06:00+01:00'))?.period).toBe('flat')
  })
})
