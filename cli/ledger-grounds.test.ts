import type { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import { changePage } from '#store/books/damaged-page.test-support.ts'
import type { PageSlot } from '#store/books/day-page.ts'
import { march } from './posting.test-support.ts'
import { LedgerProver, makeProvableLedger, type ProvableLedger } from './provable-ledger.test-support.ts'

/** Intervals, their kept sums, records and locks: what the entries of a ledger rest on. */

let made: ProvableLedger
let ledger: LedgerProver

beforeAll(async () => {
  made = await makeProvableLedger()
})
afterAll(() => made.bench.remove())
beforeEach(() => {
  ledger = new LedgerProver(made)
})
afterEach(() => ledger.bench.remove())

/** Another slot in the place of the first of the month. */
const changeSlot =
  (change: (slot: PageSlot) => PageSlot | undefined) =>
  (file: DatabaseSync): void => {
    changePage(file, 'steel-incoming', march.fromMs, change)
  }

/** An ordinary slot with other numbers. */
const withNumbers = (
  slot: PageSlot,
  change: { energyCount: number } | { closingOffsetMs: number },
): PageSlot =>
  typeof slot.content === 'string' ? slot : { ...slot, content: { ...slot.content, ...change } }

/** One more in the count of a kept sum of a meter. */
const changeSum =
  (table: 'day_sum' | 'month_sum', meter = 'steel-incoming') =>
  (file: DatabaseSync): void => {
    const { changes } = file
      .prepare(
        `UPDATE ${table} SET content = json_set(content, '$.energy.count', json_extract(content, '$.energy.count') + 1)
         WHERE series = (SELECT id FROM series WHERE meter = ?)`,
      )
      .run(meter)
    expect(changes).toBeGreaterThan(0)
  }

describe('what an entry rests on, changed, is found and named', () => {
  test.each([
    [
      'an interval’s energy',
      changeSlot((slot) => withNumbers(slot, { energyCount: 1_001 })),
      /steel 1: 2026-03 electricity: intervals of steel-incoming .* add up to 29760.01, not to 29760/,
    ],
    [
      'an interval’s register, at an equal energy',
      changeSlot((slot) => withNumbers(slot, { closingOffsetMs: 1 })),
      /steel 1: .* are not those that it was computed of/,
    ],
    ['an interval’s revision', changeSlot((slot) => ({ ...slot, revision: 2 })), /steel 1: .* are not those/],
    ['an interval that is gone', changeSlot(() => undefined), /steel 1: .* add up to 29750/],
    [
      'a record',
      "UPDATE accounting_record SET content = replace(content, '1000', '2000')",
      /record 1 is not what was entered/,
    ],
    [
      'a record’s account beside it',
      "UPDATE accounting_record SET account = 'food'",
      /record 1 is not what was entered/,
    ],
    [
      'a record that is no JSON',
      "UPDATE accounting_record SET content = replace(content, '{', '[')",
      /record 1 is not what was entered/,
    ],
    [
      'a page of intervals that is none',
      (file) =>
        file.exec(
          "UPDATE interval_day SET content = x'00' WHERE series IN (SELECT id FROM series WHERE meter = 'steel-incoming')",
        ),
      /steel 1: 2026-03 electricity: intervals of steel-incoming .* cannot be read/,
    ],
    [
      'the kept sum of a month',
      changeSum('month_sum'),
      /steel 1: the kept sum of steel-incoming .* by its month, is not/,
    ],
    [
      'the kept sum of a day',
      changeSum('day_sum'),
      /steel 1: the kept sum of steel-incoming .* by its days, is not/,
    ],
    [
      'the day of a kept sum',
      "UPDATE day_sum SET from_ms = from_ms + 1 WHERE series = (SELECT id FROM series WHERE meter = 'steel-incoming')",
      /steel 1: the kept sum of steel-incoming .* by its days, cannot be read/,
    ],
    [
      'a kept sum that is none',
      "UPDATE day_sum SET content = '1' WHERE series = (SELECT id FROM series WHERE meter = 'steel-incoming')",
      /steel 1: the kept sum of steel-incoming .* cannot be read/,
    ],
    [
      'a lock that is gone',
      'DELETE FROM period_lock_meter; DELETE FROM period_lock',
      /steel 3: the lock of 2026-03 is gone/,
    ],
    ['a lock’s closing', 'UPDATE period_lock SET closing = 2', /steel 3: the lock of 2026-03 is gone/],
    [
      'a lock’s first moment',
      'UPDATE period_lock SET from_ms = from_ms + 1',
      /steel 3: the lock of 2026-03 is not the one/,
    ],
    [
      'a lock’s last moment',
      'UPDATE period_lock SET to_ms = to_ms - 1',
      /steel 3: the lock of 2026-03 is not the one/,
    ],
    [
      'a lock’s meter',
      "UPDATE period_lock_meter SET meter = 'food-incoming'",
      /steel 3: the lock of 2026-03 is not/,
    ],
    [
      'a lock’s holder',
      "UPDATE period_lock SET by = 'nobody'",
      /steel 3: the lock of 2026-03 is not the one/,
    ],
    [
      'a lock’s reason',
      "UPDATE period_lock SET why = replace(why, '03', '02')",
      /steel 3: the lock of 2026-03 is not the one/,
    ],
    [
      'a lock’s moment',
      'UPDATE period_lock SET at_ms = at_ms + 1',
      /steel 3: the lock of 2026-03 is not the one/,
    ],
    [
      'a lock that was released',
      `UPDATE period_lock SET released = '{"by":"x","why":"y","atMs":1}'`,
      /steel 3: the lock .* is not/,
    ],
    ['a lock that cannot be read', "UPDATE period_lock SET released = '1'", /steel 3: locks cannot be read/],
    [
      'a register’s name',
      "UPDATE series SET meter = 'steel-incomin0' WHERE meter = 'steel-incoming'",
      /steel 1: .* are not those/,
    ],
    [
      'a record that is gone',
      'DELETE FROM accounting_record',
      /steel 1: record 1 of electricity is not in the books/,
    ],
  ])('%s', (_, sql, expected) => {
    ledger.damage(sql)
    expect(ledger.messages().join('\n')).toMatch(expected)
    expect(ledger.messages().every((message) => !message.startsWith('food'))).toBe(true)
  })
})

describe('what no posting rests on, and tables are made of', () => {
  const sum = (of: string): string =>
    ` 0: the kept sum of roof (activeEnergyImport.total) of ${of} is not that of what it sums up`
  const firstDay = 'the day from 2026-02-28T16:00:00Z'

  beforeEach(() => {
    const { bench } = ledger
    bench.fill('roof', { fromMs: march.fromMs, toMs: march.fromMs + 2 * DAY_MS })
    while (bench.books.settleDays(bench.clock.wallMs(), 1_000) > 0);
  })

  test('is as it was', () => {
    expect(ledger.messages()).toEqual([])
  })

  test.each([
    [
      'an interval',
      (file: DatabaseSync) =>
        changePage(file, 'roof', march.fromMs, (slot) => withNumbers(slot, { energyCount: 1_001 })),
      [sum(firstDay)],
    ],
    [
      'the day of intervals',
      "UPDATE interval_day SET from_ms = from_ms + 1 WHERE series = (SELECT id FROM series WHERE meter = 'roof')",
      [" 0: intervals of roof (activeEnergyImport.total) are kept under a time that is no day's"],
    ],
    ['sums of days', changeSum('day_sum', 'roof'), [`${sum(firstDay)}, and 1 more`, sum('2026-03')]],
    ['the sum of a month', changeSum('month_sum', 'roof'), [sum('2026-03')]],
  ])('%s, changed, is named', (_, damage, expected) => {
    ledger.damage(damage)
    expect(ledger.messages()).toEqual(expected)
  })
})
