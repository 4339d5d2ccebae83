import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { accountingRecord, type AccountingRecord } from '#contract/accounting-record.ts'
import type { Books } from '../port.ts'
import { newBooks, T0 } from './books.test-support.ts'

let folder: string
let books: Books
let remove: () => void

beforeEach(() => {
  ;({ folder, books, remove } = newBooks())
})
afterEach(() => remove())

const record = (over: Record<string, unknown> = {}): AccountingRecord =>
  accountingRecord.parse({
    account: 'steel',
    kind: 'production',
    from: '2026-03-01',
    to: '2026-04-01',
    product: 'steel-tube',
    quantity: '1200',
    unit: 't',
    document: 'Report 2026-03',
    by: 'Energy office',
    ...over,
  })
const certificate = (over: Record<string, unknown> = {}): AccountingRecord =>
  accountingRecord.parse({
    account: 'steel',
    kind: 'green-certificate',
    from: '2026-03-01',
    to: '2026-04-01',
    certificate: 'C-1',
    kwh: '1000',
    vintage: '2026',
    document: 'Certificate C-1',
    by: 'Energy office',
    ...over,
  })
const numbers = (wish: Parameters<Books['records']>[0] = {}): number[] =>
  books.records(wish).map(({ number }) => number)

describe('records of the books', () => {
  test('are numbered in order, and the very same one is entered once', () => {
    expect(books.enterRecords([record(), record({ quantity: '5' }), record()], T0)).toEqual([
      { number: 1, isNew: true },
      { number: 2, isNew: true },
      { number: 1, isNew: false },
    ])
    expect(books.enterRecords([record()], T0 + 1)).toEqual([{ number: 1, isNew: false }])
    expect(books.records({})).toMatchObject([
      { number: 1, enteredAtMs: T0, replacedBy: undefined },
      { number: 2 },
    ])
    expect(books.records({})[0]?.record).toEqual(record())
  })

  test('are found by account, kind and days', () => {
    books.enterRecords(
      [
        record(),
        record({ account: 'food' }),
        record({ from: '2026-04-01', to: '2026-05-01' }),
        certificate(),
      ],
      T0,
    )
    expect(numbers({ account: 'steel' })).toEqual([1, 3, 4])
    expect(numbers({ kinds: ['green-certificate'] })).toEqual([4])
    expect(numbers({ from: '2026-04-01' })).toEqual([3])
    expect(numbers({ to: '2026-04-01' })).toEqual([1, 2, 4])
    expect(numbers({ from: '2026-03-31', to: '2026-04-02', account: 'food' })).toEqual([2])
  })

  test('are corrected by a record that names them, once', () => {
    books.enterRecords([record(), record({ account: 'food' })], T0)
    const correct = (over: Record<string, unknown>) => books.enterRecords([record(over)], T0 + 1)
    correct({ replaces: 1, quantity: '1210', reason: 'typing error' })
    expect(books.records({ account: 'steel' }).map(({ replacedBy }) => replacedBy)).toEqual([3, undefined])
    for (const [over, why] of [
      [{ replaces: 1, quantity: '7' }, /record 3 has replaced it/],
      [{ replaces: 2, quantity: '7' }, /of account food/],
      [{ replaces: 9, quantity: '7' }, /there is none/],
    ] as const) {
      expect(() => correct(over)).toThrow(expect.objectContaining({ code: 'correction-invalid' }))
      expect(() => correct(over)).toThrow(why)
    }
    expect(() => books.enterRecords([certificate({ replaces: 3 })], T0)).toThrow(/of kind production/)
    const { account, from, to, document, by } = record()
    const withdrawal = { account, from, to, document, by, kind: 'withdrawal', replaces: 3, reason: 'twice' }
    books.enterRecords([accountingRecord.parse(withdrawal)], T0 + 2)
    expect(books.records({ account: 'steel' }).map(({ replacedBy }) => replacedBy)).toEqual([3, 4, undefined])
  })

  test('after a fault none of them is there, and its place is named', () => {
    const all = [record(), record({ replaces: 77 })]
    expect(() => books.enterRecords(all, T0)).toThrow(expect.objectContaining({ place: { path: '1' } }))
    expect(numbers()).toEqual([])
  })

  test('hold a certificate once, whoever claims it, until it is withdrawn', () => {
    books.enterRecords([certificate()], T0)
    expect(() => books.enterRecords([certificate({ account: 'food' })], T0)).toThrow(
      expect.objectContaining({ code: 'certificate-used' }),
    )
    books.enterRecords([certificate({ kwh: '900', replaces: 1 })], T0)
    const { account, from, to, document, by } = certificate()
    books.enterRecords(
      [
        accountingRecord.parse({
          account,
          from,
          to,
          document,
          by,
          kind: 'withdrawal',
          replaces: 2,
          reason: 'sold',
        }),
      ],
      T0,
    )
    expect(books.enterRecords([certificate({ account: 'food' })], T0)).toEqual([{ number: 4, isNew: true }])
  })

  test('hold no certificate that the ledger of another account has, until that is reversed', () => {
    const position = {
      kind: 'certificate',
      year: 2026,
      amount: '1000',
      unit: 'kWh',
      reference: 'C-1',
      document: 'D',
      by: 'office',
    } as const
    books.post('food', [position], T0)
    expect(() => books.enterRecords([certificate()], T0)).toThrow(
      expect.objectContaining({
        code: 'certificate-used',
        message: expect.stringContaining('entry 1 of account food'),
      }),
    )
    // One's own position of it is no second use.
    expect(books.enterRecords([certificate({ account: 'food' })], T0)).toEqual([{ number: 1, isNew: true }])
    expect(() => books.post('steel', [position], T0)).toThrow(
      expect.objectContaining({ code: 'certificate-used' }),
    )
    const reason = { cause: 'correction', reason: 'sold', by: 'office' } as const
    books.post('food', [{ kind: 'reversal', reverses: 1, ...reason }], T0)
    expect(() => books.post('steel', [position], T0)).toThrow(/record 1 of account food/)
  })

  test('cannot be changed or removed in the file either', () => {
    books.enterRecords([record()], T0)
    const file = new DatabaseSync(join(folder, 'books.sqlite'))
    expect(() => file.exec("UPDATE accounting_record SET content = '{}'")).toThrow(/never changed/)
    expect(() => file.exec('DELETE FROM accounting_record')).toThrow(/never removed/)
    file.close()
  })
})
