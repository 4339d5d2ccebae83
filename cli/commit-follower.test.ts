import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '#contract/duration.ts'
import { bench, commitAt, T0, type Bench } from './bookkeeping.test-support.ts'
import { CommitFollower } from './commit-follower.ts'

const YEAR_MS = 365 * 24 * HOUR_MS

let place: Bench
let told: (number | null)[]
let follower: CommitFollower

const newFollower = (): CommitFollower =>
  new CommitFollower({ ...place, onCommits: (records) => told.push(...records.map(({ seq }) => seq)) })

/** A worker commits a batch, by a clock that differs from ours. */
const commit = (seq: number, aheadMs = 0): Promise<void> =>
  place.store.appendCommits([commitAt(seq, place.clock.wallMs() + aheadMs)])

const warnings = (about: string): number => place.logged.filter((line) => line.includes(about)).length

beforeEach(async () => {
  place = await bench()
  told = []
  follower = newFollower()
})
afterEach(() => place.remove())

describe('following commit records', () => {
  test('each is entered and told once, in whatever round it becomes visible', async () => {
    await commit(1)
    await follower.follow()
    await follower.follow()
    place.clock.advance(30_000)
    // Written by a worker that needed half a minute from taking its time to being visible.
    await commit(2, -30_000)
    await commit(3)
    await follower.follow()
    await follower.follow()
    expect(told).toEqual([1, 2, 3])
    expect(place.books.batchCount()).toBe(3)
  })

  test('looks in between read little again, and what is visible late is found within ten seconds', async () => {
    const { store } = place
    let read = 0
    const counting = {
      commitsSince: async (...asked: Parameters<typeof store.commitsSince>) => {
        const page = await store.commitsSince(...asked)
        read += page.length
        return page
      },
    }
    follower = new CommitFollower({
      ...place,
      store: counting,
      onCommits: (records) => told.push(...records.map(({ seq }) => seq)),
    })
    await store.appendCommits(
      Array.from({ length: 100 }, (_, index) => commitAt(index + 2, T0 - 50_000 + index)),
    )
    await commit(1)
    await follower.follow()
    await follower.follow()
    read = 0
    await commit(200, -30_000)
    for (let look = 0; look < 19; look += 1) {
      place.clock.advance(500)
      await follower.follow()
    }
    expect(read).toBeLessThan(100)
    expect(told).not.toContain(200)
    place.clock.advance(500)
    await follower.follow()
    expect(told).toContain(200)
  })

  test('more records than a page, many of one millisecond, are all entered', async () => {
    await place.store.appendCommits(
      Array.from({ length: 12_000 }, (_, index) => commitAt(index + 1, T0 - (index < 7_000 ? 1 : 0))),
    )
    await follower.follow()
    expect(place.books.batchCount()).toBe(12_000)
    expect(new Set(told).size).toBe(12_000)
  })

  test('a minute of an outage’s backlog is read in parts, and everything else has its turn between them', async () => {
    const { store, books } = place
    const parts: number[] = []
    let turns = 0
    const others = setInterval(() => (turns += 1), 0)
    follower = new CommitFollower({
      ...place,
      books: {
        followedUntilMs: () => books.followedUntilMs(),
        follow: (records, nowMs) => {
          parts.push(records.length)
          return books.follow(records, nowMs)
        },
      },
      onCommits: (records) => told.push(...records.map(({ seq }) => seq)),
    })
    await store.appendCommits(
      Array.from({ length: 6_000 }, (_, index) => commitAt(index + 1, T0 - 6_000 + index)),
    )
    await follower.follow()
    const between = turns
    expect(told).toHaveLength(6_000)
    expect(Math.max(...parts)).toBeLessThanOrEqual(500)
    expect(between).toBeGreaterThan(0)
    // Read again, they cost no look into the books but one a part.
    parts.length = 0
    place.clock.advance(10_000)
    await follower.follow()
    clearInterval(others)
    expect(Math.max(...parts)).toBe(1)
  })

  test('what was entered before a restart is not told again', async () => {
    await commit(1)
    await follower.follow()
    follower = newFollower()
    await follower.follow()
    expect(told).toEqual([1])
  })
})

describe('the clocks of others', () => {
  test('a worker a year ahead hides nothing that others commit, now or after a restart', async () => {
    await commit(1, YEAR_MS)
    await follower.follow()
    for (const seq of [2, 3]) {
      place.clock.advance(5 * MINUTE_MS)
      await commit(seq)
      await follower.follow()
    }
    follower = newFollower()
    place.clock.advance(5 * MINUTE_MS)
    await commit(4)
    await follower.follow()
    expect(told).toEqual([1, 2, 3, 4])
    expect(place.books.followedUntilMs()).toBeLessThanOrEqual(place.clock.wallMs())
  })

  test('a worker that is ahead is named in the log once, until it is right again', async () => {
    await commit(1, YEAR_MS)
    await follower.follow()
    await follower.follow()
    expect(warnings('is ahead')).toBe(1)
  })

  test('what a worker half an hour behind commits is entered within the hour, and logged', async () => {
    await commit(1)
    await follower.follow()
    await commit(2, -30 * MINUTE_MS)
    await follower.follow()
    expect(told).toEqual([1])
    place.clock.advance(HOUR_MS)
    await commit(3)
    await follower.follow()
    expect(told).toEqual([1, 2, 3])
    expect(warnings('is behind')).toBe(1)
  })

  test('a clock that ran ahead and is set back, while we ran or were stopped, hides nothing', async () => {
    place.clock.stepWall(T0 + YEAR_MS)
    await commit(1)
    await follower.follow()
    place.clock.stepWall(T0)
    await commit(2)
    await follower.follow()
    expect(told).toEqual([1, 2])

    place.clock.stepWall(T0 + YEAR_MS)
    await commit(3)
    await follower.follow()
    // Others go on with the right time while we are stopped for longer than any overlap.
    place.clock.stepWall(T0 + MINUTE_MS)
    await commit(4)
    place.clock.stepWall(T0 + 5 * HOUR_MS)
    follower = newFollower()
    await follower.follow()
    expect(new Set(told)).toEqual(new Set([1, 2, 3, 4]))
    expect(warnings('set back')).toBe(2)
  })
})
