import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { accountingRecord } from '#contract/accounting-record.ts'
import { NO_SLOTS, type PlacedSum } from '#contract/energy-sum.ts'
import { indexPark, parkDescription, type Park } from '#contract/park.ts'
import { accountingPlan, type AccountingPlan } from '../accounting-plan.ts'
import { textOf } from '../decimal.ts'
import { footprintDatasetOf } from './dataset.ts'
import type { Known } from './footprint.ts'
import { rules } from '../posting.test-support.ts'
import { productReport } from './product-report.ts'

const { library, items } = rules
const text = (part: Known): unknown => (part.state === 'known' ? textOf(part.value) : part.why)

describe('A kiln that burns coal and makes clinker', () => {
  const startMs = Temporal.Instant.from('2026-03-01T00:00+08:00').epochMilliseconds
  const meter = (id: string, over: Record<string, unknown>): unknown => ({
    id,
    name: { zh: id, en: id },
    carrier: 'electricity',
    role: 'boundary',
    register: 'activeEnergyImport.total',
    ratingPerHour: 1_000,
    installed: '2026-01-01T00:00:00+08:00',
    ...over,
  })
  const coal = { carrier: 'solidFuel', register: 'solidFuelMass' }
  const scale = { carrier: 'product', role: 'product-count', register: 'productMass' }
  const works = (inProcess: boolean, isWeighed = false) =>
    indexPark(
      parkDescription.parse({
        id: 'park',
        name: { zh: '园', en: 'Park' },
        gateways: [],
        enterprises: [
          {
            id: 'cement',
            name: { zh: '水泥', en: 'Cement' },
            meters: [meter('power', {}), ...(inProcess ? [] : [meter('belt', coal)])],
            processes: [
              {
                id: 'kiln',
                name: { zh: '窑', en: 'Kiln' },
                meters: [
                  meter('drive', { role: 'terminal', upstream: 'power' }),
                  ...(inProcess ? [meter('belt', { ...coal, role: 'terminal' })] : []),
                  ...(isWeighed ? [meter('scale', scale), meter('other-scale', scale)] : []),
                ],
              },
            ],
          },
        ],
      }),
    )
  const planWith = (over: Record<string, unknown> = {}, product: Record<string, unknown> = {}) =>
    accountingPlan.parse({
      park: 'park',
      revision: '1',
      standardCoal: { edition: 'gb2589-2020' },
      accounts: [
        {
          account: 'cement',
          sector: 'industry',
          fuelSet: 'S1',
          electricityRegion: 'tianjin',
          sources: [
            { id: 'power', kind: 'electricity-purchased', measured: [{ meter: 'power' }] },
            { id: 'coal', kind: 'fuel', fuel: 'bituminousCoal', measured: [{ meter: 'belt' }] },
            { id: 'clinker', kind: 'process', factor: 'process/clinker/lower', records: true, ...over },
          ].map((each) => ({ name: { zh: '源', en: 'Source' }, ...each })),
          products: [
            {
              id: 'clinker',
              name: { zh: '熟料', en: 'Clinker' },
              unit: 't',
              cnCode: '25231000',
              processes: ['kiln'],
              ...product,
            },
          ],
        },
      ],
    })
  const books = {
    sumsOver: (id: string): PlacedSum[] =>
      id === 'belt' || id === 'drive' || id === 'scale'
        ? [
            {
              fromMs: startMs,
              sum: { ...NO_SLOTS, known: 96, energy: { count: 10_000, resolution: '0.01' } },
            },
          ]
        : [],
  }
  const day = { from: '2026-03-01', to: '2026-03-02' }
  const common = { account: 'cement', document: 'D', by: 'office', ...day }
  const records = z
    .array(accountingRecord)
    .parse([
      { ...common, kind: 'production', product: 'clinker', quantity: '1000', unit: 't' },
      { ...common, kind: 'process-activity', source: 'clinker', quantity: '1000', unit: 't' },
    ])
    .map((record, index) => ({ number: index + 1, record }))
  const made = (at: Park, its: AccountingPlan, more: typeof records = []) =>
    productReport(
      {
        park: at,
        plan: its,
        library,
        items,
        books,
        records: [...records, ...more],
        nowMs: startMs + 40 * 86_400_000,
      },
      { account: 'cement', product: 'clinker', ...day },
    )
  const report = (at: Park, its: AccountingPlan) => made(at, its).footprint
  const stated = { process: 'kiln' }

  it('emits what its coal and its recorded activity emit', () => {
    const found = report(works(true), planWith(stated, { precursors: [] }))
    // 100 t × 23.204 GJ/t × 0.02618 tC/GJ × 0.93 × 44/12, and 1000 t × 0.525.
    expect(Number(text(found.byKind.fuel))).toBeCloseTo(207.151, 3)
    expect(text(found.byKind.process)).toBe('525')
    expect(Number(text(found.specificDirect))).toBeCloseTo(0.732151, 6)
  })

  it('emits by what a laboratory measured of its coal, where it did', () => {
    const property = (over: Record<string, unknown>) =>
      z
        .array(accountingRecord)
        .parse([{ ...common, kind: 'fuel-property', source: 'coal', ...over }])
        .map((record) => ({ number: 9, record }))
    const plan = planWith(stated, { precursors: [] })
    const ofCoal = (more: ReturnType<typeof property>) => made(works(true), plan, more).footprint
    const ncv = property({ property: 'ncv', value: '20' })
    const both = ofCoal([...ncv, ...property({ property: 'carbon', value: '0.025' })])
    // 100 t × 20 GJ/t × 0.025 tC/GJ × 0.93 × 44/12.
    expect(Number(text(both.byKind.fuel))).toBeCloseTo(170.5, 6)
    // 100 t × 20 GJ/t × 0.02618 tC/GJ × 0.93 × 44/12: half a default is none of its own.
    expect(Number(text(ofCoal(ncv).byKind.fuel))).toBeCloseTo(178.5476, 4)
    const factorOf = ({ flows }: typeof both) => {
      const flow = flows.find(({ item }) => item === 'solidFuel')
      return [flow?.isDefault, flow?.factor?.confidence]
    }
    expect(factorOf(both)).toEqual([false, 'own'])
    expect(factorOf(ofCoal(ncv))[0]).toBe(true)
    // Of other days: the set's values hold.
    const later = property({ property: 'ncv', value: '20', from: '2026-04-01', to: '2026-05-01' })
    expect(Number(text(ofCoal(later).byKind.fuel))).toBeCloseTo(207.151, 3)
  })

  it('emits what the scale says that weighs its clinker, and nothing is known while it stands still unread', () => {
    const weighed = { process: 'kiln', records: false, measured: [{ meter: 'scale' }] }
    const found = report(works(true, true), planWith(weighed, { precursors: [] }))
    // 100 t by the scale × 0.525; the production of 1000 t is recorded.
    expect(text(found.byKind.process)).toBe('52.5')
    expect(found.flows.find(({ kind }) => kind === 'process')).toMatchObject({
      meter: 'clinker',
      slots: { expected: 96, missing: 0 },
    })
    const unread = report(
      works(true, true),
      planWith({ ...weighed, measured: [{ meter: 'other-scale' }] }, { precursors: [] }),
    )
    expect(text(unread.byKind.process)).toEqual(['clinker: nothing is known of the period'])
  })

  it('takes in its data set nothing of what it makes, and nothing at all per tonne of a part of its production', () => {
    const weighed = { process: 'kiln', records: false, measured: [{ meter: 'scale' }] }
    const set = (its: AccountingPlan) => {
      const { facts, footprint, electricity } = made(works(true, true), its)
      return footprintDatasetOf(facts, footprint, electricity)
    }
    const whole = set(planWith(weighed, { precursors: [] }))
    // 100 kWh and 100 t over the recorded 1,000 t.
    expect(whole.inventory.map(({ direction, item, perUnit }) => [direction, item, perUnit])).toEqual([
      ['input', 'electricity', '0.1'],
      ['input', 'solidFuel', '0.1'],
      ['output', 'clinker', '1'],
    ])
    // Counted by a scale and stated by a record: nobody knows how much it was.
    const counted = { precursors: [], meter: 'other-scale' }
    const part = set(planWith(weighed, counted))
    expect(part.inventory.map(({ perUnit }) => perUnit)).toEqual([null, null, '1'])
    expect(part.results.notAvailable).toEqual([
      'other-scale counts clinker from 2026-01-01 on, and records state it for the same days',
    ])
  })

  it('is not known where nobody says which process a source belongs to, and never nothing', () => {
    const found = report(works(true), planWith({}, { precursors: [] }))
    expect(text(found.byKind.process)).toEqual([
      'clinker: is recorded for the account, and the plan does not say for which process',
    ])
    expect(found.direct.state).toBe('not-available')
    const unmeasured = report(works(false), planWith(stated, { precursors: [] }))
    expect(text(unmeasured.byKind.fuel)).toEqual([
      'coal: is measured for the account, and no meter of a process measures its part',
    ])
  })

  it('emits a fuel that is metered at the boundary and names its process, once', () => {
    const named = (its: AccountingPlan): AccountingPlan => ({
      ...its,
      accounts: its.accounts.map((account) => ({
        ...account,
        sources: account.sources.map((source) =>
          source.id === 'coal' ? { ...source, process: 'kiln' } : source,
        ),
      })),
    })
    const plan = named(planWith(stated, { precursors: [] }))
    const found = report(works(false), plan)
    expect(Number(text(found.byKind.fuel))).toBeCloseTo(207.151, 3)
    expect(found.flows.find(({ kind }) => kind === 'fuel')).toMatchObject({
      meter: 'coal',
      process: 'kiln',
      slots: { expected: 96, missing: 0 },
    })
    // Where a meter of the process measures it, that is its flow.
    const inside = report(works(true), plan)
    expect(inside.flows.filter(({ kind }) => kind === 'fuel').map(({ meter: id }) => id)).toEqual(['belt'])
    expect(Number(text(inside.byKind.fuel))).toBeCloseTo(207.151, 3)
    // Of a process that makes nothing of the product there is nothing in it.
    const elsewhere = planWith(stated, { precursors: [], processes: [] })
    expect(report(works(false), named(elsewhere)).flows).toEqual([])
  })

  it('has no specific emissions before its precursors are stated', () => {
    const found = report(works(true), planWith(stated))
    expect(found.direct.state).toBe('known')
    expect(text(found.specificDirect)).toEqual(['the plan does not state the precursors of this good'])
    const billet = {
      name: { zh: '坯', en: 'billet' },
      tonnesPerUnit: '1.1',
      direct: '2',
      indirect: '0.1',
      document: 'maker',
      confidence: 'unverified',
    }
    const complex = report(works(true), planWith(stated, { precursors: [billet] }))
    expect(Number(text(complex.specificDirect))).toBeCloseTo(0.732151 + 2.2, 6)
    expect(complex.precursors.map(({ tonnes }) => textOf(tonnes))).toEqual(['1100'])
  })
})
