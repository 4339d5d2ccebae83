import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CommitRecord } from '#contract/commit.ts'
import { commitOf, digestOf } from './books/books.test-support.ts'
import { CommitPlaces } from './commit-places.ts'

const T0 = 1_790_000_000_000
const epochs = ['a'.repeat(32), 'b'.repeat(32)]

const identityOf = ({ gateway, epoch, seq, digest }: CommitRecord): string =>
  `${gateway} ${epoch} ${seq} ${digest}`

/** What a server tells points by. */
const pointOf = (places: CommitPlaces, record: CommitRecord): string => {
  const { series, place } = places.of(record)
  expect(place).toBeGreaterThanOrEqual(0)
  expect(place).toBeLessThan(1_000_000)
  return `${record.gateway} ${series} ${record.committedAtMs} ${place}`
}

/** Few of everything, so that they meet: numbers a million apart, one number with two contents, none at all. */
const anyRecord = fc
  .record({
    gateway: fc.constantFrom('gw-1', 'gw-2'),
    journal: fc.constantFrom(0, 1, null),
    seq: fc.constantFrom(1, 2, 1_000_001, 1_000_002, 2_000_001),
    content: fc.constantFrom('x', 'y', 'z'),
    afterMs: fc.integer({ min: 0, max: 1 }),
  })
  .map(({ gateway, journal, seq, content, afterMs }) =>
    commitOf(seq, {
      gateway,
      epoch: journal === null ? null : (epochs[journal] ?? null),
      seq: journal === null ? null : seq,
      digest: digestOf(content),
      committedAtMs: T0 + afterMs,
    }),
  )

describe('places of commit records', () => {
  test('of one writer no two records ever meet, in whatever order and however often it writes them', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 200 }), (records) => {
        const places = new CommitPlaces('w')
        const there = new Map<string, string>()
        for (const record of records) {
          const point = pointOf(places, record)
          expect(there.get(point) ?? identityOf(record)).toBe(identityOf(record))
          there.set(point, identityOf(record))
        }
      }),
    )
  })

  test('of several writers none meet but those of one number, which is one journal twice', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(0, 1, 2), anyRecord), { maxLength: 200 }), (written) => {
        const writers = ['w-1', 'w-2', 'w-3'].map((name) => new CommitPlaces(name))
        const there = new Map<string, CommitRecord>()
        for (const [writer, record] of written) {
          const places = writers[writer]
          if (places === undefined) continue
          const point = pointOf(places, record)
          const other = there.get(point)
          if (other !== undefined && identityOf(other) !== identityOf(record)) {
            expect(record.seq).not.toBeNull()
            expect(other.seq).toBe(record.seq)
          }
          there.set(point, record)
        }
      }),
    )
  })

  test('ten thousand records later one is still known', () => {
    const places = new CommitPlaces('w')
    const first = pointOf(places, commitOf(1, { digest: digestOf('x'), committedAtMs: T0 }))
    for (let seq = 2; seq <= 10_001; seq += 1) places.of(commitOf(seq, { committedAtMs: T0 }))
    expect(pointOf(places, commitOf(1, { digest: digestOf('y'), committedAtMs: T0 }))).not.toBe(first)
    expect(pointOf(places, commitOf(1, { digest: digestOf('x'), committedAtMs: T0 }))).toBe(first)
  })

  test('a point of several records meets no other, of whatever writer', () => {
    const writers = ['w-1', 'w-2'].map((name) => new CommitPlaces(name))
    const found = writers.flatMap((places) => [
      ...Array.from({ length: 100 }, () => places.joint()),
      places.of(commitOf(1, { committedAtMs: T0 })),
      places.of(commitOf(null, { committedAtMs: T0 })),
    ])
    const points = found.map(({ series, place }) => `${series} ${place}`)
    // The numbered one is of both.
    expect(new Set(points).size).toBe(points.length - 1)
  })

  test('a record written again overwrites itself', () => {
    const record = commitOf(7, { committedAtMs: T0 })
    expect(new CommitPlaces('w-1').of(record)).toEqual(new CommitPlaces('w-2').of(record))
  })
})
