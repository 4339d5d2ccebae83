import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import type { Clock } from '#contract/clock.ts'
import { HOUR_MS } from '#contract/duration.ts'
import { readingsBatch } from '#contract/messages.ts'
import { smallPark } from '#dashboards/small-park.test-support.ts'
import { unpack } from '#edge/compression.ts'
import { Recorder } from '#edge/recorder.ts'
import { energyAt } from '#edge/testing/samples.ts'
import { Uplink } from '#edge/uplink.ts'
import { readGatewayFile } from '#firmware-config/gateway.ts'
import { startBroker, type Broker } from '#ingest/broker.ts'
import { startWorker, type Worker } from '#ingest/worker.ts'
import { openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'

/** A gateway's real recorder and uplink, a real broker, worker and store: only the meter is missing. */

const exampleFile = fileURLToPath(
  new URL('../firmware-config/examples/single-meter/gateway.yaml', import.meta.url),
)
const log = pino({ level: 'silent' })
const gateway = 'gw-east'
const meter = 'forge-main'

let folder: string
let store: ReadingStore
let broker: Broker
let worker: Worker

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-clock-ahead-'))
  store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
  broker = await startBroker({ port: 0, park: smallPark, log })
  const { url: brokerUrl, credentials } = broker
  worker = await startWorker({
    brokerUrl,
    credentials,
    park: smallPark,
    store,
    clock: systemClock,
    log,
    isClockKept: () => undefined,
  })
})
afterEach(async () => {
  await worker.stop()
  await broker.stop()
  await store.close()
  rmSync(folder, { recursive: true })
})

it('a lone gateway that booted an hour ahead is told so though nothing has a receipt, and no reading of it is good at a wrong time', async () => {
  let aheadMs = HOUR_MS
  const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + aheadMs }
  const example = readGatewayFile(exampleFile).value
  const described = {
    ...example,
    gateway,
    park: smallPark.description.id,
    uplink: { ...example.uplink, url: broker.url },
  }
  const uplinks: Uplink[] = []
  const recorder = new Recorder({
    gateway: described,
    journalFile: join(folder, 'journal.sqlite'),
    boot: 'boot-1',
    clock,
    log,
    committed: (rows) => uplinks[0]?.offer(rows),
    changed: () => uplinks[0]?.stateChanged(),
  })
  const uplink = new Uplink({
    ...described.uplink,
    gateway,
    park: smallPark.description.id,
    journal: recorder.journal,
    clock: recorder.clock,
    log,
    random: () => 0.05,
    state: () => recorder.state(),
    serverTime: (serverMs, roundTripMs) => recorder.clock.confirm(serverMs, roundTripMs),
  })
  uplinks.push(uplink)
  const stopping = new AbortController()
  const upkeep = recorder.upkeep(stopping.signal)
  const running = uplink.run()
  let stampMs = 0
  /** A poll, stamped as polls are: times of one meter rise. */
  const read = (): void => {
    stampMs = Math.max(Math.floor(recorder.clock.wallMs()), stampMs + 1)
    recorder.read(energyAt(stampMs, meter))
  }
  const waiting = (): readonly string[] =>
    recorder.journal.unacknowledged('oldest', 10).flatMap((place) => {
      const row = recorder.journal.row(place)
      if (row === undefined) return []
      const { samples } = readingsBatch.parse(unpack(row.payload))
      return samples.map(({ quality }) => quality)
    })
  const until = async (condition: string): Promise<void> =>
    vi.waitFor(() => expect(recorder.clock.condition).toBe(condition), { timeout: 60_000, interval: 20 })
  try {
    await until('doubtful')
    expect(recorder.clock.state().aheadMs).toBeGreaterThan(HOUR_MS - 10_000)
    read()
    await vi.waitFor(() => expect(worker.statistics().withheld).toBe(1), { timeout: 60_000 })

    // The clock is put right, and the server says so at once, though what was read waits until its time has come.
    aheadMs = 0
    await until('set')
    expect(recorder.clock.state()).toMatchObject({ jumps: 1 })
    read()
    await vi.waitFor(() => expect(worker.statistics().withheld).toBe(2), { timeout: 60_000 })
    expect(waiting()).toEqual(['uncertain', 'uncertain'])
    expect(worker.statistics()).toMatchObject({ committedPayloads: 0 })
  } finally {
    stopping.abort()
    await upkeep
    await uplink.stop()
    await running
    recorder.finish()
    recorder.journal.close()
  }
}, 120_000)
