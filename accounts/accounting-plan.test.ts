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

  it('takes a counter of products for a product of its account, and for nothing else', () => {
    const meters = new Map(park.meters)
    const base = meters.get('steel-straightening')
    if (base === undefined) throw new Error('the demo park has it')
    const counter = { ...base, carrier: 'product', role: 'product-count' } as const
    meters.set('tube-scale', { ...counter, id: 'tube-scale', register: 'productMass' })
    meters.set('tube-counter', { ...counter, id: 'tube-counter', register: 'productCount' })
    meters.set('food-counter', {
      ...counter,
      id: 'food-counter',
      register: 'productCount',
      enterprise: 'food',
    })
    const [first, steel, ...others] = plan.accounts
    const product = (over: Record<string, unknown>) => ({ ...steel?.products[0], ...over })
    const messages = (over: Record<string, unknown>) =>
      planContradictions(
        accountingPlan.parse({ ...plan, accounts: [first, { ...steel, ...over }, ...others] }),
        { ...park, meters },
        items,
        factors,
      ).map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)
    const of = (...products: unknown[]) => messages({ products })
    expect(of(product({ meter: 'tube-scale' }))).toEqual([])
    expect(of(product({ meter: 'tube-scale', unit: 'kg' }))).toEqual([])
    expect(of(product({ meter: 'tube-counter', unit: '根' }))).toEqual([])
    expect(of(product({ meter: 'tube-counter' }))).toEqual([
      'products.0.meter: tube-counter counts in pcs, and steel-tube is in t',
    ])
    expect(of(product({ meter: 'none' }))).toEqual([
      'products.0.meter: there is no meter none in the park file',
    ])
    expect(of(product({ meter: 'steel-straightening' }))).toEqual([
      'products.0.meter: steel-straightening measures electricity, and counts no product',
    ])
    expect(of(product({ meter: 'food-counter', unit: '根' }))).toEqual([
      'products.0.meter: food-counter is no meter of steel',
    ])
    expect(of(product({ meter: 'tube-scale' }), product({ id: 'rod', meter: 'tube-scale' }))).toEqual([
      'products.0.meter: tube-scale counts another product',
      'products.1.meter: tube-scale counts another product',
    ])
    // Tonnes of products are no tonnes of fuel.
    const measured = [{ meter: 'tube-scale' }]
    const own = { id: 'x', name: { zh: '源', en: 'Source' } }
    expect(
      messages({
        sources: [{ ...own, kind: 'fuel', fuel: 'bituminousCoal', measured }],
        conversions: [],
        assigned: [{ ...own, row: 'industry', terms: measured, document: 'D' }],
      }),
    ).toEqual([
      'sources.0.measured.0: tube-scale: productMass counts what is made, and is no activity of kind fuel',
      'assigned.0.terms.0.meter: tube-scale counts what is made, and measures no energy',
    ])
    // What emits as it is made is counted by the scale that weighs it.
    const process = (meter: string, factor = 'process/clinker/lower') =>
      messages({
        sources: [{ ...own, kind: 'process', factor, measured: [{ meter }] }],
        ownFactors: [{ code: 'own/piece', name: own.name, per: '根', value: '0.002', document: 'D' }],
        conversions: [],
        assigned: [],
      })
    expect(process('tube-scale')).toEqual([])
    expect(process('tube-counter', 'own/piece')).toEqual([])
    expect(process('tube-counter')).toEqual([
      'sources.0.measured.0: tube-counter: is in pcs, and x is counted in t',
    ])
  })
})
