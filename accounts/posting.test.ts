import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountingRecord } from '#contract/accounting-record.ts'
import { posting as postingShape, type MeterEvidence, type Posting } from '#contract/entry.ts'
import type { EnteredRecord } from '#store/port.ts'
import { accountMonthOf } from './account-month.ts'
import { accountPlan } from './accounting-plan.ts'
import { decimal } from './decimal.ts'
import { postingsOf, resultOf } from './posting.ts'
import { totalsOf } from './statement.ts'
import { testData } from './testing.test-support.ts'

const { rules } = testData((path) => readFileSync(new URL(path, import.meta.url), 'utf8'))
const march = accountMonthOf('2026-03', 'Asia/Shanghai')
const plan = (sources: unknown[], over: Record<string, unknown> = {}) =>
  accountPlan.parse({
    account: 'steel',
    sector: 'industry',
    fuelSet: 'S1',
    electricityRegion: 'tianjin',
    sources: sources.map((source, index) => ({
      id: `source-${index + 1}`,
      name: { zh: '源', en: 'Source' },
      ...(typeof source === 'object' ? source : {}),
    })),
    ...over,
  })

const meter = (energy: string | undefined, over: Partial<MeterEvidence> = {}): MeterEvidence => ({
  meter: 'incoming',
  quantity: 'activeEnergyImport.total',
  unit: 'kWh',
  share: '1',
  ...(energy === undefined ? {} : { energy }),
  fromMs: march.fromMs,
  toMs: march.toMs,
  slots: {
    expected: 2976,
    known: energy === undefined ? 0 : 2976,
    missing: energy === undefined ? 2976 : 0,
    undecided: 0,
  },
  byMethod: energy === undefined ? {} : { measured: energy },
  runs: energy === undefined ? [] : [[march.fromMs, 2976, 1]],
  digest: '0'.repeat(64),
  accuracy: { percent: '0.5', assumed: false },
  ...over,
})
const gas = (energy: string): MeterEvidence =>
  meter(energy, { meter: 'gas', quantity: 'gasVolumeStandard', unit: 'm³' })

let number = 0
const record = (body: Record<string, unknown>, replacedBy?: number): EnteredRecord => ({
  number: (number += 1),
  enteredAtMs: 0,
  replacedBy,
  record: accountingRecord.parse({
    account: 'steel',
    from: '2026-03-01',
    to: '2026-04-01',
    document: 'D',
    by: 'office',
    ...body,
  }),
})

/** The postings of March; each is held to its schema and to its own arithmetic. */
function postings(
  account: ReturnType<typeof plan>,
  meters: Readonly<Record<string, readonly MeterEvidence[]>>,
  records: readonly EnteredRecord[] = [],
): Posting[] {
  const made = postingsOf(account, march, ({ id }) => meters[id] ?? [], records, rules)
  for (const each of made) {
    expect(postingShape.parse(each)).toEqual(each)
    expect(each).toMatchObject(
      Object.fromEntries(
        Object.entries(resultOf(each, rules.assumptions)).filter(([, value]) => value !== undefined),
      ),
    )
  }
  return made
}

describe('fuel', () => {
  const account = plan([
    { kind: 'fuel', item: 'naturalGas', fuel: 'naturalGas', measured: [{ meter: 'gas' }] },
  ])

  test('is amount × NCV × carbon × oxidation × 44/12, in the unit of its set', () => {
    const [made] = postings(account, { 'source-1': [gas('12000')] })
    expect(made).toMatchObject({
      scope: '1',
      formula: 'fuel-combustion',
      activity: { amount: '1.2', unit: '10⁴m³' },
      completeness: '1',
      methods: { measured: '1' },
    })
    // 1.2 × 389.31 × 0.0153 × 0.99 × 44/12
    expect(Number(made?.tCo2)).toBeCloseTo(25.946265708, 9)
    expect(made?.factors.map(({ what, value, confidence }) => [what, value, confidence])).toEqual([
      ['ncv', '389.31', 'secondary'],
      ['carbon', '0.0153', 'secondary'],
      ['oxidation', '0.99', 'secondary'],
    ])
  })

  test('with a measured heating value uses it for the days that it speaks of', () => {
    const whole = record({ kind: 'fuel-property', source: 'source-1', property: 'ncv', value: '380' })
    const [made] = postings(account, { 'source-1': [gas('10000')] }, [whole])
    expect(made?.factors[0]).toMatchObject({ value: '380', rule: 'measured', confidence: 'own' })
    expect(made?.evidence.records).toEqual([{ record: whole.number, use: 'factor', amount: '380' }])
    const half = record({
      kind: 'fuel-property',
      source: 'source-1',
      property: 'ncv',
      value: '380',
      from: '2026-03-12',
      to: '2026-05-01',
    })
    const [mixed] = postings(account, { 'source-1': [gas('10000')] }, [half])
    // 11 days by default, 20 measured.
    expect(Number(mixed?.factors[0]?.value)).toBeCloseTo((11 * 389.31 + 20 * 380) / 31, 12)
    expect(mixed?.evidence.records).toEqual([
      { record: half.number, use: 'factor', amount: '380', part: [20, 31] },
    ])
  })

  test('with two heating values in a month is weighted by what was burnt under each: 700 t and 300 t', () => {
    const value = (ncv: string, from: string, to: string) =>
      record({
        kind: 'fuel-property',
        source: 'source-1',
        property: 'ncv',
        value: ncv,
        unit: 'GJ/t',
        from,
        to,
      })
    const [first, second] = [
      ['2026-03-01', '2026-03-11'],
      ['2026-03-11', '2026-04-01'],
    ] as const
    const values = [value('20', ...first), value('24', ...second)]
    const burnt = (quantity: string, [from, to]: readonly [string, string]) =>
      record({
        kind: 'energy-used',
        use: 'production',
        source: 'source-1',
        item: 'rawCoal',
        quantity,
        unit: 't',
        from,
        to,
      })
    const coal = { kind: 'fuel', item: 'rawCoal', fuel: 'bituminousCoal' }
    const ncvOf = ([made]: readonly Posting[]) => [made?.factors[0]?.value, made?.factors[0]?.rule]
    const recorded = plan([{ ...coal, records: true }])
    const byQuantity = ['21.2', 'measured, mean by quantity']
    expect(ncvOf(postings(recorded, {}, [...values, burnt('700', first), burnt('300', second)]))).toEqual(
      byQuantity,
    )
    const metered = plan([{ ...coal, measured: [{ meter: 'belt' }] }])
    const belt = meter('1000', { meter: 'belt', quantity: 'solidFuelMass', unit: 't' })
    const amounts = (_: unknown, from: string) => decimal(from === first[0] ? '700' : '300')
    expect(ncvOf(postingsOf(metered, march, () => [belt], values, rules, amounts))).toEqual(byQuantity)
    // Nobody knows what was burnt when: 10 days and 21.
    const [unknown] = postings(metered, { 'source-1': [belt] }, values)
    expect(unknown?.factors[0]?.rule).toBe('measured, mean by days and not by quantity')
    expect(Number(unknown?.factors[0]?.value)).toBeCloseTo((10 * 20 + 21 * 24) / 31, 12)
  })

  test('from stock is begin + purchases − end − sales, and unknown without a stock at either end', () => {
    const coal = plan([{ kind: 'fuel', item: 'rawCoal', fuel: 'bituminousCoal', records: true }])
    const item = { item: 'rawCoal', unit: 't' }
    const begin = record({
      kind: 'energy-stock',
      ...item,
      quantity: '100',
      from: '2026-02-01',
      to: '2026-03-01',
    })
    const all = [
      begin,
      record({ kind: 'energy-purchased', ...item, quantity: '50', from: '2026-03-01', to: '2026-04-01' }),
      record({ kind: 'energy-sold', ...item, quantity: '5' }),
      record({ kind: 'energy-stock', ...item, quantity: '85' }),
    ]
    const [made] = postings(coal, {}, all)
    expect(made?.activity).toEqual({ amount: '60', unit: 't' })
    expect(made?.methods).toEqual({ recorded: '1' })
    const [unknown] = postings(coal, {}, all.slice(1))
    expect(unknown?.activity).toBeUndefined()
    expect(unknown?.tCo2).toBeUndefined()
  })
})

describe('electricity', () => {
  const account = plan([
    { kind: 'electricity-purchased', item: 'electricity', measured: [{ meter: 'incoming' }] },
  ])

  test('by location is the average, by market the residual factor of what nothing covers', () => {
    const covers = [
      record({
        kind: 'green-certificate',
        certificate: 'C-1',
        kwh: '3000',
        vintage: '2026',
        cancelledOn: '2026-04-20',
      }),
      record({
        kind: 'direct-renewable',
        contract: 'P-1',
        kwh: '62000',
        from: '2026-01-01',
        to: '2026-03-04',
      }),
      // Not cancelled: it may still be sold.
      record({ kind: 'green-certificate', certificate: 'C-2', kwh: '9000', vintage: '2026' }),
    ]
    const [made] = postings(account, { 'source-1': [meter('10000')] }, covers)
    expect(made?.tCo2).toBe('7.041')
    // Three of 62 days of the supply, and the certificate: 6,000 kWh of 10,000; residual factor of the nation, 2023.
    expect(made?.covered).toBe('6000')
    expect(made?.tCo2MarketBased).toBe('2.4384')
    expect(made?.factors.map(({ code, rule }) => [code, rule])).toEqual([
      ['grid/tianjin/average/2022', 'latest-published'],
      ['grid/china/without-traded-non-fossil/2023', 'latest-published'],
    ])
  })

  test('never covers more than was bought, and covers it once', () => {
    const two = plan([
      { kind: 'electricity-purchased', item: 'electricity', measured: [{ meter: 'incoming' }] },
      { kind: 'electricity-purchased', item: 'electricity', measured: [{ meter: 'incoming' }] },
    ])
    const contract = record({ kind: 'direct-renewable', contract: 'P-1', kwh: '150' })
    const made = postings(two, { 'source-1': [meter('100')], 'source-2': [meter('100')] }, [contract])
    expect(made.map(({ covered }) => covered)).toEqual(['100', '50'])
    expect(made[0]?.tCo2MarketBased).toBe('0')
  })

  test('that is sold on is not covered, and a certificate covers consumption of its year', () => {
    const both = (over: Record<string, unknown> = {}) =>
      plan(
        [
          { kind: 'electricity-purchased', item: 'electricity', measured: [{ meter: 'incoming' }] },
          { kind: 'electricity-sold', item: 'electricity', measured: [{ meter: 'out' }] },
        ],
        over,
      )
    const market = (vintage: string, over: Record<string, unknown> = {}) => {
      const certificate = record({
        kind: 'green-certificate',
        certificate: 'C-1',
        kwh: '1000',
        vintage,
        cancelledOn: '2026-04-20',
      })
      const meters = { 'source-1': [meter('1000')], 'source-2': [meter('800')] }
      return postings(both(over), meters, [certificate]).reduce(
        (sum, { tCo2MarketBased }) => sum + Number(tCo2MarketBased),
        0,
      )
    }
    expect(market('2026')).toBeCloseTo(0, 12)
    expect(market('2026-03')).toBeCloseTo(0, 12)
    const uncovered = 200 * 0.6096e-3
    for (const vintage of ['2019', '2025-12', '2026-04', '2027'])
      expect(market(vintage)).toBeCloseTo(uncovered, 12)
    expect(market('2025-12', { certificateYears: 1 })).toBeCloseTo(0, 12)
  })

  test('that is sold is deducted', () => {
    const sold = plan([{ kind: 'electricity-sold', item: 'electricity', measured: [{ meter: 'incoming' }] }])
    const [made] = postings(sold, { 'source-1': [meter('1000')] })
    expect(made).toMatchObject({ activity: { amount: '-1000', unit: 'kWh' }, tCo2: '-0.7041' })
  })

  test('of a difference is unknown where one of its terms is, and says what is missing', () => {
    const difference = [meter('5000'), meter(undefined, { meter: 'other', share: '-1' })]
    const [unknown] = postings(account, { 'source-1': difference })
    expect(unknown).toMatchObject({ completeness: '0.5', methods: {} })
    expect(unknown?.tCo2).toBeUndefined()
    const notThereYet = meter(undefined, {
      meter: 'other',
      share: '-1',
      slots: { expected: 0, known: 0, missing: 0, undecided: 0 },
    })
    const [made] = postings(account, { 'source-1': [meter('5000'), notThereYet] })
    expect(made?.activity?.amount).toBe('5000')
  })
})

describe('heat and processes', () => {
  test('steam is its enthalpy less that of feed water, times the factor', () => {
    const steam = plan([
      {
        kind: 'heat-purchased',
        item: 'heat',
        measured: [{ meter: 'steam' }],
        steam: { pressureKpa: '1000', document: 'Design' },
      },
    ])
    const [made] = postings(steam, {
      'source-1': [meter('100', { meter: 'steam', quantity: 'steamMass', unit: 't' })],
    })
    // 100 t × (2777.12 − 83.74) kJ/kg = 269.338 GJ, × 0.11 tCO2/GJ
    expect(made).toMatchObject({ formula: 'steam', tCo2: '29.62718', scope: '2' })
    expect(made?.factors[1]).toMatchObject({ code: 'IAPWS-IF97', value: '2777.12' })
  })

  test('a supplier’s factor is converted, and refused in a unit that leads nowhere', () => {
    const power = plan([{ kind: 'electricity-purchased', measured: [{ meter: 'incoming' }] }])
    const factor = (value: string, unit: string) =>
      postings(power, { 'source-1': [meter('1000')] }, [
        record({ kind: 'supplier-factor', source: 'source-1', value, unit }),
      ])[0]
    expect(factor('0.4', 'kgCO2/kWh')?.tCo2MarketBased).toBe('0.4')
    expect(factor('0.4', 'tCO2/MWh')?.tCo2MarketBased).toBe('0.4')
    expect(factor('0.4', 'tCO2/GJ')?.unavailable).toContain('a factor of source-1 is in kgCO2/kWh')
  })

  test('a supplier’s factor stands in the place of the default', () => {
    const heat = plan([{ kind: 'heat-purchased', item: 'heat', measured: [{ meter: 'heat' }] }])
    const supplier = record({ kind: 'supplier-factor', source: 'source-1', value: '0.06', unit: 'tCO2/GJ' })
    const [made] = postings(heat, { 'source-1': [meter('50', { quantity: 'heatEnergy', unit: 'GJ' })] }, [
      supplier,
    ])
    expect(made?.tCo2).toBe('3')
  })

  test('carbonates, own factors, biomass and scope 3 have their own scopes', () => {
    const account = plan(
      [
        { kind: 'process', factor: 'process/calcium-carbonate', records: true },
        { kind: 'biomass', factor: 'own/wood', records: true },
        { kind: 'scope3', factor: 'own/road', records: true },
      ],
      {
        ownFactors: [
          {
            code: 'own/wood',
            name: { zh: '木', en: 'Wood' },
            per: 't',
            value: '1.5',
            document: 'Laboratory',
          },
          {
            code: 'own/road',
            name: { zh: '运', en: 'Road' },
            per: 'tkm',
            value: '0.0001',
            document: 'Haulier',
          },
        ],
      },
    )
    const activity = (source: string, quantity: string, unit: string): EnteredRecord =>
      record({ kind: 'process-activity', source, quantity, unit })
    const made = postings(account, {}, [
      activity('source-1', '10', 't'),
      activity('source-2', '10', 't'),
      activity('source-3', '5000', 'tkm'),
      { ...activity('source-1', '99', 't'), replacedBy: 1 },
    ])
    expect(made.map(({ scope, tCo2 }) => [scope, tCo2])).toEqual([
      ['1', '4.397'],
      ['biomass', '15'],
      ['3', '0.5'],
    ])
    expect(made[0]?.factors[0]?.confidence).toBe('unverified')
  })

  test('what is in another unit is no activity, and says why', () => {
    const heat = plan([{ kind: 'heat-purchased', item: 'heat', measured: [{ meter: 'heat' }] }])
    const [made] = postings(heat, {
      'source-1': [meter('50', { quantity: 'steamMass', unit: 't' })],
    })
    expect(made).toMatchObject({ unavailable: 'What is in t cannot be an activity in GJ.', methods: {} })
    expect(made?.tCo2).toBeUndefined()
  })
})

describe('what cannot be counted', () => {
  const reasonOf = ({ unavailable, tCo2 }: Posting): unknown => [unavailable, tCo2]

  test('is gas at working conditions, and a register of another carrier', () => {
    const account = plan([
      { kind: 'fuel', item: 'naturalGas', fuel: 'naturalGas', measured: [{ meter: 'gas' }] },
      { kind: 'fuel', fuel: 'naturalGas', measured: [{ meter: 'gas' }] },
      { kind: 'fuel', item: 'rawCoal', fuel: 'bituminousCoal', measured: [{ meter: 'tank' }] },
      { kind: 'fuel', item: 'naturalGas', fuel: 'naturalGas', measured: [{ meter: 'gas' }] },
    ])
    const of = (quantity: MeterEvidence['quantity'], unit: string) =>
      meter('356789', { meter: 'gas', quantity, unit })
    const made = postings(account, {
      'source-1': [of('gasVolumeActual', 'm³')],
      'source-2': [of('waterVolume', 'm³')],
      'source-3': [of('liquidFuelMass', 't')],
      'source-4': [gas('10000')],
    })
    expect(made.slice(0, 3).map(reasonOf)).toEqual([
      ['gas: its volume is that at working conditions, not at standard ones.', undefined],
      ['gas: waterVolume (water) is no activity of kind fuel.', undefined],
      ['gas: liquidFuelMass (liquidFuel) does not measure rawCoal.', undefined],
    ])
    expect(made[3]?.tCo2).toBeDefined()
  })

  test('is a record of another item or unit; it stops its own source alone', () => {
    const account = plan([
      { kind: 'heat-purchased', records: true },
      { kind: 'fuel', item: 'rawCoal', fuel: 'bituminousCoal', records: true },
      { kind: 'process', factor: 'process/calcium-carbonate', records: true },
      { kind: 'electricity-purchased', item: 'electricity', records: true },
    ])
    const used = (source: string, item: string, quantity: string, unit: string) =>
      record({ kind: 'energy-used', use: 'production', source, item, quantity, unit })
    const made = postings(account, {}, [
      used('source-1', 'electricity', '50000', 'kWh'),
      used('source-2', 'diesel', '12', 't'),
      record({ kind: 'process-activity', source: 'source-3', quantity: '5', unit: '件' }),
      record({ kind: 'energy-purchased', item: 'electricity', quantity: '1', unit: 'MWh' }),
    ])
    expect(made.slice(0, 3).map(({ tCo2 }) => tCo2)).toEqual([undefined, undefined, undefined])
    expect(made.map(({ unavailable }) => unavailable?.replace(/^Record \d+: /, ''))).toEqual([
      'is of electricity, and source-1 of no energy item.',
      'is of diesel, and source-2 of rawCoal.',
      'is in 件, and source-3 is counted in t.',
      undefined,
    ])
    expect(made[3]).toMatchObject({ activity: { amount: '1000', unit: 'kWh' }, tCo2: '0.7041' })
  })

  test('units of one kind are converted', () => {
    const account = plan([
      { kind: 'process', factor: 'process/calcium-carbonate', records: true },
      { kind: 'fuel', fuel: 'naturalGas', item: 'naturalGas', records: true },
      { kind: 'fuel', fuel: 'bituminousCoal', item: 'rawCoal', records: true },
    ])
    const activity = (source: string, quantity: string, unit: string) =>
      record({ kind: 'process-activity', source, quantity, unit })
    const made = postings(account, {}, [
      activity('source-1', '50000', 'kg'),
      activity('source-2', '3.5', '10⁴m³'),
      activity('source-3', '50000', 'kg'),
    ])
    expect(made.map(({ activity: its }) => its)).toEqual([
      { amount: '50', unit: 't' },
      { amount: '3.5', unit: '10⁴m³' },
      { amount: '50', unit: 't' },
    ])
    expect(made[0]?.tCo2).toBe('21.985')
  })
})

describe('a posting of before', () => {
  test('is computed again from its own evidence, though it would not be made so today', () => {
    const actual = meter('356789', { meter: 'gas', quantity: 'gasVolumeActual', unit: 'm³' })
    const account = plan([{ kind: 'fuel', fuel: 'naturalGas', measured: [{ meter: 'gas' }] }])
    const [standard] = postings(account, { 'source-1': [gas('356789')] })
    if (standard === undefined) throw new Error('there is one')
    const before = { ...standard, evidence: { meters: [actual], records: [] } }
    expect(resultOf(before, rules.assumptions)).toMatchObject({
      activity: standard.activity,
      tCo2: standard.tCo2,
    })
  })
})

describe('own values of a fuel', () => {
  const account = plan([
    { kind: 'fuel', item: 'rawCoal', fuel: 'bituminousCoal', measured: [{ meter: 'belt' }] },
  ])
  const belt = meter('1000', { meter: 'belt', quantity: 'solidFuelMass', unit: 't' })
  const own = (property: string, value: string, unit?: string) =>
    postings(account, { 'source-1': [belt] }, [
      record({
        kind: 'fuel-property',
        source: 'source-1',
        property,
        value,
        ...(unit === undefined ? {} : { unit }),
      }),
    ])[0]

  test('are converted from the unit that they are in', () => {
    for (const [value, unit] of [
      ['22.35', 'GJ/t'],
      ['22350', 'kJ/kg'],
      ['5338.2057', 'kcal/kg'],
      ['22.35', undefined],
    ] as const) {
      const made = own('ncv', value, unit)
      expect(Number(made?.factors[0]?.value)).toBeCloseTo(22.35, 5)
      expect(Number(made?.tCo2)).toBeCloseTo(1_995.269, 2)
    }
    expect(own('oxidation', '98', '%')?.factors[2]?.value).toBe('0.98')
    // 0.55 tC/t × 0.93 × 44/12 × 1000 t, whatever the heating value is.
    expect(Number(own('carbon', '0.55', 'tC/t')?.tCo2)).toBeCloseTo(1_875.5, 6)
  })

  test('out of all bounds are refused, with the record and what is wrong', () => {
    for (const [property, value, unit] of [
      ['ncv', '22350', undefined],
      ['ncv', '22350', 'GJ/t'],
      ['ncv', '380', 'GJ/10⁴m³'],
      ['oxidation', '98', undefined],
      ['carbon', '0.55', 'tC/GJ'],
      ['carbon', '5', 'tC/t'],
    ] as const) {
      const made = own(property, value, unit)
      expect(made?.tCo2).toBeUndefined()
      expect(made?.unavailable).toMatch(/^Record \d+: /)
    }
  })
})

describe('one stock or bill', () => {
  const coal = (over: Record<string, unknown> = {}) => ({
    kind: 'fuel',
    item: 'rawCoal',
    fuel: 'bituminousCoal',
    records: true,
    ...over,
  })
  const rawCoal = { item: 'rawCoal', unit: 't' }
  const stocks = () => [
    record({ kind: 'energy-stock', ...rawCoal, quantity: '100', from: '2026-02-01', to: '2026-03-01' }),
    record({ kind: 'energy-purchased', ...rawCoal, quantity: '500' }),
    record({ kind: 'energy-stock', ...rawCoal, quantity: '80' }),
  ]
  const used = (quantity: string, over: Record<string, unknown>) =>
    record({ kind: 'energy-used', ...rawCoal, quantity, use: 'production', ...over })
  const amounts = (made: readonly Posting[]) => made.map(({ activity }) => activity?.amount)
  const weighed = (energy: string) => meter(energy, { meter: 'belt', quantity: 'solidFuelMass', unit: 't' })

  test('gives each tonne once, whatever is recorded of it and whoever burns it', () => {
    const burnt = (quantity: string, source: string) => used(quantity, { source })
    expect(amounts(postings(plan([coal()]), {}, [...stocks(), used('120', { use: 'feedstock' })]))).toEqual([
      '400',
    ])
    const two = plan([coal(), coal()])
    expect(amounts(postings(two, {}, [...stocks(), burnt('200', 'source-1')]))).toEqual(['200', '320'])
    const both = [...stocks(), burnt('200', 'source-1'), burnt('300', 'source-2')]
    expect(amounts(postings(two, {}, both))).toEqual(['200', '300'])
    const nobody = postings(two, {}, stocks())
    expect(amounts(nobody)).toEqual([undefined, undefined])
    expect(nobody[0]?.unavailable).toContain('source-1 and source-2 draw on the same stock')
    const tooMuch = postings(two, {}, [...stocks(), burnt('600', 'source-1')])
    expect(tooMuch[1]?.unavailable).toContain('more of rawCoal was used elsewhere')
  })

  test('does not count where meters measure, and not what they measured', () => {
    const scale = plan([coal({ measured: [{ meter: 'belt' }] })])
    expect(amounts(postings(scale, { 'source-1': [weighed('520')] }, stocks()))).toEqual(['520'])
    const mixed = plan([coal({ measured: [{ meter: 'belt' }] }), coal()])
    expect(amounts(postings(mixed, { 'source-1': [weighed('200')] }, stocks()))).toEqual(['200', '320'])
  })

  test('of electricity is one source’s, and goes behind its meters', () => {
    const bill = record({ kind: 'energy-purchased', item: 'electricity', quantity: '1000', unit: 'kWh' })
    const bought = { kind: 'electricity-purchased', item: 'electricity', records: true }
    expect(amounts(postings(plan([bought]), {}, [bill]))).toEqual(['1000'])
    const metered = plan([{ ...bought, measured: [{ meter: 'incoming' }] }])
    expect(amounts(postings(metered, { 'source-1': [meter('1000')] }, [bill]))).toEqual(['1000'])
    const two = postings(plan([bought, bought]), {}, [bill])
    expect(amounts(two)).toEqual([undefined, undefined])
    expect(two[1]?.unavailable).toContain('draw on the same bills of electricity')
  })

  test('of heat is in GJ, though the plan knows its steam', () => {
    const heat = {
      kind: 'heat-purchased',
      item: 'heat',
      records: true,
      steam: { pressureKpa: '1000', document: 'Design' },
    }
    const bill = record({ kind: 'energy-purchased', item: 'heat', quantity: '50', unit: 'GJ' })
    expect(postings(plan([heat]), {}, [bill])[0]).toMatchObject({ formula: 'heat', tCo2: '5.5' })
  })
})

describe('uncertainty', () => {
  test('is propagated from the accuracy of the meters, at k = 2', () => {
    const account = plan([
      { kind: 'electricity-purchased', measured: [{ meter: 'incoming' }, { meter: 'other', share: '-1' }] },
    ])
    const [made] = postings(account, {
      'source-1': [meter('5000'), meter('4000', { meter: 'other', share: '-1' })],
    })
    const expected = (2 * Math.hypot((0.005 * 5000) / Math.sqrt(3), (0.005 * 4000) / Math.sqrt(3))) / 1000
    expect(Number(made?.uncertainty?.share)).toBeCloseTo(expected, 6)
    expect(made?.uncertainty).toMatchObject({ covers: 'activity', assumed: false })
  })

  test('joins that of the factor in quadrature where the plan knows it, and says what was assumed', () => {
    const account = plan([
      {
        kind: 'electricity-purchased',
        measured: [{ meter: 'incoming' }],
        factorUncertainty: { percent: '3', document: 'Study' },
      },
    ])
    const accuracy = { percent: '2', assumed: true }
    const [made] = postings(account, { 'source-1': [meter('5000', { accuracy })] })
    expect(Number(made?.uncertainty?.share)).toBeCloseTo(Math.hypot(0.04 / Math.sqrt(3), 0.03), 6)
    expect(made?.uncertainty).toMatchObject({ covers: 'activity and factor', assumed: true })
  })

  test('of a difference of stocks is that of each of them', () => {
    const coal = plan([{ kind: 'fuel', item: 'rawCoal', fuel: 'bituminousCoal', records: true }])
    const item = { item: 'rawCoal', unit: 't' }
    const [made] = postings(coal, {}, [
      record({ kind: 'energy-stock', ...item, quantity: '1000', from: '2026-02-01', to: '2026-03-01' }),
      record({ kind: 'energy-purchased', ...item, quantity: '50' }),
      record({ kind: 'energy-stock', ...item, quantity: '1000' }),
    ])
    const expected = (2 * 0.075 * Math.hypot(1000, 50, 1000)) / Math.sqrt(3) / 50
    expect(Number(made?.uncertainty?.share)).toBeCloseTo(expected, 5)
  })

  test('is not said of a month of which slots are missing', () => {
    const account = plan([{ kind: 'electricity-purchased', measured: [{ meter: 'incoming' }] }])
    const slots = { expected: 2976, known: 1488, missing: 1488, undecided: 0 }
    const [made] = postings(account, { 'source-1': [meter('5000', { slots })] })
    expect(made).toMatchObject({ completeness: '0.5' })
    expect(made?.uncertainty).toBeUndefined()
  })

  test('of one meter is the same however many sources have a part of it', () => {
    const shared = (shares: readonly string[]) => {
      const account = plan(
        shares.map((share) => ({ kind: 'electricity-purchased', measured: [{ meter: 'incoming', share }] })),
      )
      const meters = Object.fromEntries(
        shares.map((share, index) => [`source-${index + 1}`, [meter('5000', { share })]]),
      )
      return totalsOf(postings(account, meters), []).uncertainty
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), (tenths) => {
        const parts = [`0.${tenths}`, `0.${10 - tenths}`]
        expect(Number(shared(parts))).toBeCloseTo(Number(shared(['1'])), 5)
      }),
      { numRuns: 9 },
    )
  })
})
