import { describe, expect, it } from 'vitest'
import { NO_SLOTS, type EnergySum, type PlacedSum } from '#contract/energy-sum.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { textOf } from './decimal.ts'
import { measuredEnergy } from './measured-energy.ts'

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

const books = (sums: readonly PlacedSum[]): Parameters<typeof measuredEnergy>[0] => ({
  daySums: () => sums,
  monthSums: () => [],
})
const known: EnergySum = { ...NO_SLOTS, energy: { count: 12_340, resolution: '0.01' }, known: 70, missing: 1 }

describe('What a meter measured', () => {
  it('is exact, and knows from when on slots should be there', () => {
    const found = measuredEnergy(books([{ fromMs: dayMs, sum: known }]), meter, day, day.toMs)
    expect(found).toMatchObject({ unit: 'kWh', expected: 72, missing: 2 })
    expect(found.energy === undefined ? undefined : textOf(found.energy)).toBe('123.4')
  })

  it('is nothing, and not zero, where no slot is known', () => {
    const found = measuredEnergy(books([]), meter, day, day.toMs)
    expect(found.energy).toBeUndefined()
    expect(found.missing).toBe(72)
  })

  it('expects nothing of the time to come', () => {
    expect(measuredEnergy(books([]), meter, day, dayMs + 28 * SLOT_MS).expected).toBe(4)
  })
})
