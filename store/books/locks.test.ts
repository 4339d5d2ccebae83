import { afterEach, beforeEach, expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import type { Books } from '../port.ts'
import { known, LATER, missing, newBooks, T0 } from './books.test-support.ts'

let books: Books
let remove: () => void

beforeEach(() => {
  ;({ books, remove } = newBooks())
})
afterEach(() => remove())

const nothing = { meter: 'm-1', fromMs: T0, toMs: T0 - 1 }
const quantity = 'activeEnergyImport.total'
const record = (...intervals: Interval[]): number => books.record(nothing, intervals, LATER)
const month = {
  account: 'steel',
  fromMs: T0,
  toMs: T0 + 4 * SLOT_MS,
  by: 'energy manager',
  why: 'report sent',
}
const newest = (slotMs: number) => books.intervals('m-1', quantity, { fromMs: slotMs, toMs: slotMs + 1 })

test('a locked slot is not revised: what comes late is noted with old and new', () => {
  record(known(T0, 100), missing(T0 + SLOT_MS), known(T0 + 4 * SLOT_MS, 7))
  const lock = books.lock({ ...month, meters: ['m-1'], atMs: LATER })
  expect(
    record(known(T0, 120), known(T0 + SLOT_MS, 30), known(T0 + 2 * SLOT_MS, 1), known(T0 + 4 * SLOT_MS, 8)),
  ).toBe(1)
  expect(newest(T0)).toMatchObject([{ energy: { count: 100 }, revision: 1 }])
  expect(newest(T0 + 4 * SLOT_MS)).toMatchObject([{ energy: { count: 8 }, revision: 2 }])
  expect(books.lateAfterLock(lock)).toMatchObject([
    {
      lock,
      kept: { energy: { count: 100 }, revision: 1 },
      computed: { energy: { count: 120 } },
      notedMs: LATER,
    },
    { kept: { state: 'missing' }, computed: { energy: { count: 30 } } },
    { kept: undefined, computed: { slotMs: T0 + 2 * SLOT_MS } },
  ])
})

test('what is computed as it was before the lock is no late change any more', () => {
  record(known(T0, 100))
  const lock = books.lock({ ...month, meters: ['m-1'], atMs: LATER })
  record(known(T0, 120))
  record(known(T0, 130))
  expect(books.lateAfterLock(lock)).toMatchObject([{ computed: { energy: { count: 130 } } }])
  record(known(T0, 100))
  expect(books.lateAfterLock(lock)).toEqual([])
})

test('other meters go on, and a change of rules does not get past a lock', () => {
  record(known(T0, 100))
  books.lock({ ...month, meters: ['m-2'], atMs: LATER })
  expect(record(known(T0, 120))).toBe(1)
})

test('a released lock lets what came late be computed again, and stays in the list with its reason', () => {
  record(known(T0, 100))
  const lock = books.lock({ ...month, meters: ['m-1'], atMs: LATER })
  record(known(T0, 120))
  books.unlock(lock, 'auditor', 'restated', LATER + 1)
  books.unlock(lock, 'somebody', 'again', LATER + 2)
  expect(books.locks()).toEqual([
    {
      id: lock,
      ...month,
      meters: ['m-1'],
      atMs: LATER,
      released: { by: 'auditor', why: 'restated', atMs: LATER + 1 },
    },
  ])
  expect(books.lateAfterLock(lock)).toEqual([])
  expect(books.dirtyWindows(10)).toEqual([{ meter: 'm-1', fromMs: T0, toMs: T0 + SLOT_MS - 1 }])
  expect(record(known(T0, 120))).toBe(1)
})

test('a lock that ends before it begins, or that nobody made, is told of', () => {
  const backwards = { ...month, fromMs: month.toMs, toMs: month.fromMs, meters: ['m-1'], atMs: LATER }
  expect(() => books.lock(backwards)).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  expect(() => {
    books.unlock(99, 'auditor', 'restated', LATER)
  }).toThrow(expect.objectContaining({ code: 'not-found' }))
  expect(books.locks()).toEqual([])
})
