import { expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import { knownInterval, MemoryBooks, smallPark } from '../small-park.test-support.ts'
import { SlotWindow } from './slot-window.ts'

const register = 'activeEnergyImport.total'
const meter = smallPark.meters.get('forge-main')
const at = (text: string, timeZone: string): number =>
  Temporal.ZonedDateTime.from(`${text}[${timeZone}]`).epochMilliseconds

/** Books with one slot at this time on the wall of each of some days, and what is usual at that time of a later one. */
function usualAfter(days: readonly (readonly [day: string, count: number])[], of: string, zone: string) {
  if (meter === undefined) throw new RangeError('no meter')
  const books = new MemoryBooks()
  books.entered = days.map(([day, count]) =>
    knownInterval(meter.id, register, at(`${day}T08:00`, zone), 0, count),
  )
  const slotMs = at(`${of}T08:00`, zone)
  return new SlotWindow(books, zone, slotMs + 4 * SLOT_MS).usual(meter, slotMs)
}

const days = (first: string, counts: readonly number[]): (readonly [string, number])[] =>
  counts.map((count, index) => [Temporal.PlainDate.from(first).add({ days: index }).toString(), count])

test('what is usual is the median of the same time of the days before', () => {
  expect(usualAfter(days('2026-06-01', [100, 900, 300, 200, 500]), '2026-06-08', 'Asia/Shanghai')).toBe(3)
  // Between the two in the middle of an even number of days.
  expect(usualAfter(days('2026-06-02', [100, 900, 300, 200]), '2026-06-08', 'Asia/Shanghai')).toBe(2.5)
  expect(usualAfter(days('2026-06-05', [100, 900, 300]), '2026-06-08', 'Asia/Shanghai')).toBeUndefined()
})

test('the same time is that on the wall, also where clocks were changed in between', () => {
  // 29 March 2026: an hour is skipped.
  expect(usualAfter(days('2026-03-25', [100, 100, 100, 100, 100]), '2026-03-30', 'Europe/Berlin')).toBe(1)
})
