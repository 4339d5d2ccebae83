import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { indexPark, parkDescription } from '#contract/park.ts'
import { accountingPlan } from './accounting-plan.ts'
import { energyItemFile } from './energy-item.ts'
import {
  electricityFile,
  fuelFile,
  heatFile,
  processFile,
  standardCoalFile,
  type FactorFiles,
} from './factor.ts'
import { planContradictions } from './plan-check.ts'

const read = (path: string): unknown =>
  parse(readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8'))

const demo = '../firmware-config/examples/demo-park/'
const park = indexPark(parkDescription.parse(read(`${demo}park.yaml`)))
const plan = accountingPlan.parse(read(`${demo}accounting.yaml`))
const { items } = energyItemFile.parse(read('energy-items.yaml'))
const factors: FactorFiles = {
  standardCoal: standardCoalFile.parse(read('factors/standard-coal.yaml')),
  fuels: fuelFile.parse(read('factors/fuel-defaults.yaml')),
  electricity: electricityFile.parse(read('factors/electricity.yaml')),
  heat: heatFile.parse(read('factors/heat.yaml')),
  process: processFile.parse(read('factors/process.yaml')),
}

describe('The accounting plan of the demo park', () => {
  it('agrees with its park file, the energy items and the factors', () => {
    expect(planContradictions(plan, park, items, factors)).toEqual([])
  })

  it('names what is not there, with its place', () => {
    const [first, ...others] = plan.accounts
    const wrong = {
      ...plan,
      accounts: [
        { ...first, account: 'nowhere', fuelSet: 'S9', sources: [] },
        ...others,
        { ...others[0], sources: [{ ...others[0]?.sources[0], measured: [{ meter: 'none', share: '1' }] }] },
      ],
    }
    expect(planContradictions(accountingPlan.parse(wrong), park, items, factors)).toEqual([
      { path: ['accounts', 0, 'account'], message: 'there is no enterprise nowhere' },
      { path: ['accounts', 0, 'fuelSet'], message: 'set S9 is not described' },
      { path: ['accounts', 4, 'account'], message: 'a second account of steel' },
      {
        path: ['accounts', 4, 'sources', 0, 'measured', 0, 'meter'],
        message: 'there is no meter none in the park file',
      },
    ])
  })

  it('counts no gas at working conditions, and no register of another carrier or unit', () => {
    const [first, steel, ...others] = plan.accounts
    const fuel = (meter: string, over: Record<string, unknown> = {}) => ({
      id: `of-${meter}`,
      name: { zh: '源', en: 'Source' },
      kind: 'fuel',
      item: 'naturalGas',
      fuel: 'naturalGas',
      measured: [{ meter, ...over }],
    })
    const wrong = {
      ...plan,
      accounts: [
        first,
        {
          ...steel,
          sources: [
            fuel('food-gas-incoming', { quantity: 'gasVolumeActual' }),
            fuel('services-water'),
            { ...fuel('food-canteen-gas'), item: undefined, fuel: 'bituminousCoal' },
          ],
        },
        ...others,
      ],
    }
    const found = planContradictions(accountingPlan.parse(wrong), park, items, factors)
    expect(found.map(({ message }) => message)).toEqual([
      'food-gas-incoming: its volume is that at working conditions, not at standard ones',
      'services-water: waterVolume (water) is no activity of kind fuel',
      'food-canteen-gas: is in m³, and of-food-canteen-gas is counted in t',
    ])
  })
})
