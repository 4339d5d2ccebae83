import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import { openBooks } from '../books.ts'
import { openSqlite } from '../sqlite-file.ts'
import { known, LATER, missing, newBooks, T0, touch } from './books.test-support.ts'
import { contentOf, textOfContent } from './slot-content.ts'

let folder: string
let remove: () => void

beforeEach(() => {
  ;({ folder, remove } = newBooks())
})
afterEach(() => remove())

const quantity = 'activeEnergyImport.total'
const nothing = touch(1, 0)
/** Over the end of a UTC day. */
const slotAt = (slot: number): number => T0 + slot * 24 * SLOT_MS
const intervalAt = (slot: number, count: number | null): Interval =>
  count === null ? missing(slotAt(slot)) : known(slotAt(slot), count)

test('every revision of a slot is kept, in order, however many change at once and how often', () => {
  const change = fc.array(fc.record({ slot: fc.integer({ min: 0, max: 4 }), count: fc.option(fc.nat(3)) }), {
    minLength: 1,
    maxLength: 12,
  })
  let run = 0
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const books = openBooks(join(folder, `past-${(run += 1)}.sqlite`))
      const expected = new Map<number, Interval[]>()
      for (const each of changes) {
        const intervals = each.map(({ slot, count }) => intervalAt(slot, count))
        books.record(nothing, intervals, LATER * 2)
        for (const interval of intervals) {
          const revisions = expected.get(interval.slotMs) ?? []
          const last = revisions.at(-1)
          if (last === undefined || JSON.stringify(last) !== JSON.stringify(interval))
            revisions.push(interval)
          expected.set(interval.slotMs, revisions)
        }
        for (const [slotMs, revisions] of expected)
          expect(books.revisions('m-1', quantity, slotMs)).toEqual(
            revisions.map((interval, index) => ({ ...interval, revision: index + 1 })),
          )
      }
      books.close()
    }),
    { numRuns: 12 },
  )
})

test('revisions of older books, a row each, come before those of today', () => {
  const file = join(folder, 'older.sqlite')
  const books = openBooks(file)
  for (const count of [5, 6, 7]) books.record(nothing, [known(T0, count)], LATER)
  books.close()
  const database = openSqlite(file, 'books')
  database.exec('DELETE FROM interval_past_day')
  const put = database.prepare('INSERT INTO interval_past VALUES (1, ?, ?, ?)')
  for (const revision of [1, 2]) put.run(T0, revision, textOfContent(contentOf(known(T0, 4 + revision))))
  database.close()
  const again = openBooks(file)
  again.record(nothing, [known(T0, 8)], LATER)
  expect(again.revisions('m-1', quantity, T0)).toEqual(
    [5, 6, 7, 8].map((count, index) => ({ ...known(T0, count), revision: index + 1 })),
  )
  expect(
    again.slotProof('m-1', quantity, { fromMs: T0, toMs: T0 + SLOT_MS }, [[T0, 1, 2]]).energy?.count,
  ).toBe(6)
  again.close()
})
