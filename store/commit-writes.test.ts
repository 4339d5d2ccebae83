import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CommitRecord } from '#contract/commit.ts'
import { commitOf, digestOf, refusalOf, T0 } from './books/books.test-support.ts'
import { CommitPlaces } from './commit-places.ts'
import { appendCommitsThrough } from './commit-writes.ts'
import { encodeLine } from './line-protocol.ts'
import { textOf, type Lines, type WriteAnswer } from './partial-write.ts'
import { commitPoint, commitsFrom } from './points.ts'

/** A server that takes requests up to a length. */
function server(charactersMax: number) {
  const taken: string[] = []
  let requests = 0
  const send = async (lines: Lines): Promise<WriteAnswer> => {
    requests += 1
    const text = textOf(lines)
    if (text.length > charactersMax)
      return { taken: false, reason: 'Request Entity Too Large', dropped: undefined, isTooLong: true }
    taken.push(...text.split('\n'))
    return { taken: true }
  }
  return { send, taken, requestCount: () => requests }
}

const recordOf = (seq: number, characters: number): CommitRecord =>
  commitOf(seq, {
    digest: digestOf(`${seq}`),
    refused: characters === 0 ? [] : [{ ...refusalOf(''), payload: 'A'.repeat(characters) }],
  })
const places = (): CommitPlaces => new CommitPlaces('w')
/** The body in a line, and what a server tells its point by. */
const bodyOf = (line: string): unknown => JSON.parse(/body=("(?:[^"\\]|\\.)*")/.exec(line)?.[1] ?? '""')
const placeOf = (line: string): string => `${line.split(' ')[0]} ${line.split(' ').at(-1)}`
const lineOf = (record: CommitRecord): string => encodeLine(commitPoint(record, places().of(record)))

describe('commit records on their way to a server that bounds its requests', () => {
  test('all arrive once and in order, however long each is, as long as each alone is short enough', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 250 }),
        fc.integer({ min: 5_000, max: 60_000 }),
        async (lengths, charactersMax) => {
          const records = lengths.map((length, index) => recordOf(index + 1, length))
          const { send, taken } = server(charactersMax)
          await appendCommitsThrough(records, places(), send)
          expect(taken).toEqual(records.map(lineOf))
        },
      ),
      { numRuns: 30 },
    )
  })

  test('those of one moment are read as they were, in few points, however little the server takes at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            { weight: 9, arbitrary: fc.constant(0) },
            { weight: 1, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
          ),
          { maxLength: 600 },
        ),
        fc.integer({ min: 5_000, max: 60_000 }),
        async (lengths, charactersMax) => {
          const records = lengths.map((length, index) => ({
            ...recordOf(index + 1, length),
            committedAtMs: T0,
          }))
          const { send, taken } = server(charactersMax)
          await appendCommitsThrough(records, places(), send)
          const read = commitsFrom(taken.map(bodyOf))
          expect(read.toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0))).toEqual(records)
          expect(new Set(taken.map(placeOf)).size).toBe(taken.length)
          if (records.every(({ refused }) => refused.length === 0) && charactersMax > 50_000)
            expect(taken.length).toBe(Math.ceil(records.length / 256))
        },
      ),
      { numRuns: 30 },
    )
  })

  test('of a point that is too long its halves are written', async () => {
    const records = [1, 2, 3, 4, 5].map((seq) => ({ ...recordOf(seq, 0), committedAtMs: T0 }))
    const { send, taken, requestCount } = server(560)
    await appendCommitsThrough(records, places(), send)
    expect(commitsFrom(taken.map(bodyOf))).toEqual(records)
    expect(taken).toHaveLength(2)
    expect(requestCount()).toBe(3)
  })

  test('a server that refuses a point of several for another reason is unavailable', async () => {
    const records = [1, 2].map((seq) => ({ ...recordOf(seq, 0), committedAtMs: T0 }))
    const refuse = async (): Promise<WriteAnswer> => ({
      taken: false,
      reason: 'field type conflict',
      dropped: 1,
    })
    await expect(appendCommitsThrough(records, places(), refuse)).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
    })
  })

  test('long ones do not stand in one request', async () => {
    const { send, taken, requestCount } = server(25_000_000)
    const records = Array.from({ length: 9 }, (_, index) => recordOf(index + 1, 5_600_000))
    await appendCommitsThrough(records, places(), send)
    expect(taken).toHaveLength(9)
    expect(requestCount()).toBe(9)
  })

  test('of one that is too long by itself the beginning is written, and it says so', async () => {
    const { send, taken } = server(100_000)
    const [before, long, after] = [recordOf(1, 0), recordOf(2, 2_000_000), recordOf(3, 0)]
    await appendCommitsThrough([before, long, after], places(), send)
    expect(taken).toHaveLength(3)
    expect(taken[0]).toBe(lineOf(before))
    expect(taken[2]).toBe(lineOf(after))
    expect(taken[1]).toMatch(/of 2000000 characters the store took the first 65536 only/)
  })

  test('a server that takes nothing is unavailable', async () => {
    await expect(
      appendCommitsThrough([recordOf(1, 10_000)], places(), server(10).send),
    ).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
    })
  })
})
