import { afterEach, beforeEach, expect, test } from 'vitest'
import { readFactorFiles } from './factor-files.ts'
import { proveLedgers } from './ledger-proof.ts'
import { at, march, planWith, PostingBench, smallPark } from './posting.test-support.ts'
import { postSideBySide } from './posting-threads.ts'

let bench: PostingBench
let alone: PostingBench
beforeEach(() => {
  bench = new PostingBench()
  alone = new PostingBench()
  for (const each of [bench, alone]) {
    each.fill('steel-incoming', { fromMs: march.fromMs, toMs: at('2026-03-03T00:00') })
    each.fill('food-incoming', { fromMs: march.fromMs, toMs: at('2026-03-02T00:00') })
  }
})
afterEach(() => {
  bench.remove()
  alone.remove()
})

test('accounts that two threads post say the same as those that one loop posts, to the hash', async () => {
  const nowMs = bench.clock.wallMs()
  const factors = readFactorFiles()
  const park = smallPark.description
  await postSideBySide({ file: bench.file, park, plan: planWith(), factors, nowMs }, 2)
  await alone.post()
  for (const account of ['steel', 'food']) {
    expect(bench.kinds(account).length).toBeGreaterThan(0)
    expect(bench.books.ledgerHead(account)).toEqual(alone.books.ledgerHead(account))
  }
  expect(proveLedgers(bench.books, factors, bench.rules, undefined).findings).toEqual([])
  await expect(
    postSideBySide({ file: '/nowhere/books.sqlite', park, plan: planWith(), factors, nowMs }, 2),
  ).rejects.toThrow(/books|unable/)
})
