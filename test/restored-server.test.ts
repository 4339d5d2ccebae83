import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, expect, it, vi } from 'vitest'
import { keepBooks } from '#cli/bookkeeping.ts'
import { LostBatches } from '#cli/lost-batches.ts'
import { systemClock } from '#cli/system-clock.ts'
import type { Clock } from '#contract/clock.ts'
import { energyAt } from '#edge/testing/samples.ts'
import { startBroker } from '#ingest/broker.ts'
import { watchGaps } from '#ingest/gap-watch.ts'
import { batchOf, epochOf, sampleOf, T0, TestGateway, testPark } from '#ingest/ingest.test-support.ts'
import { startWorker } from '#ingest/worker.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import { startJournalGateway } from './support/journal-gateway.ts'

const log = pino({ level: 'silent' })
const park = testPark()
const folder = mkdtempSync(join(tmpdir(), 'tanbiao-restored-'))
afterAll(() => rmSync(folder, { recursive: true }))

const batch = (seq: number): Uint8Array => batchOf('gw-a', seq, [sampleOf('meter-a', T0 + seq * 1_000, seq)])

/** A server on a data folder, to which one gateway delivers; gives the holes that its books then know. */
async function serve(data: string, deliver: (gateway: TestGateway) => Promise<unknown>) {
  const store = await openReadingStore(`sqlite:${join(data, 'readings.sqlite')}`)
  const books = openBooks(join(data, 'books.sqlite'))
  const broker = await startBroker({ port: 0, park, log })
  const { url: brokerUrl, credentials } = broker
  const worker = await startWorker({ brokerUrl, credentials, park, store, clock: systemClock, log })
  const gateway = await TestGateway.connect(broker.url, 'gw-a')
  try {
    await deliver(gateway)
    const signal = AbortSignal.abort()
    await keepBooks({ store, books, park, clock: systemClock, log, signal, onCommits: () => {} })
    const known = await store.readings('meter-a', 'activeEnergyImport.total', { fromMs: 0, toMs: T0 * 2 })
    return { holes: books.holes(), readings: known.length }
  } finally {
    await gateway.end()
    await worker.stop()
    await broker.stop()
    books.close()
    await store.close()
  }
}

/** Six minutes later than it is: holes are gaps by then. */
const later: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + 6 * 60_000 }

it('a server restored from an older copy names what is gone, and gateways that still keep it close the hole', async () => {
  const data = join(folder, 'server')
  const copy = join(folder, 'copy')
  mkdirSync(data)
  const all =
    (...numbers: number[]) =>
    (gateway: TestGateway) =>
      Promise.all(numbers.map((seq) => gateway.deliver(batch(seq))))

  expect(await serve(data, all(1, 2, 3))).toEqual({ holes: [], readings: 3 })
  cpSync(data, copy, { recursive: true })
  expect(await serve(data, all(4, 5))).toEqual({ holes: [], readings: 5 })

  // The disk is gone; yesterday's copy takes its place. The gateway has receipts for 4 and 5.
  rmSync(data, { recursive: true })
  cpSync(copy, data, { recursive: true })
  const restored = await serve(data, all(6))
  expect(restored.readings).toBe(4)
  expect(restored.holes).toMatchObject([{ gateway: 'gw-a', epoch: epochOf('a'), firstSeq: 4, lastSeq: 5 }])
  // It keeps them for its grace time, and sends them again when asked.
  expect(await serve(data, all(4, 5))).toEqual({ holes: [], readings: 6 })
})

it('a server restored from an older copy asks gateways for what is gone by itself', async () => {
  const data = join(folder, 'asking')
  const copy = join(folder, 'copy-asking')
  mkdirSync(data, { recursive: true })
  const broker = await startBroker({ port: 0, park, log })
  const own = startJournalGateway({
    file: join(folder, 'journal.sqlite'),
    gateway: 'gw-a',
    park,
    brokerUrl: broker.url,
  })
  const nowMs = systemClock.wallMs()

  /** Runs ingest and books on the data folder while the gateway delivers these readings, then looks for what is missing. */
  async function run(
    ...counts: number[]
  ): Promise<{ readonly counts: () => Promise<unknown[]>; readonly stop: () => Promise<void> }> {
    const store = await openReadingStore(`sqlite:${join(data, 'readings.sqlite')}`)
    const books = openBooks(join(data, 'books.sqlite'))
    const { url: brokerUrl, credentials } = broker
    const worker = await startWorker({ brokerUrl, credentials, park, store, clock: systemClock, log })
    await own.deliver(counts.map((count) => energyAt(nowMs - 60_000 + count * 1_000, 'meter-a', count)))
    const parts = { store, books, park, clock: later, log }
    await keepBooks({ ...parts, signal: AbortSignal.abort(), onCommits: () => {} })
    watchGaps(parts, later.wallMs())
    await new LostBatches({ ...parts, command: (given) => worker.publishCommand(given) }).look()
    return {
      counts: async () => {
        const found = await store.readings('meter-a', 'activeEnergyImport.total', { fromMs: 0, toMs: nowMs })
        return found.map((each) =>
          each.quality === 'bad' || typeof each.value === 'number' ? each : each.value.count,
        )
      },
      stop: async () => {
        await worker.stop()
        books.close()
        await store.close()
      },
    }
  }

  await (await run(1, 2, 3)).stop()
  cpSync(data, copy, { recursive: true })
  await (await run(4, 5)).stop()
  rmSync(data, { recursive: true })
  cpSync(copy, data, { recursive: true })
  const restored = await run(6)
  await vi.waitFor(async () => expect(await restored.counts()).toEqual([1, 2, 3, 4, 5, 6]), {
    timeout: 60_000,
    interval: 20,
  })
  await restored.stop()
  await own.stop()
  await broker.stop()
})
