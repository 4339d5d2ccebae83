import { describe, expect, test } from 'vitest'
import { entryBody, type EntryBody, type FactorUse, type Posting } from '#contract/entry.ts'
import { AccountState } from './account-state.ts'
import { sayIn } from './report-sheet.ts'
import { statementOfAccount } from './positions.ts'
import { statementSheets } from './statement-sheets.ts'
import type { UnsourcedView } from './unsourced-shape.ts'

const factor = (over: Partial<FactorUse>): FactorUse => ({
  code: 'grid/tianjin/average/2022',
  what: 'emission',
  value: '0.7041',
  unit: 'kgCO2/kWh',
  rule: 'of-the-period',
  confidence: 'verified',
  document: 'D',
  ...over,
})
const posting = (over: Partial<Posting> = {}): Posting => ({
  kind: 'posting',
  month: '2026-03',
  source: 'power',
  sourceKind: 'electricity-purchased',
  scope: '2',
  activity: { amount: '1000', unit: 'kWh' },
  tCo2: '0.7041',
  formula: 'electricity',
  factors: [factor({})],
  methods: {},
  evidence: { meters: [], records: [] },
  ...over,
})
const name = { zh: '园', en: 'Park' }
const head = {
  park: name,
  whose: name,
  period: { name: '2026-03', from: '2026-03-01', to: '2026-04-01' },
  planRevision: '1',
}
const frontOf = (postings: readonly Posting[]) => {
  const statement = statementOfAccount(new AccountState(), ['2026-03'], { provisional: postings })
  return statementSheets(head, 'steel', statement, sayIn('en'))[0]
}
const notesOf = (postings: readonly Posting[]): readonly string[] => frontOf(postings)?.notes ?? []

describe('The front sheet of a statement', () => {
  test('says that provisional months are in no total', () => {
    expect(notesOf([posting()])).toContain('Provisional months are in no total: 2026-03')
  })

  test('names factors that were not seen in print', () => {
    expect(notesOf([posting()]).join()).not.toContain('unverified')
    const doubtful = posting({ factors: [factor({ code: 'a/b', confidence: 'unverified' })] })
    expect(notesOf([doubtful])).toContain('Rests on unverified factors: a/b')
  })

  test('says where the market’s factor is of another region', () => {
    const residual = (region: string) =>
      factor({ what: 'residual', code: `grid/${region}/without-traded-non-fossil/2023` })
    const of = (region: string) => notesOf([posting({ factors: [factor({}), residual(region)] })]).join()
    expect(of('china')).toContain('of another region')
    expect(of('tianjin')).not.toContain('of another region')
  })

  test('gives the reason of a source without a result', () => {
    const { activity: _activity, tCo2: _tCo2, ...rest } = posting()
    const refused = { ...rest, factors: [], unavailable: 'Record 7: is in kg' }
    expect(notesOf([refused])).toContain('Not counted: 2026-03 power: Record 7: is in kg')
  })

  test('names energy without an emission source, with the result of the check', () => {
    const check = 'Check: all energy of the balance table has an emission source'
    const diesel = {
      account: 'steel',
      item: 'diesel',
      name: { zh: '柴油', en: 'Diesel' },
      meter: null,
      record: 9,
      amount: '3',
      unit: 't',
      incomplete: false,
      from: '2026-03-01',
      to: '2026-04-01',
      why: 'no-source',
    } as const
    const sheetsOf = (unsourced: readonly UnsourcedView[] | undefined) =>
      statementSheets(
        head,
        'steel',
        statementOfAccount(new AccountState(), ['2026-03'], { unsourced }),
        sayIn('en'),
      )
    const found = sheetsOf([diesel])
    expect(found[0]?.notes).toContain(`${check}: not passed: 1`)
    expect(
      found.at(-1)?.rows.map((row) => row.map((cell) => (typeof cell === 'object' ? cell.number : cell))),
    ).toEqual([
      [
        'steel',
        'Diesel',
        'record 9',
        '3.000',
        't',
        '2026-03-01',
        '2026-03-31',
        'no emission source of the plan counts it',
      ],
    ])
    expect(sheetsOf([])[0]?.notes).toContain(`${check}: passed`)
    expect(sheetsOf(undefined)[0]?.notes.join()).toContain('not checked')
  })
})

describe('Totals of a statement', () => {
  const without = ({ activity: _activity, tCo2: _tCo2, ...rest }: Posting): Posting => rest
  const marks = (postings: readonly Posting[]): unknown[] =>
    (frontOf(postings)?.rows[0] ?? []).map((cell) =>
      typeof cell === 'object' && 'marked' in cell ? cell.marked : undefined,
    )

  test('are marked in the scopes of which something is not known, and in the sum', () => {
    const gas = posting({ source: 'gas', sourceKind: 'fuel', scope: '1' })
    expect(marks([posting(), gas]).slice(0, 5)).toEqual([undefined, false, false, false, false])
    const unknown = without(posting({ source: 'other' }))
    expect(marks([posting(), gas, unknown]).slice(0, 5)).toEqual([undefined, false, true, true, true])
    expect(notesOf([posting(), gas, unknown]).join()).toContain('the sum of what is known')
  })

  test('say that nothing is covered while it is not known what was sold on', () => {
    const sold = without(posting({ source: 'out', sourceKind: 'electricity-sold' }))
    expect(notesOf([posting(), sold]).join()).toContain('cover nothing: 2026-03 out')
  })
})

describe('Allowances, offsets and certificates', () => {
  const state = new AccountState()
  const hash = '0'.repeat(64)
  const take = (body: EntryBody): void =>
    state.take({
      account: 'steel',
      number: state.last + 1,
      recordedAtMs: 0,
      version: 2,
      body,
      previous: hash,
      hash,
    })
  const position = (kind: 'allowance' | 'offset' | 'certificate', amount: string, over: object = {}) =>
    entryBody.parse({
      kind,
      year: 2026,
      amount,
      unit: 'tCO2',
      reference: `${kind}-${amount}`,
      document: 'Registry',
      by: 'office',
      ...over,
    })
  take(posting())
  take(posting({ month: '2026-04', tCo2: '1.2' }))
  take(posting({ month: '2025-12', tCo2: '100' }))
  take(position('allowance', '10'))
  take(position('allowance', '2.5'))
  take(position('offset', '3'))
  take(position('offset', '4'))
  take(position('certificate', '5000', { unit: 'kWh' }))
  take(position('allowance', '7', { year: 2027 }))
  take({ kind: 'reversal', reverses: 7, cause: 'correction', reason: 'entered twice', by: 'office' })

  test('stand beside the emissions of their year, and only what is left of an allowance is computed', () => {
    expect(statementOfAccount(state, ['2026-03']).positions).toEqual([
      {
        year: 2026,
        allowance: '12.5',
        offsets: '3',
        certificatesKwh: '5000',
        certificates: undefined,
        emissions: '1.9041',
        months: 2,
        complete: true,
        left: '10.5959',
        entries: [4, 5, 6, 8],
      },
    ])
    // No total knows of them.
    expect(statementOfAccount(state, ['2026-03']).totals.total).toBe('0.7041')
    expect(statementOfAccount(state, ['2025-12']).positions).toEqual([])
    expect(statementOfAccount(state, ['2026-12', '2027-01']).positions[1]).toMatchObject({
      year: 2027,
      emissions: undefined,
      left: undefined,
    })
  })
})
