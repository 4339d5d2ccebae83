import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { deskOf } from '#cli/desk.ts'
import { planWith, smallPark } from '#cli/posting.test-support.ts'
import { openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'
import { AccountBench } from '../account-bench.test-support.ts'
import { faultBody } from './shapes.ts'

let of: AccountBench
let store: ReadingStore

beforeEach(async () => {
  const product = { id: 'tube', name: { zh: '管', en: 'Tube' }, unit: 't' }
  of = new AccountBench()
  const { books, clock } = of.posting
  store = await openReadingStore(`sqlite:${join(of.server.folder, 'readings.sqlite')}`)
  await of.start(
    { desk: deskOf({ books, store, park: smallPark, clock }) },
    planWith({ products: [product] }),
  )
  await of.server.signIn()
})
afterEach(async () => {
  await of.stop()
  await store.close()
})

const path = '/api/v1/accounts/steel/records'
const made = {
  kind: 'production',
  from: '2026-03-01',
  to: '2026-04-01',
  product: 'tube',
  quantity: '1200',
  unit: 't',
  document: '生产日报',
} as const
const entered = z.object({ records: z.array(z.object({ number: z.int(), isNew: z.boolean() })) })

test('production is entered once, by whoever is signed in, and corrected by another record', async () => {
  const enter = async (...records: unknown[]): Promise<unknown> =>
    entered.parse(await (await of.server.change('POST', path, { records })).json()).records
  expect(await enter(made)).toEqual([{ number: 1, isNew: true }])
  const april = { ...made, from: '2026-04-01', to: '2026-05-01' }
  expect(await enter(made, april)).toEqual([
    { number: 1, isNew: false },
    { number: 2, isNew: true },
  ])
  await enter({ ...made, quantity: '1210', replaces: 1, reason: '抄错' })
  expect(await of.server.json(`${path}?kind=production&to=2026-04-01`)).toMatchObject({
    records: [
      { number: 1, replacedBy: 3, record: { ...made, account: 'steel', by: 'admin' } },
      { number: 3, replacedBy: null, record: { quantity: '1210' } },
    ],
    more: false,
  })
  expect(await of.server.json(`${path}?after=2&kind=energy-stock`)).toEqual({ records: [], more: false })
})

test('refuses what contradicts the plan or the books, and then enters nothing', async () => {
  const bill = { ...made, kind: 'energy-purchased', item: 'naturalGas', unit: 'm³', product: undefined }
  const refused = await Promise.all(
    [
      { records: [] },
      { records: [{ ...made, by: 'somebody else' }] },
      { records: [{ ...made, account: 'food' }] },
      { records: [{ ...made, to: '2026-03-01' }] },
      { records: [bill, { ...made, product: 'rod' }] },
      { records: [bill, { ...made, unit: 'kg' }] },
      { records: [bill, { ...made, replaces: 7 }] },
    ].map(async (body) => {
      const answer = await of.server.change('POST', path, body)
      const { code, message } = faultBody.parse(await answer.json())
      return `${answer.status} ${code} ${message}`
    }),
  )
  expect(refused.map((text) => text.split(' ', 2).join(' '))).toEqual([
    ...Array.from({ length: 6 }, () => '400 request-invalid'),
    '409 correction-invalid',
  ])
  expect(refused[4]).toContain('/records/1/product: account steel has no product rod')
  expect(refused[5]).toContain('/records/1/unit: tube is counted in t, not in kg')
  expect(of.posting.books.records({})).toEqual([])
})
