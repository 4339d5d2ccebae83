import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accountingPlan } from '#accounts/accounting-plan.ts'
import type { Clock } from '#contract/clock.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { samplesOf } from '#contract/messages.ts'
import type { Reading } from '#contract/reading.ts'
import { startCommitter } from '#ingest/commit.ts'
import type { Delivery } from '#ingest/waiting.ts'
import { bench, parkOfMeters, register, registerReading, T0 } from './bookkeeping.test-support.ts'
import { CommitFollower } from './commit-follower.ts'
import { PostingLoop } from './posting.ts'
import { readPostingRules } from './posting-rules.ts'
import { Recomputation } from './recomputation.ts'
import { systemClock } from './system-clock.ts'

/** From payloads to the ledger: how they come changes nothing of what is said in the end. */

const meters = ['m-1', 'm-2'] as const
const park = parkOfMeters(meters)
/** When June is over. */
const LATER = T0 + 32 * 86_400_000
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

const rules = readPostingRules()
const plan = accountingPlan.parse({
  park: 'park-1',
  revision: '1',
  standardCoal: { edition: 'gb2589-2008' },
  accounts: [
    {
      account: 'park-1',
      sector: 'industry',
      fuelSet: 'S1',
      electricityRegion: 'tianjin',
      sources: [
        {
          id: 'electricity',
          name: { zh: '电', en: 'Electricity' },
          kind: 'electricity-purchased',
          item: 'electricity',
          measured: meters.map((meter) => ({ meter })),
        },
      ],
    },
  ],
})

/**
 * Interval revisions with all that they rest on and the ledger with its hashes, as text, after each of several rounds of
 * delivery a minute apart, followed, computed and posted.
 */
async function bytesAfter(rounds: readonly (readonly number[])[]): Promise<string[]> {
  const { store, books, log, remove } = await bench()
  let nowMs = LATER
  const own: Clock = { ...systemClock, wallMs: () => nowMs }
  try {
    const parts = { store, books, park, clock: own, log }
    const follower = new CommitFollower({ ...parts, onCommits: () => {} })
    const recomputation = new Recomputation(parts)
    const posting = new PostingLoop({ ...parts, plan, rules, quietMs: 0 })
    const texts: string[] = []
    for (const round of rounds) {
      const committer = startCommitter({ ...parts, random: () => 0, sendReceipt: () => {} })
      for (const place of round) {
        const delivery = batches[place]
        if (delivery !== undefined) committer.offer(delivery)
      }
      await committer.stop(60_000)
      await follower.follow()
      await recomputation.work(60_000)
      await posting.work(Number.MAX_SAFE_INTEGER)
      const intervals = meters.map((meter) => books.intervals(meter, register, period))
      texts.push(JSON.stringify({ intervals, ledger: books.ledger('park-1') }))
      nowMs += 60_000
    }
    return texts
  } finally {
    await remove()
  }
}

test('every payload twice and in any order: the ledger is the same to the last byte, as it is when all come once more', async () => {
  const [clean] = await bytesAfter([[...batches.keys()]])
  expect(clean).toMatch(/"kind":"posting".*"hash":"[0-9a-f]{64}"/)
  const twice = [...batches.keys(), ...batches.keys()]
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(twice, { minLength: twice.length, maxLength: twice.length }),
      fc.shuffledSubarray(twice, { minLength: 1, maxLength: twice.length }),
      async (order, again) => {
        expect(await bytesAfter([order, again, again])).toEqual([clean, clean, clean])
      },
    ),
    { numRuns: 5 },
  )
})
