import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { coalCoefficient, type CoalSources, type CoalWish } from './coal-coefficient.ts'
import { decimal, textOf } from './decimal.ts'
import { energyItemFile } from './energy-item.ts'
import { factorLibrary } from './factor-library.ts'
import { electricityFile, fuelFile, heatFile, isDoubtful, processFile, standardCoalFile } from './factor.ts'
import { standardCoalOfItem } from './standard-coal.ts'

const read = (name: string): unknown => parse(readFileSync(new URL(`${name}.yaml`, import.meta.url), 'utf8'))
const library = factorLibrary({
  standardCoal: standardCoalFile.parse(read('factors/standard-coal')),
  fuels: fuelFile.parse(read('factors/fuel-defaults')),
  electricity: electricityFile.parse(read('factors/electricity')),
  heat: heatFile.parse(read('factors/heat')),
  process: processFile.parse(read('factors/process')),
})
const { items } = energyItemFile.parse(read('energy-items'))
const equal2025 = {
  year: 2025,
  kgcePerKwh: '0.3',
  document: 'the supplier’s letter',
  confidence: 'verified' as const,
}
const sources: CoalSources = {
  library,
  items,
  plan: {
    accounts: [],
    standardCoal: {
      edition: 'gb2589-2008',
      electricityEqual: [equal2025],
      heatEqual: [],
      mediaEqual: [],
      subjects: { naturalGas: 'naturalGas.oilField' },
    },
  },
  heatingValues: [
    {
      record: 7,
      account: 'food',
      item: 'naturalGas',
      source: 'boiler',
      from: '2026-03-01',
      to: '2026-04-01',
      value: '389.31',
      document: 'laboratory',
    },
  ],
}
const wish: CoalWish = { account: 'steel', item: 'naturalGas', basis: 'calorific', day: '2026-03-01' }
const of = (over: Partial<CoalWish>) => coalCoefficient({ ...wish, ...over }, sources)

describe('The standard-coal coefficient of an item', () => {
  test('is that of the edition and of the plan’s subject, with its code and confidence; fuels have one on both bases', () => {
    const row = { code: 'gb2589-2008/naturalGas.oilField/calorific', value: '1.33', confidence: 'secondary' }
    expect(of({})).toMatchObject({ ...row, basis: 'calorific', rule: 'of-the-edition' })
    expect(of({ basis: 'equal' })).toMatchObject({ ...row, basis: 'equal' })
  })

  test('of electricity by equal value is the plan’s of the year, or not available', () => {
    const electricity = { item: 'electricity', basis: 'equal' } as const
    expect(of({ ...electricity, day: '2025-12-31' })).toMatchObject({
      code: 'plan/electricity/equal/2025',
      value: '0.3',
      document: 'the supplier’s letter',
    })
    expect(of({ ...electricity, day: '2026-01-01' })).toBe('no-value-for-the-year')
    expect(of({ item: 'heat', basis: 'equal' })).toBe('no-value-for-the-year')
    expect(of({ item: 'electricity' })).toMatchObject({ value: '0.1229' })
  })

  test('of energy media is an equal one only; cooling and steam that no row speaks of have none', () => {
    expect(of({ item: 'compressedAir', basis: 'equal' })).toMatchObject({ value: '0.04' })
    expect(of({ item: 'compressedAir' })).toBe('no-coefficient')
    expect(of({ item: 'cooling', basis: 'equal' })).toBe('no-coefficient')
    expect(of({ item: 'nothing' })).toBe('no-coefficient')
  })

  test('follows a measured heating value, of its account and days: k = NCV / 29,307', () => {
    const measured = of({ account: 'food' })
    expect(measured).toMatchObject({ code: 'record/7', rule: 'measured', confidence: 'own' })
    // 38,931 kJ/m³.
    expect(typeof measured === 'string' ? '' : measured.value).toBe('1.32838570989865902344')
    expect(of({ account: 'food', day: '2026-04-01' })).toMatchObject({ value: '1.33' })
    const [one] = sources.heatingValues
    if (one === undefined) throw new Error('there is one')
    const withOther = (other: Partial<typeof one>) =>
      coalCoefficient(
        { ...wish, account: 'food' },
        { ...sources, heatingValues: [one, { ...one, record: 8, ...other }] },
      )
    // The later record of a source holds, as in postings; of two sources each has its own, and the item none.
    expect(withOther({ value: '390' })).toMatchObject({ code: 'record/8' })
    expect(withOther({ value: '390', source: 'oven' })).toBe('differs-by-source')
    expect(withOther({ source: 'oven' })).toMatchObject({ rule: 'measured' })
    const ofSource = (source: string) => of({ account: 'food', source })
    expect(ofSource('boiler')).toMatchObject({ code: 'record/7', rule: 'measured' })
    expect(ofSource('oven')).toMatchObject({ rule: 'of-the-edition', value: '1.33' })
    expect(withOther({ value: undefined })).toBe('no-coefficient')
    // Another account is not touched by it.
    expect(of({})).toMatchObject({ rule: 'of-the-edition' })
  })

  test('of an inherited row says so and is doubtful', () => {
    const newer = {
      ...sources,
      plan: {
        accounts: [],
        standardCoal: { ...sources.plan.standardCoal, edition: 'gb2589-2020', subjects: {} },
      },
    }
    const diesel = coalCoefficient({ ...wish, item: 'diesel' }, newer)
    expect(diesel).toMatchObject({ rule: 'inherited', edition: 'gb2589-2020', confidence: 'unverified' })
    expect(typeof diesel === 'string' ? undefined : isDoubtful(diesel)).toBe(true)
  })

  test('water in m³ is converted by mass, gas never is', () => {
    const water = of({ item: 'freshWater', basis: 'equal', day: '2020-01-01' })
    const { freshWater, naturalGas } = items
    if (typeof water === 'string' || freshWater === undefined || naturalGas === undefined)
      throw new Error('both are there')
    expect(textOf(standardCoalOfItem(decimal('1000'), freshWater, water))).toBe('0.0857')
    expect(() => standardCoalOfItem(decimal('1'), naturalGas, water)).toThrow('the quantity is in m³')
  })
})
