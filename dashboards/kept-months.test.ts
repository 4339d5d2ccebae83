import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { stateOf } from '#accounts/account-state.ts'
import { ledgerMonthsOf } from '#accounts/targets/ledger-months.ts'
import { posting, type EntryBody } from '#contract/entry.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { KeptMonths } from './kept-months.ts'

const march = Temporal.Instant.from('2026-03-01T00:00:00+08:00').epochMilliseconds

const posted = (month: string, source: string, tCo2: string): EntryBody =>
  posting.parse({
    kind: 'posting',
    month,
    source,
    sourceKind: 'fuel',
    scope: '1',
    formula: 'activity',
    factors: [],
    tCo2,
    completeness: '1',
    methods: {},
    evidence: { meters: [], records: [] },
  })
const reversal = (month: string, reverses: number): EntryBody => ({
  kind: 'reversal',
  month,
  reverses,
  cause: 'plan',
  reason: 'A reason',
  by: 'office',
})
const adjustment = (month: string, tCo2: string): EntryBody => ({
  kind: 'adjustment',
  month,
  scope: '2',
  tCo2,
  reason: 'A reason',
  by: 'office',
  document: 'D',
})

let folder: string
let books: Books
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-kept-months-'))
  books = openBooks(join(folder, 'books.sqlite'), 'Asia/Shanghai')
})
afterEach(() => {
  books.close()
  rmSync(folder, { recursive: true })
})

test('months of a ledger are those of all of its entries, whatever was added since they were read', () => {
  const kept = new KeptMonths(books)
  const read = vi.spyOn(books, 'ledger')
  const additions: readonly EntryBody[][] = [
    [],
    [posted('2026-01', 'a', '1'), posted('2026-02', 'a', '2')],
    [adjustment('2026-02', '0.5'), posted('2026-03', 'a', '3')],
    [reversal('2026-01', 1), posted('2026-01', 'a', '4')],
    [reversal('2026-03', 4)],
    [reversal('2026-02', 3), posted('2026-02', 'b', '7')],
  ]
  for (const bodies of additions) {
    if (bodies.length > 0) books.post('steel', bodies, 1)
    const found = kept.ledgerMonths('steel')
    expect(found).toEqual(ledgerMonthsOf(stateOf(books.ledger('steel'))))
    read.mockClear()
    expect(kept.ledgerMonths('steel')).toBe(found)
    expect(read).not.toHaveBeenCalled()
  }
  books.post('steel', [posted('2026-03', 'b', '1')], 2)
  kept.ledgerMonths('steel')
  expect(read.mock.calls).toEqual([['steel', ['2026-03']]])
})

test('a month is forgotten when one of its slots changes, and all of them with another record', () => {
  const kept = new KeptMonths(books)
  const make = vi.fn<() => undefined>()
  const ask = (record: number, month: string): number => {
    make.mockClear()
    kept.memory(record).renewable(month, 'steel', 'calorific', make)
    return make.mock.calls.length
  }
  expect([ask(0, '2026-03'), ask(0, '2026-03'), ask(0, '2026-04'), ask(0, '2026-04')]).toEqual([1, 0, 1, 0])
  const older = kept.memory(0)
  books.record(
    { meter: 'one', fromMs: 1, toMs: 0 },
    [
      {
        meter: 'one',
        quantity: 'activeEnergyImport.total',
        slotMs: march + 7 * SLOT_MS,
        state: 'missing',
        cause: 'no-readings',
        undecided: [],
      },
    ],
    1,
  )
  expect([ask(0, '2026-03'), ask(0, '2026-04')]).toEqual([1, 0])
  // Who began before the change does not bring back what was forgotten.
  books.record(
    { meter: 'one', fromMs: 1, toMs: 0 },
    [
      {
        meter: 'one',
        quantity: 'activeEnergyImport.total',
        slotMs: march + 8 * SLOT_MS,
        state: 'missing',
        cause: 'no-readings',
        undecided: [],
      },
    ],
    2,
  )
  const newer = kept.memory(0)
  older.renewable('2026-03', 'steel', 'equal', make)
  make.mockClear()
  newer.renewable('2026-03', 'steel', 'equal', make)
  expect(make).toHaveBeenCalledTimes(1)
  expect([ask(1, '2026-03'), ask(1, '2026-04'), ask(1, '2026-04')]).toEqual([1, 1, 0])
})
