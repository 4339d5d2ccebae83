import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import type { Books } from '../port.ts'
import { known, LATER, missing, newBooks, T0, touch } from './books.test-support.ts'

let books: Books
let remove: () => void

beforeEach(() => {
  ;({ books, remove } = newBooks())
})
afterEach(() => remove())

describe('intervals', () => {
  const window = touch(T0, T0 + SLOT_MS)
  const quantity = 'activeEnergyImport.total'

  test('a slot gets a revision only when its content differs', () => {
    expect(books.record(window, [known(T0, 5), missing(T0 + SLOT_MS)], LATER)).toBe(2)
    expect(books.record(window, [known(T0, 5), missing(T0 + SLOT_MS)], LATER)).toBe(0)
    expect(books.record(window, [known(T0, 6), missing(T0 + SLOT_MS)], LATER)).toBe(1)
    expect(books.record(window, [known(T0, 5)], LATER)).toBe(1)
    expect(books.revisions('m-1', quantity, T0)).toEqual([
      { ...known(T0, 5), revision: 1 },
      { ...known(T0, 6), revision: 2 },
      { ...known(T0, 5), revision: 3 },
    ])
  })

  test('until it is settled a slot is provisional: its one revision is replaced', () => {
    const settledMs = T0 + SLOT_MS + SETTLE_MS
    expect(books.record(window, [known(T0, 1)], T0 + 60_000)).toBe(1)
    expect(books.record(window, [known(T0, 2)], settledMs - 1)).toBe(1)
    expect(books.revisions('m-1', quantity, T0)).toEqual([{ ...known(T0, 2), revision: 1 }])
    expect(books.record(window, [known(T0, 3)], settledMs)).toBe(1)
    const kept = [
      { ...known(T0, 2), revision: 1 },
      { ...known(T0, 3), revision: 2 },
    ]
    expect(books.revisions('m-1', quantity, T0)).toEqual(kept)
    // A clock that is set back makes nothing provisional again.
    books.record(window, [known(T0, 4)], T0)
    expect(books.revisions('m-1', quantity, T0)).toEqual([...kept, { ...known(T0, 4), revision: 3 }])
  })

  test('what was settled when something of its meter was recorded stays final, whatever the clock says later', () => {
    // The slot itself was written last while it was under way; time, and the next slot, made it final.
    books.record(window, [known(T0, 1)], T0 + SLOT_MS)
    books.record(window, [known(T0 + SLOT_MS, 1)], T0 + SLOT_MS + SETTLE_MS)
    books.record(window, [known(T0, 2), known(T0 + SLOT_MS, 2)], T0 + 60_000)
    expect(books.revisions('m-1', quantity, T0)).toEqual([
      { ...known(T0, 1), revision: 1 },
      { ...known(T0, 2), revision: 2 },
    ])
    // The one under way is still provisional, also after the clock was ahead for a while.
    books.record(window, [known(T0 + SLOT_MS, 3)], T0 + 500 * 86_400_000)
    books.record(window, [known(T0 + 2 * SLOT_MS, 4)], T0 + 2 * SLOT_MS + 60_000)
    books.record(window, [known(T0 + 2 * SLOT_MS, 5)], T0 + 2 * SLOT_MS + 120_000)
    expect(books.revisions('m-1', quantity, T0 + 2 * SLOT_MS)).toEqual([
      { ...known(T0 + 2 * SLOT_MS, 5), revision: 1 },
    ])
  })

  test('the order of keys is no difference', () => {
    books.record(window, [known(T0, 5)], LATER)
    const reordered = known(T0, 5)
    const backwards = Object.fromEntries(Object.entries(reordered).toReversed())
    expect(books.record(window, [{ ...backwards, ...reordered }], LATER)).toBe(0)
  })

  test('the newest revisions of a half-open period, in order; slots never computed are absent', () => {
    books.record(window, [known(T0 + 3 * SLOT_MS, 3), known(T0, 1), known(T0 + SLOT_MS, 2)], LATER)
    books.record(window, [missing(T0 + SLOT_MS, 'undecided')], LATER)
    expect(books.intervals('m-1', quantity, { fromMs: T0, toMs: T0 + 3 * SLOT_MS })).toEqual([
      { ...known(T0, 1), revision: 1 },
      { ...missing(T0 + SLOT_MS, 'undecided'), revision: 2 },
    ])
    expect(books.intervals('m-2', quantity, { fromMs: 0, toMs: T0 * 2 })).toEqual([])
  })

  test('an interval off the grid is refused, and nothing of its call is recorded', () => {
    expect(() => books.record(window, [known(T0, 5), known(T0 + 1, 5)], LATER)).toThrow(/slotMs/)
    expect(books.intervals('m-1', quantity, { fromMs: 0, toMs: T0 * 2 })).toEqual([])
  })
})
