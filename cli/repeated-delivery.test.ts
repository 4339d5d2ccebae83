import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Clock } from '#contract/clock.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { samplesOf } from '#contract/messages.ts'
import type { Reading } from '#contract/reading.ts'
import { startCommitter } from '#ingest/commit.ts'
import type { Delivery } from '#ingest/waiting.ts'
import { bench, parkOfMeters, register, registerReading, T0 } from './bookkeeping.test-support.ts'
import { CommitFollower } from './commit-follower.ts'
import { Recomputation } from './recomputation.ts'
import { systemClock } from './system-clock.ts'

/** From payloads to days of energy: how they come changes nothing of what is said in the end. */

const meters = ['m-1', 'm-2'] as const
const park = parkOfMeters(meters)
const LATER = T0 + 86_400_000
const clock: Clock = { ...systemClock, wallMs: () => LATER }
const period = { fromMs: T0, toMs: T0 + 12 * SLOT_MS }

/** Two hours of polls every five minutes; now and then one fails. */
const batches: readonly Delivery[] = Array.from({ length: 24 }, (_, index) => {
  const atMs = T0 + index * 300_000 + 7
  const readings = meters.map((meter, place): Reading =>
    (index + place) % 7 === 3
      ? { meter, quantity: register, atMs, quality: 'bad', cause: 'timeout' }
      : registerReading(meter, atMs, index * 11 + place),
  )
  const payload = Buffer.from(
    JSON.stringify({
      v: 1,
      kind: 'readings',
      gateway: 'gw-1',
      epoch: 'a'.repeat(32),
      seq: index + 1,
      samples: samplesOf(readings),
    }),
  )
  return {
    topic: { park: 'park-1', gateway: 'gw-1', leaf: 'live' },
    payload,
    digest: createHash('sha256').update(payload).digest('hex'),
    receivedMs: LATER,
  }
})

/** What the books say after payloads came in that order; after each of `pauses` all of them was computed. */
async function said(order: readonly number[], pauses: ReadonlySet<number>) {
  const place = await bench()
  const { store, books, log } = place
  try {
    const committer = startCommitter({ park, store, clock, random: () => 0, log, sendReceipt: () => {} })
    const follower = new CommitFollower({ store, books, clock, log, onCommits: () => {} })
    const recomputation = new Recomputation({ store, books, park, clock, log })
    const compute = async (): Promise<void> => {
      await follower.follow()
      await recomputation.work(60_000)
    }
    for (const [index, batch] of order.entries()) {
      const delivery = batches[batch]
      if (delivery !== undefined) committer.offer(delivery)
      if (!pauses.has(index)) continue
      await systemClock.sleep(1)
      await compute()
    }
    await committer.stop(60_000)
    await compute()
    expect(books.dirtyWindows(10)).toEqual([])
    return meters.map((meter) => ({
      // How often a slot was computed on the way depends on the way.
      intervals: books.intervals(meter, register, period).map((each) => ({ ...each, revision: 0 })),
      days: books.daySums(meter, register, { fromMs: 0, toMs: LATER }),
      holes: books.holes(),
      batches: books.batchCount(),
      quarantine: books.quarantine(10),
    }))
  } finally {
    await place.remove()
  }
}

test('every payload twice and in any order, computed in between or not: the same energy, days and marks', async () => {
  const clean = await said([...batches.keys()], new Set())
  expect(clean[0]?.intervals.filter(({ state }) => state === 'known')).toHaveLength(8)
  const twice = [...batches.keys(), ...batches.keys()]
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(twice, { minLength: twice.length, maxLength: twice.length }),
      fc.uniqueArray(fc.integer({ min: 0, max: twice.length - 1 }), { maxLength: 6 }),
      async (order, pauses) => {
        expect(await said(order, new Set(pauses))).toEqual(clean)
      },
    ),
    { numRuns: 5 },
  )
})
