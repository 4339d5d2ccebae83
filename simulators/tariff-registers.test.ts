import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { demoParkPath } from './demo.test-support.ts'
import { meterValues } from './meter-values.ts'
import { makePlant } from './plant.ts'
import { demoScenarioPath, plantTime, readScenario, type Scenario } from './scenario.ts'
import { tariffNames, tariffPeriods, tariffRegister } from './tariff-registers.ts'

const park = readParkFile(demoParkPath)
const tariffs = tariffPeriods.parse([
  ['00:00', 'valley'],
  ['07:00', 'flat'],
  ['10:00', 'peak'],
  ['11:00', 'sharp'],
  ['13:00', 'flat'],
  ['17:00', 'peak'],
  ['23:00', 'valley'],
])
const scenario: Scenario = { ...readScenario(demoScenarioPath).value, tariffs }
const plant = makePlant(scenario, park)
const time = plantTime(scenario)
const DAYS = 20
const aMeter = fc.constantFrom('steel-incoming', 'food-packing-line', 'park-pv', 'park-chp-power')
const anInstant = fc.integer({ min: time.startMs - DAY_MS, max: time.startMs + DAYS * DAY_MS })
const aTariff = fc.constantFrom(...tariffNames)

describe('the tariff registers of a meter', () => {
  it('add up to its total register at any instant, in any order', () => {
    fc.assert(
      fc.property(aMeter, anInstant, (meter, atMs) => {
        const total = plant.energyAt(meter, atMs)
        const sum = tariffNames.reduce((all, tariff) => all + plant.tariffEnergyAt(meter, tariff, atMs), 0)
        expect(Math.abs(sum - total)).toBeLessThanOrEqual(1e-9 * Math.max(1, total))
      }),
      { numRuns: 60 },
    )
  })

  it('never fall, and only the one of the time of day rises', () => {
    fc.assert(
      fc.property(
        aMeter,
        fc.integer({ min: 0, max: DAYS - 1 }),
        fc.integer({ min: 0, max: 1_438 }),
        aTariff,
        (meter, day, minute, tariff) => {
          const fromMs = time.startMs + day * DAY_MS + minute * 60_000
          const rise =
            plant.tariffEnergyAt(meter, tariff, fromMs + 60_000) - plant.tariffEnergyAt(meter, tariff, fromMs)
          const inForce = tariffs.findLast(([begin]) => begin <= minute)?.[1]
          const total = plant.energyAt(meter, fromMs + 60_000) - plant.energyAt(meter, fromMs)
          expect(Math.abs(rise - (inForce === tariff ? total : 0))).toBeLessThan(1e-6)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('are the same whoever asked for what before', () => {
    const total = (atMs: number): number => plant.energyAt('steel-incoming', atMs)
    fc.assert(
      fc.property(aTariff, fc.array(anInstant, { minLength: 1, maxLength: 5 }), (tariff, instants) => {
        const register = tariffRegister(tariff, total, tariffs, time, [0])
        for (const atMs of instants) {
          expect(register(atMs)).toBe(plant.tariffEnergyAt('steel-incoming', tariff, atMs))
        }
      }),
      { numRuns: 20 },
    )
  })

  it('count what a load takes in as import, what a source gives as export, and both as sum', () => {
    const atMs = time.startMs + 9.6 * DAY_MS
    const [load, source] = ['steel-incoming', 'park-pv'].map((meter) => meterValues(plant, meter, atMs))
    for (const tariff of tariffNames) {
      expect(load?.(`activeEnergyImport.${tariff}`)).toBe(
        plant.tariffEnergyAt('steel-incoming', tariff, atMs),
      )
      expect(load?.(`activeEnergyExport.${tariff}`)).toBe(0)
      expect(source?.(`activeEnergyImport.${tariff}`)).toBe(0)
      expect(source?.(`activeEnergyExport.${tariff}`)).toBe(plant.tariffEnergyAt('park-pv', tariff, atMs))
      expect(source?.(`activeEnergySum.${tariff}`)).toBe(plant.tariffEnergyAt('park-pv', tariff, atMs))
    }
  })

  it('are all in "flat" where the scenario says nothing', () => {
    expect(tariffPeriods.parse(undefined)).toEqual([[0, 'flat']])
  })

  it.each([
    ['no beginning at midnight', [['01:00', 'peak']]],
    [
      'periods out of order',
      [
        ['00:00', 'flat'],
        ['09:00', 'peak'],
        ['08:00', 'flat'],
      ],
    ],
    ['an unknown register', [['00:00', 'night']]],
    ['none', []],
  ])('with %s are refused', (_, periods) => {
    expect(tariffPeriods.safeParse(periods).success).toBe(false)
  })
})
