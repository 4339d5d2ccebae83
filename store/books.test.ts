import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CommitRecord } from '#contract/commit.ts'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import type { GapRecord } from '#contract/messages.ts'
import { openBooks } from './books.ts'
import type { Books, DirtyWindow } from './port.ts'

const T0 = 1_790_000_100_000 - (1_790_000_100_000 % SLOT_MS)
const epoch = 'a'.repeat(32)
/** A day after everything here: all slots are settled, no commit is of the future. */
const LATER = T0 + 86_400_000

let folder: string
let books: Books

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-books-'))
  books = openBooks(join(folder, 'books.sqlite'))
})
afterEach(() => {
  books.close()
  rmSync(folder, { recursive: true, force: true })
})

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

function commitOf(seq: number | null, over: Partial<CommitRecord> = {}): CommitRecord {
  return {
    gateway: 'gw-1',
    epoch,
    seq,
    digest: digestOf(String(seq)),
    committedAtMs: T0 + (seq ?? 0),
    stored: 2,
    touched: [],
    refused: [],
    ...over,
  }
}

function gapOf(firstSeq: number, lastSeq: number, seq: number, lostEpoch = epoch): GapRecord {
  return {
    v: 1,
    gateway: 'gw-1',
    epoch,
    seq,
    kind: 'gap',
    cause: 'quota',
    lost: { epoch: lostEpoch, firstSeq, lastSeq },
    fromMs: T0,
    toMs: T0 + 1_000,
  }
}

const touch = (fromMs: number, toMs: number, meter = 'm-1') => ({ meter, fromMs, toMs })

function missing(slotMs: number, cause: 'no-readings' | 'undecided' = 'no-readings'): Interval {
  return {
    meter: 'm-1',
    quantity: 'activeEnergyImport.total',
    slotMs,
    state: 'missing',
    cause,
    undecided: [],
  }
}

function known(slotMs: number, count: number): Interval {
  const point = { atMs: slotMs, register: { count: 0, resolution: '0.01' } }
  const boundary = { ...point, method: 'measured' as const, before: point, after: point }
  return {
    meter: 'm-1',
    quantity: 'activeEnergyImport.total',
    slotMs,
    state: 'known',
    energy: { count, resolution: '0.01' },
    method: 'measured',
    coverage: 1,
    opening: boundary,
    closing: boundary,
    simulated: false,
    undecided: [],
  }
}

describe('following commit records', () => {
  test('new books have followed nothing', () => {
    expect(books.followedUntilMs()).toBe(0)
    expect(books.batchCount()).toBe(0)
    expect(books.holes()).toEqual([])
    expect(books.gaps()).toEqual([])
    expect(books.quarantine(10)).toEqual([])
    expect(books.dirtyWindows(10)).toEqual([])
  })

  test('following moves on to the newest record and never back', () => {
    expect(books.follow([commitOf(2), commitOf(7), commitOf(1)], LATER)).toHaveLength(3)
    expect(books.followedUntilMs()).toBe(T0 + 7)
    books.follow([commitOf(3)], LATER)
    books.follow([], LATER)
    expect(books.followedUntilMs()).toBe(T0 + 7)
  })

  test('no record moves it beyond the clock of the owner, and a clock that is set back takes it along', () => {
    books.follow([commitOf(1, { committedAtMs: T0 + 9_000_000 })], T0 + 5)
    expect(books.followedUntilMs()).toBe(T0 + 5)
    books.follow([], T0 + 3)
    expect(books.followedUntilMs()).toBe(T0 + 3)
  })

  test('entering records again, in any order and any pages, changes nothing', () => {
    const record = fc
      .record({
        seq: fc.integer({ min: 1, max: 12 }),
        epoch: fc.constantFrom('a'.repeat(32), 'b'.repeat(32)),
        gateway: fc.constantFrom('gw-1', 'gw-2'),
        fromMs: fc.integer({ min: 0, max: 50 }).map((each) => (each * SLOT_MS) / 3),
        length: fc.integer({ min: 0, max: 10 }),
      })
      .map(({ seq, epoch, gateway, fromMs, length }) =>
        commitOf(seq, {
          epoch,
          gateway,
          digest: digestOf(`${gateway} ${epoch} ${seq}`),
          touched: [touch(T0 + fromMs, T0 + fromMs + length)],
          refused: [
            { code: 'meter-unknown', detail: `of ${seq}`, encoding: 'json', payload: `{"seq":${seq}}` },
          ],
        }),
      )
    const records = fc.uniqueArray(record, { selector: ({ digest }) => digest, maxLength: 30 })
    const scene = records.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.nat({ max: all.length }),
      ),
    )
    let run = 0
    fc.assert(
      fc.property(scene, ([all, shuffled, cut]) => {
        run += 1
        const one = openBooks(join(folder, `one-${run}.sqlite`))
        const other = openBooks(join(folder, `other-${run}.sqlite`))
        expect(one.follow(all, LATER)).toEqual(all)
        other.follow(shuffled.slice(cut), LATER)
        other.follow(shuffled, LATER)
        expect(other.follow(shuffled.slice(0, cut), LATER)).toEqual([])
        expect(other.dirtyWindows(100)).toEqual(one.dirtyWindows(100))
        expect(other.holes()).toEqual(one.holes())
        expect(other.batchCount()).toBe(all.length)
        expect(other.quarantine(100)).toHaveLength(all.length)
        one.close()
        other.close()
      }),
      { numRuns: 15 },
    )
  })

  test('a record committed again later makes its time dirty again, and is no new batch', () => {
    books.follow([commitOf(1, { touched: [touch(T0, T0 + 10)] })], LATER)
    const [window] = books.dirtyWindows(1)
    if (window !== undefined) books.record(window, [], LATER)
    expect(books.dirtyWindows(10)).toEqual([])
    const again = commitOf(1, { committedAtMs: T0 + 60_000, touched: [touch(T0, T0 + 10)] })
    expect(books.follow([again], LATER)).toEqual([])
    expect(books.dirtyWindows(10)).toEqual([touch(T0, T0 + 10)])
    expect(books.batchCount()).toBe(1)
    const [cleared] = books.dirtyWindows(1)
    if (cleared !== undefined) books.record(cleared, [], LATER)
    books.follow([commitOf(1, { touched: [touch(T0, T0 + 10)] }), again], LATER)
    expect(books.dirtyWindows(10)).toEqual([])
  })

  test('another content under a number is shown as a conflict, and the first one stays', () => {
    books.follow([commitOf(1)], LATER)
    const other = commitOf(1, { digest: digestOf('other'), touched: [touch(T0, T0 + 5)] })
    expect(books.follow([other], LATER)).toEqual([other])
    expect(books.follow([other, commitOf(1)], LATER)).toEqual([])
    expect(books.quarantine(10)).toMatchObject([
      { gateway: 'gw-1', digest: other.digest, refusal: { code: 'number-reused', encoding: 'json' } },
    ])
    expect(JSON.parse(books.quarantine(1)[0]?.refusal.payload ?? '')).toEqual(other)
    expect(books.dirtyWindows(10)).toEqual([touch(T0, T0 + 5)])
    expect(books.batchCount()).toBe(1)
  })

  test('payloads without a number are told apart by their digest', () => {
    const unknown = (mark: string) =>
      commitOf(null, {
        epoch: null,
        digest: digestOf(mark),
        refused: [{ code: 'message-undecodable', detail: mark, encoding: 'base64', payload: 'AA==' }],
      })
    expect(books.follow([unknown('x'), unknown('y'), unknown('x')], LATER)).toHaveLength(2)
    expect(books.follow([unknown('y')], LATER)).toEqual([])
    expect(books.quarantine(10).map(({ refusal }) => refusal.detail)).toEqual(['y', 'x'])
    expect(books.quarantine(1)).toHaveLength(1)
    expect(books.batchCount()).toBe(0)
    expect(books.holes()).toEqual([])
  })
})

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
    commitOf(null, { gateway, epoch: null, digest: digestOf(mark) })
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

test('of a long payload in quarantine the beginning is shown, and how long it is', () => {
  const payload = Buffer.from('碳'.repeat(1_000_000)).toString('base64')
  const refused = [{ code: 'message-undecodable', detail: '', encoding: 'base64' as const, payload }]
  books.follow([commitOf(null, { epoch: null, refused })], LATER)
  const [entry] = books.quarantine(1)
  expect(entry?.payloadCharacters).toBe(4_000_000)
  expect(entry?.refusal.payload).toBe(payload.slice(0, 4_000))
  // The whole of it is known: it is not entered again.
  books.follow([commitOf(null, { epoch: null, refused, committedAtMs: LATER })], LATER)
  expect(books.quarantine(10)).toHaveLength(1)
})

describe('dirty windows', () => {
  const windowsAfter = (...touched: DirtyWindow[]) => {
    books.follow([commitOf(1, { touched })], LATER)
    return books.dirtyWindows(100)
  }

  test('windows of a meter less than a slot apart are one, others are not', () => {
    const end = T0 + 10 + SLOT_MS
    expect(
      windowsAfter(
        touch(T0, T0 + 10),
        touch(end - 1, end + 5),
        touch(end + 5 + SLOT_MS, end + 5 + SLOT_MS),
        touch(T0, T0, 'm-2'),
      ),
    ).toEqual([touch(T0, end + 5), touch(T0, T0, 'm-2'), touch(end + 5 + SLOT_MS, end + 5 + SLOT_MS)])
  })

  test('one window may join several', () => {
    const far = T0 + 1.5 * SLOT_MS
    expect(windowsAfter(touch(T0, T0 + 1), touch(far, far), touch(T0 + SLOT_MS, T0 + SLOT_MS))).toEqual([
      touch(T0, far),
    ])
  })

  test('the oldest come first, up to a limit', () => {
    windowsAfter(touch(T0 + 9, T0 + 9, 'm-2'), touch(T0 + 5, T0 + 5))
    expect(books.dirtyWindows(1)).toEqual([touch(T0 + 5, T0 + 5)])
  })

  test('a window touched again while it was computed stays, even within its own bounds', () => {
    const [window] = windowsAfter(touch(T0, T0 + 100))
    books.follow([commitOf(2, { touched: [touch(T0 + 10, T0 + 20)] })], LATER)
    // A glance at the list in between makes no difference.
    expect(books.dirtyWindows(10)).toEqual([touch(T0, T0 + 100)])
    if (window !== undefined) books.record(window, [missing(T0)], LATER)
    const [still] = books.dirtyWindows(10)
    expect(still).toEqual(touch(T0, T0 + 100))
    if (still !== undefined) books.record(still, [missing(T0)], LATER)
    expect(books.dirtyWindows(10)).toEqual([])
  })

  test('a window that was not read from the books is not cleared', () => {
    windowsAfter(touch(T0, T0 + 100))
    books.record(touch(T0, T0 + 100), [], LATER)
    expect(books.dirtyWindows(10)).toEqual([touch(T0, T0 + 100)])
  })
})

describe('rules of meters', () => {
  test('other rules make all recorded time of the meter dirty, the same ones nothing', () => {
    books.record(touch(0, -1), [known(T0, 5), missing(T0 + 3 * SLOT_MS)], LATER)
    expect(books.useRules('m-1', 'rating 5')).toBe(true)
    const [window] = books.dirtyWindows(10)
    expect(window).toEqual(touch(T0, T0 + 4 * SLOT_MS - 1))
    if (window !== undefined) books.record(window, [], LATER)

    expect(books.useRules('m-1', 'rating 5')).toBe(false)
    expect(books.dirtyWindows(10)).toEqual([])
    expect(books.useRules('m-1', 'rating 6')).toBe(true)
    expect(books.dirtyWindows(10)).toHaveLength(1)
  })

  test('a meter without intervals has nothing to compute again', () => {
    expect(books.useRules('m-2', 'rating 5')).toBe(true)
    expect(books.dirtyWindows(10)).toEqual([])
  })
})

describe('intervals', () => {
  const window = touch(T0, T0 + SLOT_MS)
  const quantity = 'activeEnergyImport.total'

  test('a slot gets a revision only when its content differs', () => {
    expect(books.record(window, [known(T0, 5), missing(T0 + SLOT_MS)], LATER)).toBe(2)
    expect(books.record(window, [known(T0, 5), missing(T0 + SLOT_MS)], LATER)).toBe(0)
    expect(books.record(window, [known(T0, 6), missing(T0 + SLOT_MS)], LATER)).toBe(1)
    expect(books.record(window, [known(T0, 5)], LATER)).toBe(1)
    expect(books.revisions('m-1', quantity, T0)).toEqual([
      { ...known(T0, 5), revision: 1 },
      { ...known(T0, 6), revision: 2 },
      { ...known(T0, 5), revision: 3 },
    ])
  })

  test('until it is settled a slot is provisional: its one revision is replaced', () => {
    const settledMs = T0 + SLOT_MS + SETTLE_MS
    expect(books.record(window, [known(T0, 1)], T0 + 60_000)).toBe(1)
    expect(books.record(window, [known(T0, 2)], settledMs - 1)).toBe(1)
    expect(books.revisions('m-1', quantity, T0)).toEqual([{ ...known(T0, 2), revision: 1 }])
    expect(books.record(window, [known(T0, 3)], settledMs)).toBe(1)
    const kept = [
      { ...known(T0, 2), revision: 1 },
      { ...known(T0, 3), revision: 2 },
    ]
    expect(books.revisions('m-1', quantity, T0)).toEqual(kept)
    // A clock that is set back makes nothing provisional again.
    books.record(window, [known(T0, 4)], T0)
    expect(books.revisions('m-1', quantity, T0)).toEqual([...kept, { ...known(T0, 4), revision: 3 }])
  })

  test('the order of keys is no difference', () => {
    books.record(window, [known(T0, 5)], LATER)
    const reordered = known(T0, 5)
    const backwards = Object.fromEntries(Object.entries(reordered).toReversed())
    expect(books.record(window, [{ ...backwards, ...reordered }], LATER)).toBe(0)
  })

  test('the newest revisions of a half-open period, in order; slots never computed are absent', () => {
    books.record(window, [known(T0 + 3 * SLOT_MS, 3), known(T0, 1), known(T0 + SLOT_MS, 2)], LATER)
    books.record(window, [missing(T0 + SLOT_MS, 'undecided')], LATER)
    expect(books.intervals('m-1', quantity, { fromMs: T0, toMs: T0 + 3 * SLOT_MS })).toEqual([
      { ...known(T0, 1), revision: 1 },
      { ...missing(T0 + SLOT_MS, 'undecided'), revision: 2 },
    ])
    expect(books.intervals('m-2', quantity, { fromMs: 0, toMs: T0 * 2 })).toEqual([])
  })

  test('an interval off the grid is refused, and nothing of its call is recorded', () => {
    expect(() => books.record(window, [known(T0, 5), known(T0 + 1, 5)], LATER)).toThrow(/slotMs/)
    expect(books.intervals('m-1', quantity, { fromMs: 0, toMs: T0 * 2 })).toEqual([])
  })
})

describe('the file', () => {
  test('books that are opened again hold everything', () => {
    books.follow([commitOf(2, { touched: [touch(T0, T0 + 5)] })], LATER)
    books.record(touch(0, 0), [known(T0, 5)], LATER)
    books.close()
    books.close()
    books = openBooks(join(folder, 'books.sqlite'))
    expect(books.followedUntilMs()).toBe(T0 + 2)
    expect(books.dirtyWindows(10)).toEqual([touch(T0, T0 + 5)])
    expect(books.follow([commitOf(2)], LATER)).toEqual([])
    expect(books.revisions('m-1', 'activeEnergyImport.total', T0)).toHaveLength(1)
  })

  test('a file that is no database, or of a newer version, or of something else, is not touched', () => {
    const diary = join(folder, 'diary.sqlite')
    writeFileSync(diary, 'not a database. '.repeat(500))
    expect(() => openBooks(diary)).toThrow(expect.objectContaining({ code: 'books-unusable' }))

    const foreign = join(folder, 'foreign.sqlite')
    const database = new DatabaseSync(foreign)
    database.exec('CREATE TABLE t (a); PRAGMA user_version = 3')
    database.close()
    expect(() => openBooks(foreign)).toThrow(/does not hold books/)

    books.close()
    const newer = new DatabaseSync(join(folder, 'books.sqlite'))
    newer.exec('PRAGMA user_version = 999')
    newer.close()
    expect(() => openBooks(join(folder, 'books.sqlite'))).toThrow(/newer version/)
  })
})
