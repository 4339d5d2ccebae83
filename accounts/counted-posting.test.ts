import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MeterEvidence, Posting } from '#contract/entry.ts'
import { resultOf } from './posting-result.ts'
import { isIncomplete, totalsOf } from './statement.ts'
import { shareText } from './uncertainty.ts'
import { rules, plan, meter, gas, record, postings } from './posting.test-support.ts'

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

  test('is a scale of products under a fuel, and a counter of pieces under a factor by mass', () => {
    const account = plan(
      [
        { kind: 'process', factor: 'process/clinker/lower', measured: [{ meter: 'scale' }] },
        { kind: 'process', factor: 'own/piece', measured: [{ meter: 'counter' }] },
        { kind: 'process', factor: 'process/clinker/lower', measured: [{ meter: 'counter' }] },
        { kind: 'fuel', fuel: 'bituminousCoal', measured: [{ meter: 'scale' }] },
      ],
      {
        ownFactors: [
          { code: 'own/piece', name: { zh: '件', en: 'Piece' }, per: '件', value: '0.002', document: 'D' },
        ],
      },
    )
    const scale = meter('1000', { meter: 'scale', quantity: 'productMass', unit: 't' })
    const counter = meter('5000', { meter: 'counter', quantity: 'productCount', unit: 'pcs' })
    const made = postings(account, {
      'source-1': [scale],
      'source-2': [counter],
      'source-3': [counter],
      'source-4': [scale],
    })
    // 1000 t × 0.525 tCO2/t, and 5000 pieces × 0.002 tCO2.
    expect(made.map(({ tCo2 }) => tCo2)).toEqual(['525', '10', undefined, undefined])
    expect(made.map(({ activity }) => activity)).toEqual([
      { amount: '1000', unit: 't' },
      { amount: '5000', unit: '件' },
      undefined,
      undefined,
    ])
    expect(made.slice(2).map(({ unavailable }) => unavailable)).toEqual([
      'What is in pcs cannot be an activity in t.',
      'scale: productMass counts what is made, and is no activity of kind fuel.',
    ])
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

  test('of a month of which slots are missing is that of the known ones, and a total says how much it lacks', () => {
    const account = plan([{ kind: 'electricity-purchased', measured: [{ meter: 'incoming' }] }])
    const slots = { expected: 2976, known: 1488, missing: 1488, undecided: 0 }
    const [made] = postings(account, { 'source-1': [meter('5000', { slots })] })
    expect(made).toMatchObject({ completeness: '0.5' })
    expect(Number(made?.uncertainty?.share)).toBeCloseTo((2 * 0.005) / Math.sqrt(3), 6)
    const whole = postings(account, { 'source-1': [meter('5000')] })
    expect(totalsOf(whole, []).uncertaintyLacks).toBeUndefined()
    const [nothing] = postings(account, { 'source-1': [meter(undefined)] })
    if (made === undefined || nothing === undefined) throw new Error('both are made')
    // A year of which one month lacks half of its slots, and another all of them.
    const year = [...Array.from({ length: 10 }, () => whole).flat(), made, nothing]
    const totals = totalsOf(year, [])
    expect(Number(totals.uncertainty)).toBeCloseTo((2 * 0.005) / Math.sqrt(3), 6)
    expect(totals.uncertaintyLacks).toEqual({
      slots: shareText((1488 + 2976) / (12 * 2976)),
      figures: '0',
      unknown: 1,
    })
    // One that was posted without it, as ledgers of before have them, is left out of both sides of the share.
    const { uncertainty: _, ...older } = made
    expect(totalsOf([...whole, older], [])).toMatchObject({
      uncertainty: totalsOf(whole, []).uncertainty,
      uncertaintyLacks: { slots: '0.25', figures: '0.5', unknown: 0 },
    })
    expect(totalsOf([older], []).uncertainty).toBeUndefined()
  })

  test('a slot that waits for a decision leaves its month incomplete, though all are known', () => {
    const account = plan([{ kind: 'electricity-purchased', measured: [{ meter: 'incoming' }] }])
    const slots = { expected: 2976, known: 2976, missing: 0, undecided: 1 }
    const [made] = postings(account, { 'source-1': [meter('5000', { slots })] })
    const [whole] = postings(account, { 'source-1': [meter('5000')] })
    if (made === undefined || whole === undefined) throw new Error('both are made')
    expect(made.completeness).toBe('1')
    expect([made, whole].map(isIncomplete)).toEqual([true, false])
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
