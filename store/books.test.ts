import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import { openBooks } from './books.ts'
import type { Books } from './port.ts'
import { commitOf, digestOf, known, LATER, newBooks, T0, touch } from './books/books.test-support.ts'

let folder: string
let books: Books
let remove: () => void

beforeEach(() => {
  ;({ folder, books, remove } = newBooks())
})
afterEach(() => remove())

describe('following commit records', () => {
  test('new books have followed nothing', () => {
    expect(books.followedUntilMs()).toBe(0)
    expect(books.batchCount()).toBe(0)
    expect(books.holes()).toEqual([])
    expect(books.gaps()).toEqual([])
    expect(books.quarantine(10)).toEqual([])
    expect(books.dirtyWindows(10)).toEqual([])
  })

  test('a declared gap without end, of before there was a bound, is read as of the last moment', () => {
    const lost = { epoch: 'a'.repeat(32), firstSeq: 1, lastSeq: 2 }
    const gap = {
      v: 1 as const,
      kind: 'gap' as const,
      gateway: 'gw',
      epoch: 'a'.repeat(32),
      seq: 3,
      cause: 'quota' as const,
      lost,
      fromMs: 0,
      toMs: Number.MAX_SAFE_INTEGER,
    }
    books.follow([commitOf(1, { gap })], LATER)
    expect(books.gaps()[0]?.record.toMs).toBe(8_640_000_000_000_000)
    const seen = {
      kind: 'declared' as const,
      gateway: 'gw',
      epoch: lost.epoch,
      first: 1,
      last: 2,
      cause: 'quota' as const,
    }
    books.changeGaps({ opened: [{ ...seen, fromMs: 0, toMs: gap.toMs }], changed: [] }, LATER)
    expect(books.gapEntries(1)[0]?.toMs).toBe(8_640_000_000_000_000)
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
