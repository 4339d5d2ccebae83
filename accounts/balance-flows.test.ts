import { describe, expect, test } from 'vitest'
import { indexPark, parkDescription } from '#contract/park.ts'
import { accountingPlan } from './accounting-plan.ts'
import { accountingRecord } from '#contract/accounting-record.ts'
import { balanceIn, groundOf, items, park, plan, rows, tableOf } from './balance.test-support.ts'
import { balanceFlows } from './balance-flows.ts'
import { textOf } from './decimal.ts'
import { unknownRows } from './plan-rows.ts'

const name = { zh: '名', en: 'name' }
const meter = (id: string, role: string, over: object = {}) => ({
  id,
  name,
  carrier: 'electricity',
  role,
  gateway: 'gateway',
  register: 'activeEnergyImport.total',
  ratingPerHour: 100,
  installed: '2025-01-01T00:00:00+08:00',
  accuracyPercent: 1,
  ...over,
})
const small = (meters: readonly object[], enterprises: readonly object[] = []) =>
  indexPark(
    parkDescription.parse({ id: 'park', name, gateways: [{ id: 'gateway', name }], meters, enterprises }),
  )
const smallPlan = (over: object = {}) =>
  accountingPlan.parse({
    park: 'park',
    revision: '1',
    standardCoal: { edition: 'gb2589-2008' },
    accounts: [
      {
        account: 'park',
        sector: 'tertiary-other',
        fuelSet: 'S1',
        electricityRegion: 'tianjin',
        ...over,
      },
    ],
  })
const placed = (of: ReturnType<typeof balanceFlows>) =>
  of.flows.map(({ account, row, meter, share, reason }) => [account, row, meter.id, textOf(share), reason])

describe('Where a meter’s flow stands', () => {
  test('what an enterprise gets through the park is received by one and passed on by the other', () => {
    const found = placed(
      balanceFlows(
        small(
          [meter('in', 'boundary'), meter('own', 'terminal', { upstream: 'in' })],
          [{ id: 'works', name, meters: [meter('works-in', 'boundary', { upstream: 'in' })] }],
        ),
        smallPlan(),
        items,
      ),
    )
    expect(found).toEqual([
      ['park', 'inflow', 'in', '1', 'role'],
      ['park', 'tertiary-other', 'own', '1', 'role'],
      ['works', 'received-inside', 'works-in', '1', 'role'],
      ['park', 'passed-inside', 'works-in', '1', 'role'],
      // No meter behind the boundary, and no account in the plan: used, in no stated sector.
      ['works', 'unclassified', 'works-in', '1', 'use-by-boundary'],
    ])
  })

  test('exports leave; submeters and check meters stand nowhere; actual volumes and steam without enthalpy are named', () => {
    const found = balanceFlows(
      small([
        meter('in', 'boundary'),
        meter('out', 'boundary', { register: 'activeEnergyExport.total' }),
        meter('part', 'submeter'),
        meter('second', 'check'),
        meter('gas', 'boundary', { carrier: 'naturalGas', register: 'gasVolumeActual' }),
        meter('steam', 'terminal', { carrier: 'steam', register: 'steamMass' }),
        meter('oil', 'terminal', { carrier: 'liquidFuel', register: 'steamMass' }),
        meter('lost', 'conversion-input'),
      ]),
      smallPlan(),
      items,
    )
    expect(placed(found)).toEqual([
      ['park', 'inflow', 'in', '1', 'role'],
      ['park', 'outflow', 'out', '1', 'role'],
      ['park', 'tertiary-other', 'in', '1', 'use-by-boundary'],
      ['park', 'tertiary-other', 'out', '-1', 'use-by-boundary'],
    ])
    expect(found.unplaced).toEqual([
      { meter: 'gas', reason: 'actual-volume' },
      { meter: 'steam', reason: 'no-enthalpy' },
      { meter: 'oil', reason: 'no-item' },
      { meter: 'lost', reason: 'conversion-not-in-plan' },
    ])
  })

  test('a plan that names a row of another section is told so', () => {
    expect(unknownRows(plan, rows)).toEqual([])
    expect(unknownRows(smallPlan({ sector: 'losses' }), rows)[0]?.message).toContain('does not belong')
    expect(unknownRows(smallPlan({ sector: 'moon' }), rows)[0]?.message).toContain('has no row moon')
  })
})

const record = (number: number, over: object) => ({
  number,
  record: accountingRecord.parse(
    dropUndefined({
      account: 'food',
      from: '2026-03-01',
      to: '2026-04-01',
      document: 'bill',
      by: 'energy officer',
      item: 'diesel',
      unit: 't',
      ...over,
    }),
  ),
})

describe('What people entered', () => {
  const records = [
    record(1, { kind: 'energy-purchased', quantity: '10' }),
    record(2, { kind: 'energy-used', quantity: '7', use: 'production' }),
    record(3, {
      kind: 'energy-used',
      quantity: '3.1',
      use: 'feedstock',
      from: '2026-03-01',
      to: '2026-05-01',
    }),
    record(4, { kind: 'energy-stock', quantity: '2', from: '2026-02-01', to: '2026-03-01' }),
    record(5, { kind: 'energy-purchased', item: 'electricity', quantity: '18.1', unit: '万kWh' }),
    record(6, {
      kind: 'fuel-property',
      source: 'natural-gas',
      property: 'ncv',
      value: '380',
      item: undefined,
      unit: undefined,
    }),
  ]
  const ground = groundOf(() => '100', { records })
  const balance = balanceIn(ground, '2026-03')
  const cell = (row: string, item: string) =>
    tableOf(balance, 'food')
      .lines.find((line) => line.row.id === row)
      ?.cells.get(item)?.figure
  const amount = (row: string, item: string) => {
    const found = cell(row, item)?.amount
    return found === undefined ? undefined : textOf(found)
  }

  test('stands in its rows, shared by days, and feedstock within industry', () => {
    expect(amount('inflow', 'diesel')).toBe('10')
    expect(amount('industry', 'diesel')).toBe('8.57540983606557377049')
    expect(amount('feedstock', 'diesel')).toBe('1.57540983606557377049')
    const april = balanceIn(ground, '2026-04').parts.find(({ row }) => row === 'feedstock')?.figure.amount
    expect(april?.plus('1.57540983606557377049').eq('3.1')).toBe(true)
  })

  test('a stock that was not taken is missing, and with it a part of the supply', () => {
    expect(amount('stock-begin', 'diesel')).toBe('2')
    expect(cell('stock-end', 'diesel')).toMatchObject({ amount: undefined, incomplete: true })
    expect(cell('supply', 'diesel')).toMatchObject({ incomplete: true })
    expect(amount('supply', 'diesel')).toBe('12')
    expect(tableOf(balance, 'food').closures.get('diesel')).toMatchObject({ verdict: 'incomplete' })
  })

  test('a bill of what a meter measures is compared and never added', () => {
    expect(amount('supply', 'electricity')).toBe('100')
    expect(balance.compared).toMatchObject([{ record: 5, item: 'electricity', row: 'inflow' }])
    expect(balance.compared[0]?.amount.toFixed()).toBe('181000')
  })

  test('a measured heating value holds for its account alone: 38,000 / 29,307 a cubic metre', () => {
    expect(cell('inflow', 'naturalGas')?.coal.calorific?.toFixed(6)).toBe('0.129662')
    const parkGas = tableOf(balance, 'demo-park').lines.find(({ row }) => row.id === 'inflow')
    expect(parkGas?.cells.get('naturalGas')?.figure.coal.calorific?.toFixed(6)).toBe('0.133000')
  })
})

describe('What was bought and is used by no meter', () => {
  const coal = { item: 'rawCoal', unit: 't' }
  const drawing = {
    ...plan,
    accounts: plan.accounts.map((account) =>
      account.account === 'food'
        ? {
            ...account,
            sources: [
              ...account.sources,
              {
                id: 'coal',
                name: { zh: '煤', en: 'Coal' },
                kind: 'fuel' as const,
                item: 'rawCoal',
                fuel: 'bituminousCoal',
                measured: [],
                records: true,
              },
            ],
          }
        : account,
    ),
  }
  const stocks = [
    record(1, { ...coal, kind: 'energy-stock', quantity: '100', from: '2026-02-01', to: '2026-03-01' }),
    record(2, { ...coal, kind: 'energy-purchased', quantity: '500' }),
    record(3, { ...coal, kind: 'energy-stock', quantity: '80' }),
  ]
  const cellOf = (records: typeof stocks, its: typeof plan, item = 'rawCoal') => {
    const table = tableOf(
      balanceIn(
        groundOf(() => '0', { records, plan: its }),
        '2026-03',
      ),
      'food',
    )
    const at = (row: string) => table.lines.find((line) => line.row.id === row)?.cells.get(item)?.figure
    return { use: at('consumption'), difference: at('difference') }
  }

  test('is what its stocks say, where a source of the plan draws on them: 520 × 0.7143 tce', () => {
    const { use, difference } = cellOf(stocks, drawing)
    expect(use?.amount?.toFixed()).toBe('520')
    expect(use?.coal.calorific?.toFixed(3)).toBe('371.436')
    expect(difference?.amount?.toFixed()).toBe('0')
    const feedstock = record(4, { ...coal, kind: 'energy-used', quantity: '120', use: 'feedstock' })
    expect(cellOf([...stocks, feedstock], drawing).use?.amount?.toFixed()).toBe('520')
  })

  test('is not known without a stock at either end or a source, and the total says so', () => {
    for (const { use } of [cellOf(stocks.slice(0, 2), drawing), cellOf(stocks, plan)])
      expect(use).toMatchObject({ amount: undefined, incomplete: true })
  })

  test('a record in no unit of its item leaves its own cell unknown', () => {
    const wrong = record(5, { kind: 'energy-purchased', item: 'diesel', quantity: '7', unit: 'kWh' })
    expect(cellOf([wrong], plan, 'diesel').use).toMatchObject({ amount: undefined, incomplete: true })
    expect(cellOf([...stocks, wrong], drawing).use?.amount?.toFixed()).toBe('520')
  })
})

describe('Steam by pressure and temperature', () => {
  test('is heat as postings have it: 100 t × (2777.12 − 83.74) kJ/kg', () => {
    const state = { pressureKpa: '1000', document: 'Design' }
    const meters = ['food-boiler-steam', 'food-cooking-steam', 'food-cleaning-steam']
    const ground = groundOf(({ id }) => (id === 'food-cooking-steam' ? '100' : '0'), {
      plan: { ...plan, steam: [{ meters, state }] },
    })
    const balance = balanceIn(ground, '2026-03')
    const heat = tableOf(balance, 'food')
      .lines.find(({ row }) => row.id === 'terminal')
      ?.cells.get('heat')
    expect(heat?.figure.amount?.toFixed()).toBe('269.338')
    expect(balance.unplaced.filter(({ reason }) => reason === 'no-enthalpy')).toEqual([])
  })
})

describe('Feedstock of what meters measure', () => {
  test('is a part of the metered use, not more of it', () => {
    const feedstock = record(1, {
      kind: 'energy-used',
      item: 'naturalGas',
      quantity: '3000',
      unit: 'm³',
      use: 'feedstock',
    })
    const energies: Record<string, string> = { 'food-gas-incoming': '10000', 'food-canteen-gas': '10000' }
    const balance = balanceIn(
      groundOf(({ id }) => energies[id] ?? '0', { records: [feedstock] }),
      '2026-03',
    )
    const table = tableOf(balance, 'food')
    const at = (row: string) =>
      table.lines
        .find((line) => line.row.id === row)
        ?.cells.get('naturalGas')
        ?.figure.amount?.toFixed()
    expect([at('consumption'), at('feedstock'), at('difference')]).toEqual(['10000', '3000', '0'])
  })
})

describe('A counter of products', () => {
  test('is in no cell of the balance table, and is not missed there', () => {
    const [id, meter] = [...park.meters].find(([each]) => each === 'steel-straightening') ?? []
    if (id === undefined || meter === undefined) throw new Error('the demo park has it')
    const counter = {
      ...meter,
      id: 'tube-scale',
      carrier: 'product',
      role: 'product-count',
      register: 'productMass',
    } as const
    const withIt = { park: { ...park, meters: new Map(park.meters).set(counter.id, counter) } }
    const [before, after] = [{}, withIt].map((over) =>
      balanceIn(
        groundOf(() => '1000', over),
        '2026-03',
      ),
    )
    expect(after).toEqual(before)
  })
})

describe('Closing within the accuracy classes', () => {
  const energies: Record<string, string> = { 'steel-incoming': '1000', 'steel-drawing-line': '990' }
  const closure = (over: Record<string, string>, without?: string) => {
    const known = new Map([...park.meters].map(([id, each]) => [id, { ...each }]))
    const bare = without === undefined ? undefined : known.get(without)
    if (bare !== undefined) delete bare.accuracyPercent
    const ground = groundOf(({ id }) => ({ ...energies, ...over })[id] ?? '0', {
      park: { ...park, meters: known },
    })
    return tableOf(balanceIn(ground, '2026-03'), 'steel').closures.get('electricity')
  }
  test('2u = 2 √Σ(class × net energy / √3)², with a meter’s own loss share taken off its part', () => {
    // 0.5 % of 993 kWh (0.7 % of the incomer is its transformer's loss) and 1 % of 990 kWh.
    const allowed = 2 * Math.sqrt(((0.005 * 993) ** 2 + (0.01 * 990) ** 2) / 3)
    expect(closure({})).toMatchObject({ verdict: 'closes', unknown: [] })
    expect(closure({})?.allowed).toBeCloseTo(allowed, 9)
    expect(closure({ 'steel-drawing-line': '970' })).toMatchObject({ verdict: 'beyond' })
  })

  test('cannot be judged where a class is not known', () => {
    expect(closure({}, 'steel-drawing-line')).toMatchObject({
      verdict: 'cannot-be-judged',
      allowed: undefined,
      unknown: ['steel-drawing-line'],
    })
  })
})

function dropUndefined(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
