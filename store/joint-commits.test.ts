import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CommitRecord } from '#contract/commit.ts'
import { commitOf, digestOf, gapOf, refusalOf } from './books/books.test-support.ts'
import {
  isPlain,
  JOINT_CHARACTERS_MAX,
  JOINT_RECORDS_MAX,
  JointCommits,
  jointCommits,
  type PlainCommit,
} from './joint-commits.ts'
import { commitsFrom } from './points.ts'
import { touchedAround } from './touched.test-support.ts'

const T0 = Date.UTC(2026, 8, 1)

const touched = touchedAround(T0, 8)
const plain = fc
  .record({
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    content: fc.string({ maxLength: 3 }),
    stored: fc.integer({ min: 0, max: 50_000 }),
    touched,
  })
  .map(({ seq, content, ...others }) => plainOf(seq, { ...others, digest: digestOf(content) }))

function plainOf(seq: number, over: Partial<CommitRecord> = {}): PlainCommit {
  const record = commitOf(seq, { committedAtMs: T0, ...over })
  if (!isPlain(record)) throw new Error('it says more')
  return record
}

function jointOf([first, ...others]: readonly PlainCommit[]): JointCommits {
  if (first === undefined) throw new Error('of nothing')
  const joint = new JointCommits(first)
  expect(others.filter((record) => !joint.add(record))).toEqual([])
  return joint
}

test('records are read back as they were written, in their order', () => {
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1, maxLength: 40 }), (records) => {
      const joint = jointOf(records)
      expect(joint.records).toEqual(records)
      expect(jointCommits.parse(JSON.parse(joint.text()))).toEqual(records)
    }),
  )
})

test('what several batches share stands there once', () => {
  const meters = Array.from({ length: 20 }, (_, index) => `m-${index}`)
  const records = [1, 2, 3].map((seq) =>
    plainOf(seq, {
      stored: 400,
      touched: meters.map((meter) => ({ meter, fromMs: T0 - seq, toMs: T0 - seq })),
    }),
  )
  const parsed: unknown = JSON.parse(jointOf(records).text())
  expect(parsed).toEqual({
    gateway: 'gw-1',
    epoch: records[0]?.epoch,
    committedAtMs: T0,
    meters: [meters.join(' ')],
    batches: records.map(({ seq, digest }, index) => [
      seq,
      digest,
      400,
      [[T0 - index - 1, T0 - index - 1, 0]],
    ]),
  })
})

test.each([
  ['has no number', commitOf(null)],
  ['is of no journal', commitOf(2, { epoch: null })],
  ['has something refused', commitOf(2, { refused: [refusalOf('meter-unknown')] })],
  ['declares a gap', commitOf(2, { gap: gapOf(1, 1, 2) })],
  [
    'holds what a person says',
    commitOf(2, { entry: { kind: 'withdrawal', meter: 'm-1', by: 'x', why: 'y', entry: 'z' } }),
  ],
])('a record that %s is not plain', (_what, record) => {
  expect(isPlain(commitOf(2))).toBe(true)
  expect(isPlain(record)).toBe(false)
})

test('records of another gateway, journal or moment have another key', () => {
  const others = [
    plainOf(1, { gateway: 'gw-2' }),
    plainOf(1, { epoch: 'b'.repeat(32) }),
    plainOf(1, { committedAtMs: T0 + 1 }),
  ]
  expect(JointCommits.keyOf(plainOf(2))).toBe(JointCommits.keyOf(plainOf(1)))
  expect(new Set([plainOf(1), ...others].map((record) => JointCommits.keyOf(record))).size).toBe(4)
})

test('a text of several records is never longer than a server takes', () => {
  const gateway = 'g'.repeat(64)
  const lateMs = 8_000_000_000_000_000
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 3_000 }),
      fc.integer({ min: 1, max: 64 }),
      fc.boolean(),
      (meters, nameLength, isEachOfItsOwn) => {
        const recordAt = (index: number): PlainCommit =>
          plainOf(Number.MAX_SAFE_INTEGER - index, {
            gateway,
            committedAtMs: lateMs,
            stored: Number.MAX_SAFE_INTEGER,
            touched: Array.from({ length: meters }, (_, place) => ({
              meter: `${index % 7}`.padEnd(nameLength, 'x'),
              fromMs: lateMs - (isEachOfItsOwn ? place : 0),
              toMs: lateMs,
            })),
          })
        const joint = new JointCommits(recordAt(0))
        let count = 1
        while (count <= JOINT_RECORDS_MAX && joint.add(recordAt(count))) count += 1
        expect(count).toBeLessThanOrEqual(JOINT_RECORDS_MAX)
        if (count > 1) expect(joint.text().length).toBeLessThanOrEqual(JOINT_CHARACTERS_MAX)
        if (meters === 0) expect(count).toBe(JOINT_RECORDS_MAX)
      },
    ),
    { numRuns: 30, examples: [[0, 1, false]] },
  )
})

test.each([
  ['of meters that it does not name', '[1,"D",2,[[0,1,1]]]'],
  ['without a digest', '[1,"",2,[]]'],
  ['without a number', '[0,"D",2,[]]'],
  ['with more than there is to say', '[1,"D",2,[],7]'],
  ['that is not there', ''],
])('a batch %s cannot be read', (_what, batch) => {
  const text = (of: string): string =>
    `{"gateway":"gw-1","epoch":"${'a'.repeat(32)}","committedAtMs":5,"meters":["m-1"],"batches":[${of.replace('D', 'f'.repeat(64))}]}`
  expect(commitsFrom([text('[1,"D",2,[[0,1,0]]]')])).toHaveLength(1)
  expect(() => commitsFrom([text(batch)])).toThrow(/cannot be read/)
})
