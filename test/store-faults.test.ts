import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { topicOf } from '#contract/topics.ts'
import { startBroker, type Broker } from '#ingest/broker.ts'
import { batchOf, eventually, sampleOf, T0, TestGateway, testPark } from '#ingest/ingest.test-support.ts'
import { startWorker, type Worker } from '#ingest/worker.ts'
import type { ReadingStore } from '#store/port.ts'
import { startHttpRelay, type HttpRelay } from './support/http-relay.ts'
import { startInflux, type InfluxServer } from './support/influx.ts'
import { describeEveryInflux, type InfluxPlace, type RunningInflux } from './support/influx-kinds.ts'
import { makeInstallation, parkOf, type Installation } from './support/installation.ts'
import { startMosquitto, type Mosquitto } from './support/mosquitto.ts'
import { describeWith, freePort } from './support/servers.ts'
import { mountSmallDisk, type SmallDisk } from './support/small-disk.ts'

/**
 * A real InfluxDB that does not do what it should, behind the whole way of a payload: broker, worker, store, receipt.
 * No batch is acknowledged that is not stored, and one bad point never takes its neighbours with it.
 */
const log = pino({ level: 'silent' })
const park = testPark()
const register = 'activeEnergyImport.total'
const everything = { fromMs: 0, toMs: 9_000_000_000_000 }

interface Chain {
  readonly relay: HttpRelay
  readonly broker: Broker
  readonly place: InfluxPlace
  readonly store: ReadingStore
  readonly worker: Worker
  readonly gateway: TestGateway
  stop(): Promise<void>
}

async function startChain(influx: RunningInflux): Promise<Chain> {
  const relay = await startHttpRelay(influx.port)
  const place = await influx.newPlace(relay.url, 2_000)
  const { store } = place
  const broker = await startBroker({ port: 0, park, log })
  const { url: brokerUrl, credentials } = broker
  const worker = await startWorker({ brokerUrl, credentials, park, store, clock: systemClock, log })
  const gateway = await TestGateway.connect(broker.url, 'gw-a')
  return {
    relay,
    broker,
    place,
    store,
    worker,
    gateway,
    stop: async () => {
      await gateway.end()
      await worker.stop()
      await store.close()
      await broker.stop()
      await relay.close()
    },
  }
}

/** Twenty batches of one sample each, from number `first` on. */
const batches = (first: number): Uint8Array[] =>
  Array.from({ length: 20 }, (_, index) => {
    const seq = first + index
    return batchOf('gw-a', seq, [sampleOf('meter-a', T0 + seq * 1_000, seq)])
  })

const bulky = (index: number) => ({
  meter: 'meter-a',
  atMs: T0 + 1_000_000 + index,
  quality: 'good',
  values: { 'voltage.l1': 220 + index / 7 },
})

const countsIn = async (store: ReadingStore): Promise<number[]> => {
  const found = await store.readings('meter-a', register, everything)
  return found.map((reading) =>
    reading.quality === 'bad' || typeof reading.value === 'number' ? -1 : reading.value.count,
  )
}
const numbers = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index)

describeEveryInflux(
  'Faults from broker to receipt:',
  ({ start, writePath, tooOld, conflict, makesDatabases }) => {
    let influx: RunningInflux
    let chain: Chain

    beforeAll(async () => {
      influx = await start()
    })
    afterAll(() => influx.remove())
    beforeEach(async () => {
      chain = await startChain(influx)
    })
    afterEach(() => chain.stop())

    it('one field-type conflict among 5,000: all others are stored, one is in quarantine with the server’s reason', async () => {
      const { place, gateway, store, worker, relay } = chain
      await place.writeForeign(conflict.line(`${T0}000000`))
      const good = (count: number) => ({
        meter: 'meter-a',
        atMs: T0 + count,
        quality: 'good',
        values: { [register]: [count, '0.01'] },
      })
      const conflicting = {
        meter: 'meter-a',
        atMs: T0 + 9_000,
        quality: 'good',
        values: { [conflict.quantity]: 5 },
      }
      const receipts = await Promise.all([
        gateway.deliver(batchOf('gw-a', 1, numbers(0, 2_000).map(good))),
        gateway.deliver(batchOf('gw-a', 2, [...numbers(2_000, 1_999).map(good), conflicting])),
        gateway.deliver(batchOf('gw-a', 3, numbers(3_999, 1_000).map(good))),
      ])
      expect(receipts.map(({ outcome, refused }) => `${outcome} ${refused}`)).toEqual([
        'stored 0',
        'stored 1',
        'stored 0',
      ])
      expect(await countsIn(store)).toEqual(numbers(0, 4_999))
      const records = await store.commitsSince(0)
      expect(records.flatMap(({ refused }) => refused)).toEqual([
        expect.objectContaining({
          code: 'store-refused',
          detail: expect.stringMatching(conflict.words),
        }),
      ])
      // A write or two, one for each of the two fields, the commit records: nothing is tried for ever. On a busy machine a
      // gateway may have sent a batch again meanwhile.
      expect(relay.seen.get(writePath)).toBeLessThan(4 * Math.max(3, worker.statistics().committedPayloads))
    })

    it('readings beyond retention are in quarantine with the reason, their neighbours are stored', async () => {
      const { place, gateway, store } = chain
      await place.keepForDays(30)
      const now = Date.now()
      const receipt = await gateway.deliver(
        batchOf('gw-a', 1, [sampleOf('meter-a', now, 1), sampleOf('meter-a', now - 40 * 86_400_000, 2)]),
      )
      expect(receipt).toMatchObject({ outcome: 'stored', refused: 2 })
      expect(await countsIn(store)).toEqual([1])
      const [record] = await store.commitsSince(0)
      expect(record?.refused.map(({ detail }) => detail)).toEqual([
        expect.stringMatching(tooOld),
        expect.stringMatching(tooOld),
      ])
    })

    const goneAndMade = makesDatabases
      ? 'a database that is gone: the server makes it anew for what comes, and everything is acknowledged and there'
      : 'a database that is gone for a while: nothing is acknowledged, then everything'
    it(goneAndMade, async () => {
      const { place, gateway, store, worker } = chain
      await place.drop()
      const deliveries = batches(1).map((payload) => gateway.deliver(payload))
      if (!makesDatabases) {
        await eventually(() => expect(worker.statistics()).toMatchObject({ storeAvailable: false }))
        expect(gateway.receipts).toEqual([])
        await place.make()
      }
      await Promise.all(deliveries)
      expect(await countsIn(store)).toEqual(numbers(1, 20))
    })

    it.each([
      [401, '{"error":"authorization failed"}'],
      [429, 'too many requests'],
      [500, '{"error":"engine: error writing WAL entry: no space left on device"}'],
      [503, '{"error":"engine: cache-max-memory-size exceeded"}'],
    ])('status %d for a while: nothing is acknowledged, then everything', async (status, body) => {
      const { gateway, store, worker, relay } = chain
      relay.answer = (_method, path) => (path.startsWith(writePath) ? { status, body } : undefined)
      const deliveries = batches(1).map((payload) => gateway.deliver(payload))
      await eventually(() => expect(relay.seen.get(writePath)).toBeGreaterThan(1))
      await eventually(() => expect(worker.statistics()).toMatchObject({ storeAvailable: false }))
      expect(gateway.receipts).toEqual([])
      relay.answer = () => undefined
      await Promise.all(deliveries)
      expect(await countsIn(store)).toEqual(numbers(1, 20))
    })

    it('a server that is slower than it may be: what it wrote late is written again, and stored once', async () => {
      const { gateway, store, relay } = chain
      await Promise.all(batches(1).map((payload) => gateway.deliver(payload)))
      const before = { writes: relay.seen.get(writePath) ?? 0, receipts: gateway.receipts.length }
      relay.delayMs = 2_500
      const deliveries = batches(21).map((payload) => gateway.deliver(payload))
      await eventually(() => expect(relay.seen.get(writePath)).toBeGreaterThan(before.writes + 1))
      expect(gateway.receipts).toHaveLength(before.receipts)
      relay.delayMs = 20
      await Promise.all(deliveries)
      expect(await countsIn(store)).toEqual(numbers(1, 40))
    })

    it('a server that is killed under load: what was acknowledged is there after its start', async () => {
      const { gateway, store } = chain
      const deliveries: Promise<unknown>[] = []
      for (let round = 0; round < 3; round += 1) {
        deliveries.push(...batches(1 + round * 20).map((payload) => gateway.deliver(payload)))
        await eventually(() => expect(gateway.receipts.length).toBeGreaterThan(round * 20))
        await influx.kill()
        const promised = gateway.receipts.length
        await influx.start()
        await eventually(() => expect(gateway.receipts.length).toBeGreaterThanOrEqual(promised))
        expect((await countsIn(store)).length).toBeGreaterThanOrEqual(promised)
      }
      await Promise.all(deliveries)
      expect(await countsIn(store)).toEqual(numbers(1, 60))
    })
  },
)

const probe = mountSmallDisk(1)
probe?.remove()

describeEveryInflux('', ({ start }) => {
  describe.skipIf(probe === undefined)(
    probe === undefined ? 'on a full disk [needs the right to mount]' : 'on a full disk',
    () => {
      let disk: SmallDisk | undefined
      beforeAll(() => {
        disk = mountSmallDisk(48)
      })
      afterAll(() => disk?.remove())

      it('acknowledges nothing that is not there after its next start, and goes on when there is room', async () => {
        const influx = await start(disk?.folder)
        const chain = await startChain(influx)
        const { gateway, store, worker } = chain
        try {
          await Promise.all(batches(1).map((payload) => gateway.deliver(payload)))
          disk?.fill()
          const during = [
            ...batches(21).map((payload) => gateway.deliver(payload)),
            // More than fits into what is left of a page of its log.
            gateway.deliver(batchOf('gw-a', 41, numbers(0, 1_000).map(bulky))),
          ]
          await eventually(() => expect(worker.statistics()).toMatchObject({ storeAvailable: false }))
          disk?.empty()
          // InfluxDB 1.6 refuses every write after that until it is started again, room or not.
          await influx.stop()
          await influx.start()
          await Promise.all(during)
          await Promise.all(batches(42).map((payload) => gateway.deliver(payload)))
          const all = [...numbers(1, 40), ...numbers(42, 20)]
          expect(await countsIn(store)).toEqual(all)
          await influx.kill()
          await influx.start()
          // An InfluxDB whose log was torn by the full disk has lost them until tanbiao writes (store/README.md).
          let last = 61
          const isBack = async (): Promise<boolean> => {
            last += 1
            await gateway.deliver(batchOf('gw-a', last, [sampleOf('meter-a', T0 + last * 1_000, last)]))
            return (await countsIn(store)).includes(61)
          }
          while (!(await isBack()));
          expect(await countsIn(store)).toEqual([...all, ...numbers(62, last - 61)])
          expect(await store.readings('meter-a', 'voltage.l1', everything)).toHaveLength(1_000)
        } finally {
          await chain.stop()
          await influx.remove()
        }
      })
    },
  )
})

/** Of the server while its store is away and everybody sends: two lanes of 64 MiB, their copies, and the program. */
const RESIDENT_MIB_MAX = 600

describeWith(['mosquitto', 'influxd'], 'A server whose store is away', () => {
  let installation: Installation
  let mosquitto: Mosquitto | undefined
  let influx: InfluxServer | undefined

  afterEach(async () => {
    await installation.remove()
    await mosquitto?.stop()
    await influx?.remove()
  })

  it('holds no more than its lanes in memory, drops the rest without a receipt, and takes it afterwards', async () => {
    installation = makeInstallation()
    mosquitto = await startMosquitto(['max_queued_messages 0', 'max_inflight_messages 0'])
    influx = await startInflux()
    const gatewayIds = numbers(1, 40).map((number) => `gw-${number}`)
    const parkFile = installation.write(
      'park.yaml',
      parkOf(Object.fromEntries(gatewayIds.map((gateway) => [`meter-${gateway}`, gateway]))),
    )
    const server = installation.start('serve', 'serve', {
      park: parkFile,
      data: join(installation.folder, 'server'),
      store: `influx1://127.0.0.1:${influx.port}/park?create=true`,
      broker: mosquitto.url,
      port: await freePort(),
    })
    const { url } = await server.told('ready')
    const figure = async (name: string): Promise<number> => {
      const text = await (await fetch(`${url}/metrics`)).text()
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
    }
    const before = (await figure('process_resident_memory_bytes')) / 2 ** 20
    await influx.stop()
    // 40 gateways send 8 batches of 400 kB each: 128 MB for a lane of 64 MiB.
    const client = await connectAsync(mosquitto.url, { clientId: 'everybody' })
    const samples = numbers(0, 4_000).map((index) => ({
      atMs: T0 + index,
      quality: 'good',
      values: { [register]: [index, '0.01'] },
    }))
    for (let seq = 1; seq <= 8; seq += 1) {
      for (const gateway of gatewayIds) {
        const topic = topicOf({ park: 'test-park', gateway, leaf: 'backlog' })
        const own = samples.map((sample) => ({ meter: `meter-${gateway}`, ...sample }))
        await client.publishAsync(topic, Buffer.from(batchOf(gateway, seq, own)), { qos: 1 })
      }
    }
    const received = 'tanbiao_ingest_received_payloads_total'
    while ((await figure(received)) < 8 * gatewayIds.length) await systemClock.sleep(500)
    const resident = (await figure('process_resident_memory_bytes')) / 2 ** 20
    const waiting = (await figure('tanbiao_ingest_waiting_bytes')) / 2 ** 20
    const dropped = await figure('tanbiao_ingest_dropped_payloads_total')
    console.info(
      `resident ${before.toFixed(0)} MiB, then ${resident.toFixed(0)} MiB with ${waiting.toFixed(0)} MiB waiting and ${dropped} payloads dropped`,
    )
    expect(resident).toBeLessThan(RESIDENT_MIB_MAX)
    expect(waiting).toBeLessThanOrEqual(128)
    expect(dropped).toBeGreaterThan(0)
    expect(await figure('tanbiao_ingest_committed_payloads_total')).toBe(0)
    await influx.start()
    await eventually(() => expect(client.connected).toBe(true))
    for (
      let committed = 0;
      committed === 0;
      committed = await figure('tanbiao_ingest_committed_payloads_total')
    )
      await systemClock.sleep(200)
    await client.endAsync(true)
  })
})
