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
const atOnce = (seq: number, characters: number): CommitRecord => ({
  ...recordOf(seq, characters),
  committedAtMs: T0,
})
const bySeq = (records: readonly CommitRecord[]): CommitRecord[] =>
  records.toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0))
/** The body in a line, and what a server tells its point by. */
const bodyOf = (line: string): unknown => JSON.parse(/body=("(?:[^"\\]|\\.)*")/.exec(line)?.[1] ?? '""')
const placeOf = (line: string): string => `${line.split(' ')[0]} ${line.split(' ').at(-1)}`
const lineOf = (record: CommitRecord): string => encodeLine(commitPoint(record, places().of(record)))

describe('commit records on their way to a server that bounds its requests', () => {
  test('all arrive once, however long each is, as long as each alone is short enough', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 250 }),
        fc.integer({ min: 5_000, max: 60_000 }),
        async (lengths, charactersMax) => {
          const records = lengths.map((length, index) => recordOf(index + 1, length))
          const { send, taken } = server(charactersMax)
          await appendCommitsThrough(records, places(), send)
          expect(taken.toSorted()).toEqual(records.map(lineOf).toSorted())
        },
      ),
      { numRuns: 30 },
    )
  })

  test('those of one moment are read as they were, however little the server takes at once', async () => {
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
          const records = lengths.map((length, index) => atOnce(index + 1, length))
          const { send, taken } = server(charactersMax)
          await appendCommitsThrough(records, places(), send)
          expect(bySeq(commitsFrom(taken.map(bodyOf)))).toEqual(records)
          expect(new Set(taken.map(placeOf)).size).toBe(taken.length)
        },
      ),
      { numRuns: 30 },
    )
  })

  test.each([
    [1, 1],
    [2, 1],
    [256, 1],
    [257, 2],
    [600, 3],
  ])('%i plain ones of one moment are %i points', async (count, points) => {
    const records = Array.from({ length: count }, (_, index) => atOnce(index + 1, 0))
    const { send, taken } = server(1_000_000)
    await appendCommitsThrough(records, places(), send)
    expect(taken).toHaveLength(points)
    expect(bySeq(commitsFrom(taken.map(bodyOf)))).toEqual(records)
  })

  test('one that says more stands alone, and does not part those around it', async () => {
    const records = Array.from({ length: 20 }, (_, index) => atOnce(index + 1, index % 2))
    const { send, taken } = server(1_000_000)
    await appendCommitsThrough(records, places(), send)
    expect(taken).toHaveLength(11)
    expect(bySeq(commitsFrom(taken.map(bodyOf)))).toEqual(records)
  })

  test('a point of several is of one gateway and journal', async () => {
    const records = [
      atOnce(1, 0),
      { ...atOnce(1, 0), gateway: 'gw-2' },
      atOnce(2, 0),
      { ...atOnce(2, 0), gateway: 'gw-2' },
      { ...atOnce(3, 0), epoch: 'b'.repeat(32) },
    ]
    const { send, taken } = server(1_000_000)
    await appendCommitsThrough(records, places(), send)
    expect(taken.map((line) => /gateway=([^,]+)/.exec(line)?.[1])).toEqual(['gw-1', 'gw-2', 'gw-1'])
    expect(taken.map((line) => /stored=(\d+)i/.exec(line)?.[1])).toEqual(['4', '4', '2'])
  })

  test('of a point that is too long its halves are written', async () => {
    const records = [1, 2, 3, 4, 5, 6].map((seq) => atOnce(seq, 0))
    const { send, taken } = server(1_000_000)
    await appendCommitsThrough(records, places(), send)
    const short = server((taken[0]?.length ?? 0) - 1)
    await appendCommitsThrough(records, places(), short.send)
    expect(short.taken).toHaveLength(2)
    expect(short.requestCount()).toBe(3)
    expect(bySeq(commitsFrom(short.taken.map(bodyOf)))).toEqual(records)
  })

  test('a server that takes no new series is given each record in that of its journal', async () => {
    const records = [1, 2, 3].map((seq) => atOnce(seq, 0))
    const { send, taken } = server(1_000_000)
    const full = async (lines: Lines): Promise<WriteAnswer> =>
      textOf(lines).includes('joint.')
        ? { taken: false, reason: 'partial write: max-series-per-database limit exceeded', dropped: 1 }
        : send(lines)
    await appendCommitsThrough(records, places(), full)
    expect(taken).toEqual(records.map(lineOf))
  })

  test.each([
    ['a server that refuses all of them', 1_000_000, true],
    ['a server that takes not even one', 10, false],
  ])('%s is unavailable', async (_what, charactersMax, refuses) => {
    const { send, taken } = server(charactersMax)
    const refuse = async (): Promise<WriteAnswer> => ({ taken: false, reason: 'no', dropped: 1 })
    const records = [1, 2, 3].map((seq) => atOnce(seq, 0))
    await expect(appendCommitsThrough(records, places(), refuses ? refuse : send)).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
    })
    expect(taken).toEqual([])
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
    expect(taken.filter((line) => line === lineOf(before) || line === lineOf(after))).toHaveLength(2)
    expect(taken.join('\n')).toMatch(/of 2000000 characters the store took the first 65536 only/)
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
