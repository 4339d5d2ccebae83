import { describe, expect, test } from 'vitest'
import type { FactorUse, Posting } from '#contract/entry.ts'
import type { EnteredRecord } from '#store/port.ts'
import { meter, plan, postings, record, rules } from './posting.test-support.ts'
import { recordFindings } from './record-proof.ts'

const coal = rules.library.fuel('S1', 'bituminousCoal')
const defaultOf = (code: string, what: string): string | undefined =>
  code.startsWith('heat/')
    ? rules.library.heat('heat', '2026-03-01').value
    : what === 'ncv'
      ? coal.ncv
      : what === 'carbon'
        ? coal.carbon
        : what === 'oxidation'
          ? coal.oxidation
          : undefined

const found = (made: Posting, records: readonly EnteredRecord[]): string[] => [
  ...recordFindings(made, {
    records: new Map(records.map(({ number, record }) => [number, record])),
    items: rules.items,
    defaultOf,
  }),
]
const belt = meter('20', { meter: 'belt', quantity: 'solidFuelMass', unit: 't' })
const own = (over: Record<string, unknown>) =>
  record({
    kind: 'fuel-property',
    source: 'source-1',
    property: 'ncv',
    value: '22.5',
    unit: 'MJ/kg',
    ...over,
  })

const account = plan([
  { kind: 'fuel', item: 'rawCoal', fuel: 'bituminousCoal', measured: [{ meter: 'belt' }] },
  { kind: 'fuel', item: 'rawCoal', fuel: 'bituminousCoal', records: true },
  { kind: 'process', factor: 'process/calcium-carbonate', records: true },
  { kind: 'heat-purchased', item: 'heat', records: true },
  { kind: 'electricity-purchased', item: 'electricity', measured: [{ meter: 'incoming' }] },
])
const meters = { 'source-1': [belt], 'source-5': [meter('50000')] }

const sound = (): EnteredRecord[] => [
  own({}),
  own({ property: 'carbon', value: '0.6', unit: 'tC/t' }),
  own({ property: 'oxidation', value: '95', unit: '%', to: '2026-03-11' }),
  record({
    kind: 'energy-stock',
    item: 'rawCoal',
    quantity: '50',
    unit: 't',
    from: '2026-02-28',
    to: '2026-03-01',
  }),
  record({ kind: 'energy-purchased', item: 'rawCoal', quantity: '90000', unit: 'kg', to: '2026-05-01' }),
  record({
    kind: 'energy-stock',
    item: 'rawCoal',
    quantity: '30',
    unit: 't',
    from: '2026-03-31',
    to: '2026-04-01',
  }),
  record({
    kind: 'energy-used',
    use: 'feedstock',
    source: 'source-2',
    item: 'rawCoal',
    quantity: '5',
    unit: 't',
  }),
  record({ kind: 'process-activity', source: 'source-3', quantity: '50000', unit: 'kg' }),
  record({ kind: 'energy-purchased', item: 'heat', quantity: '200', unit: 'GJ' }),
  record({ kind: 'supplier-factor', source: 'source-4', value: '60', unit: 'kgCO2/GJ', from: '2026-03-17' }),
  record({ kind: 'supplier-factor', source: 'source-5', value: '0.3', unit: 'tCO2/MWh' }),
  record({ kind: 'direct-renewable', contract: 'P', kwh: '80000', to: '2026-05-01' }),
]

describe('What a posting says of records', () => {
  test('is what they say, whatever they are of and however they were shared out', () => {
    const records = sound()
    const made = postings(account, meters, records)
    expect(made.map(({ unavailable }) => unavailable)).toEqual(made.map(() => undefined))
    expect(made.flatMap((each) => each.evidence.records)).toHaveLength(12)
    expect(made.flatMap((each) => found(each, records))).toEqual([])
    // Two values in one month, weighted by days.
    const two = [own({ to: '2026-03-11' }), own({ value: '20', from: '2026-03-11', to: '2026-03-21' })]
    expect(postings(account, meters, two).flatMap((each) => found(each, two))).toEqual([])
  })

  test('is found out where an amount is another one', () => {
    const records = sound()
    const forged = postings(account, meters, records).flatMap((made) =>
      made.evidence.records.map((each, index) => {
        const amount = each.use === 'contract' ? '80001' : `${each.amount}1`
        const evidence = { ...made.evidence, records: made.evidence.records.with(index, { ...each, amount }) }
        return found({ ...made, evidence }, records)
      }),
    )
    expect(forged.filter((messages) => messages.length === 0)).toEqual([])
  })

  const forge = (
    what: FactorUse['what'],
    value: string,
    how: Partial<Posting['evidence']> = {},
  ): string[] => {
    const records = sound()
    const [made] = postings(account, meters, records)
    if (made === undefined) expect.unreachable()
    const factors = made.factors.map((use) => (use.what === what ? { ...use, value } : use))
    return found({ ...made, factors, evidence: { ...made.evidence, ...how } }, records)
  }

  test('is found out where a measured factor is not its records’, or no record states it', () => {
    expect(forge('ncv', '2.25')[0]).toMatch(
      /measured .* \(ncv\) of 2\.25: its records make it 22\.5, not 2\.25$/,
    )
    expect(forge('oxidation', '0.5')[0]).toMatch(
      /\(oxidation\) of 0\.5: its records make it 0\.93\d+, not 0\.5$/,
    )
    expect(forge('ncv', '22.5', { records: [] })).toEqual([
      expect.stringMatching(/\(ncv\) of 22\.5: no record states it$/),
      expect.stringMatching(/\(carbon\) .*: no record states it$/),
      expect.stringMatching(/\(oxidation\) .*: no record states it$/),
    ])
  })

  test('a mean by quantity lies between its values', () => {
    const two = [own({ to: '2026-03-11' }), own({ value: '20', from: '2026-03-11' })]
    const [made] = postings(account, meters, two)
    if (made === undefined) expect.unreachable()
    const valued = (value: string): string[] =>
      found(
        {
          ...made,
          factors: made.factors.map((use) =>
            use.what === 'ncv' ? { ...use, value, rule: 'measured, mean by quantity' } : use,
          ),
        },
        two,
      )
    expect(valued('21')).toEqual([])
    expect(valued('22.6')[0]).toMatch(/its values leave no mean of 22\.6$/)
  })
})
