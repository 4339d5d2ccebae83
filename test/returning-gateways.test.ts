import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { samplesOf } from '#contract/messages.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { Journal } from '#edge/journal.ts'
import { Uplink } from '#edge/uplink.ts'
import { startBroker, type Broker } from '#ingest/broker.ts'
import { startWorker, type Worker } from '#ingest/worker.ts'
import { openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'
import { until } from './support/until.ts'

/**
 * 200 gateways lose the server at once and find its port closed for a while; it returns, and all of them come back: each
 * after a pause of its own, and with everything that it kept. What waits in the server's memory stays within its bounds.
 */
const GATEWAYS = 200
const BEFORE = 2
const MEANWHILE = 4
const REGISTER = 'activeEnergyImport.total'
/** Bounds of both lanes, ingest/waiting.ts. */
const WAITING_BYTES_MAX = 2 * 64 * 1024 * 1024

const name = { zh: '表', en: 'meter' }
const ids = Array.from({ length: GATEWAYS }, (_, index) => `gw-${index + 1}`)
const meterOf = (gateway: string): string => gateway.replace('gw', 'meter')
const park = indexPark(
  parkDescription.parse({
    id: 'park-1',
    name,
    gateways: ids.map((id) => ({ id, name })),
    meters: ids.map((gateway) => ({
      id: meterOf(gateway),
      name,
      carrier: 'electricity',
      role: 'boundary',
      gateway,
      register: REGISTER,
      ratingPerHour: 1e6,
      installed: '2026-01-01T00:00:00Z',
    })),
  }),
)
const log = pino({ level: 'silent' })
const T0 = Date.UTC(2026, 5, 1)

let folder: string
let store: ReadingStore
let broker: Broker | undefined
let worker: Worker | undefined
let nobody: Server | undefined
const gateways: { journal: Journal; uplink: Uplink; running: Promise<void>; pauses: number }[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-returning-'))
  store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
})
afterEach(async () => {
  await Promise.all(gateways.map(({ uplink }) => uplink.stop()))
  await Promise.all(gateways.map(({ running }) => running))
  for (const { journal } of gateways.splice(0)) journal.close()
  nobody?.close()
  await stopServer()
  await store.close()
  rmSync(folder, { recursive: true })
})

async function startServer(port: number): Promise<Broker> {
  broker = await startBroker({ port, park, log })
  const { ownUrl: brokerUrl, credentials } = broker
  worker = await startWorker({ brokerUrl, credentials, park, store, clock: systemClock, log })
  return broker
}

async function stopServer(): Promise<void> {
  await worker?.stop()
  await broker?.stop()
  worker = undefined
  broker = undefined
}

function startGateway(id: string, url: string): void {
  const journal = Journal.open({
    file: join(folder, `${id}.sqlite`),
    gateway: id,
    graceMs: 0,
    clock: systemClock,
    fsync: 'normal',
  })
  const uplink = new Uplink({
    gateway: id,
    park: 'park-1',
    url,
    mqttVersion: '3.1.1',
    keepAliveSeconds: 30,
    receiptTimeoutMs: 5_000,
    journal,
    clock: systemClock,
    log,
    random: () => {
      one.pauses += 1
      return Math.random()
    },
    state: () => ({}),
  })
  const one = { journal, uplink, running: Promise.resolve(), pauses: 0 }
  one.running = uplink.run()
  gateways.push(one)
}

function read(from: number, samples: number): void {
  for (const [index, { journal }] of gateways.entries()) {
    for (let number = from; number < from + samples; number += 1) {
      const reading = {
        quantity: REGISTER,
        quality: 'good',
        value: { count: number, resolution: '0.01' },
      } as const
      const atMs = T0 + number * 1_000
      journal.append(samplesOf([{ meter: meterOf(ids[index] ?? ''), atMs, ...reading }]))
    }
  }
}

const waiting = (): number => gateways.reduce((sum, { journal }) => sum + journal.waiting().rows, 0)

it('200 gateways that lose the server at once all catch up when it returns', async () => {
  const { port, url } = await startServer(0)
  for (const id of ids) startGateway(id, url)
  read(0, BEFORE)
  await until(() => waiting() === 0 || undefined)

  // From here on: a gateway draws its first pause as soon as it has lost the server.
  for (const gateway of gateways) gateway.pauses = 0
  await stopServer()
  read(BEFORE, MEANWHILE)
  // As a server that is starting: the port answers, and lets nobody in.
  let attempts = 0
  nobody = createServer((socket) => {
    attempts += 1
    socket.destroy()
  })
  nobody.listen(port, '127.0.0.1')
  await once(nobody, 'listening')
  await until(() => attempts >= GATEWAYS || undefined)
  nobody.close()
  await once(nobody, 'close')
  nobody = undefined
  expect(waiting()).toBe(GATEWAYS * MEANWHILE)

  await startServer(port)
  let mostBytes = 0
  await until(() => {
    mostBytes = Math.max(mostBytes, worker?.statistics().queuedBytes ?? 0)
    return waiting() === 0 || undefined
  })
  expect(mostBytes).toBeLessThan(WAITING_BYTES_MAX)
  // Nobody came back without a pause that it had drawn for itself.
  expect(gateways.every(({ pauses }) => pauses > 0)).toBe(true)
  for (const id of ids) {
    const found = await store.readings(meterOf(id), REGISTER, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })
    expect(found.map(({ atMs }) => (atMs - T0) / 1_000)).toEqual(
      Array.from({ length: BEFORE + MEANWHILE }, (_, index) => index),
    )
  }
})
