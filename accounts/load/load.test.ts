import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { SLOT_MS } from '#contract/grid.ts'
import type { RecordedInterval } from '#contract/interval.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { decimal, quotient, rounded, textOf, type Decimal } from '../decimal.ts'
import { tariffClock } from '#accounts/tariff/tariff-clock.ts'
import { tariffFile } from '#accounts/tariff/tariff.ts'
import { hourProfile, loadFigures } from './load-figures.ts'
import { loadRuleFile } from './load-rule.ts'
import { slotEnergies, type SlotEnergy } from './slot-energy.ts'

const timeZone = 'Asia/Shanghai'
const rule = loadRuleFile.parse(parse(readFileSync(new URL('load-rule.yaml', import.meta.url), 'utf8')))
/** A Monday. */
const mondayMs = Temporal.Instant.from('2026-06-01T00:00+08:00').epochMilliseconds
const tariffAt = tariffClock(
  tariffFile.parse(parse(readFileSync(new URL('../tariffs/tianjin.yaml', import.meta.url), 'utf8'))),
)
const text = (value: Decimal | undefined, decimals?: number): string | undefined =>
  value === undefined ? undefined : textOf(decimals === undefined ? value : rounded(value, decimals))
const week = (energyOf: (slot: number) => SlotEnergy['energy']): SlotEnergy[] =>
  Array.from({ length: 7 * 96 }, (_, slot) => {
    const energy = energyOf(slot)
    return { slotMs: mondayMs + slot * SLOT_MS, energy, whole: energy !== undefined }
  })

describe('Figures of a load curve', () => {
  it('of a week that is twice as strong by day, with one peak', () => {
    const slots = week((slot) => {
      const hour = Math.floor((slot % 96) / 4)
      if (slot === 2 * 96 + 40) return decimal('100')
      return decimal(hour >= 6 && hour < 22 ? '20' : '10')
    })
    const found = loadFigures(slots, { timeZone, rule, tariffAt, contractKw: decimal('500') })
    // 16 h of 80 kW and 8 h of 40 kW a day; 80 kWh more in one slot.
    expect(text(found.energy)).toBe(String(7 * (64 * 20 + 32 * 10) + 80))
    expect(found.demand).toMatchObject({
      slotMs: mondayMs + (2 * 96 + 40) * SLOT_MS,
      measured: 672,
      unmeasured: 0,
    })
    expect(text(found.demand?.kw)).toBe('400')
    expect(text(found.contractUse)).toBe('0.8')
    expect(text(found.baseLoadKw)).toBe('40')
    expect(text(found.meanKw, 4)).toBe('67.1429')
    expect(text(found.loadFactor, 4)).toBe('0.1679')
    expect(text(found.nightShare, 4)).toBe(textOf(rounded(quotient(decimal('2240'), decimal('11280')), 4)))
    expect(text(found.weekendShare, 4)).toBe(textOf(rounded(quotient(decimal('3200'), decimal('11280')), 4)))
    expect(found.periodShares.map(({ period }) => period)).toEqual(['peak', 'flat', 'valley'])
  })

  it('of nothing are nothing, never zero', () => {
    const found = loadFigures(
      week(() => undefined),
      { timeZone, rule },
    )
    expect(found).toMatchObject({ known: 0, missing: 672 })
    for (const key of ['energy', 'demand', 'meanKw', 'loadFactor', 'baseLoadKw', 'nightShare'] as const) {
      expect(found[key]).toBeUndefined()
    }
  })

  it('of too few slots are not available, and say why; energy and the greatest of what was measured stand', () => {
    const measured = (count: number) =>
      loadFigures(
        week((slot) => (slot < count ? decimal('25') : undefined)),
        { timeZone, rule, tariffAt, contractKw: decimal('200') },
      )
    const four = measured(4)
    expect(four).toMatchObject({ known: 4, missing: 668, notAvailable: 'too-few-slots', periodShares: [] })
    expect([four.energy, four.demand?.kw, four.contractUse].map((each) => text(each))).toEqual([
      '100',
      '100',
      '0.5',
    ])
    expect(text(four.coverage, 4)).toBe('0.006')
    for (const key of ['meanKw', 'loadFactor', 'baseLoadKw', 'nightShare', 'weekendShare'] as const)
      expect(four[key]).toBeUndefined()
    // 90 % of 672 slots are 604.8.
    expect(
      [604, 605].map((count) => [measured(count).notAvailable, text(measured(count).loadFactor)]),
    ).toEqual([
      ['too-few-slots', undefined],
      [undefined, '1'],
    ])
    // All of the first hours of a period are no day yet.
    const hour = week(() => decimal('1')).slice(0, 95)
    expect(loadFigures(hour, { timeZone, rule }).notAvailable).toBe('too-few-slots')
  })

  test('base load ≤ mean ≤ maximum, and shares of the periods add up to one', () => {
    const energies = fc.array(fc.option(fc.integer({ min: 1, max: 10 ** 6 }), { freq: 9 }), {
      minLength: 672,
      maxLength: 672,
    })
    fc.assert(
      fc.property(energies, (counts) => {
        const slots = week((slot) => {
          const count = counts[slot] ?? null
          return count === null ? undefined : decimal(String(count))
        })
        const { baseLoadKw, meanKw, demand, loadFactor, periodShares } = loadFigures(slots, {
          timeZone,
          // As much as there is.
          rule: { ...rule, completeness: '0.1' },
          tariffAt,
        })
        if (baseLoadKw === undefined || meanKw === undefined || demand === undefined) return
        expect(baseLoadKw.lte(meanKw) && meanKw.lte(demand.kw)).toBe(true)
        expect(loadFactor?.lte(1)).toBe(true)
        const sum = periodShares.reduce((sum, { share }) => sum.plus(share), decimal('0'))
        expect(Math.abs(Number(textOf(sum)) - 1)).toBeLessThan(1e-15)
      }),
      { numRuns: 10 },
    )
  })
})

describe('The profile by hour and day', () => {
  it('has every hour of every day; one of which a slot is missing is null', () => {
    const profile = hourProfile(
      week((slot) => (slot === 5 ? undefined : decimal('1'))),
      timeZone,
    )
    expect(profile.map(({ date, weekday }) => [date, weekday]).slice(0, 2)).toEqual([
      ['2026-06-01', 1],
      ['2026-06-02', 2],
    ])
    expect(profile).toHaveLength(7)
    const [monday] = profile
    expect(monday?.hours.map((hour) => (hour === null ? null : textOf(hour)))).toEqual([
      '4',
      null,
      ...Array.from({ length: 22 }, () => '4'),
    ])
  })

  it('leaves an hour that the clocks skip empty, and adds up one that comes twice', () => {
    const day = (from: string, hours: number): SlotEnergy[] =>
      Array.from({ length: hours * 4 }, (_, slot) => ({
        slotMs: Temporal.Instant.from(from).epochMilliseconds + slot * SLOT_MS,
        energy: decimal('1'),
        whole: true,
      }))
    const hours = (slots: SlotEnergy[]): unknown =>
      hourProfile(slots, 'Europe/Berlin')[0]
        ?.hours.slice(1, 4)
        .map((hour) => (hour === null ? null : textOf(hour)))
    expect(hours(day('2026-03-29T00:00+01:00', 23))).toEqual(['4', null, '4'])
    expect(hours(day('2026-10-25T00:00+02:00', 25))).toEqual(['4', '8', '4'])
  })
})

describe('Slots of several meters', () => {
  const meter = {
    name: { zh: '表', en: 'meter' },
    carrier: 'electricity',
    role: 'boundary',
    gateway: 'g',
    register: 'activeEnergyImport.total',
    ratingPerHour: 100,
  }
  const park = indexPark(
    parkDescription.parse({
      id: 'park',
      name: { zh: '园', en: 'park' },
      gateways: [{ id: 'g', name: { zh: '网', en: 'g' } }],
      meters: [
        { ...meter, id: 'main', installed: '2026-01-01T00:00:00+08:00' },
        { ...meter, id: 'other', installed: '2026-06-01T00:30:00+08:00' },
      ],
    }),
  )
  const onRegister = { basis: 'register' } as const
  const interval = (
    id: string,
    slot: number,
    count: number,
    coverage: number,
    method: 'measured' | 'interpolated' = 'measured',
  ): RecordedInterval => {
    const slotMs = mondayMs + slot * SLOT_MS
    const register = { count: 0, resolution: '0.1' }
    const point = { atMs: slotMs, register }
    const boundary = { ...point, method: 'measured', before: point, after: point } as const
    return {
      meter: id,
      quantity: 'activeEnergyImport.total',
      slotMs,
      state: 'known',
      ...onRegister,
      energy: { count, resolution: '0.1' },
      method,
      coverage,
      opening: boundary,
      closing: { ...boundary, atMs: slotMs + SLOT_MS },
      simulated: false,
      uncertain: false,
      undecided: [],
      revision: 1,
    }
  }
  const recorded = [
    interval('main', 2, 100, 1),
    interval('main', 3, 100, 0),
    interval('main', 4, 100, 0.5, 'interpolated'),
    interval('main', 5, 100, 1),
    interval('other', 2, 40, 1),
    interval('other', 3, 40, 1),
    interval('other', 4, 40, 1),
  ]
  const books = {
    intervals: (id: string): RecordedInterval[] => recorded.filter((each) => each.meter === id),
  }

  it('begin where all are installed, end with the last settled one, and are known where all are', () => {
    const period = { fromMs: mondayMs, toMs: mondayMs + 96 * SLOT_MS }
    const terms = [
      { meter: 'main', share: '1' },
      { meter: 'other', share: '-0.5' },
    ]
    const found = slotEnergies(books, park, terms, period, mondayMs + 6 * SLOT_MS + 120_000)
    expect(
      found.map(({ slotMs, energy, whole }) => [(slotMs - mondayMs) / SLOT_MS, text(energy), whole]),
    ).toEqual([
      [2, '8', true],
      [3, '8', true],
      [4, '8', false],
      [5, undefined, false],
    ])
    expect(slotEnergies(books, park, [{ meter: 'nobody', share: '1' }], period, mondayMs)).toEqual([])
  })
})
