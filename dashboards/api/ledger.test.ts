import { afterEach, beforeEach, expect, test } from 'vitest'
import { deskOf } from '#cli/desk.ts'
import { march, planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'
import { join } from 'node:path'
import { ServerBench } from '../server.test-support.ts'
import { faultBody } from './shapes.ts'

let posting: PostingBench
let bench: ServerBench
let store: ReadingStore

beforeEach(async () => {
  posting = new PostingBench()
  posting.fill('steel-incoming', { fromMs: march.fromMs, toMs: march.fromMs + 4 * SLOT_MS })
  await posting.post()
  bench = new ServerBench()
  const { books, rules, clock } = posting
  store = await openReadingStore(`sqlite:${join(bench.folder, 'readings.sqlite')}`)
  await bench.start({
    park: smallPark,
    clock,
    accounts: { plan: planWith(), rules, books, commits: { commitsSince: async () => [] } },
    desk: deskOf({ books, store, park: smallPark, clock }),
  })
  await bench.signIn()
})
afterEach(async () => {
  await bench.stop()
  await store.close()
  posting.remove()
})

const account = '/api/v1/accounts/steel'
const adjustment = { month: '2026-03', scope: '1', tCo2: '-1.25', reason: '漏计的柴油', document: '凭证 7' }

test('an adjustment is an entry at the end of the chain, with who and why; it is taken back by another one', async () => {
  const answer = await bench.change('POST', `${account}/adjustments`, adjustment)
  expect(await answer.json()).toEqual({ entry: 3 })
  const taken = await bench.change('POST', `${account}/reversals`, { entry: 3, reason: '重复' })
  expect(await taken.json()).toEqual({ entry: 4 })
  expect(posting.books.ledger('steel').slice(2)).toMatchObject([
    { body: { kind: 'adjustment', ...adjustment, by: 'admin' } },
    {
      body: {
        kind: 'reversal',
        reverses: 3,
        month: '2026-03',
        cause: 'correction',
        reason: '重复',
        by: 'admin',
      },
    },
  ])
})

test('refuses a change without a reason, of a month that is open, of a posting, and of no account', async () => {
  const { reason: _, ...silent } = adjustment
  const refused = await Promise.all(
    [
      bench.change('POST', `${account}/adjustments`, silent),
      bench.change('POST', `${account}/adjustments`, { ...adjustment, tCo2: 'much' }),
      bench.change('POST', `${account}/reopenings`, { month: '2026-03', reason: '更正' }),
      bench.change('POST', `${account}/reversals`, { entry: 1, reason: '更正' }),
      bench.change('POST', '/api/v1/accounts/coal/adjustments', adjustment),
    ].map(async (answer) => faultBody.parse(await (await answer).json()).code),
  )
  expect(refused).toEqual([
    'request-invalid',
    'request-invalid',
    'entry-invalid',
    'entry-invalid',
    'not-found',
  ])
  expect(posting.books.ledger('steel').length).toBe(2)
})
