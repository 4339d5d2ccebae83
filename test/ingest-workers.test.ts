import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { startChild, type Child } from '#cli/child.ts'
import { receipt } from '#contract/messages.ts'
import { topicOf } from '#contract/topics.ts'
import { openReadingStore } from '#store/open.ts'
import { startInflux, type InfluxServer } from './support/influx.ts'
import { startInflux2, type Influx2Server } from './support/influx2.ts'
import { startInflux3, type Influx3Server } from './support/influx3.ts'
import { startMosquitto, type Mosquitto } from './support/mosquitto.ts'
import { describeWith } from './support/servers.ts'
import { until } from './support/until.ts'

/**
 * Three ingest workers behind one shared subscription at mosquitto, one of them killed (SIGKILL) at random moments under
 * load. Afterwards the store holds exactly what was sent, and every batch has its commit record.
 */
const WORKERS = 3
const GATEWAYS = ['gw-a', 'gw-b', 'gw-c'] as const
const BATCHES = Number(process.env['TANBIAO_WORKER_BATCHES'] ?? 120)
const KILLS = Number(process.env['TANBIAO_WORKER_KILLS'] ?? 4)
/** What a gateway has on its way without a receipt, as the edge does. */
const WINDOW = 8
const RESEND_MS = 1_000
const SAMPLES = 5
const T0 = Date.UTC(2026, 5, 1)
const REGISTER = 'activeEnergyImport.total'
const EVER = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }

const meterOf = (gateway: string): string => gateway.replace('gw', 'meter')
const epochOf = (gateway: string): string => gateway.charCodeAt(3).toString(16).padStart(32, '0')
const random = (below: number): number => Math.floor(Math.random() * below)

function parkText(): string {
  const name = { zh: '园', en: 'park' }
  return stringify({
    id: 'park-1',
    name,
    gateways: GATEWAYS.map((id) => ({ id, name })),
    meters: GATEWAYS.map((gateway) => ({
      id: meterOf(gateway),
      name,
      carrier: 'electricity',
      role: 'boundary',
      gateway,
      register: REGISTER,
      ratingPerHour: 10_000,
      installed: '2026-01-01T00:00:00Z',
    })),
  })
}

function batch(gateway: string, seq: number): Buffer {
  const samples = Array.from({ length: SAMPLES }, (_, index) => {
    const number = (seq - 1) * SAMPLES + index
    return {
      meter: meterOf(gateway),
      atMs: T0 + number * 1_000,
      quality: 'good',
      values: { [REGISTER]: [number, '0.01'] },
    }
  })
  return Buffer.from(
    JSON.stringify({ v: 1, gateway, epoch: epochOf(gateway), seq, kind: 'readings', samples }),
  )
}

/** Sends all batches of a gateway as the edge does, and sends again what has no receipt. Calls back at each receipt. */
async function deliverAll(url: string, gateway: string, received: () => void): Promise<void> {
  const client = await connectAsync(url, { clientId: gateway })
  const topic = (leaf: 'live' | 'receipt'): string => topicOf({ park: 'park-1', gateway, leaf })
  const waiting = new Map<string, Buffer>()
  let seq = 0
  const done = Promise.withResolvers<void>()
  const fill = (): void => {
    while (waiting.size < WINDOW && seq < BATCHES) {
      seq += 1
      const payload = batch(gateway, seq)
      waiting.set(createHash('sha256').update(payload).digest('hex'), payload)
      client.publish(topic('live'), payload, { qos: 1 })
    }
    if (waiting.size === 0) done.resolve()
  }
  client.on('message', (_topic, bytes) => {
    const { digest, outcome } = receipt.parse(JSON.parse(bytes.toString()))
    expect(outcome).toBe('stored')
    if (!waiting.delete(digest)) return
    received()
    fill()
  })
  await client.subscribeAsync(topic('receipt'), { qos: 1 })
  const timer = setInterval(() => {
    for (const payload of waiting.values()) client.publish(topic('live'), payload, { qos: 1 })
  }, RESEND_MS)
  fill()
  await done.promise
  clearInterval(timer)
  await client.endAsync(true)
}

let folder: string
let broker: Mosquitto
let workers: Child[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-workers-'))
  mkdirSync(join(folder, 'log'))
  writeFileSync(join(folder, 'park.yaml'), parkText())
  broker = await startMosquitto()
})
afterEach(async () => {
  for (const worker of workers) worker.kill()
  await Promise.all(workers.map(({ ended }) => ended))
  await broker.stop()
  rmSync(folder, { recursive: true })
})

function startWorker(index: number, store: string, env: Readonly<Record<string, string>>): Child {
  const args = ['--park', join(folder, 'park.yaml'), '--store', store, '--broker', broker.url]
  return startChild(
    `ingest-${index}`,
    ['ingest', ...args, '--share-group', 'tanbiao', '--metrics-port', '0', '--log', 'warn'],
    join(folder, 'log', `${index}.log`),
    env,
  )
}

async function proof(storeUrl: string, environment: Readonly<Record<string, string>> = {}): Promise<void> {
  workers = Array.from({ length: WORKERS }, (_, index) => startWorker(index, storeUrl, environment))
  for (const { url } of await Promise.all(workers.map((worker) => worker.told('ready')))) {
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ ready: true, reasons: [] })
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('tanbiao_ingest_broker_subscribed 1')
  }
  const total = BATCHES * GATEWAYS.length
  let receipts = 0
  const delivered = Promise.all(
    GATEWAYS.map((gateway) =>
      deliverAll(broker.url, gateway, () => {
        receipts += 1
      }),
    ),
  )
  const kills = Array.from({ length: KILLS }, () => random(Math.floor(total * 0.9))).sort((a, b) => a - b)
  for (const after of kills) {
    await until(() => (receipts >= after ? true : undefined))
    const victim = random(WORKERS)
    workers[victim]?.kill()
    await workers[victim]?.ended
    workers[victim] = startWorker(victim, storeUrl, environment)
  }
  await delivered

  const store = await openReadingStore(storeUrl, { environment })
  try {
    for (const gateway of GATEWAYS) {
      const readings = await store.readings(meterOf(gateway), REGISTER, EVER)
      const found = readings.map((each) =>
        each.quality === 'bad' || typeof each.value === 'number'
          ? 'no register'
          : `${each.atMs} ${each.value.count}`,
      )
      const sent = Array.from(
        { length: BATCHES * SAMPLES },
        (_, number) => `${T0 + number * 1_000} ${number}`,
      )
      expect(found).toEqual(sent)
    }
    const records = await store.commitsSince(0, 100_000)
    const batches = records.map(({ gateway, seq }) => `${gateway} ${seq}`)
    const all = GATEWAYS.flatMap((gateway) =>
      Array.from({ length: BATCHES }, (_, index) => `${gateway} ${index + 1}`),
    )
    expect(new Set(batches)).toEqual(new Set(all))
    expect(records.every(({ stored, refused }) => stored === SAMPLES && refused.length === 0)).toBe(true)
  } finally {
    await store.close()
  }
  for (const [index, worker] of workers.entries()) {
    await worker.stop()
    expect(readFileSync(join(folder, 'log', `${index}.log`), 'utf8')).not.toContain('"level":50')
  }
}

describeWith(['mosquitto'], 'ingest workers behind one shared subscription, some of them killed', () => {
  it('SQLite holds exactly what was sent', () => proof(`sqlite:${join(folder, 'readings.sqlite')}`))
})

describeWith(
  ['mosquitto', 'influxd'],
  'ingest workers that write to InfluxDB 1.x, some of them killed',
  () => {
    let influx: InfluxServer
    beforeEach(async () => {
      influx = await startInflux()
    })
    afterEach(() => influx.remove())

    it('it holds exactly what was sent', () =>
      proof(`influx1://127.0.0.1:${influx.port}/tanbiao?create=true`))
  },
)

describeWith(
  ['mosquitto', 'TANBIAO_TEST_INFLUXD2'],
  'ingest workers that write to InfluxDB 2.x, some of them killed',
  () => {
    let influx: Influx2Server
    beforeEach(async () => {
      influx = await startInflux2()
      await influx.makeBucket('tanbiao')
    })
    afterEach(() => influx.remove())

    it('it holds exactly what was sent', () =>
      proof(`influx2://127.0.0.1:${influx.port}/${encodeURIComponent(influx.org)}/tanbiao`, {
        TANBIAO_INFLUX_TOKEN: influx.token,
      }))
  },
)

describeWith(
  ['mosquitto', 'TANBIAO_TEST_INFLUXDB3'],
  'ingest workers that write to InfluxDB 3.x, some of them killed',
  () => {
    let influx: Influx3Server
    beforeEach(async () => {
      influx = await startInflux3()
    })
    afterEach(() => influx.remove())

    it('it holds exactly what was sent', () =>
      proof(`influx3://127.0.0.1:${influx.port}/tanbiao?create=true`))
  },
)
