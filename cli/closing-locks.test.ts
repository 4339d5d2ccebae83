import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stateOf } from '#accounts/account-state.ts'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { lateDataOf } from '#accounts/late-data.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { writeOldLedger } from '#store/books/old-ledger.test-support.ts'
import { readFactorFiles } from './factor-files.ts'
import { proveLedgers } from './ledger-proof.ts'
import { march, planWith, PostingBench, slotOf, smallPark } from './posting.test-support.ts'

/** One meter of two accounts: steel counts 65 % of its incomer, food 35 %. */
function sharedPlan(): AccountingPlan {
  const plan = planWith()
  const shares = { steel: '0.65', food: '0.35' } as const
  return {
    ...plan,
    accounts: plan.accounts.map((account) => ({
      ...account,
      sources: account.sources.map((source) => ({
        ...source,
        measured: [
          { meter: 'steel-incoming', share: account.account === 'steel' ? shares.steel : shares.food },
        ],
      })),
    })),
  }
}

const plan = sharedPlan()
const quantity = 'activeEnergyImport.total'
let bench: PostingBench
beforeEach(async () => {
  bench = new PostingBench()
  bench.fill('steel-incoming', march)
  await bench.post(plan)
})
afterEach(() => bench.remove())

const late = (count: number) => slotOf('steel-incoming', march.fromMs, count)
const energy = (): unknown =>
  bench.books.intervals('steel-incoming', quantity, { fromMs: march.fromMs, toMs: march.fromMs + 1 })[0]
const tCo2 = (account: string): string | undefined =>
  stateOf(bench.books.ledger(account)).posting('2026-03', 'electricity')?.body.tCo2
const differences = (account: string): unknown[] =>
  bench.books.ledger(account).flatMap(({ body }) => (body.kind === 'difference' ? [body] : []))
const lateOf = (account?: string) => lateDataOf({ books: bench.books, park: smallPark, plan }, account)
/** What the recomputation does with what a released lock has left dirty. */
function recompute(count: number): void {
  for (const window of bench.books.dirtyWindows(10))
    bench.books.record(window, [late(count)], bench.clock.wallMs())
}
const findings = () =>
  proveLedgers(bench.books, readFactorFiles(), bench.rules, undefined, { nowMs: bench.clock.wallMs() })
    .findings

describe('A meter of two accounts, one of which has closed', () => {
  beforeEach(async () => {
    bench.close('steel', '2026-03')
    bench.record(late(9_000))
    await bench.post(plan)
  })

  test('stays as it was for both, and both say what they would be', () => {
    expect(energy()).toMatchObject({ energy: { count: 1_000 }, revision: 1 })
    expect([tCo2('steel'), tCo2('food')]).toEqual(['13.6201104', '7.3339056'])
    expect(differences('steel')).toMatchObject([
      { because: 'closed', cause: 'late-data', tCo2: '13.6567236' },
    ])
    expect(differences('food')).toMatchObject([{ because: 'locked', cause: 'late-data', tCo2: '7.3536204' }])
    expect(findings()).toEqual([])
  })

  test('is reported with its energy, kept and computed, and with whom it would change', () => {
    const found = {
      meter: 'steel-incoming',
      month: '2026-03',
      slots: 1,
      kept: '10',
      computed: '90',
      unit: 'kWh',
      notedMs: bench.clock.wallMs(),
    }
    expect(lateOf()).toMatchObject([
      {
        ...found,
        heldBy: [{ account: 'steel', closing: 3, by: 'officer' }],
        heldByOthers: false,
        accounts: [
          { account: 'steel', sources: ['electricity'], closed: true },
          { account: 'food', closed: false },
        ],
      },
    ])
    // Who asks for one account learns nothing of another one.
    expect(lateOf('food')).toMatchObject([
      { ...found, heldBy: [], heldByOthers: true, accounts: [{ account: 'food' }] },
    ])
    expect(JSON.stringify(lateOf('food'))).not.toContain('"steel"')
  })

  test('says nothing twice, and takes it back when the late data is taken back', async () => {
    bench.record(late(9_000))
    await bench.post(plan)
    expect(differences('steel')).toHaveLength(1)
    bench.record(late(1_000))
    await bench.post(plan)
    expect(lateOf()).toEqual([])
    expect(differences('steel').at(-1)).toMatchObject({ tCo2: '13.6201104' })
    expect(differences('food').at(-1)).toMatchObject({ tCo2: '7.3339056' })
    await bench.post(plan)
    expect(differences('food')).toHaveLength(2)
  })

  test('is revised after the reopening, and both accounts are restated with their cause', async () => {
    bench.reopen('steel', '2026-03')
    expect(lateOf()).toEqual([])
    recompute(9_000)
    await bench.post(plan)
    expect(energy()).toMatchObject({ energy: { count: 9_000 }, revision: 2 })
    expect([tCo2('steel'), tCo2('food')]).toEqual(['13.6567236', '7.3536204'])
    for (const account of ['steel', 'food']) {
      const reversal = bench.books.ledger(account).find(({ body }) => body.kind === 'reversal')
      expect(reversal?.body).toMatchObject({ cause: 'late-data' })
    }
    expect(findings()).toEqual([])
  })

  test('is held until the last account that closed has been reopened', async () => {
    bench.close('food', '2026-03')
    bench.reopen('steel', '2026-03')
    recompute(9_000)
    await bench.post(plan)
    expect(energy()).toMatchObject({ energy: { count: 1_000 }, revision: 1 })
    expect(lateOf()).toMatchObject([{ heldBy: [{ account: 'food' }] }])
    expect(tCo2('steel')).toBe('13.6201104')
    bench.reopen('food', '2026-03')
    recompute(9_000)
    await bench.post(plan)
    expect([tCo2('steel'), tCo2('food')]).toEqual(['13.6567236', '7.3536204'])
  })

  test('is locked anew by a second closing, from which on it says the same again', async () => {
    bench.reopen('steel', '2026-03')
    recompute(9_000)
    await bench.post(plan)
    bench.close('steel', '2026-03')
    bench.record(late(4_000))
    await bench.post(plan)
    expect(energy()).toMatchObject({ energy: { count: 9_000 }, revision: 2 })
    expect(bench.books.locks().map(({ released }) => released === undefined)).toEqual([false, true])
    expect(findings()).toEqual([])
  })
})

test('another month of the same meter is not held', async () => {
  bench.close('steel', '2026-03')
  const april = slotOf('steel-incoming', march.toMs + SLOT_MS, 2_000)
  bench.record(april)
  await bench.post(plan)
  expect(lateOf()).toEqual([])
  expect(stateOf(bench.books.ledger('food')).posting('2026-04', 'electricity')?.body.activity?.amount).toBe(
    '7',
  )
})

test('months that were closed before there were such locks get theirs by the migration', () => {
  bench.close('steel', '2026-03')
  const entries = bench.books.ledger('steel')
  bench.books.close()
  writeOldLedger(bench.file, 'steel', entries)
  const database = new DatabaseSync(bench.file)
  database.exec('DELETE FROM period_lock_meter; DELETE FROM period_lock')
  const migration = new URL('../store/migrations/090-books-closing-locks.sql', import.meta.url)
  database.exec(readFileSync(migration, 'utf8').replace(/^ALTER TABLE.*$/m, ''))
  database.close()
  bench.reopenFile()
  expect(bench.books.locks()).toMatchObject([
    {
      account: 'steel',
      ...march,
      meters: ['steel-incoming'],
      by: 'officer',
      closing: 3,
      released: undefined,
    },
  ])
  bench.record(late(9_000))
  expect(energy()).toMatchObject({ energy: { count: 1_000 } })
})
