import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stateOf } from '#accounts/account-state.ts'
import { statementOf } from '#accounts/statement.ts'
import { accountingRecord } from '#contract/accounting-record.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { march, planWith, PostingBench, slotOf } from './posting.test-support.ts'

/** Laws of the whole way from intervals and records to a ledger, with real books. */

let filled: PostingBench
beforeAll(() => {
  filled = new PostingBench()
  filled.fill('steel-incoming', march)
  filled.books.close()
})
afterAll(() => filled.remove())

/** A slot that comes late with another energy, or a contract of direct supply. */
const late = fc.record({ slot: fc.integer({ min: 0, max: 2975 }), count: fc.integer({ min: 0, max: 9_999 }) })
const contract = fc.record({ kwh: fc.integer({ min: 1, max: 20_000 }) })
type Step = { slot: number; count: number } | { kwh: number }

const plan = planWith()

function apply(bench: PostingBench, step: Step, index: number): void {
  if ('slot' in step) {
    bench.record(slotOf('steel-incoming', march.fromMs + step.slot * SLOT_MS, step.count))
    return
  }
  const record = accountingRecord.parse({
    account: 'steel',
    kind: 'direct-renewable',
    contract: `P-${index}`,
    kwh: String(step.kwh),
    from: '2026-03-01',
    to: '2026-04-01',
    document: 'D',
    by: 'office',
  })
  bench.books.enterRecords([record], bench.clock.wallMs())
}

/** What a ledger publishes, without the numbers of its entries and the revisions that they rest on. */
function published({ books }: PostingBench) {
  const { totals, lines } = statementOf(stateOf(books.ledger('steel')), ['2026-03', '2026-04'])
  return {
    totals,
    lines: lines.map(({ month, source, posting: { evidence: _evidence, ...said } }) => ({
      month,
      source,
      said,
    })),
  }
}

describe('A ledger that was posted as data came', () => {
  test('says the same as one that is posted from scratch when all of it is there', async () => {
    const steps = fc.array(fc.oneof(late, contract), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(steps, async (given) => {
        const [grown, fresh] = [new PostingBench(filled.file), new PostingBench(filled.file)]
        try {
          await grown.post(plan)
          const known = grown.clock.wallMs()
          const before = published(grown)
          for (const [index, step] of given.entries()) {
            grown.clock.advance(60_000)
            apply(grown, step, index)
            await grown.post(plan)
          }
          for (const [index, step] of given.entries()) apply(fresh, step, index)
          await fresh.post(plan)
          expect(published(grown)).toEqual(published(fresh))
          // And what was known before any of it came is what it was.
          const then = statementOf(stateOf(grown.books.ledger('steel'), known), ['2026-03', '2026-04'])
          expect(then.totals).toEqual(before.totals)
        } finally {
          grown.remove()
          fresh.remove()
        }
      }),
      { numRuns: 6 },
    )
  })
})
