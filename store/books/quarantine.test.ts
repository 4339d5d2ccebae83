import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import type { Books, QuarantineDecision } from '../port.ts'
import { commitOf, digestOf, LATER, newBooks, refusalOf, T0 } from './books.test-support.ts'
import { oldestDecided, type QuarantineBounds } from './quarantine.ts'

let folder: string
let books: Books
let remove: () => void

function open(bounds?: QuarantineBounds): void {
  ;({ folder, books, remove } = newBooks(bounds))
}
afterEach(() => remove())

const refused = (text: string, gateway = 'gw-1') =>
  commitOf(null, { gateway, epoch: null, digest: digestOf(text), refused: [refusalOf(text)] })
const decision = (state: QuarantineDecision['state']): QuarantineDecision => ({
  state,
  by: 'a person',
  reason: 'a test message',
  atMs: LATER,
})

test('of a long payload in quarantine the beginning is listed, and the whole is kept', () => {
  open()
  const payload = Buffer.from('碳'.repeat(1_000_000)).toString('base64')
  const long = [{ ...refusalOf(''), payload }]
  books.follow([commitOf(null, { epoch: null, refused: long })], LATER)
  const [entry] = books.quarantine(1)
  expect(entry?.payloadCharacters).toBe(4_000_000)
  expect(entry?.refusal.payload).toBe(payload.slice(0, 4_000))
  expect(books.quarantineEntry(entry?.id ?? 0)?.refusal.payload).toBe(payload)
  // The whole of it is known: it is not entered again.
  books.follow([commitOf(null, { epoch: null, refused: long, committedAtMs: LATER })], LATER)
  expect(books.quarantine(10)).toHaveLength(1)
})

test('a decision closes an entry once, and stays with it', () => {
  open()
  books.follow([refused('x'), refused('y')], LATER)
  const [y, x] = books.quarantine(10)
  expect(books.holes()).toEqual([])
  expect(books.decideQuarantine(x?.id ?? 0, decision('discarded'))).toBe(true)
  expect(books.decideQuarantine(x?.id ?? 0, decision('replayed'))).toBe(false)
  expect(books.decideQuarantine(99, decision('replayed'))).toBe(false)
  expect(books.quarantineEntry(x?.id ?? 0)).toMatchObject({
    state: 'discarded',
    decision: decision('discarded'),
    refusal: refusalOf('x'),
  })
  expect(books.quarantine(10, 'open')).toEqual([y])
  // One that was decided is not opened again when its record is.
  books.follow([{ ...refused('x'), committedAtMs: LATER }], LATER)
  expect(books.quarantine(10, 'open')).toEqual([y])
})

test('a hole does not speak of payloads that were decided', () => {
  open()
  books.follow([commitOf(1), commitOf(3), refused('x')], LATER)
  expect(books.holes()).toMatchObject([{ unnumbered: 1 }])
  books.decideQuarantine(books.quarantine(1)[0]?.id ?? 0, decision('replayed'))
  expect(books.holes()).toMatchObject([{ unnumbered: 0 }])
})

describe('beyond its bounds', () => {
  const bounds: QuarantineBounds = {
    charactersPerGateway: 30_000,
    entriesPerGateway: 6,
    characters: 1_000_000,
    entries: 1_000,
  }
  const long = (name: string): string => name.repeat(6_000)
  const shown = () =>
    books
      .quarantine(100)
      .toReversed()
      .map(
        ({ gateway, isCut, refusal }) =>
          `${gateway} ${refusal.payload.slice(0, 2)} ${isCut ? 'cut' : 'whole'}`,
      )

  test('payloads keep their beginning, then refusals become counts; another gateway has its own room', () => {
    open(bounds)
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    const records = names.map((name, index) => ({ ...refused(long(name)), committedAtMs: T0 + index }))
    books.follow(records, LATER)
    const first = (name: string): string => Buffer.from(long(name)).toString('base64').slice(0, 2)
    const expected = ['a', 'b', 'c', 'd', 'e', 'f'].map(
      (name, index) => `gw-1 ${first(name)} ${index < 3 ? 'whole' : 'cut'}`,
    )
    expect(shown()).toEqual(expected)
    expect(books.quarantineOverflow()).toMatchObject([
      { gateway: 'gw-1', code: 'message-undecodable', firstMs: T0 + 6, lastMs: T0 + 7, refusals: 2 },
    ])
    // Committed again, nothing is counted twice.
    books.follow(
      records.map((record) => ({ ...record, committedAtMs: record.committedAtMs + 100 })),
      LATER,
    )
    expect(shown()).toEqual(expected)
    expect(books.quarantineOverflow()).toMatchObject([{ refusals: 2 }])
    books.follow([refused(long('z'), 'gw-2')], LATER)
    expect(shown().at(-1)).toBe(`gw-2 ${first('z')} whole`)
  })

  test('what was decided gives way first', () => {
    open(bounds)
    books.follow([refused(long('a')), refused(long('b')), refused(long('c'))], LATER)
    const oldest = books.quarantine(10).at(-1)
    books.decideQuarantine(oldest?.id ?? 0, decision('discarded'))
    books.follow([refused(long('d'))], LATER)
    expect(shown().map((each) => each.split(' ')[2])).toEqual(['cut', 'whole', 'whole', 'whole'])
    expect(books.quarantineEntry(oldest?.id ?? 0)).toMatchObject({
      state: 'discarded',
      decision: { by: 'a person' },
    })
    books.follow([refused('e'), refused('f'), refused('g')], LATER)
    // Six entries at most: the decided one is now a count.
    expect(books.quarantine(10, 'open')).toHaveLength(6)
    expect(books.quarantine(10, 'discarded')).toEqual([])
    expect(books.quarantineOverflow()).toMatchObject([{ refusals: 1 }])
  })

  test('many names of gateways are counted as one', () => {
    open({ ...bounds, entries: 0 })
    books.follow(
      Array.from({ length: 1_005 }, (_, index) => refused(`${index}`, `gw-${index}`)),
      LATER,
    )
    const overflow = books.quarantineOverflow()
    expect(overflow).toHaveLength(1_001)
    expect(overflow.find(({ gateway }) => gateway === '*')).toMatchObject({ refusals: 5 })
  })
})

test.each(['', 'AND cut = 0'])('what gives way is found without a look at open entries (%s)', (condition) => {
  open()
  const database = new DatabaseSync(join(folder, 'books.sqlite'), { readOnly: true })
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${oldestDecided(condition)}`).all('gw-1')
  database.close()
  const steps = plan.map((row) => String(row['detail'])).filter((step) => / quarantine /.test(step))
  expect(steps).toHaveLength(4)
  for (const step of steps) expect(step).toMatch(/\(gateway=\? AND state=\?\)|\(rowid=\?\)/)
})

test('of what was decided the oldest gives way, however it was decided', () => {
  open({ charactersPerGateway: 1e6, entriesPerGateway: 3, characters: 1e6, entries: 100 })
  books.follow([refused('a'), refused('b'), refused('c')], LATER)
  const [c, b, a] = books.quarantine(10).map(({ id }) => id)
  books.decideQuarantine(c ?? 0, decision('replayed'))
  books.decideQuarantine(a ?? 0, decision('discarded'))
  books.follow([refused('d')], LATER)
  expect(books.quarantineEntry(a ?? 0)).toBeUndefined()
  books.follow([refused('e')], LATER)
  expect(books.quarantineEntry(c ?? 0)).toBeUndefined()
  expect(books.quarantineEntry(b ?? 0)?.state).toBe('open')
  expect(books.quarantineOverflow()).toMatchObject([{ refusals: 2 }])
})
