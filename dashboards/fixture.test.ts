import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as pathOf } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import { join } from '#contract/energy-sum.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { QuantityName } from '#contract/quantities.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { knownInterval, MemoryBooks } from './fixture.ts'
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
