import { describe, expect, test } from 'vitest'
import type { MeterEvidence, Posting } from '#contract/entry.ts'
import type { EnteredRecord } from '#store/port.ts'
import { decimal } from './decimal.ts'
import { postingsOf } from './posting.ts'
import { rules, march, plan, meter, gas, record, postings } from './posting.test-support.ts'

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

  test('nothing is covered while it is not known what was sold on', () => {
    const account = plan([
      { kind: 'electricity-purchased', item: 'electricity', measured: [{ meter: 'incoming' }] },
      { kind: 'electricity-sold', item: 'electricity', measured: [{ meter: 'out' }] },
    ])
    const contract = record({ kind: 'direct-renewable', contract: 'P-1', kwh: '1000' })
    const coveredWhere = (sold: MeterEvidence) =>
      postings(account, { 'source-1': [meter('1000')], 'source-2': [sold] }, [contract])[0]?.covered
    expect(coveredWhere(meter('800'))).toBe('200')
    expect(coveredWhere(meter(undefined))).toBeUndefined()
    // A meter that was not there yet has sold nothing.
    const slots = { expected: 0, known: 0, missing: 0, undecided: 0 }
    expect(coveredWhere(meter(undefined, { slots }))).toBe('1000')
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
