import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deskOf } from '#cli/desk.ts'
import { smallPark } from '#cli/posting.test-support.ts'
import { openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'
import { AccountBench } from '../account-bench.test-support.ts'
import { faultBody } from './shapes.ts'

let of: AccountBench
let store: ReadingStore

beforeEach(async () => {
  of = new AccountBench()
  const { books, clock } = of.posting
  store = await openReadingStore(`sqlite:${join(of.server.folder, 'readings.sqlite')}`)
  await of.start({ desk: deskOf({ books, store, park: smallPark, clock }) })
  await of.server.signIn()
})
afterEach(async () => {
  await of.stop()
  await store.close()
})

const account = '/api/v1/accounts/steel'
const adjustment = { month: '2026-03', scope: '1', tCo2: '-1.25', reason: '漏计的柴油', document: '凭证 7' }

test('an adjustment is an entry at the end of the chain, with who and why; it is taken back by another one', async () => {
  const answer = await of.server.change('POST', `${account}/adjustments`, adjustment)
  expect(await answer.json()).toEqual({ entry: 3 })
  const taken = await of.server.change('POST', `${account}/reversals`, { entry: 3, reason: '重复' })
  expect(await taken.json()).toEqual({ entry: 4 })
  expect(of.posting.books.ledger('steel').slice(2)).toMatchObject([
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
      of.server.change('POST', `${account}/adjustments`, silent),
      of.server.change('POST', `${account}/adjustments`, { ...adjustment, tCo2: 'much' }),
      of.server.change('POST', `${account}/adjustments`, { ...adjustment, tCo2: '9'.repeat(79) }),
      of.server.change('POST', `${account}/adjustments`, { ...adjustment, tCo2: `0.${'0'.repeat(9)}1` }),
      of.server.change('POST', `${account}/reopenings`, { month: '2026-03', reason: '更正' }),
      of.server.change('POST', `${account}/reversals`, { entry: 1, reason: '更正' }),
      of.server.change('POST', '/api/v1/accounts/coal/adjustments', adjustment),
    ].map(async (asked) => {
      const answer = await asked
      return `${answer.status} ${faultBody.parse(await answer.json()).code}`
    }),
  )
  expect(refused).toEqual([
    ...Array.from({ length: 4 }, () => '400 request-invalid'),
    '409 entry-invalid',
    '409 entry-invalid',
    '404 not-found',
  ])
  expect(of.posting.books.ledger('steel').length).toBe(2)
})
