import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readAlarms } from '#cli/alarm-files.ts'
import { keepBooks } from '#cli/bookkeeping.ts'
import { systemClock } from '#cli/system-clock.ts'
import { alarmList } from '#dashboards/api/alarm-shapes.ts'
import { smallPark } from '#dashboards/small-park.test-support.ts'
import { ServerBench } from '#dashboards/server.test-support.ts'
import { energyAt } from '#edge/testing/samples.ts'
import { startBroker, type Broker } from '#ingest/broker.ts'
import { discardAllQuarantined } from '#ingest/quarantine.ts'
import { startWorker, type Worker } from '#ingest/worker.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { startJournalGateway } from './support/journal-gateway.ts'

/** A gateway's real journal and uplink, a real broker, worker, store, books and pages: only the meter is missing. */

const log = pino({ level: 'silent' })
const clock = systemClock
const gateway = 'gw-east'
const meter = 'forge-main'
const register = 'activeEnergyImport.total' as const
const nowMs = clock.wallMs()

let folder: string
let store: ReadingStore
let books: Books
let broker: Broker
let worker: Worker
let pages: ServerBench

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-old-journal-'))
  store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
  books = openBooks(join(folder, 'books.sqlite'), 'Asia/Shanghai')
  broker = await startBroker({ port: 0, park: smallPark, log })
  const { url: brokerUrl, credentials } = broker
  worker = await startWorker({ brokerUrl, credentials, park: smallPark, store, clock, log })
  pages = new ServerBench()
  await pages.start({
    books,
    store,
    clock,
    alarms: {
      rules: readAlarms(join(folder, 'park.yaml'), smallPark).rules,
      settle: (conditions, atMs) => books.settleAlarms(conditions, atMs),
      tell: () => {},
    },
  })
})
afterEach(async () => {
  await pages.stop()
  await worker.stop()
  await broker.stop()
  books.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

/** The gateway runs on a journal, reads these moments, delivers them, and is stopped as it should be. */
async function run(file: string, minutes: readonly number[]): Promise<void> {
  const own = startJournalGateway({ file, gateway, park: smallPark, brokerUrl: broker.url, graceMs: 0 })
  await own.deliver(minutes.map((minute) => energyAt(nowMs - (60 - minute) * 60_000, meter, minute)))
  await own.stop()
}

async function alarms() {
  const signal = AbortSignal.abort()
  await keepBooks({ store, books, park: smallPark, clock, log, signal, onCommits: () => {} })
  await pages.server.alarms?.look()
  const { alarms } = alarmList.parse(await pages.json('/api/alarms?state=standing'))
  return alarms.filter(({ kind }) => kind === 'journal-reused')
}

it('an old copy of a journal that is put back loses and mixes up nothing, and is an alarm until somebody has decided', async () => {
  const file = join(folder, 'journal.sqlite')
  const copy = join(folder, 'copy.sqlite')
  await run(file, [1, 2])
  cpSync(file, copy)
  await run(file, [3, 4, 5])
  expect(await alarms()).toEqual([])

  cpSync(copy, file)
  await run(file, [11, 12])
  const stored = await store.readings(meter, register, { fromMs: 0, toMs: nowMs })
  expect(
    stored.map((each) =>
      each.quality === 'good' && typeof each.value === 'object' ? each.value.count : each.quality,
    ),
  ).toEqual([1, 2, 3, 4, 5, 11, 12])
  expect(await alarms()).toMatchObject([
    { severity: 'critical', subject: { kind: 'gateway', id: gateway }, detail: { value: 2 } },
  ])
  expect(books.quarantine(10).map(({ refusal, gateway: of }) => [of, refusal.code])).toEqual([
    [gateway, 'number-reused'],
    [gateway, 'number-reused'],
  ])

  // Number 5 once more, then new ones: what was said before is said, and no more.
  await run(file, [13, 14])
  expect(await alarms()).toMatchObject([{ detail: { value: 3 } }])
  discardAllQuarantined({ gateway, code: 'number-reused' }, { by: 'x', reason: 'new card' }, { books, clock })
  expect(await alarms()).toEqual([])
}, 120_000)
