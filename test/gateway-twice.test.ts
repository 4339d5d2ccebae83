import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CommitFollower } from '#cli/commit-follower.ts'
import { systemClock } from '#cli/system-clock.ts'
import { startCommitter } from '#ingest/commit.ts'
import { batchOf, digestOf, sampleOf, T0, testPark } from '#ingest/ingest.test-support.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { startInflux, type InfluxServer } from './support/influx.ts'
import { describeWith } from './support/servers.ts'

/** A gateway that exists twice, from one disk image, through two workers that write to one InfluxDB. */

const log = pino({ level: 'silent' })
const park = testPark()
const nowMs = T0 + 3_600_000

describeWith(['influxd'], 'a gateway that exists twice, through two workers', () => {
  let influx: InfluxServer
  let folder: string
  let stores: [ReadingStore, ReadingStore]
  let books: Books
  beforeAll(async () => {
    influx = await startInflux()
    folder = mkdtempSync(join(tmpdir(), 'tanbiao-twice-'))
    books = openBooks(join(folder, 'books.sqlite'))
    const url = `influx1://127.0.0.1:${influx.port}/twice?create=true`
    stores = [await openReadingStore(url), await openReadingStore(url)]
  })
  afterAll(async () => {
    for (const store of stores) await store.close()
    books.close()
    await influx.remove()
    rmSync(folder, { recursive: true })
  })

  /** Batch `seq` of one of the two, which read at this second, committed by a worker at this moment. */
  async function deliver(
    store: ReadingStore,
    seq: number,
    second: number,
    committedMs: number,
  ): Promise<void> {
    const clock = { ...systemClock, wallMs: () => committedMs }
    const payload = batchOf('gw-a', seq, [sampleOf('meter-a', T0 + second * 1_000, second)])
    const committer = startCommitter({ park, store, clock, random: () => 0, log, sendReceipt: () => {} })
    committer.offer({
      topic: { park: park.description.id, gateway: 'gw-a', leaf: 'live' },
      payload,
      digest: digestOf(payload),
      receivedMs: committedMs,
    })
    await committer.stop(60_000)
  }

  it('all readings are stored, and what came in another millisecond is told of; what came in the very same one is not', async () => {
    const [one, other] = stores
    await deliver(one, 1, 10, nowMs)
    await deliver(other, 1, 11, nowMs)
    await deliver(one, 2, 20, nowMs + 100)
    await deliver(other, 2, 21, nowMs + 101)
    const clock = { ...systemClock, wallMs: () => nowMs + 1_000 }
    await new CommitFollower({ store: one, books, clock, log, onCommits: () => {} }).follow()
    const period = { fromMs: T0, toMs: nowMs }
    const stored = await one.readings('meter-a', 'activeEnergyImport.total', period)
    expect(stored.map(({ atMs }) => (atMs - T0) / 1_000)).toEqual([10, 11, 20, 21])
    expect(books.reusedNumbers()).toEqual([{ gateway: 'gw-a', entries: 1, sinceMs: nowMs + 101 }])
    // Of number 1 one commit record took the place of the other; all else goes on.
    expect(books.batchCount()).toBe(2)
    expect(books.holes()).toEqual([])
  })
})
