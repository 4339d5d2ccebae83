import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as pathOf } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import { join } from '#contract/energy-sum.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { QuantityName } from '#contract/quantities.ts'
import { distinctReadings, sorted } from '#store/conformance/any-readings.ts'
import { everything } from '#store/conformance/sample-readings.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { knownInterval, MemoryBooks, MemoryReadings } from './small-park.test-support.ts'
import type { ReadingSource } from './sources.ts'
import { dayStartMs } from './server.test-support.ts'

const REGISTER: QuantityName = 'activeEnergyImport.total'
const DAYS = 3

let folder: string
let books: Books
beforeAll(() => {
  folder = mkdtempSync(pathOf(tmpdir(), 'tanbiao-fixture-'))
  books = openBooks(pathOf(folder, 'books.sqlite'), 'Asia/Shanghai')
})
afterAll(() => {
  books.close()
  rmSync(folder, { recursive: true })
})

test('books in memory say of what was entered what real books say', () => {
  const days = fc.integer({ min: 0, max: DAYS })
  const slots = fc.uniqueArray(
    fc.record({ slot: fc.integer({ min: 0, max: DAYS * 96 - 1 }), count: fc.integer({ min: 0, max: 1e6 }) }),
    { selector: ({ slot }) => slot, maxLength: 60 },
  )
  let meters = 0
  fc.assert(
    fc.property(slots, days, days, (given, one, other) => {
      const meter = `meter-${(meters += 1)}`
      const entered = given
        .toSorted((a, b) => a.slot - b.slot)
        .map(({ slot, count }) => knownInterval(meter, REGISTER, dayStartMs + slot * SLOT_MS, 0, count))
      const computed = entered.map((recorded) => {
        const { revision: _, ...interval } = recorded
        return interval
      })
      books.record({ meter, fromMs: 0, toMs: -1 }, computed, dayStartMs + 2 * DAYS * DAY_MS)
      const memory = new MemoryBooks()
      memory.entered = entered
      const [fromMs, toMs] = [Math.min(one, other), Math.max(one, other)].map(
        (day) => dayStartMs + day * DAY_MS,
      )
      const period = { fromMs: fromMs ?? 0, toMs: toMs ?? 0 }
      const answersOf = (asked: Pick<Books, 'intervals' | 'revisions' | 'daySums' | 'sumsOver'>) => ({
        intervals: asked.intervals(meter, REGISTER, period),
        revisions: given.map(({ slot }) => asked.revisions(meter, REGISTER, dayStartMs + slot * SLOT_MS)),
        days: asked.daySums(meter, REGISTER, period),
        sum: join(asked.sumsOver(meter, REGISTER, period).map(({ sum }) => sum)),
      })
      expect(answersOf(memory)).toEqual(answersOf(books))
    }),
    { numRuns: 40 },
  )
})

test('a store in memory says of what was appended what a real one says, in any pieces', async () => {
  let stores = 0
  await fc.assert(
    fc.asyncProperty(distinctReadings, fc.nat(), async (readings, cut) => {
      const real = await openReadingStore(`sqlite:${pathOf(folder, `readings-${(stores += 1)}.sqlite`)}`)
      const memory = new MemoryReadings()
      const place = cut % (readings.length + 1)
      const pieces = [readings.slice(place), readings.slice(0, place), readings]
      for (const store of [real, memory]) for (const piece of pieces) await store.append(piece)
      const meters = [...new Set(readings.map(({ meter }) => meter)), 'never-heard-of']
      const period = { fromMs: readings[0]?.atMs ?? 0, toMs: everything.toMs }
      const answersOf = async (asked: ReadingSource) => ({
        latest: sorted(await asked.latest(meters)),
        readings: await Promise.all(
          readings.map(({ meter, quantity }) => asked.readings(meter, quantity, period)),
        ),
      })
      try {
        expect(await answersOf(memory)).toEqual(await answersOf(real))
      } finally {
        await real.close()
      }
    }),
    { numRuns: 20 },
  )
})
