import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { accountingRecord } from '#contract/accounting-record.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { parse } from 'yaml'
import { accountingPlan } from './accounting-plan.ts'
import { recordContradictions } from './record-check.ts'
import { testData } from './testing.test-support.ts'

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const { rules } = testData(text)
const park = indexPark(parkDescription.parse(parse(text('../firmware-config/examples/demo-park/park.yaml'))))
const source = (over: Record<string, unknown>) => ({
  name: { zh: '源', en: 'Source' },
  records: true,
  ...over,
})
const plan = accountingPlan.parse({
  park: 'demo-park',
  revision: '1',
  standardCoal: { edition: 'gb2589-2020' },
  accounts: [
    {
      account: 'steel',
      sector: 'industry',
      fuelSet: 'S1',
      electricityRegion: 'tianjin',
      sources: [
        source({ id: 'coal', kind: 'fuel', item: 'rawCoal', fuel: 'bituminousCoal' }),
        source({ id: 'heat', kind: 'heat-purchased' }),
        source({ id: 'power', kind: 'electricity-purchased', item: 'electricity' }),
        source({ id: 'limestone', kind: 'process', factor: 'process/calcium-carbonate' }),
      ],
    },
  ],
})
const found = (body: Record<string, unknown>) =>
  recordContradictions(
    accountingRecord.parse({
      account: 'steel',
      from: '2026-03-01',
      to: '2026-04-01',
      document: 'D',
      by: 'office',
      ...body,
    }),
    { park, plan, items: rules.items, library: rules.library },
  )

describe('A record is refused', () => {
  it('where its quantity is in a unit that its factor is not by', () => {
    const activity = { kind: 'process-activity', source: 'limestone', quantity: '50000' }
    expect(found({ ...activity, unit: 'kg' })).toEqual([])
    expect(found({ ...activity, unit: 'kWh' })).toEqual(['unit: limestone is counted in t, not in kWh'])
    expect(found({ ...activity, source: 'power', unit: 'kWh' })).toEqual([
      'source: power (electricity-purchased) has no recorded activity',
    ])
  })

  it('where it is of another item than its source', () => {
    const used = { kind: 'energy-used', use: 'production', quantity: '12' }
    expect(found({ ...used, source: 'coal', item: 'rawCoal', unit: 'kg' })).toEqual([])
    expect(found({ ...used, source: 'coal', item: 'diesel', unit: 't' })).toEqual([
      'item: coal is of rawCoal, not of diesel',
    ])
    expect(found({ ...used, source: 'heat', item: 'electricity', unit: 'MWh' })).toEqual([
      'item: heat is of no energy item, not of electricity',
    ])
  })

  it('where a measured value has no unit, or cannot be one of its fuel', () => {
    const value = { kind: 'fuel-property', source: 'coal', property: 'ncv' }
    expect(found({ ...value, value: '22350', unit: 'kJ/kg' })).toEqual([])
    expect(found({ ...value, value: '22.35' })).toEqual(['unit: a measured ncv needs its unit'])
    expect(found({ ...value, value: '22350', unit: 'GJ/t' })[0]).toContain('not within 0.3 to 3 times')
    expect(found({ ...value, property: 'oxidation', value: '98', unit: '1' })[0]).toContain('more than 1')
    expect(found({ ...value, source: 'power', value: '22', unit: 'GJ/t' })).toEqual([
      'source: power (electricity-purchased) burns no fuel',
    ])
  })

  it('where a supplier’s factor is in a unit that leads nowhere', () => {
    const factor = { kind: 'supplier-factor', source: 'power', value: '0.4' }
    expect(found({ ...factor, unit: 'tCO2/MWh' })).toEqual([])
    expect(found({ ...factor, unit: 'tCO2/GJ' })).toEqual([
      'unit: a factor of power is in kgCO2/kWh, not in tCO2/GJ',
    ])
  })

  it('where a meter counts the product by then', () => {
    const scale = park.meters.get('steel-straightening')
    if (scale === undefined) throw new Error('the demo park has it')
    const meters = new Map(park.meters).set('tube-scale', {
      ...scale,
      id: 'tube-scale',
      carrier: 'product',
      role: 'product-count',
      register: 'productMass',
      installedMs: Temporal.Instant.from('2026-03-01T00:00:00+08:00').epochMilliseconds,
    })
    const products = [{ id: 'tube', name: { zh: '管', en: 'Tube' }, unit: 't', meter: 'tube-scale' }]
    const [account] = plan.accounts
    const counting = accountingPlan.parse({ ...plan, accounts: [{ ...account, products }] })
    const of = (from: string, to: string) =>
      recordContradictions(
        accountingRecord.parse({
          kind: 'production',
          account: 'steel',
          product: 'tube',
          quantity: '400',
          unit: 't',
          document: 'D',
          by: 'office',
          from,
          to,
        }),
        { park: { ...park, meters }, plan: counting, items: rules.items, library: rules.library },
      )
    expect(of('2026-02-01', '2026-03-01')).toEqual([])
    expect(of('2026-03-01', '2026-04-01')).toEqual([
      'product: tube-scale counts tube from 2026-03-01 on: it is not entered as well',
    ])
  })
})
