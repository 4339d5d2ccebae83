import { join as pathOf } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { join, sumOfSlot, type PlacedSum } from '#contract/energy-sum.ts'
import { dayOf, monthOf, SLOT_MS, yearOf } from '#contract/grid.ts'
import { partsOf, rollUp, sumsOver } from '#intervals/rollup.ts'
import { openBooks } from '../books.ts'
import type { Books } from '../port.ts'
import { known, LATER, missing, newBooks, T0, touch } from './books.test-support.ts'

let books: Books
let folder: string
let remove: () => void

beforeEach(() => {
  ;({ books, folder, remove } = newBooks())
})
afterEach(() => remove())

const quantity = 'activeEnergyImport.total'
const always = { fromMs: 0, toMs: LATER * 2 }
const nothing = touch(1, 0)
const SLOTS = 5 * 96

/** The days of the books from all their intervals, as they were never kept. */
function fromScratch(of: Books, timeZone: string): PlacedSum[] {
  const days = Map.groupBy(
    of.intervals('m-1', quantity, always),
    ({ slotMs }) => dayOf(slotMs, timeZone).fromMs,
  )
  return [...days].map(([fromMs, slots]) => ({
    fromMs,
    sum: join(slots.map((interval) => sumOfSlot(interval))),
  }))
}

/** Whatever months are kept are those of their days, and a year read through them is the year read by days. */
function expectMonthsOf(of: Books, timeZone: string): void {
  const days = of.daySums('m-1', quantity, always)
  for (const { fromMs, toMs, sum } of of.monthSums('m-1', quantity, always)) {
    expect({ fromMs, toMs }).toEqual(monthOf(fromMs, timeZone))
    expect(sum).toEqual(
      join(days.filter((day) => day.fromMs >= fromMs && day.fromMs < toMs).map((day) => day.sum)),
    )
  }
  const year = yearOf(T0, timeZone)
  for (const part of ['month', 'year'] as const) {
    const parts = [...partsOf(part, year, timeZone)]
    const byDays = rollUp(of.daySums('m-1', quantity, year), parts)
    expect(sumsOver(of, 'm-1', quantity, parts)).toEqual(byDays)
  }
}

test('day sums agree with the intervals after every change, kept or not, in any calendar', () => {
  const zone = fc.constantFrom('Asia/Shanghai', 'Europe/Berlin', 'Asia/Kathmandu')
  const change = fc.oneof(
    fc.array(
      fc.record({
        // Few, so that they change again after they were summed.
        slot: fc.integer({ min: 0, max: 9 }).map((tenth) => (tenth * SLOTS) / 10),
        count: fc.integer({ min: 0, max: 3 }),
        isKnown: fc.boolean(),
      }),
      { minLength: 1, maxLength: 20 },
    ),
    fc.record({ afterSlots: fc.integer({ min: 0, max: SLOTS + 96 }), limit: fc.integer({ min: 0, max: 4 }) }),
    zone,
  )
  let run = 0
  fc.assert(
    fc.property(zone, fc.array(change, { minLength: 1, maxLength: 12 }), (first, changes) => {
      const file = pathOf(folder, `days-${(run += 1)}.sqlite`)
      let timeZone = first
      let own = openBooks(file, timeZone)
      for (const each of changes) {
        if (typeof each === 'string') {
          own.close()
          timeZone = each
          own = openBooks(file, timeZone)
        } else if ('limit' in each) {
          own.settleDays(T0 + each.afterSlots * SLOT_MS, each.limit)
        } else {
          const intervals = each.map(({ slot, count, isKnown }) =>
            isKnown ? known(T0 + slot * SLOT_MS, count) : missing(T0 + slot * SLOT_MS),
          )
          own.record(nothing, intervals, LATER * 2)
        }
        expect(own.daySums('m-1', quantity, always)).toEqual(fromScratch(own, timeZone))
        expectMonthsOf(own, timeZone)
      }
      own.close()
    }),
    { numRuns: 15 },
  )
})

test('days that are over are summed once; the one under way, and another meter’s, are not', () => {
  const day = dayOf(T0, 'UTC')
  books.record(nothing, [known(day.fromMs, 5), known(day.toMs, 6)], LATER)
  expect(books.settleDays(day.toMs - 1, 10)).toBe(0)
  expect(books.settleDays(day.toMs, 10)).toBe(1)
  expect(books.settleDays(day.toMs, 10)).toBe(0)
  books.record(nothing, [known(day.fromMs, 5)], LATER)
  expect(books.settleDays(day.toMs, 10)).toBe(0)
  books.record(nothing, [known(day.fromMs, 7)], LATER)
  expect(books.settleDays(day.toMs, 10)).toBe(1)
  expect(books.daySums('m-1', quantity, day).map(({ sum }) => sum.energy?.count)).toEqual([7])
  expect(books.daySums('m-2', quantity, always)).toEqual([])
})

test('months that are over are kept after their days, and forgotten with the first slot that changes', () => {
  const month = monthOf(T0, 'UTC')
  const afterMs = month.toMs + 86_400_000
  books.record(nothing, [known(month.fromMs, 5), known(month.toMs - SLOT_MS, 6), known(month.toMs, 7)], LATER)
  expect(books.settleDays(month.toMs, 10)).toBe(2)
  expect(books.monthSums('m-1', quantity, always)).toEqual([])
  expect(books.settleDays(afterMs, 10)).toBe(1)
  expect(books.settleDays(afterMs, 10)).toBe(1)
  expect(books.settleDays(afterMs, 10)).toBe(0)
  const counts = (): (number | undefined)[] =>
    books.monthSums('m-1', quantity, always).map(({ sum }) => sum.energy?.count)
  expect(counts()).toEqual([11])
  books.record(nothing, [known(month.fromMs, 4)], LATER)
  expect(counts()).toEqual([])
  while (books.settleDays(afterMs, 1) > 0);
  expect(counts()).toEqual([10])
  expect(books.monthSums('m-2', quantity, always)).toEqual([])
})

test('books of before there were months have them once they were opened and settled', () => {
  const file = pathOf(folder, 'before.sqlite')
  const muchLaterMs = LATER + 62 * 86_400_000
  const own = openBooks(file, 'Asia/Shanghai')
  own.record(nothing, [known(T0, 5)], LATER)
  while (own.settleDays(muchLaterMs, 10) > 0);
  own.close()
  const database = new DatabaseSync(file)
  database.exec('DELETE FROM month_sum')
  database.close()
  const again = openBooks(file, 'Asia/Shanghai')
  while (again.settleDays(muchLaterMs, 10) > 0);
  expect(again.monthSums('m-1', quantity, always).map(({ sum }) => sum.energy?.count)).toEqual([5])
  again.close()
})

test('a calendar stays that of the owner for whoever opens the books without one', () => {
  const file = pathOf(folder, 'owned.sqlite')
  const own = openBooks(file, 'Asia/Shanghai')
  own.record(nothing, [known(T0, 5)], LATER)
  const other = openBooks(file)
  expect(other.daySums('m-1', quantity, always)).toEqual(own.daySums('m-1', quantity, always))
  expect(other.daySums('m-1', quantity, always)[0]).toMatchObject({
    fromMs: dayOf(T0, 'Asia/Shanghai').fromMs,
  })
  other.close()
  own.close()
})

test('a day that cannot be summed exactly keeps no other one waiting, and says so to whoever asks', () => {
  const day = dayOf(T0, 'UTC')
  const large = { count: 9_000_000_000_000_000, resolution: '1' }
  const slot = known(day.fromMs, 1)
  if (slot.state !== 'known') throw new Error('a known slot')
  const fine = { ...slot, slotMs: day.fromMs + SLOT_MS, energy: { count: 1, resolution: '0.000000001' } }
  books.record(nothing, [{ ...slot, energy: large }, fine, known(day.toMs, 6)], LATER)
  expect(books.settleDays(day.toMs + 86_400_000, 10)).toBe(2)
  expect(books.settleDays(day.toMs + 86_400_000, 10)).toBe(0)
  expect(() => books.daySums('m-1', quantity, day)).toThrow(
    expect.objectContaining({ code: 'amount-overflow' }),
  )
  expect(books.daySums('m-1', quantity, { fromMs: day.toMs, toMs: day.toMs + 1 })).toHaveLength(1)
})
