import { describe, expect, test } from 'vitest'
import type { FactorUse, Posting } from '#contract/entry.ts'
import { AccountState } from './account-state.ts'
import { sayIn } from './report-sheet.ts'
import { statementOf } from './statement.ts'
import { statementSheets } from './statement-sheets.ts'

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
const notesOf = (postings: readonly Posting[]): readonly string[] => {
  const name = { zh: '园', en: 'Park' }
  const head = {
    park: name,
    whose: name,
    period: { name: '2026-03', from: '2026-03-01', to: '2026-04-01' },
    planRevision: '1',
  }
  const statement = statementOf(new AccountState(), ['2026-03'], postings)
  return statementSheets(head, 'steel', statement, sayIn('en'))[0]?.notes ?? []
}

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
})
