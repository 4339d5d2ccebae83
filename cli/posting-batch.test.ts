import { hash } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EntryBody } from '#contract/entry.ts'
import type { Fault } from '#contract/fault.ts'
import { bodyKeeper, type KeptBody } from '#contract/kept-entry.ts'
import { PostingBatch } from './posting-batch.ts'
import { PostingBench } from './posting.test-support.ts'

const adjustment = (month: string): EntryBody => ({
  kind: 'adjustment',
  month,
  scope: '1',
  tCo2: '1',
  reason: 'A reason',
  by: 'office',
  document: 'D',
})
const closing = (month: string): EntryBody => ({
  kind: 'closing',
  month,
  byScope: {},
  entries: 0,
  incomplete: [],
  by: 'office',
  key: 'a'.repeat(64),
  signature: `${'A'.repeat(86)}==`,
})
const keep = bodyKeeper((text) => hash('sha256', text))
const many = (month: string, count: number): KeptBody[] =>
  Array.from({ length: count }, () => keep(adjustment(month)))

let bench: PostingBench
beforeEach(() => {
  bench = new PostingBench()
})
afterEach(() => bench.remove())

test('entries of one account are one addition, and a turn ends with a write that waits for the disk', () => {
  const postAll = vi.spyOn(bench.books, 'postAll')
  const probe = vi.spyOn(bench.books, 'probe')
  const batch = new PostingBatch(bench.books, () => undefined)
  batch.add('steel', many('2026-01', 700), 1)
  batch.add('steel', many('2026-02', 600), 1)
  expect(postAll.mock.calls.map(([additions, , more]) => [additions.length, more])).toEqual([[1, true]])
  batch.write(1)
  expect(probe).toHaveBeenCalledTimes(1)
  batch.write(1)
  expect(probe).toHaveBeenCalledTimes(1)
  batch.add('steel', many('2026-03', 3), 1)
  batch.write(1)
  expect(postAll.mock.lastCall?.[2]).toBe(false)
  expect(probe).toHaveBeenCalledTimes(1)
  expect(bench.books.ledgerHead('steel').number).toBe(1_303)
})

test('a month that was closed meanwhile keeps no other account, and no earlier month, waiting', () => {
  const refused: [string, Fault['code']][] = []
  bench.books.post('steel', [closing('2026-02')], 1)
  const batch = new PostingBatch(bench.books, (account, { code }) => refused.push([account, code]))
  const progress = { changes: 1, records: 0, rules: '' }
  batch.add('steel', many('2026-01', 2), 2)
  batch.add('steel', many('2026-02', 2), 2)
  batch.add('steel', many('2026-03', 2), 2, progress)
  batch.add('food', many('2026-02', 2), 2, progress)
  batch.write(2)
  expect(refused).toEqual([['steel', 'month-closed']])
  expect(bench.books.ledger('steel').map(({ body }) => 'month' in body && body.month)).toEqual([
    '2026-02',
    '2026-01',
    '2026-01',
  ])
  expect(bench.books.postingProgress('steel').changes).toBe(0)
  expect(bench.books.postingProgress('food').changes).toBe(1)
})
