import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { demoParkPath } from './demo.test-support.ts'
import { maximumDemand } from './max-demand.ts'
import { meterValues } from './meter-values.ts'
import { makePlant } from './plant.ts'
import { demoScenarioPath, plantTime, readScenario } from './scenario.ts'

const park = readParkFile(demoParkPath)
const scenario = readScenario(demoScenarioPath).value
const plant = makePlant(scenario, park)
const time = plantTime(scenario)
const QUARTER_MS = HOUR_MS / 4
const METER = 'steel-incoming'
const local = (text: string): number => Date.parse(`${text}+08:00`)

/** The same by looking at every quarter since the month began. */
function greatestSince(monthMs: number, atMs: number): number {
  let greatest = 0
  for (let endMs = monthMs + QUARTER_MS; endMs <= atMs; endMs += QUARTER_MS) {
    greatest = Math.max(
      greatest,
      (plant.energyAt(METER, endMs) - plant.energyAt(METER, endMs - QUARTER_MS)) * 4,
    )
  }
  return greatest
}

describe('maximum demand', () => {
  it('is the greatest quarter of the month so far, asked for in any order', () => {
    const monthMs = local('2025-03-01T00:00:00')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 * DAY_MS }), (sinceMs) => {
        expect(plant.maxDemandAt(METER, monthMs + sinceMs)).toBe(greatestSince(monthMs, monthMs + sinceMs))
      }),
      { numRuns: 25 },
    )
  })

  it('never falls within a month, and begins anew with the next one', () => {
    const endMs = local('2025-04-01T00:00:00')
    let before = 0
    for (let atMs = endMs - 3 * DAY_MS; atMs < endMs; atMs += HOUR_MS) {
      const now = plant.maxDemandAt(METER, atMs)
      expect(now).toBeGreaterThanOrEqual(before)
      before = now
    }
    expect(before).toBeGreaterThan(0)
    expect(plant.maxDemandAt(METER, endMs)).toBe(0)
    expect(plant.maxDemandAt(METER, endMs + QUARTER_MS - 1)).toBe(0)
    expect(plant.maxDemandAt(METER, endMs + QUARTER_MS)).toBe(greatestSince(endMs, endMs + QUARTER_MS))
  })

  it('is at least the mean of the month and at most the bounds of the load', () => {
    const [monthMs, atMs] = [local('2025-05-01T00:00:00'), local('2025-05-20T13:07:00')]
    const greatest = plant.maxDemandAt(METER, atMs)
    const mean = (plant.energyAt(METER, atMs) - plant.energyAt(METER, monthMs)) / ((atMs - monthMs) / HOUR_MS)
    expect(greatest).toBeGreaterThan(mean)
    expect(greatest).toBeLessThanOrEqual(plant.boundsOf(METER).most)
  })

  it('counts from the start of the registers where that lies within the month', () => {
    const started = { ...time, startMs: local('2025-06-10T07:20:00') }
    const register = (atMs: number): number => Math.max(0, (atMs - started.startMs) / HOUR_MS) * 100
    const demand = maximumDemand(register, started)
    expect(demand(started.startMs)).toBe(0)
    // Ten of its fifteen minutes.
    expect(demand(local('2025-06-10T07:30:00'))).toBeCloseTo((100 * 10) / 15, 9)
    expect(demand(local('2025-06-10T07:45:00'))).toBeCloseTo(100, 9)
  })

  it('is shown by meters of loads; a source takes nothing in', () => {
    const atMs = local('2025-03-03T12:00:00')
    expect(meterValues(plant, METER, atMs)('activeDemandMax.total')).toBe(plant.maxDemandAt(METER, atMs))
    expect(meterValues(plant, 'park-pv', atMs)('activeDemandMax.total')).toBe(0)
  })
})
