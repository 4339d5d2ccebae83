import { describe, expect, test } from 'vitest'
import { accountingRecord } from '#contract/accounting-record.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { accountingPlan } from './accounting-plan.ts'
import { groundOf, park, plan, type MissingSlots } from './balance.test-support.ts'
import { textOf } from './decimal.ts'
import { reportPeriod } from './report-period.ts'
import { energyWithoutSource } from './unsourced.ts'

const name = { zh: '名', en: 'name' }
const meter = (id: string, over: object = {}): object => ({
  id,
  name,
  carrier: 'naturalGas',
  role: 'boundary',
  gateway: 'gateway',
  register: 'gasVolumeStandard',
  ratingPerHour: 1000,
  installed: '2026-01-01T00:00:00+08:00',
  accuracyPercent: 1,
  ...over,
})
const electric = { carrier: 'electricity', register: 'activeEnergyImport.total' }
const gas = (id: string, ...meters: string[]): object => ({
  id,
  name,
  kind: 'fuel',
  item: 'naturalGas',
  fuel: 'naturalGas',
  measured: meters.map((each) => ({ meter: each })),
})
const account = (id: string, over: object = {}): object => ({
  account: id,
  sector: 'industry',
  fuelSet: 'S1',
  electricityRegion: 'tianjin',
  ...over,
})

interface Case {
  readonly works?: readonly object[]
  readonly own?: readonly object[]
  readonly accounts?: readonly object[]
  readonly energies?: Readonly<Record<string, string>>
  readonly missing?: MissingSlots
  readonly records?: readonly object[]
}

/** What is named of March, in short. */
function named(given: Case, of?: string): unknown[] {
  const made = indexPark(
    parkDescription.parse({
      id: 'park',
      name,
      gateways: [{ id: 'gateway', name }],
      meters: given.own ?? [],
      enterprises: [{ id: 'works', name, meters: given.works ?? [] }],
    }),
  )
  const accounts = given.accounts ?? [account('works')]
  const ground = groundOf(
    ({ id }) => given.energies?.[id] ?? '100',
    {
      park: made,
      plan: accountingPlan.parse({
        park: 'park',
        revision: '1',
        standardCoal: { edition: 'gb2589-2008' },
        accounts,
      }),
      records: (given.records ?? []).map((record, index) => ({
        number: index + 1,
        record: accountingRecord.parse(record),
      })),
    },
    given.missing,
  )
  return energyWithoutSource(ground, reportPeriod('2026-03', 'Asia/Shanghai'), of).map(
    ({ account: whose, item, meter: by, record, amount, unit, incomplete, why }) => [
      whose,
      item,
      by?.id ?? record,
      amount === undefined ? undefined : textOf(amount),
      unit,
      ...(incomplete ? ['incomplete'] : []),
      why,
    ],
  )
}

const bought = (item: string, quantity: string): object => ({
  kind: 'energy-purchased',
  account: 'works',
  from: '2026-03-01',
  to: '2026-04-01',
  item,
  quantity,
  unit: 't',
  document: 'Invoice 9',
  by: 'Energy office',
})

describe('Energy without an emission source', () => {
  test('there is none in the demo park, to whose table every source belongs', () => {
    const ground = groundOf(() => '10', { park, plan })
    expect(energyWithoutSource(ground, reportPeriod('2026-03', 'Asia/Shanghai'))).toEqual([])
  })

  test('a boundary meter that no source names is named, with what lies behind it once', () => {
    const works = [meter('gas'), meter('oven', { role: 'terminal', upstream: 'gas' })]
    expect(named({ works })).toEqual([['works', 'naturalGas', 'gas', '100', 'm³', 'no-source']])
    expect(named({ works, accounts: [account('works', { sources: [gas('burnt', 'gas')] })] })).toEqual([])
  })

  test('of an account that the plan does not have, too', () => {
    const works = [meter('power', electric)]
    expect(named({ works, accounts: [account('park')] })).toEqual([
      ['works', 'electricity', 'power', '100', 'kWh', 'no-source'],
    ])
  })

  test('missing slots are said, and what is not known at all has no quantity', () => {
    const works = [meter('gas')]
    expect(named({ works, missing: { gas: 4 } })).toEqual([
      ['works', 'naturalGas', 'gas', '100', 'm³', 'incomplete', 'no-source'],
    ])
  })

  test('what the sources behind a boundary do not measure is its rest, beyond the accuracy of the meters', () => {
    const works = [meter('gas'), meter('oven', { role: 'submeter', upstream: 'gas' })]
    const accounts = [account('works', { sources: [gas('burnt', 'oven')] })]
    const of = (oven: string): unknown[] => named({ works, accounts, energies: { oven } })
    expect(of('99.5')).toEqual([])
    expect(of('80')).toEqual([['works', 'naturalGas', 'gas', '20', 'm³', 'rest']])
    expect(named({ works, accounts, energies: { oven: '80' }, missing: { oven: 1 } })).toEqual([])
  })

  test('a source that has a share of a meter leaves the rest of it', () => {
    const half = { ...gas('burnt'), measured: [{ meter: 'gas', share: '0.6' }] }
    const accounts = [account('works', { sources: [half] })]
    expect(named({ works: [meter('gas')], accounts })).toEqual([
      ['works', 'naturalGas', 'gas', '40', 'm³', 'rest'],
    ])
  })

  test('what another account counts needs no source, unless that account deducts it as passed on', () => {
    const own = [meter('incomer', electric)]
    const works = [meter('power', { ...electric, upstream: 'incomer' })]
    const purchase = {
      id: 'bought',
      name,
      kind: 'electricity-purchased',
      item: 'electricity',
      measured: [{ meter: 'incomer' }],
    }
    const sold = {
      id: 'sold',
      name,
      kind: 'electricity-sold',
      item: 'electricity',
      receivers: ['works'],
      measured: [{ meter: 'power' }],
    }
    const of = (...sources: object[]): unknown[] =>
      named({ own, works, accounts: [account('park', { sources }), account('works')] })
    expect(of(purchase)).toEqual([])
    expect(of(purchase, sold)).toEqual([['works', 'electricity', 'power', '100', 'kWh', 'passed-on']])
  })

  test('power of a roof, heat of an own boiler and energy media need none', () => {
    const works = [
      meter('gas'),
      meter('roof', { ...electric, role: 'production' }),
      meter('lamp', { ...electric, role: 'terminal', upstream: 'roof' }),
      meter('heat', { carrier: 'heat', register: 'heatEnergy', role: 'conversion-output' }),
      meter('radiator', { carrier: 'heat', register: 'heatEnergy', role: 'terminal', upstream: 'heat' }),
      meter('water', { carrier: 'water', register: 'waterVolume' }),
    ]
    const boiler = {
      id: 'boiler',
      name,
      row: 'heat-supply',
      inputs: [{ meter: 'gas' }],
      outputs: [{ meter: 'heat' }],
    }
    expect(
      named({
        works,
        accounts: [account('works', { sources: [gas('burnt', 'gas')], conversions: [boiler] })],
      }),
    ).toEqual([])
  })

  test('gas at working conditions is in no row, and is named by its own register', () => {
    const works = [meter('gas', { register: 'gasVolumeActual' })]
    expect(named({ works })).toEqual([['works', undefined, 'gas', '100', 'm³', 'not-in-table']])
  })

  test('bills and stocks of an item that no source draws on are named by their records', () => {
    expect(named({ records: [bought('diesel', '3'), bought('freshWater', '7')] })).toEqual([
      ['works', 'diesel', 1, '3', 't', 'no-source'],
    ])
    const source = { id: 'lorries', name, kind: 'fuel', item: 'diesel', fuel: 'diesel', records: true }
    const accounts = [account('works', { sources: [source] })]
    expect(named({ records: [bought('diesel', '3')], accounts })).toEqual([])
    const stock = (day: string, quantity: string): object => ({
      ...bought('diesel', quantity),
      kind: 'energy-stock',
      from: Temporal.PlainDate.from(day).subtract({ days: 1 }).toString(),
      to: day,
    })
    expect(named({ records: [stock('2026-03-01', '5'), stock('2026-04-01', '2')] })).toEqual([
      ['works', 'diesel', 1, '3', 't', 'no-source'],
    ])
  })

  test('of one account nothing of another is named', () => {
    const works = [meter('gas')]
    expect(named({ works }, 'park')).toEqual([])
  })
})
