import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import { openBooks } from '../books.ts'
import type { Books, DayToCopy } from '../port.ts'
import { known, LATER, missing, newBooks, T0, touch } from './books.test-support.ts'

let books: Books
let folder: string
let remove: () => void

beforeEach(() => {
  ;({ books, folder, remove } = newBooks())
})
afterEach(() => remove())

const nothing = touch(1, 0)
const MANY = 100
const slot = (index: number): number => T0 + index * SLOT_MS
const seen = (days: readonly DayToCopy[]): [number, number][] =>
  days.flatMap(({ intervals }) =>
    intervals.map(({ slotMs, revision }): [number, number] => [(slotMs - T0) / SLOT_MS, revision]),
  )

/** What is to be copied, which then counts as copied. */
function taken(nowMs = LATER): [number, number][] {
  const days = books.intervalsToCopy(nowMs, MANY)
  books.intervalsCopied(days)
  return seen(days)
}

test('nothing is marked while intervals are copied nowhere, and everything when they are', () => {
  books.record(nothing, [known(slot(0), 1), known(slot(1), 2)], LATER)
  expect(books.intervalsToCopy(LATER, MANY)).toEqual([])
  books.copyIntervalsTo('here')
  expect(books.intervalsToCopy(LATER, MANY)[0]).toMatchObject({
    meter: 'm-1',
    quantity: 'activeEnergyImport.total',
    mayReplace: true,
  })
  expect(taken()).toEqual([
    [0, 1],
    [1, 1],
  ])
  expect(taken()).toEqual([])
  expect(books.counts().daysToCopy).toBe(0)
})

test('each slot that changes is given, with its newest revision', () => {
  books.copyIntervalsTo('here')
  books.record(nothing, [known(slot(0), 1), known(slot(1), 2), known(slot(2), 3)], LATER)
  expect(taken()).toHaveLength(3)
  books.record(nothing, [known(slot(0), 1), known(slot(1), 5), known(slot(2), 3)], LATER)
  expect(taken()).toEqual([[1, 2]])
  books.record(nothing, [missing(slot(1))], LATER)
  const [day] = books.intervalsToCopy(LATER, MANY)
  expect(day).toMatchObject({ mayReplace: false, intervals: [{ state: 'missing', revision: 3 }] })
})

test('a slot under way is given once it is settled, though nothing of it changes any more', () => {
  books.copyIntervalsTo('here')
  const settledMs = slot(1) + SLOT_MS + SETTLE_MS
  books.record(nothing, [known(slot(0), 1), known(slot(1), 2)], settledMs - 1)
  expect(taken(settledMs - 1)).toEqual([[0, 1]])
  expect(taken(settledMs - 1)).toEqual([])
  expect(taken(settledMs)).toEqual([[1, 1]])
  expect(taken(settledMs)).toEqual([])
})

test('what changes while a copy is being made is given again', () => {
  books.copyIntervalsTo('here')
  books.record(nothing, [known(slot(0), 1)], LATER)
  const days = books.intervalsToCopy(LATER, MANY)
  books.record(nothing, [known(slot(0), 2)], LATER)
  books.intervalsCopied(days)
  expect(taken()).toEqual([[0, 2]])
})

test('days come newest first, at most as many as asked for', () => {
  books.copyIntervalsTo('here')
  const days = [0, 96, 192].map((index) => known(slot(index), 1))
  books.record(nothing, days, LATER * 2)
  expect(seen(books.intervalsToCopy(LATER * 2, 2))).toEqual([
    [192, 1],
    [96, 1],
  ])
})

test('what was not copied is known after a restart; another place has everything to be copied', () => {
  const file = join(folder, 'own.sqlite')
  const own = openBooks(file)
  own.copyIntervalsTo('here')
  own.record(nothing, [known(slot(0), 1), known(slot(1), 2)], LATER)
  own.intervalsCopied(own.intervalsToCopy(LATER, MANY))
  own.record(nothing, [known(slot(1), 3)], LATER)
  own.close()
  const again = openBooks(file)
  again.copyIntervalsTo('here')
  const days = again.intervalsToCopy(LATER, MANY)
  expect(seen(days)).toEqual([[1, 2]])
  again.intervalsCopied(days)
  for (const [target, isAgain] of [
    ['elsewhere', false],
    ['elsewhere', true],
  ] as const) {
    again.copyIntervalsTo(target, isAgain)
    const all = again.intervalsToCopy(LATER, MANY)
    expect(seen(all)).toEqual([
      [0, 1],
      [1, 2],
    ])
    again.intervalsCopied(all)
  }
  again.copyIntervalsTo(undefined)
  again.record(nothing, [known(slot(1), 4)], LATER)
  expect(again.intervalsToCopy(LATER, MANY)).toEqual([])
  again.close()
})
