import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openBooks } from '../books.ts'
import type { CommitRecord } from '#contract/commit.ts'
import type { Books } from '../port.ts'
import { commitOf, digestOf, epoch, gapOf, LATER, newBooks, refusalOf, T0 } from './books.test-support.ts'

let folder: string
let books: Books
let remove: () => void

beforeEach(() => {
  ;({ folder, books, remove } = newBooks())
})
afterEach(() => remove())

describe('holes', () => {
  test('a hole is what neither arrived nor was declared lost below the highest number', () => {
    books.follow(
      [2, 3, 7, 10].map((seq) => commitOf(seq)),
      LATER,
    )
    expect(books.holes()).toEqual([
      { gateway: 'gw-1', epoch, firstSeq: 1, lastSeq: 1, unnumbered: 0 },
      { gateway: 'gw-1', epoch, firstSeq: 4, lastSeq: 6, unnumbered: 0 },
      { gateway: 'gw-1', epoch, firstSeq: 8, lastSeq: 9, unnumbered: 0 },
    ])
    books.follow([commitOf(11, { gap: gapOf(4, 5, 11) }), commitOf(1)], LATER)
    expect(books.holes()).toEqual([
      { gateway: 'gw-1', epoch, firstSeq: 6, lastSeq: 6, unnumbered: 0 },
      { gateway: 'gw-1', epoch, firstSeq: 8, lastSeq: 9, unnumbered: 0 },
    ])
    expect(books.gaps()).toEqual([{ record: gapOf(4, 5, 11), committedAtMs: T0 + 11 }])
  })

  test('a gap may speak of an earlier journal of the gateway', () => {
    const earlier = 'b'.repeat(32)
    books.follow(
      [commitOf(1, { epoch: earlier }), commitOf(5, { epoch: earlier, digest: digestOf('e5') })],
      LATER,
    )
    books.follow([commitOf(1, { digest: digestOf('g'), gap: gapOf(2, 3, 1, earlier) })], LATER)
    expect(books.holes()).toEqual([
      { gateway: 'gw-1', epoch: earlier, firstSeq: 4, lastSeq: 4, unnumbered: 0 },
    ])
  })

  test('holes are exactly the missing numbers, in whatever order batches come', () => {
    let run = 0
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 6 })), { maxLength: 4 }),
        (arrived, lost) => {
          run += 1
          const own = openBooks(join(folder, `holes-${run}.sqlite`))
          for (const seq of arrived) own.follow([commitOf(seq)], LATER)
          for (const [index, [firstSeq, length]] of lost.entries()) {
            const sayer = { epoch: 'c'.repeat(32), digest: digestOf(`gap ${index}`) }
            own.follow([commitOf(index + 1, { ...sayer, gap: gapOf(firstSeq, firstSeq + length, 1) })], LATER)
          }
          const accounted = new Set(arrived)
          for (const [first, length] of lost) {
            for (let seq = first; seq <= first + length; seq += 1) accounted.add(seq)
          }
          const expected: number[] = []
          for (let seq = 1; seq < Math.max(...accounted); seq += 1)
            if (!accounted.has(seq)) expected.push(seq)
          const found = own
            .holes()
            .flatMap(({ firstSeq, lastSeq }) =>
              Array.from({ length: lastSeq - firstSeq + 1 }, (_, index) => firstSeq + index),
            )
          own.close()
          expect(found).toEqual(expected)
        },
      ),
      { numRuns: 25 },
    )
  })
})

test('a hole says how many payloads without a number its gateway has in quarantine', () => {
  const undecodable = (gateway: string, mark: string) =>
    commitOf(null, { gateway, epoch: null, digest: digestOf(mark), refused: [refusalOf(mark)] })
  books.follow(
    [
      commitOf(1),
      commitOf(4),
      commitOf(2, { gateway: 'gw-2' }),
      undecodable('gw-1', 'x'),
      undecodable('gw-1', 'y'),
      undecodable('gw-1', 'x'),
    ],
    LATER,
  )
  expect(books.holes()).toEqual([
    { gateway: 'gw-1', epoch, firstSeq: 2, lastSeq: 3, unnumbered: 2 },
    { gateway: 'gw-2', epoch, firstSeq: 1, lastSeq: 1, unnumbered: 0 },
  ])
})

describe('marks that are no longer needed', () => {
  const DAY = 86_400_000

  test('are taken away after three days, and the numbers stay arrived', () => {
    const seqs = [1, 2, 3, 5, 6]
    books.follow(
      seqs.map((seq) => commitOf(seq)),
      LATER,
    )
    expect(books.forgetMarks(T0 + 3 * DAY, 100)).toBe(0)
    expect(books.forgetMarks(T0 + 4 * DAY, 2)).toBe(2)
    expect(books.forgetMarks(T0 + 4 * DAY, 100)).toBe(3)
    expect(books.batchCount()).toBe(5)
    expect(books.holes()).toMatchObject([{ firstSeq: 4, lastSeq: 4 }])
    expect(books.absentBatches('gw-1', epoch, { firstSeq: 2, lastSeq: 9 })).toEqual([
      { firstSeq: 4, lastSeq: 4 },
      { firstSeq: 7, lastSeq: 9 },
    ])
    expect(books.batchCommittedAtMs('gw-1', epoch, 5)).toBeUndefined()
    // The same records again, as after a clock that was set back: known.
    expect(
      books.follow(
        seqs.map((seq) => commitOf(seq)),
        LATER,
      ),
    ).toEqual([])
    expect(books.dirtyWindows(10)).toEqual([])
    // Late and committed again now: no new batch, but its time is computed again.
    const again = commitOf(5, {
      committedAtMs: T0 + 4 * DAY,
      touched: [{ meter: 'm', fromMs: T0, toMs: T0 }],
    })
    expect(books.follow([again, commitOf(4, { committedAtMs: T0 + 4 * DAY })], T0 + 5 * DAY)).toMatchObject([
      { seq: 4 },
    ])
    expect(books.dirtyWindows(10)).toHaveLength(1)
    expect(books.holes()).toEqual([])
    expect(books.batchCount()).toBe(6)
  })

  test('then a number is used again by what was read after it was used, and by nothing else', () => {
    books.follow([commitOf(1), commitOf(2)], LATER)
    const nowMs = T0 + 5 * DAY
    while (books.forgetMarks(nowMs, 100) > 0);
    const resent = (seq: number, readMs: number): CommitRecord =>
      commitOf(seq, {
        digest: digestOf(`${seq} ${readMs}`),
        committedAtMs: nowMs,
        touched: [{ meter: 'm', fromMs: readMs, toMs: readMs }],
      })
    expect(books.follow([resent(1, T0)], nowMs)).toEqual([])
    expect(books.reusedNumbers()).toEqual([])
    const other = resent(2, nowMs - 1_000)
    expect(books.follow([other, other], nowMs)).toEqual([other])
    expect(books.reusedNumbers()).toEqual([{ gateway: 'gw-1', entries: 1, sinceMs: nowMs }])
    expect(books.holes()).toEqual([])
    const decision = { state: 'discarded', by: 'x', reason: 'y', atMs: nowMs } as const
    expect(books.decideAllQuarantine({ gateway: 'gw-2' }, decision)).toBe(0)
    expect(books.decideAllQuarantine({ gateway: 'gw-1', code: 'meter-unknown' }, decision)).toBe(0)
    expect(books.decideAllQuarantine({ code: 'number-reused' }, decision)).toBe(1)
    expect(books.reusedNumbers()).toEqual([])
    expect(books.quarantine(1)).toMatchObject([{ state: 'discarded', decision }])
  })

  test('however the numbers came, the same are absent before and after', () => {
    let run = 0
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }),
        (arrived) => {
          run += 1
          const own = openBooks(join(folder, `forgotten-${run}.sqlite`))
          const half = Math.ceil(arrived.length / 2)
          own.follow(
            arrived.slice(0, half).map((seq) => commitOf(seq)),
            LATER,
          )
          own.forgetMarks(T0 + 5 * DAY, 1_000)
          own.follow(
            arrived.slice(half).map((seq) => commitOf(seq, { committedAtMs: T0 + 5 * DAY + seq })),
            T0 + 6 * DAY,
          )
          const absent = own
            .absentBatches('gw-1', epoch, { firstSeq: 1, lastSeq: 60 })
            .flatMap(({ firstSeq, lastSeq }) =>
              Array.from({ length: lastSeq - firstSeq + 1 }, (_, index) => firstSeq + index),
            )
          const expected = Array.from({ length: 60 }, (_, index) => index + 1).filter(
            (seq) => !arrived.includes(seq),
          )
          expect(own.batchCount()).toBe(arrived.length)
          own.close()
          expect(absent).toEqual(expected)
        },
      ),
      { numRuns: 25 },
    )
  })
})

test('a gateway was never seen later than now, so that its silence is noticed after a clock was ahead', () => {
  const ahead = LATER + 365 * 86_400_000
  books.follow([commitOf(1, { committedAtMs: ahead })], ahead)
  books.follow([commitOf(2, { committedAtMs: LATER })], LATER)
  expect(books.gatewaysSeen().get('gw-1')).toBe(LATER)
  // What a worker commits whose clock is ahead is seen now.
  books.follow([commitOf(3, { committedAtMs: ahead })], LATER + 1_000)
  expect(books.gatewaysSeen().get('gw-1')).toBe(LATER + 1_000)
})
