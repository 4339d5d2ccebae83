import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { accountingRecord } from '#contract/accounting-record.ts'
import { NO_SLOTS, type PlacedSum } from '#contract/energy-sum.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { accountingPlan } from '../accounting-plan.ts'
import { decimal, quotient, textOf, type Decimal } from '../decimal.ts'
import { rules } from '../posting.test-support.ts'
import { allocate } from './allocation.ts'
import { cbamCommunication, cbamCommunicationOf, flowsCsv } from './communication.ts'
import { footprintDataset, footprintDatasetOf } from './dataset.ts'
import { productFootprint, type FootprintFlow, type Known } from './footprint.ts'
import { processMeters } from './process-flows.ts'
import { productReport } from './product-report.ts'

const read = (path: string): unknown => parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const demo = '../../firmware-config/examples/demo-park/'
const park = indexPark(parkDescription.parse(read(`${demo}park.yaml`)))
const plan = accountingPlan.parse(read(`${demo}accounting.yaml`))
const { library, items } = rules
const text = (part: Known): unknown => (part.state === 'known' ? textOf(part.value) : part.why)

const flow = (over: Partial<FootprintFlow>): FootprintFlow => ({
  kind: 'fuel',
  process: 'p',
  meter: 'm',
  item: 'naturalGas',
  amount: decimal('100'),
  unit: 'm³',
  tCo2PerUnit: decimal('0.002'),
  factor: { code: 'f/1', document: 'd', confidence: 'secondary' },
  isDefault: true,
  slots: { expected: 100, missing: 0 },
  share: decimal('1'),
  ...over,
})
const output = { total: decimal('10'), unit: 't', complete: true }

describe('A product’s footprint', () => {
  it('adds heat that came in and takes away what went out, and divides by the output', () => {
    const found = productFootprint(
      [
        flow({}),
        flow({ kind: 'heat-imported', tCo2PerUnit: decimal('0.003'), isDefault: false }),
        flow({ kind: 'heat-exported', tCo2PerUnit: decimal('0.001') }),
        flow({
          kind: 'electricity',
          amount: decimal('5000'),
          unit: 'kWh',
          tCo2PerUnit: decimal('0.0007'),
          share: decimal('0.5'),
        }),
      ],
      output,
      [
        {
          name: 'billet',
          tonnes: decimal('11'),
          directPerTonne: decimal('2'),
          indirectPerTonne: decimal('0.1'),
          document: 'maker',
          confidence: 'unverified',
        },
      ],
    )
    expect(text(found.direct)).toBe('0.4')
    expect(text(found.indirect)).toBe('1.75')
    expect(text(found.mwhPerUnit)).toBe('0.25')
    expect(text(found.specificDirect)).toBe('2.24')
    expect(text(found.specificIndirect)).toBe('0.285')
    // 0.2 + 0.1 + 1.75 of 2.35 rest on defaults.
    expect(Number(found.shareOfDefaults?.toFixed())).toBeCloseTo(2.05 / 2.35, 12)
  })

  it('is not available where an amount, a factor, a share or the production is missing, and says which', () => {
    const nothing = { total: undefined, unit: 't', complete: false }
    expect(text(productFootprint([flow({ amount: undefined })], output).direct)).toEqual([
      'm: nothing is known of the period',
    ])
    expect(text(productFootprint([flow({ tCo2PerUnit: undefined })], output).direct)).toEqual([
      'm: no factor is known',
    ])
    expect(text(productFootprint([flow({ share: undefined })], output).direct)).toEqual([
      'p: cannot be shared out',
    ])
    expect(text(productFootprint([flow({})], nothing).specificDirect)).toEqual([
      'no production is known of the period',
    ])
  })

  test('the products of a process together are the process, however it is shared out by mass', () => {
    const outputs = fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(outputs, (tonnes) => {
        const products = tonnes.map((each, index) => ({
          id: `p${index}`,
          unit: 't',
          output: decimal(String(each)),
        }))
        const shares = products.map(({ id }) => allocate(id, products))
        const sum = shares.reduce<Decimal>(
          (sum, each) => (each.by === 'not-available' ? sum : sum.plus(each.share)),
          decimal('0'),
        )
        expect(Number(sum.toFixed())).toBeCloseTo(1, 15)
      }),
    )
  })

  it('is shared out by given shares only where they are whole', () => {
    const of = (shares: readonly (string | undefined)[]) =>
      allocate(
        'p0',
        shares.map((share, index) => ({
          id: `p${index}`,
          unit: index === 0 ? 't' : '件',
          output: decimal('1'),
          given: share === undefined ? undefined : { share, document: 'd' },
        })),
      )
    expect(of(['0.25', '0.75'])).toMatchObject({ by: 'given-share', document: 'd' })
    expect(of(['0.25', '0.7'])).toMatchObject({
      by: 'not-available',
      why: 'given shares do not add up to one',
    })
    expect(of(['0.25', undefined])).toMatchObject({ by: 'not-available' })
    expect(of([undefined, undefined])).toMatchObject({ by: 'not-available' })
    expect(of([undefined])).toMatchObject({ by: 'only-product' })
  })

  it('has no emissions of a flow without a factor, and says why', () => {
    const found = productFootprint([flow({ tCo2PerUnit: undefined, why: 'no standard volume' })], output)
    expect(text(found.direct)).toEqual(['m: no standard volume'])
  })
})

describe('The products of the demo park', () => {
  const dayMs = Temporal.Instant.from('2026-03-01T00:00+08:00').epochMilliseconds
  const counts: Readonly<Record<string, number>> = {
    'steel-drawing-line': 1_000_00,
    'steel-annealing-feed': 2_000_00,
    'steel-straightening': 500_00,
    'food-refrigeration': 1_000_00,
    'food-packing-line': 400_00,
    'food-cooking-steam': 100_00,
    'food-boiler-steam': 120_00,
    'food-boiler-gas': 9_600_00,
  }
  const lacking = new Set<string>()
  const books = {
    sumsOver: (meter: string): PlacedSum[] => {
      const count = counts[meter]
      const known = lacking.has(meter) ? 90 : 96
      return count === undefined
        ? []
        : [{ fromMs: dayMs, sum: { ...NO_SLOTS, known, energy: { count, resolution: '0.01' } } }]
    },
  }
  const day = { from: '2026-03-01', to: '2026-03-02' }
  const record = { account: 'food', document: 'form', by: 'office', kind: 'production', unit: 't', ...day }
  const records = z.array(accountingRecord).parse([
    { ...record, product: 'frozen-meals', quantity: '50' },
    { ...record, account: 'steel', product: 'steel-tube', quantity: '8' },
  ])
  const live = records.map((each, index) => ({ number: index + 1, record: each }))
  const sources = { park, plan, library, items, books, records: live, nowMs: dayMs + 40 * 86_400_000 }

  it('take what the meters of their processes measured, none twice', () => {
    expect(processMeters(park, 'steel', 'steel-annealing').map(({ id }) => id)).toEqual([
      'steel-annealing-feed',
    ])
    const { footprint } = productReport(sources, { account: 'food', product: 'frozen-meals', ...day })
    expect(footprint.flows.map(({ meter, kind }) => [meter, kind])).toEqual([
      ['food-refrigeration', 'electricity'],
      ['food-packing-line', 'electricity'],
      ['food-cooking-steam', 'heat-imported'],
    ])
    expect(text(footprint.electricityMwh)).toBe('1.4')
    // 100 of the 120 t of steam that 9,600 m³ of gas made, at 21.6219 tCO2 per 10⁴ m³.
    const direct = footprint.direct.state === 'known' ? Number(footprint.direct.value.toFixed()) : undefined
    expect(direct).toBeCloseTo((0.96 * 21.6219 * 100) / 120, 3)
  })

  it('have no factor of own heat where a meter of the boiler lacks slots that another one has', () => {
    lacking.add('food-boiler-gas')
    onTestFinished(() => lacking.clear())
    const { footprint } = productReport(sources, { account: 'food', product: 'frozen-meals', ...day })
    const steam = footprint.flows.find(({ kind }) => kind === 'heat-imported')
    expect(steam).toMatchObject({ tCo2PerUnit: undefined })
    expect(steam?.why).toContain('food-boiler-gas lacks slots')
    expect(footprint.direct.state).not.toBe('known')
  })

  it('are handed on in the shape of a CBAM communication, with what is unverified and what is missing', () => {
    const report = productReport(sources, { account: 'food', product: 'frozen-meals', ...day })
    const communication = cbamCommunication.parse(cbamCommunicationOf(report.facts, report.footprint))
    expect(communication).toMatchObject({
      installation: { account: 'food', country: 'CN' },
      electricity: { perUnit: { value: '0.028', unit: 'MWh/t' } },
      activityLevel: { value: '50', unit: 't', notAvailable: [] },
      allocation: [{ by: 'only-product' }, { by: 'only-product' }, { by: 'only-product' }],
    })
    expect(communication.electricity.factors[0]?.tCo2PerMwh).toBe('0.7041')
    expect(communication.unverified[0]).toContain('not read in print')
    const csv = flowsCsv(communication)
    expect(csv.split('\r\n')).toHaveLength(5)
    expect(csv).toContain('frozen-meals,2026-03-01,2026-03-02,electricity,food-freezing,food-refrigeration')
    const steel = productReport(sources, { account: 'steel', product: 'steel-tube', ...day })
    expect(cbamCommunicationOf(steel.facts, steel.footprint).good.cnCode).toBe('7304')
  })

  it('are a footprint data set with the footprint factor of electricity, never the average one', () => {
    const report = productReport(sources, { account: 'food', product: 'frozen-meals', ...day })
    const set = footprintDataset.parse(footprintDatasetOf(report.facts, report.footprint, report.electricity))
    expect(set.results.electricityFactor).toMatchObject({ kgCo2ePerKwh: '0.6205' })
    expect(set.results.electricity).toBe(
      textOf(quotient(decimal('1400').times(decimal('0.6205')), decimal('50'))),
    )
    expect(set.quality).toMatchObject({ time: 5, completeness: 1, technology: 1 })
    const none = footprintDatasetOf(report.facts, report.footprint, undefined)
    expect(none.results).toMatchObject({ electricity: null, electricityFactor: null })
  })

  it('that a meter counts have its count as their output, and none that it lacks a part of', () => {
    const base = park.meters.get('food-packing-line')
    const account = plan.accounts.find((each) => each.account === 'food')
    if (base === undefined || account === undefined) throw new Error('the demo park has them')
    const meters = new Map(park.meters).set('scale', {
      ...base,
      id: 'scale',
      carrier: 'product',
      role: 'product-count',
      register: 'productMass',
    })
    const products = account.products.map((each) => ({ ...each, meter: 'scale' }))
    const of = (known: number, entered: typeof live) =>
      productReport(
        {
          ...sources,
          park: { ...park, meters },
          plan: { ...plan, accounts: [{ ...account, products }] },
          records: entered,
          books: {
            sumsOver: (meter: string): PlacedSum[] =>
              meter === 'scale'
                ? [{ fromMs: dayMs, sum: { ...NO_SLOTS, known, energy: { count: 50, resolution: '1' } } }]
                : books.sumsOver(meter),
          },
        },
        { account: 'food', product: 'frozen-meals', ...day },
      ).footprint
    const counted = of(96, [])
    expect(text(counted.mwhPerUnit)).toBe('0.028')
    // The scale itself is no flow of the process that it hangs on.
    expect(counted.flows.map(({ meter }) => meter)).not.toContain('scale')
    expect(text(of(95, []).mwhPerUnit)).toEqual(['scale did not count all of the period'])
    expect(text(of(96, live).mwhPerUnit)).toEqual([
      'scale counts frozen-meals from 2025-01-01 on, and records state it for the same days',
    ])
  })

  it('are not there under another name', () => {
    expect(() => productReport(sources, { account: 'food', product: 'none', ...day })).toThrow(
      'no product none',
    )
  })
})
