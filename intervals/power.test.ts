import { expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import type { QuantityName } from '#contract/quantities.ts'
import { energyFromPower } from './power.ts'

const period = { fromMs: 0, toMs: SLOT_MS }
const slotOf = (power: QuantityName, value: number, register: QuantityName) =>
  energyFromPower(
    { id: 'm-1', gapSeconds: 900, ratingPerHour: 1_000, events: [] },
    register,
    power,
    [0, SLOT_MS].map((atMs) => ({ meter: 'm-1', quantity: power, atMs, quality: 'good' as const, value })),
    period,
  )

test('a flow at working conditions gives no volume at standard conditions, nor the other way round', () => {
  expect(slotOf('gasFlowStandard', 40, 'gasVolumeStandard')).toMatchObject([
    { energy: { count: 10_000_000 } },
  ])
  expect(slotOf('gasFlowActual', 40, 'gasVolumeStandard')).toMatchObject([{ state: 'missing' }])
  expect(slotOf('gasFlowStandard', 40, 'gasVolumeActual')).toMatchObject([{ state: 'missing' }])
})

test.each([1e14, 1e303, Number.MAX_VALUE])('a power of %s cannot be counted, and bounds nothing', (value) => {
  expect(slotOf('activePower.total', value, 'activeEnergyImport.total')).toMatchObject([{ state: 'missing' }])
})
