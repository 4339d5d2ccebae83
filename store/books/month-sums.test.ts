import { join as pathOf } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import { dayOf, monthOf, SLOT_MS, type Period } from '#contract/grid.ts'
import { partsOf, rollUp } from '#intervals/rollup.ts'
import { openBooks } from '../books.ts'
import type { Books } from '../port.ts'
import { openSqlite } from '../sqlite-file.ts'
import { known, missing, newBooks, T0, touch } from './books.test-support.ts'

let folder: string
let remove: () => void

beforeEach(() => {
  ;({ folder, remove } = newBooks())
})
afterEach(() => remove())

const quantity = 'activeEnergyImport.total'
const nothing = touch(1, 0)
/** From the first slot on, over four months. */
const DAYS = 100
const AFTER = T0 + 2 * DAYS * DAY_MS

/** What a person asks for: months and years of a period. */
const parts = (of: Books, which: 'sumsOver' | 'daySums', period: Period, timeZone: string) =>
  (['month', 'year'] as const).map((part) =>
    rollUp(of[which]('m-1', quantity, period), partsOf(part, period, timeZone)),
  )

test('sums over any period are those of its days, after every change, kept or not, in any calendar', () => {
  const zone = fc.constantFrom('Asia/Shanghai', 'Europe/Berlin', 'Pacific/Auckland')
  const change = fc.oneof(
    fc.array(
      fc.record({
        // Few, so that they change again after their months were summed; at all times of the day.
        slot: fc.integer({ min: 0, max: 11 }).map((twelfth) => twelfth * 8 * 96 + twelfth * 7),
        count: fc.integer({ min: 0, max: 3 }),
        isKnown: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    ),
    fc.record({ afterDays: fc.integer({ min: 0, max: DAYS + 40 }), limit: fc.integer({ min: 0, max: 15 }) }),
    zone,
  )
  const period = fc.record({
    from: fc.integer({ min: -40, max: DAYS }),
    days: fc.integer({ min: 1, max: 150 }),
  })
  let run = 0
  fc.assert(
    fc.property(
      zone,
      fc.array(change, { minLength: 1, maxLength: 10 }),
      fc.array(period, { minLength: 3, maxLength: 3 }),
      (first, changes, periods) => {
        const file = pathOf(folder, `months-${(run += 1)}.sqlite`)
        let timeZone = first
        let own = openBooks(file, timeZone)
        for (const each of changes) {
          if (typeof each === 'string') {
            own.close()
            timeZone = each
            own = openBooks(file, timeZone)
          } else if ('limit' in each) {
            own.settleDays(T0 + each.afterDays * DAY_MS, each.limit)
          } else {
            const intervals = each.map(({ slot, count, isKnown }) =>
              isKnown ? known(T0 + slot * SLOT_MS, count) : missing(T0 + slot * SLOT_MS),
            )
            own.record(nothing, intervals, AFTER)
          }
          for (const { from, days } of periods) {
            const asked = {
              fromMs: dayOf(T0 + from * DAY_MS, timeZone).fromMs,
              toMs: dayOf(T0 + (from + days) * DAY_MS, timeZone).fromMs,
            }
            expect(parts(own, 'sumsOver', asked, timeZone)).toEqual(parts(own, 'daySums', asked, timeZone))
          }
        }
        own.close()
      },
    ),
    { numRuns: 20 },
  )
})

test('a month that is over is summed once, and again when a slot of it has changed', () => {
  const books = openBooks(pathOf(folder, 'own.sqlite'), 'Asia/Shanghai')
  const month = monthOf(T0, 'Asia/Shanghai')
  books.record(nothing, [known(T0, 5)], AFTER)
  expect(books.settleDays(month.toMs - 1, 10)).toBe(1)
  expect(books.settleDays(month.toMs - 1, 10)).toBe(0)
  expect(books.settleDays(month.toMs, 10)).toBe(1)
  expect(books.settleDays(month.toMs, 10)).toBe(0)
  books.record(nothing, [known(T0, 7)], AFTER)
  expect(books.settleDays(month.toMs, 10)).toBe(2)
  expect(books.sumsOver('m-1', quantity, month).map(({ sum }) => sum.energy?.count)).toEqual([7])
  books.close()
})

test('books of before months were kept have them summed when their owner opens them; others read days', () => {
  const file = pathOf(folder, 'older.sqlite')
  const month = monthOf(T0, 'Asia/Shanghai')
  const own = openBooks(file, 'Asia/Shanghai')
  own.record(nothing, [known(T0, 5)], AFTER)
  own.close()
  const database = openSqlite(file, 'books')
  database.exec("DELETE FROM month_sum; UPDATE month_calendar SET time_zone = ''")
  database.close()
  const reader = openBooks(file)
  expect(reader.sumsOver('m-1', quantity, month)).toMatchObject([{ sum: { energy: { count: 5 } } }])
  expect(reader.settleDays(AFTER, 10)).toBe(1)
  reader.close()
  const again = openBooks(file, 'Asia/Shanghai')
  expect(again.settleDays(AFTER, 10)).toBe(1)
  expect(again.sumsOver('m-1', quantity, month)).toMatchObject([{ sum: { energy: { count: 5 } } }])
  again.close()
})
