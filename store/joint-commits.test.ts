import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CommitRecord } from '#contract/commit.ts'
import { commitOf, digestOf, gapOf, refusalOf } from './books/books.test-support.ts'
import { JointCommits, jointCommits } from './joint-commits.ts'
import { commitsFrom } from './points.ts'

const T0 = Date.UTC(2026, 8, 1)

const touched = fc.array(
  fc.record({
    meter: fc.stringMatching(/^[a-z0-9]{1,4}(-[a-z0-9]{1,4}){0,2}$/),
    fromMs: fc.integer({ min: T0, max: T0 + 2 }),
    toMs: fc.integer({ min: T0, max: T0 + 2 }),
  }),
  { maxLength: 8 },
)
const plain = fc
  .record({
    gateway: fc.constantFrom('gw-1', 'gw-2'),
    epoch: fc.constantFrom('a'.repeat(32), 'b'.repeat(32)),
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    content: fc.string({ maxLength: 3 }),
    stored: fc.integer({ min: 0, max: 50_000 }),
    touched,
  })
  .map(({ seq, content, ...others }) =>
    commitOf(seq, { ...others, digest: digestOf(content), committedAtMs: T0 }),
  )

function textOf(records: readonly CommitRecord[]): string {
  const joint = new JointCommits()
  expect(records.filter((record) => !joint.add(record))).toEqual([])
  return joint.text()
}

const byJournal = (records: readonly CommitRecord[]): unknown =>
  Map.groupBy(records, ({ gateway, epoch }) => `${gateway} ${epoch}`)

test('records are read back as they were written, those of a journal in their order', () => {
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1, maxLength: 40 }), (records) => {
      const read = jointCommits.parse(JSON.parse(textOf(records)))
      expect(read).toHaveLength(records.length)
      expect(byJournal(read)).toEqual(byJournal(records))
    }),
  )
})

test('what several batches share stands there once', () => {
  const meters = Array.from({ length: 20 }, (_, index) => `m-${index}`)
  const records = [1, 2, 3].map((seq) =>
    commitOf(seq, {
      committedAtMs: T0,
      stored: 400,
      touched: meters.map((meter) => ({ meter, fromMs: T0 - seq, toMs: T0 - seq })),
    }),
  )
  const parsed: unknown = JSON.parse(textOf(records))
  expect(parsed).toEqual({
    committedAtMs: T0,
    meters: [meters.join(' ')],
    journals: [
      [
        'gw-1',
        records[0]?.epoch,
        records.map(({ seq, digest }, index) => [seq, digest, 400, [[T0 - index - 1, T0 - index - 1, 0]]]),
      ],
    ],
  })
})

test.each([
  ['has no number', commitOf(null, { committedAtMs: T0 })],
  ['is of no journal', commitOf(2, { committedAtMs: T0, epoch: null })],
  ['has something refused', commitOf(2, { committedAtMs: T0, refused: [refusalOf('meter-unknown')] })],
  ['declares a gap', commitOf(2, { committedAtMs: T0, gap: gapOf(1, 1, 2) })],
  ['is of another moment', commitOf(2, { committedAtMs: T0 + 1 })],
])('a record that %s stays outside', (_what, record) => {
  const joint = new JointCommits()
  const before = commitOf(1, { committedAtMs: T0 })
  expect(joint.add(before)).toBe(true)
  expect(joint.add(record)).toBe(false)
  expect(joint.records).toEqual([before])
  expect(commitsFrom([joint.text()])).toEqual([before])
})

test('a text of several records is never longer than a server takes', () => {
  const name = 'x'.repeat(20)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_000 }), fc.boolean(), (meters, isEachOfItsOwn) => {
      const joint = new JointCommits()
      const recordAt = (seq: number): CommitRecord =>
        commitOf(seq, {
          gateway: `gw-${seq}`,
          seq: Number.MAX_SAFE_INTEGER - seq,
          committedAtMs: 8_000_000_000_000_000,
          touched: Array.from({ length: meters }, (_, index) => ({
            meter: `${name}-${index}`,
            fromMs: 8_000_000_000_000_000 - (isEachOfItsOwn ? index : 0),
            toMs: 8_000_000_000_000_000,
          })),
        })
      let count = 0
      while (count < 1_000 && joint.add(recordAt(count))) count += 1
      expect(count).toBeGreaterThan(0)
      expect(count).toBeLessThan(1_000)
      if (count > 1) expect(joint.text().length).toBeLessThanOrEqual(48 * 1_024)
    }),
    { numRuns: 20 },
  )
})

test.each([
  ['of meters that it does not name', '[1,"D",2,[[0,1,1]]]'],
  ['without a digest', '[1,"",2,[]]'],
  ['without a number', '[0,"D",2,[]]'],
  ['with more than there is to say', '[1,"D",2,[],7]'],
])('a batch %s cannot be read', (_what, batch) => {
  const text = (of: string): string =>
    `{"committedAtMs":5,"meters":["m-1"],"journals":[["gw-1","${'a'.repeat(32)}",[${of.replace('D', 'f'.repeat(64))}]]]}`
  expect(commitsFrom([text('[1,"D",2,[[0,1,0]]]')])).toHaveLength(1)
  expect(() => commitsFrom([text(batch)])).toThrow(/cannot be read/)
})
