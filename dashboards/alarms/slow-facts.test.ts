import { pino } from 'pino'
import { expect, test } from 'vitest'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import { knownInterval, MemoryBooks, smallPark } from '../small-park.test-support.ts'
import { SlowFacts } from './slow-facts.ts'

/** Midnight of 2026-06-10 in the park: the day before has 96 slots. */
const midnightMs = Date.UTC(2026, 5, 9, 16)
const dayMs = midnightMs - 96 * SLOT_MS
const quantity = 'activeEnergyImport.total'

/** Slots of the day before, each with so many hundredths of a kWh. */
const dayOf = (meter: string, count: number) =>
  Array.from({ length: 96 }, (_, slot) => knownInterval(meter, quantity, dayMs + slot * SLOT_MS, 0, count))

async function closuresAt(nowMs: number, books: MemoryBooks) {
  const slow = new SlowFacts({
    park: smallPark,
    books,
    targets: undefined,
    log: pino({ level: 'silent' }),
  })
  await slow.gather(nowMs)
  return slow.closures.filter(({ meter }) => meter.id === 'forge-main')
}

test('balances are of the last day whose slots have all settled, where all of it is known', async () => {
  const books = new MemoryBooks()
  // What its own source feeds in behind it is part of what flows through.
  books.entered = [...dayOf('forge-main', 900), ...dayOf('forge-pv', 100), ...dayOf('forging-shop', 1_100)]
  const settledMs = midnightMs + SETTLE_MS
  expect(await closuresAt(settledMs, books)).toMatchObject([
    { dayMs, unit: 'kWh', through: 960, behind: 1_056, tolerance: undefined },
  ])
  // Two minutes before, the day that is over for its balance is the one before, of which nothing is known.
  expect(await closuresAt(settledMs - 1, books)).toEqual([])
  books.entered = books.entered.slice(1)
  expect(await closuresAt(settledMs, books)).toEqual([])
})
