import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { rowsOf } from '#contract/bundle.ts'
import { receiptMessage, receiptsIn } from '#contract/messages.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { parseTopic } from '#contract/topics.ts'
import { Journal } from '#edge/journal.ts'
import { energyAt } from '#edge/testing/samples.ts'
import { Uplink, type UplinkOptions } from '#edge/uplink.ts'
import { startWorker, type Worker } from '#ingest/worker.ts'
import { openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'
import { startMosquitto, type Mosquitto } from './support/mosquitto.ts'
import { startRelay, type Relay } from './support/relay.ts'
import { describeWith } from './support/servers.ts'
import { until } from './support/until.ts'

/**
 * A gateway with a backlog, mosquitto, and an ingest worker with its store. Somebody at the broker counts batches and
 * receipts as they pass: how many of the gateway's were on their way.
 */
const T0 = Date.UTC(2026, 5, 1)
const REGISTER = 'activeEnergyImport.total'
const name = { zh: '表', en: 'meter' }
const park = indexPark(
  parkDescription.parse({
    id: 'park-1',
    name,
    gateways: [{ id: 'gw-1', name }],
    meters: [
      {
        id: 'm1',
        name,
        carrier: 'electricity',
        role: 'boundary',
        gateway: 'gw-1',
        register: REGISTER,
        ratingPerHour: 1e9,
        installed: '2026-01-01T00:00:00Z',
      },
    ],
  }),
)
const log = pino({ level: 'silent' })

let folder: string
let store: ReadingStore
let broker: Mosquitto | undefined
let relay: Relay | undefined
let worker: Worker | undefined
let journal: Journal
let written: number
const stops: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-in-flight-'))
  store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
  const file = join(folder, 'journal.sqlite')
  journal = Journal.open({ file, gateway: 'gw-1', graceMs: 0, clock: systemClock, fsync: 'normal' })
  written = 0
})
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
  await worker?.stop()
  await relay?.close()
  await broker?.stop()
  worker = undefined
  relay = undefined
  broker = undefined
  journal.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

/** What passes the broker. */
interface Seen {
  /** Batches of the backlog that were on their way at once, at most. */
  most: number
  /** Batches that came again. */
  again: number
}

async function startServer(configuration: readonly string[] = []): Promise<{ port: number; seen: Seen }> {
  broker = await startMosquitto(configuration)
  const seen = { most: 0, again: 0 }
  const sent = new Set<string>()
  const onTheWay = new Set<string>()
  const observer = await connectAsync(broker.url)
  stops.push(() => observer.endAsync(true))
  observer.on('message', (topic, payload) => {
    const leaf = parseTopic(topic)?.leaf
    if (leaf === 'receipt')
      for (const { digest } of receiptsIn(receiptMessage.parse(JSON.parse(payload.toString()))))
        onTheWay.delete(digest)
    if (leaf !== 'backlog') return
    for (const row of rowsOf(payload)) {
      const digest = createHash('sha256').update(row).digest('hex')
      if (sent.has(digest)) seen.again += 1
      sent.add(digest)
      onTheWay.add(digest)
    }
    seen.most = Math.max(seen.most, onTheWay.size)
  })
  // At QoS 0: this copy is not queued, and so takes nothing from what is.
  await observer.subscribeAsync('tanbiao/v1/park-1/gw-1/#', { qos: 0 })
  worker = await startWorker({ brokerUrl: broker.url, park, store, clock: systemClock, log })
  return { port: broker.port, seen }
}

function startGateway(port: number, change: Partial<UplinkOptions> = {}): void {
  const uplink = new Uplink({
    gateway: 'gw-1',
    park: 'park-1',
    url: `mqtt://127.0.0.1:${port}`,
    mqttVersion: '3.1.1',
    keepAliveSeconds: 30,
    receiptTimeoutMs: 60_000,
    journal,
    clock: systemClock,
    log,
    random: () => 0.05,
    state: () => ({}),
    ...change,
  })
  const running = uplink.run()
  stops.push(async () => {
    await uplink.stop()
    await running
  })
}

function append(rows: number): void {
  for (let row = 0; row < rows; row += 1) {
    written += 1
    journal.append([energyAt(T0 + written * 1_000, 'm1', written)])
  }
}

const allAcknowledged = (): Promise<true> => until(() => journal.waiting().rows === 0 || undefined)

async function everythingIsStored(): Promise<void> {
  const found = await store.readings('m1', REGISTER, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })
  expect(found.map(({ atMs }) => (atMs - T0) / 1_000)).toEqual(
    Array.from({ length: written }, (_, index) => index + 1),
  )
}

describeWith(['mosquitto'], 'batches on their way', () => {
  it('become more where receipts come quickly', async () => {
    append(500)
    const { port, seen } = await startServer()
    startGateway(port)
    await until(() => {
      if (journal.waiting().rows < 300) append(200)
      return seen.most > 16 || undefined
    })
    await allAcknowledged()
    expect(seen.most).toBeLessThanOrEqual(64)
    await everythingIsStored()
  })

  it('stay as many as at first where the line is slow', async () => {
    append(40)
    const { port, seen } = await startServer()
    relay = await startRelay(port)
    relay.delay(300)
    startGateway(relay.port)
    await allAcknowledged()
    expect(seen.most).toBeLessThanOrEqual(4)
    await everythingIsStored()
  })

  it('are no more than the gateway file says', async () => {
    append(200)
    const { port, seen } = await startServer()
    startGateway(port, { inFlightBatches: 8 })
    await allAcknowledged()
    expect(seen.most).toBeLessThanOrEqual(4)
    await everythingIsStored()
  })

  it('come again, and all arrive, where the broker drops what it cannot queue', async () => {
    append(300)
    const { port, seen } = await startServer(['max_inflight_messages 1', 'max_queued_messages 5'])
    startGateway(port, { receiptTimeoutMs: 500 })
    await until(() => {
      if (journal.waiting().rows < 300) append(200)
      return seen.again > 0 || undefined
    })
    await allAcknowledged()
    await everythingIsStored()
  })
})
