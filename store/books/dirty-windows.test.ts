import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import type { Books, DirtyWindow } from '../port.ts'
import { commitOf, known, LATER, missing, newBooks, T0, touch } from './books.test-support.ts'

let books: Books
let remove: () => void

beforeEach(() => {
  ;({ books, remove } = newBooks())
})
afterEach(() => remove())

describe('dirty windows', () => {
  const windowsAfter = (...touched: DirtyWindow[]) => {
    books.follow([commitOf(1, { touched })], LATER)
    return books.dirtyWindows(100)
  }

  test('windows of a meter less than a slot apart are one, others are not', () => {
    const end = T0 + 10 + SLOT_MS
    expect(
      windowsAfter(
        touch(T0, T0 + 10),
        touch(end - 1, end + 5),
        touch(end + 5 + SLOT_MS, end + 5 + SLOT_MS),
        touch(T0, T0, 'm-2'),
      ),
    ).toEqual([touch(T0, end + 5), touch(T0, T0, 'm-2'), touch(end + 5 + SLOT_MS, end + 5 + SLOT_MS)])
  })

  test('one window may join several', () => {
    const far = T0 + 1.5 * SLOT_MS
    expect(windowsAfter(touch(T0, T0 + 1), touch(far, far), touch(T0 + SLOT_MS, T0 + SLOT_MS))).toEqual([
      touch(T0, far),
    ])
  })

  test('those of many batches at once are the same as one after another', () => {
    const stretch = fc
      .tuple(fc.constantFrom('m-1', 'm-2'), fc.nat(12 * SLOT_MS), fc.nat(2 * SLOT_MS))
      .map(([meter, from, length]) => touch(T0 + from, T0 + from + length, meter))
    fc.assert(
      fc.property(
        fc.array(fc.array(stretch, { maxLength: 8 }), { minLength: 2, maxLength: 8 }),
        (batches) => {
          const [together, apart] = [newBooks(), newBooks()]
          try {
            const records = batches.map((touched, index) => commitOf(index + 1, { touched }))
            together.books.follow(records, LATER)
            for (const each of batches.flat()) apart.books.markDirty([each])
            expect(together.books.dirtyWindows(100)).toEqual(apart.books.dirtyWindows(100))
          } finally {
            together.remove()
            apart.remove()
          }
        },
      ),
      { numRuns: 8 },
    )
  })

  test('the oldest come first, up to a limit', () => {
    windowsAfter(touch(T0 + 9, T0 + 9, 'm-2'), touch(T0 + 5, T0 + 5))
    expect(books.dirtyWindows(1)).toEqual([touch(T0 + 5, T0 + 5)])
  })

  test('a window touched again while it was computed stays, even within its own bounds', () => {
    const [window] = windowsAfter(touch(T0, T0 + 100))
    books.follow([commitOf(2, { touched: [touch(T0 + 10, T0 + 20)] })], LATER)
    // A glance at the list in between makes no difference.
    expect(books.dirtyWindows(10)).toEqual([touch(T0, T0 + 100)])
    if (window !== undefined) books.record(window, [missing(T0)], LATER)
    const [still] = books.dirtyWindows(10)
    expect(still).toEqual(touch(T0, T0 + 100))
    if (still !== undefined) books.record(still, [missing(T0)], LATER)
    expect(books.dirtyWindows(10)).toEqual([])
  })

  test('a window that was not read from the books is not cleared', () => {
    windowsAfter(touch(T0, T0 + 100))
    books.record(touch(T0, T0 + 100), [], LATER)
    expect(books.dirtyWindows(10)).toEqual([touch(T0, T0 + 100)])
  })
})

describe('rules of meters', () => {
  test('other rules make all recorded time of the meter dirty, the same ones nothing', () => {
    books.record(touch(0, -1), [known(T0, 5), missing(T0 + 3 * SLOT_MS)], LATER)
    expect(books.useRules('m-1', 'rating 5')).toBe(true)
    const [window] = books.dirtyWindows(10)
    expect(window).toEqual(touch(T0, T0 + 4 * SLOT_MS - 1))
    if (window !== undefined) books.record(window, [], LATER)

    expect(books.useRules('m-1', 'rating 5')).toBe(false)
    expect(books.dirtyWindows(10)).toEqual([])
    expect(books.useRules('m-1', 'rating 6')).toBe(true)
    expect(books.dirtyWindows(10)).toHaveLength(1)
  })

  test('a meter without intervals has nothing to compute again', () => {
    expect(books.useRules('m-2', 'rating 5')).toBe(true)
    expect(books.dirtyWindows(10)).toEqual([])
  })
})
