import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { keepBooks } from '#cli/bookkeeping.ts'
import { LostBatches } from '#cli/lost-batches.ts'
import { systemClock } from '#cli/system-clock.ts'
import { smallPark } from '#dashboards/small-park.test-support.ts'
import { energyAt } from '#edge/testing/samples.ts'
import { startBroker, type Broker } from '#ingest/broker.ts'
import { startWorker, type Worker } from '#ingest/worker.ts'
import { openBooks } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { describeEachInflux, type RunningInflux } from './support/influx-kinds.ts'
import { startJournalGateway, type JournalGateway } from './support/journal-gateway.ts'
import { tearLog } from './support/torn-log.ts'

/** A gateway's real journal and uplink, a real broker, worker, InfluxDB and books: only the meter is missing. */

const log = pino({ level: 'silent' })
const clock = systemClock
const [gateway, meter, register] = ['gw-east', 'forge-main', 'activeEnergyImport.total'] as const
const SETTLED = { timeout: 60_000, interval: 20 }

describeEachInflux('A server that was started anew between two crashes of', ({ start }) => {
  let folder: string
  let influx: RunningInflux
  let store: ReadingStore
  let books: Books
  let broker: Broker
  let worker: Worker
  let own: JournalGateway
  let openAgain: () => Promise<ReadingStore>

  const startIngest = async (): Promise<void> => {
    const { url: brokerUrl, credentials } = broker
    worker = await startWorker({ brokerUrl, credentials, park: smallPark, store, clock, log })
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tanbiao-second-crash-'))
    influx = await start(folder)
    ;({ store, openAgain } = await influx.newPlace(new URL(`http://127.0.0.1:${influx.port}`), 10_000))
    books = openBooks(join(folder, 'books.sqlite'), 'Asia/Shanghai')
    broker = await startBroker({ port: 0, park: smallPark, log })
    await startIngest()
    own = startJournalGateway({
      file: join(folder, 'journal.sqlite'),
      gateway,
      park: smallPark,
      brokerUrl: broker.url,
    })
  })
  afterEach(async () => {
    await own.stop()
    await worker.stop()
    await broker.stop()
    books.close()
    await store.close()
    await influx.remove()
    rmSync(folder, { recursive: true })
  })

  const nowMs = clock.wallMs()
  /** A reading of the meter, acknowledged, and in the books. */
  async function deliver(count: number): Promise<void> {
    await own.deliver([energyAt(nowMs - 60_000 + count * 1_000, meter, count)])
    await follow()
  }
  const follow = (): Promise<void> =>
    keepBooks({ store, books, park: smallPark, clock, log, signal: AbortSignal.abort(), onCommits: () => {} })

  async function counts(): Promise<unknown[]> {
    const found = await store.readings(meter, register, { fromMs: 0, toMs: nowMs + 1_000 })
    return found.map((each) =>
      each.quality === 'bad' || typeof each.value === 'number' ? each : each.value.count,
    )
  }

  it('asks the gateway for what was lost, and has it again', async () => {
    await deliver(1)
    await influx.kill()
    tearLog(folder)
    await influx.start()
    await deliver(2)
    await deliver(3)

    await worker.stop()
    await store.close()
    await influx.kill()
    await influx.start()
    store = await openAgain()
    await startIngest()
    await deliver(4)
    expect(await counts()).toEqual([1, 4])

    const lost = new LostBatches({
      store,
      books,
      clock,
      log,
      command: (given) => worker.publishCommand(given),
    })
    expect(await lost.look()).toBe(2)
    await vi.waitFor(async () => expect(await counts()).toEqual([1, 2, 3, 4]), SETTLED)
    await vi.waitFor(async () => {
      await follow()
      expect(await lost.look()).toBe(0)
    }, SETTLED)
  })
})
