import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { stateOf } from '#accounts/account-state.ts'
import { accountingRecord } from '#contract/accounting-record.ts'
import { readFactorFiles } from './factor-files.ts'
import { proveLedgers } from './ledger-proof.ts'
import { march, planWith, PostingBench } from './posting.test-support.ts'

/** Factors that stand in records and in the plan: a posting with others is found, however well its chain is made. */

let bench: PostingBench
beforeEach(() => {
  bench = new PostingBench()
})
afterEach(() => bench.remove())

const source = {
  id: 'wood',
  name: { zh: '木', en: 'Wood' },
  kind: 'process',
  factor: 'own/wood',
  records: true,
}
const steam = {
  id: 'steam',
  name: { zh: '汽', en: 'Steam' },
  kind: 'heat-purchased',
  records: true,
  item: 'heat',
}
const planOf = (value: string): AccountingPlan =>
  planWith({
    sources: [source, steam],
    ownFactors: [{ code: 'own/wood', name: source.name, per: 't', value, document: 'Laboratory' }],
  })
const prove = (plan?: AccountingPlan) => {
  const { findings, count } = proveLedgers(bench.books, readFactorFiles(), bench.rules, undefined, {
    nowMs: bench.clock.wallMs(),
    plan,
  })
  return { messages: findings.map(({ account, entry, message }) => `${account} ${entry}: ${message}`), count }
}
const holding = (month: string) => stateOf(bench.books.ledger('steel')).posting(month, 'wood')

async function postWood(): Promise<void> {
  const common = { account: 'steel', from: '2026-03-01', to: '2026-04-01', document: 'D', by: 'office' }
  const activity = { ...common, kind: 'process-activity', source: 'wood', quantity: '10', unit: 't' }
  bench.fill('steel-incoming', march)
  bench.books.enterRecords([accountingRecord.parse(activity)], bench.clock.wallMs())
  await bench.post(planOf('1.5'))
}

/** A posting in its place, chained and hashed as it should be. */
function forge(over: { readonly value?: string; readonly amount?: string }): void {
  const posted = holding('2026-03')
  if (posted === undefined) expect.unreachable()
  const { value = '1.5', amount = '10' } = over
  const { number, body } = posted
  const forged = {
    ...body,
    factors: body.factors.map((each) => ({ ...each, value })),
    activity: { amount, unit: 't' },
    tCo2: String(Number(value) * Number(amount)),
    evidence: { ...body.evidence, records: body.evidence.records.map((each) => ({ ...each, amount })) },
  }
  const reversal = {
    kind: 'reversal',
    month: '2026-03',
    reverses: number,
    cause: 'plan',
    reason: 'r',
    by: 'x',
  } as const
  bench.books.post('steel', [reversal, forged], bench.clock.wallMs())
}

test('a posting by another factor than the plan’s own is found with the plan, and counted without it', async () => {
  await postWood()
  expect(holding('2026-03')?.body.tCo2).toBe('15')
  expect(prove(planOf('1.5')).messages).toEqual([])
  expect(prove().count.ownFactors).toBeGreaterThan(0)
  forge({ value: '0.1' })
  expect(prove().messages).toEqual([])
  expect(prove(planOf('1.5')).messages).toEqual([
    expect.stringMatching(/^steel \d+: factor own\/wood \(emission\) is 1\.5 in the plan; 0\.1 was used$/),
  ])
})

test('a posting of another amount than its record’s is found', async () => {
  await postWood()
  forge({ amount: '1' })
  expect(prove().messages).toEqual([
    expect.stringMatching(/^steel \d+: record 1 of wood states 10 t, not 1$/),
  ])
})

test('where the plan has changed, what is restated or said to differ is no finding', async () => {
  await postWood()
  bench.close('steel', '2026-03')
  await bench.post(planOf('1.6'))
  expect(bench.kinds()).toContain('difference')
  expect(prove(planOf('1.6')).messages).toEqual([])
})
