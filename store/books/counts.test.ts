import { afterEach, beforeEach, expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import type { Books } from '../port.ts'
import { commitOf, gapOf, known, LATER, newBooks, T0, touch } from './books.test-support.ts'

let books: Books
let remove: () => void

beforeEach(() => {
  ;({ books, remove } = newBooks())
})
afterEach(() => remove())

test('new books have nothing that needs attention', () => {
  expect(books.counts()).toEqual({
    gaps: 0,
    missingBatches: 0,
    daysToCopy: 0,
    quarantined: 0,
    dirtyWindows: 0,
    oldestDirtyMs: undefined,
    revisionsWritten: 0,
  })
})

test('gaps, missing batches, quarantine and dirty windows are counted, and the intervals written since the start', () => {
  const refusal = { code: 'meter-unknown', detail: 'x', encoding: 'json', payload: '{}' } as const
  books.follow(
    [
      commitOf(1, { touched: [touch(T0 + 3 * SLOT_MS, T0 + 3 * SLOT_MS), touch(T0, T0 + 1, 'm-2')] }),
      commitOf(5, { refused: [refusal] }),
      commitOf(9, { gap: gapOf(6, 7, 9) }),
    ],
    LATER,
  )
  expect(books.counts()).toEqual({
    gaps: 1,
    missingBatches: 4,
    daysToCopy: 0,
    quarantined: 1,
    dirtyWindows: 2,
    oldestDirtyMs: T0,
    revisionsWritten: 0,
  })
  for (const window of books.dirtyWindows(10)) books.record(window, [known(T0, 1)], LATER)
  expect(books.counts()).toMatchObject({ dirtyWindows: 0, oldestDirtyMs: undefined, revisionsWritten: 1 })
})

test('a probe changes nothing, and fails where the books cannot be used', () => {
  books.follow([commitOf(1)], LATER)
  books.probe()
  expect(books.batchCount()).toBe(1)
  books.close()
  expect(() => books.probe()).toThrow(expect.objectContaining({ code: 'books-unusable', retryable: true }))
})
