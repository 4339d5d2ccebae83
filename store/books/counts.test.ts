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

const NO_GAPS = { batches: 0, declared: 0, gateway: 0, meter: 0, undecided: 0, late: 0 }

test('new books have nothing that needs attention', () => {
  expect(books.counts()).toEqual({
    gaps: 0,
    openGaps: NO_GAPS,
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
    openGaps: NO_GAPS,
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

test('gaps on which nobody has decided are counted by their kind', () => {
  const time = { first: T0, last: T0 + 1, fromMs: T0, toMs: T0 + 2 }
  const of = { gateway: 'gw-1', meter: 'm-1', ...time }
  const waiting = { ...of, kind: 'undecided', cause: 'beyond-rating' } as const
  books.changeGaps({ opened: [waiting, { ...of, kind: 'meter', cause: 'no-readings' }], changed: [] }, LATER)
  books.changeGaps({ opened: [waiting], changed: [] }, LATER)
  books.acceptGap(2, { by: 'an engineer', reason: 'x', atMs: LATER })
  expect(books.counts().openGaps).toEqual({ ...NO_GAPS, undecided: 2 })
})

test('batches that a person has accepted as lost are missing no more', () => {
  books.follow([commitOf(1), commitOf(5)], LATER)
  expect(books.counts().missingBatches).toBe(3)
  const hole = { kind: 'batches', gateway: 'gw-1', epoch: 'a'.repeat(32), first: 2, last: 4 } as const
  books.changeGaps({ opened: [{ ...hole, fromMs: T0, toMs: T0, cause: 'not-arrived' }], changed: [] }, LATER)
  expect(books.counts().missingBatches).toBe(3)
  books.acceptGap(1, { by: 'an engineer', reason: 'the card is broken', atMs: LATER })
  expect(books.counts().missingBatches).toBe(0)
})

test('a probe changes nothing, and fails where the books cannot be used', () => {
  books.follow([commitOf(1)], LATER)
  books.probe()
  expect(books.batchCount()).toBe(1)
  books.close()
  expect(() => books.probe()).toThrow(expect.objectContaining({ code: 'books-unusable', retryable: true }))
})
