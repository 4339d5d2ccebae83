import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commitOf, digestOf, T0 } from './books/books.test-support.ts'
import { CommitReading } from './commit-reading.ts'
import { commitText } from './commit-text.ts'
import { isPlain, JointCommits } from './joint-commits.ts'

/** Points that hold so many records each, one a millisecond. */
function serverOf(counts: readonly number[]) {
  let seq = 0
  const points = counts.map((count, index) => {
    const records = Array.from({ length: count }, () => {
      seq += 1
      const record = commitOf(seq, { committedAtMs: T0 + index, digest: digestOf(String(seq)) })
      if (!isPlain(record)) throw new Error('not plain')
      return record
    })
    const [first, ...others] = records
    if (first === undefined) throw new Error('a point of nothing')
    const joint = new JointCommits(first)
    for (const record of others) expect(joint.add(record)).toBe(true)
    return { records, body: others.length === 0 ? commitText(first) : joint.text() }
  })
  const asked: number[] = []
  const ask = async (pointsMax: number): Promise<readonly unknown[]> => {
    asked.push(pointsMax)
    return points.slice(0, pointsMax).map(({ body }) => body)
  }
  return { records: points.flatMap(({ records }) => records), ask, asked }
}

test('as many are given as are asked for, the earliest, however many stand in a point', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 60 })), { maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 4 }),
      async (counts, limits) => {
        const { records, ask } = serverOf(counts)
        const reading = new CommitReading()
        for (const limit of limits)
          expect(await reading.earliest(limit, ask)).toEqual(records.slice(0, limit))
      },
    ),
  )
})

test('of points of one record as many are asked for as records are wanted, in one question', async () => {
  const { ask, asked } = serverOf(Array.from({ length: 600 }, () => 1))
  const reading = new CommitReading()
  await reading.earliest(500, ask)
  await reading.earliest(500, ask)
  expect(asked).toEqual([500, 500])
})

test('of points of many records no more are asked for than hold what is wanted', async () => {
  const { ask, asked } = serverOf(Array.from({ length: 40 }, () => 50))
  const reading = new CommitReading()
  await reading.earliest(500, ask)
  await reading.earliest(500, ask)
  expect(asked).toEqual([500, 10])
})

test('behind points of many records those of one are found by asking for more', async () => {
  const dense = serverOf([100, 100])
  const sparse = serverOf(Array.from({ length: 30 }, () => 1))
  const reading = new CommitReading()
  await reading.earliest(100, dense.ask)
  expect(await reading.earliest(25, sparse.ask)).toEqual(sparse.records.slice(0, 25))
  expect(sparse.asked).toEqual([1, 4, 16, 25])
})

test('what follows the records that are wanted is not looked into', async () => {
  const { records, ask } = serverOf([1, 3])
  const broken = async (pointsMax: number): Promise<readonly unknown[]> => [
    ...(await ask(pointsMax)),
    'broken',
  ]
  const reading = new CommitReading()
  expect(await reading.earliest(4, broken)).toEqual(records)
  await expect(reading.earliest(5, broken)).rejects.toMatchObject({ code: 'store-unavailable' })
})

test('a server that is asked for thousands is asked for hundreds first', async () => {
  const { ask, asked } = serverOf(Array.from({ length: 2_500 }, () => 1))
  expect(await new CommitReading().earliest(5_000, ask)).toHaveLength(2_500)
  expect(asked).toEqual([500, 2_000, 5_000])
})
