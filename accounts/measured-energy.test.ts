import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_SLOTS, type EnergySum, type PlacedSum } from '#contract/energy-sum.ts'
import { isSettled, SETTLE_MS, SLOT_MS, slotsBetween, type Period } from '#contract/grid.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { partsOf, rollUp } from '#intervals/rollup.ts'
import { textOf } from './decimal.ts'
import { expectedSlots, measuredEnergy, measuredFromBooks } from './measured-energy.ts'
import { piecesOf, reportPeriod } from './report-period.ts'

const dayMs = Date.parse('2026-03-01T00:00:00+08:00')
const day = { fromMs: dayMs, toMs: dayMs + 96 * SLOT_MS }
const park = indexPark(
  parkDescription.parse({
    id: 'park',
    name: { zh: '园区', en: 'Park' },
    gateways: [{ id: 'gateway', name: { zh: '网关', en: 'Gateway' } }],
    meters: [
      {
        id: 'incoming',
        name: { zh: '总进线', en: 'Incoming' },
        carrier: 'electricity',
        role: 'boundary',
        gateway: 'gateway',
        register: 'activeEnergyImport.total',
        ratingPerHour: 100,
        installed: '2026-03-01T06:00:00+08:00',
      },
    ],
  }),
)
const [meter] = park.meters.values()
if (meter === undefined) throw new Error('the park has a meter')

const books = (sums: readonly PlacedSum[]): Parameters<typeof measuredEnergy>[0] => ({ sumsOver: () => sums })
const known: EnergySum = { ...NO_SLOTS, energy: { count: 12_340, resolution: '0.01' }, known: 70, missing: 1 }

describe('What a meter measured', () => {
  it('is exact, and knows from when on slots should be there', () => {
    const found = measuredEnergy(books([{ fromMs: dayMs, sum: known }]), meter, day, day.toMs + SETTLE_MS)
    expect(found).toMatchObject({ unit: 'kWh', expected: 72, missing: 2 })
    expect(found.energy === undefined ? undefined : textOf(found.energy)).toBe('123.4')
  })

  it('is nothing, and not zero, where no slot is known', () => {
    const found = measuredEnergy(books([]), meter, day, day.toMs + SETTLE_MS)
    expect(found.energy).toBeUndefined()
    expect(found.missing).toBe(72)
  })

  it('expects nothing of the time to come, of the slot under way, or of one whose readings still travel', () => {
    const installedMs = dayMs + 24 * SLOT_MS
    const expectedAt = (nowMs: number): number => measuredEnergy(books([]), meter, day, nowMs).expected
    expect(expectedAt(installedMs)).toBe(0)
    expect(expectedAt(installedMs + 4 * SLOT_MS - 1)).toBe(3)
    expect(expectedAt(installedMs + 4 * SLOT_MS + SETTLE_MS - 1)).toBe(3)
    expect(expectedAt(installedMs + 4 * SLOT_MS + SETTLE_MS)).toBe(4)
    expect(expectedAt(day.toMs + SETTLE_MS - 1)).toBe(71)
    expect(expectedAt(day.toMs + SETTLE_MS)).toBe(72)
    expect(expectedAt(day.toMs + 100 * SLOT_MS)).toBe(72)
  })

  it('counts as many expected slots as have settled, whenever it is asked', () => {
    fc.assert(
      fc.property(fc.integer({ min: day.fromMs - SLOT_MS, max: day.toMs + 2 * SLOT_MS }), (nowMs) => {
        const settled = [...slotsBetween(meter.installedMs, day.toMs)].filter((slotMs) =>
          isSettled(slotMs, nowMs),
        )
        expect(expectedSlots(meter, day, nowMs)).toBe(settled.length)
      }),
    )
  })

  it('is asked for whole months at once, and for a part of a month by itself', () => {
    const zone = 'Asia/Shanghai'
    const year = reportPeriod('2026', zone)
    const pieces = piecesOf(year, zone, ['2026-03-15'])
    const asked: string[] = []
    const days = [...partsOf('day', year, zone)].map((each, index) => ({
      fromMs: each.fromMs,
      sum: { ...NO_SLOTS, known: 96, energy: { count: index + 1, resolution: '0.01' } },
    }))
    const books = {
      sumsOver: (_meter: string, _quantity: string, period: Period): PlacedSum[] => {
        const dayOf = (atMs: number): string =>
          Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone).toPlainDate().toString()
        asked.push(`${dayOf(period.fromMs)}..${dayOf(period.toMs)}`)
        return rollUp(days, partsOf('month', period, zone)).map(({ fromMs, sum }) => ({ fromMs, sum }))
      },
    }
    const found = measuredFromBooks(books, year.toMs)(pieces)(meter, meter.register)
    expect(asked).toEqual([
      '2026-01-01..2026-03-01',
      '2026-03-01..2026-03-15',
      '2026-03-15..2026-04-01',
      '2026-04-01..2027-01-01',
    ])
    expect(found.map(({ sum }) => sum)).toEqual(rollUp(days, pieces).map(({ sum }) => sum))
  })
})
