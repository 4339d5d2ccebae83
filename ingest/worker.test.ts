import { connectAsync } from 'mqtt'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { bundleOf } from '#contract/bundle.ts'
import { Fault } from '#contract/fault.ts'
import type { ConfigurationMessage, StateMessage } from '#contract/messages.ts'
import { topicOf } from '#contract/topics.ts'
import { startMosquitto } from '#test/support/mosquitto.ts'
import { describeWith, freePort } from '#test/support/servers.ts'
import type { Credentials } from './authentication.ts'
import { startBroker } from './broker.ts'
import type { Inside } from './inside.ts'
import {
  batchOf,
  digestOf,
  epochOf,
  eventually,
  MemoryStore,
  sampleOf,
  T0,
  TestGateway,
  testPark,
} from './ingest.test-support.ts'
import { startWorker, type Worker, type WorkerOptions } from './worker.ts'

const log = pino({ level: 'silent' })
const park = testPark()

interface BrokerUnderTest {
  readonly url: string
  readonly credentials?: Credentials
  /** Where it is in the worker's own process. */
  readonly inside?: Inside
  /** Comes back with nothing remembered. */
  restart(): Promise<BrokerUnderTest>
  stop(): Promise<void>
}

async function embedded(port = 0, credentials?: Credentials): Promise<BrokerUnderTest> {
  const { inside: _, ...broker } = await startBroker({ port, park, log, credentials })
  return {
    ...broker,
    restart: async () => {
      await broker.stop()
      return await embedded(broker.port, broker.credentials)
    },
  }
}

async function within(port = 0): Promise<BrokerUnderTest> {
  const broker = await startBroker({ port, park, log })
  return {
    ...broker,
    restart: async () => {
      await broker.stop()
      return await within(broker.port)
    },
  }
}

async function external(): Promise<BrokerUnderTest> {
  const broker = await startMosquitto()
  const self: BrokerUnderTest = {
    ...broker,
    restart: async () => {
      await broker.kill()
      await broker.restart()
      return self
    },
  }
  return self
}

function deliveryLaws(start: () => Promise<BrokerUnderTest>): void {
  let broker: BrokerUnderTest
  let store: MemoryStore
  let worker: Worker
  const gateways: TestGateway[] = []
  const states: StateMessage[] = []

  const startIngest = async (more: Partial<WorkerOptions> = {}): Promise<Worker> =>
    await startWorker({
      brokerUrl: broker.url,
      credentials: broker.credentials,
      inside: broker.inside,
      park,
      store,
      clock: systemClock,
      log,
      onState: (state) => states.push(state),
      ...more,
    })
  const gateway = async (id: string): Promise<TestGateway> => {
    const connected = await TestGateway.connect(broker.url, id)
    gateways.push(connected)
    return connected
  }

  beforeEach(async () => {
    broker = await start()
    store = new MemoryStore()
    states.length = 0
    worker = await startIngest()
  })
  afterEach(async () => {
    for (const each of gateways.splice(0)) await each.end()
    await worker.stop()
    await broker.stop()
  })

  it('takes rows of a bundle as if each had come by itself, and one that is broken as it came', async () => {
    const a = await gateway('gw-a')
    const rows = [
      batchOf('gw-a', 1, [sampleOf('meter-a', T0, 100)]),
      new TextEncoder().encode('no batch'),
      // Another gateway’s.
      batchOf('gw-b', 7, [sampleOf('meter-b', T0, 5)]),
      batchOf('gw-a', 2, [sampleOf('meter-a', T0 + 10_000, 101)]),
    ]
    const bundle = bundleOf(rows)
    const broken = bundle.subarray(0, -1)
    a.publish(bundle, 'backlog')
    a.publish(broken, 'backlog')
    await eventually(() => {
      for (const each of [...rows, broken])
        expect(a.receipts.map(({ digest }) => digest)).toContain(digestOf(each))
    })
    const outcomeOf = (payload: Uint8Array): string | undefined =>
      a.receipts.find(({ digest }) => digest === digestOf(payload))?.outcome
    expect(rows.map(outcomeOf)).toEqual(['stored', 'quarantined', 'quarantined', 'stored'])
    expect(outcomeOf(broken)).toBe('quarantined')
    const refused = [...store.commits.values()].find(({ digest }) => digest === digestOf(broken))?.refused
    expect(refused).toMatchObject([
      { code: 'message-undecodable', payload: Buffer.from(broken).toString('base64') },
    ])
    expect([...store.commits.values()].map(({ seq }) => seq)).toEqual(expect.arrayContaining([1, 2]))
  })

  it('takes apart what comes on the backlog only, and no bundle within one', async () => {
    const a = await gateway('gw-a')
    const inner = bundleOf([batchOf('gw-a', 1, [sampleOf('meter-a', T0, 100)])])
    const outer = bundleOf([inner, batchOf('gw-a', 2, [sampleOf('meter-a', T0 + 1, 100)])])
    a.publish(outer, 'backlog')
    a.publish(inner, 'live')
    // Another one, that was said to be of the state.
    a.publish(bundleOf([batchOf('gw-a', 3, [sampleOf('meter-a', T0 + 2, 100)])]), 'state')
    await eventually(() => {
      expect(a.receipts.map(({ digest, outcome }) => [digest, outcome])).toContainEqual([
        digestOf(inner),
        'quarantined',
      ])
      expect(worker.statistics().statesRefused).toBe(1)
    })
    expect([...store.commits.values()].flatMap(({ seq }) => seq ?? [])).toEqual([2])
  })

  it('gives a receipt for what is stored, and its commit record says what was touched', async () => {
    const a = await gateway('gw-a')
    const payload = batchOf('gw-a', 1, [sampleOf('meter-a', T0, 100), sampleOf('meter-a', T0 + 10_000, 101)])
    const receipt = await a.deliver(payload)
    expect(receipt).toMatchObject({
      outcome: 'stored',
      refused: 0,
      digest: digestOf(payload),
      gateway: 'gw-a',
    })
    expect(store.stored.size).toBe(4)
    expect([...store.commits.values()]).toEqual([
      {
        gateway: 'gw-a',
        epoch: epochOf('a'),
        seq: 1,
        digest: digestOf(payload),
        committedAtMs: receipt.committedAtMs,
        stored: 4,
        touched: [{ meter: 'meter-a', fromMs: T0, toMs: T0 + 10_000 }],
        refused: [],
      },
    ])
  })

  it('a configuration is retained at the broker for its gateway; without a connection it is said that none was', async () => {
    const message: ConfigurationMessage = {
      v: 1,
      park: 'park-1',
      gateway: 'gw-a',
      version: 7,
      text: 'gateway: gw-a\n',
      key: 'd'.repeat(64),
      signature: `${'A'.repeat(86)}==`,
    }
    await worker.publishConfiguration(message)
    const topic = topicOf({ park: 'park-1', gateway: 'gw-a', leaf: 'configuration' })
    // Connected after it was published, as a gateway that was off line.
    const client = await connectAsync(broker.url, { clientId: 'gw-a', protocolVersion: 4 })
    onTestFinished(() => client.endAsync(true))
    const heard = Promise.withResolvers<string>()
    client.once('message', (_topic, payload) => heard.resolve(payload.toString()))
    await client.subscribeAsync(topic, { qos: 1 })
    expect(JSON.parse(await heard.promise)).toEqual(message)
    await worker.stop()
    await expect(worker.publishConfiguration(message)).rejects.toMatchObject({ code: 'broker-unavailable' })
  })

  it('quarantines an undecodable payload with its bytes, acknowledges it, and goes on', async () => {
    const a = await gateway('gw-a')
    const broken = Uint8Array.from([0x1f, 0x8b, 0, 255, 1])
    const good = batchOf('gw-a', 2, [sampleOf('meter-a', T0, 1)])
    const [bad, fine] = await Promise.all([a.deliver(broken), a.deliver(good)])
    expect(bad.outcome).toBe('quarantined')
    expect(fine.outcome).toBe('stored')
    const record = store.commits.get(digestOf(broken))
    expect(record).toMatchObject({ epoch: null, seq: null, stored: 0 })
    expect(record?.refused).toMatchObject([
      { code: 'message-undecodable', encoding: 'base64', payload: Buffer.from(broken).toString('base64') },
    ])
  })

  it('comes back by itself when the broker was killed, and nothing is lost', async () => {
    const a = await gateway('gw-a')
    await a.deliver(batchOf('gw-a', 1, [sampleOf('meter-a', T0, 1)]))
    broker = await broker.restart()
    if (broker.inside !== undefined) {
      // What is one process ends and comes back together.
      await worker.stop()
      worker = await startIngest()
    }
    a.client.subscribe(topicOf({ park: 'park-1', gateway: 'gw-a', leaf: 'receipt' }))
    await a.deliver(batchOf('gw-a', 2, [sampleOf('meter-a', T0 + 1, 2)]))
    expect(store.stored.size).toBe(4)
    expect(worker.statistics().connected).toBe(true)
  })

  it('acknowledges nothing while the store is away, and everything after', async () => {
    const a = await gateway('gw-a')
    let away = true
    const tries = vi.fn<() => void>()
    store.before = () => {
      tries()
      if (away) throw new Fault('store-unavailable', 'away')
    }
    const deliveries = [1, 2, 3].map((seq) =>
      a.deliver(batchOf('gw-a', seq, [sampleOf('meter-a', T0 + seq, seq)])),
    )
    await eventually(() => expect(tries.mock.calls.length).toBeGreaterThan(2))
    expect(a.receipts).toEqual([])
    expect(worker.statistics()).toMatchObject({ storeAvailable: false, committedPayloads: 0 })
    away = false
    await Promise.all(deliveries)
    expect(store.stored.size).toBe(6)
    expect(worker.statistics().storeAvailable).toBe(true)
  })

  it.each(['append', 'commits'] as const)(
    'heals a worker that died after "%s" by the gateway sending again',
    async (diesAfter) => {
      const a = await gateway('gw-a')
      const died = Promise.withResolvers<void>()
      store.after = async (step) => {
        if (step !== diesAfter) return
        died.resolve()
        // The call never returns: for the rest of the system this worker is gone.
        await new Promise(() => {})
      }
      const deliveries = [1, 2, 3].map((seq) =>
        a.deliver(batchOf('gw-a', seq, [sampleOf('meter-a', T0 + seq, seq)])),
      )
      await died.promise
      expect(a.receipts).toEqual([])
      const first = worker
      store.after = () => {}
      worker = await startIngest()
      await Promise.all(deliveries)
      await first.stop()
      expect(store.stored.size).toBe(6)
      expect(new Set([...store.commits.values()].map(({ seq }) => seq))).toEqual(new Set([1, 2, 3]))
    },
  )

  it('heals receipts that never arrived by the gateway sending again', async () => {
    const a = await gateway('gw-a')
    const payload = batchOf('gw-a', 1, [sampleOf('meter-a', T0, 1)])
    const first = await a.deliver(payload)
    const again = await a.deliver(payload)
    expect(again).toMatchObject({ outcome: first.outcome, digest: first.digest })
    expect(store.stored.size).toBe(2)
    expect(store.commits.size).toBe(1)
  })

  it('passes on a state that its own gateway published, and no other', async () => {
    const state = (gateway: string): string =>
      JSON.stringify({
        v: 1,
        gateway,
        kind: 'birth',
        atMs: T0,
        epoch: epochOf('a'),
        reason: 'connected',
      })
    const a = await gateway('gw-a')
    const topic = topicOf({ park: 'park-1', gateway: 'gw-a', leaf: 'state' })
    await a.client.publishAsync(topic, state('gw-b'), { qos: 1 })
    await a.client.publishAsync(topic, '{"v":', { qos: 1 })
    await a.client.publishAsync(topic, state('gw-a'), { qos: 1, retain: true })
    await eventually(() => expect(states.map((each) => each.gateway)).toEqual(['gw-a']))
    expect(worker.statistics()).toMatchObject({ states: 1, statesRefused: 2, received: 0 })
  })

  it('learns of states that were retained before it came, and of none that was taken back', async () => {
    const retain = async (id: string, payload: string): Promise<void> => {
      const { client } = await gateway(id)
      const topic = topicOf({ park: 'park-1', gateway: id, leaf: 'state' })
      await client.publishAsync(topic, payload, { qos: 1, retain: true })
    }
    const birth = { v: 1, kind: 'birth', atMs: T0, epoch: epochOf('a'), reason: 'connected' }
    for (const id of ['gw-a', 'gw-b']) await retain(id, JSON.stringify({ ...birth, gateway: id }))
    await retain('gw-b', '')
    await retain('gw-a', JSON.stringify({ ...birth, gateway: 'gw-a', atMs: T0 + 1 }))
    await eventually(() => expect(states.at(-1)).toMatchObject({ gateway: 'gw-a', atMs: T0 + 1 }))
    const later: StateMessage[] = []
    const second = await startIngest({ onState: (state) => later.push(state) })
    await eventually(() => expect(later).toMatchObject([{ gateway: 'gw-a', atMs: T0 + 1 }]))
    await second.stop()
  })
}

describe('worker with the embedded broker', () => deliveryLaws(() => embedded()))
describe('worker in the process of the embedded broker', () => deliveryLaws(() => within()))

describeWith(['mosquitto'], 'worker with mosquitto', () => {
  deliveryLaws(external)

  it('shares the payloads of a group, each going to one worker', async () => {
    const broker = await startMosquitto()
    onTestFinished(broker.stop)
    const stores = [new MemoryStore(), new MemoryStore()]
    const workers = await Promise.all(
      stores.map((store) =>
        startWorker({ brokerUrl: broker.url, shareGroup: 'ingest', park, store, clock: systemClock, log }),
      ),
    )
    const a = await TestGateway.connect(broker.url, 'gw-a')
    const seqs = Array.from({ length: 20 }, (_, index) => index + 1)
    await Promise.all(
      seqs.map((seq) => a.deliver(batchOf('gw-a', seq, [sampleOf('meter-a', T0 + seq, seq)]))),
    )
    const shares = stores.map((store) => [...store.commits.values()].map(({ seq }) => Number(seq)))
    expect(shares.flat().sort((x, y) => x - y)).toEqual(seqs)
    expect(Math.min(...shares.map((share) => share.length))).toBeGreaterThan(0)
    await a.end()
    for (const worker of workers) await worker.stop()
  })

  it('a sender whose name cannot be put on record is logged, and the others are served', async () => {
    const broker = await startMosquitto()
    onTestFinished(broker.stop)
    const store = new MemoryStore()
    const lines: string[] = []
    const recording = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) })
    const worker = await startWorker({
      brokerUrl: broker.url,
      park,
      store,
      clock: systemClock,
      log: recording,
    })
    const a = await TestGateway.connect(broker.url, 'gw-a')
    await a.client.publishAsync('tanbiao/v1/park-1/No Name/up/live', 'x', { qos: 1 })
    await a.deliver(batchOf('gw-a', 1, [sampleOf('meter-a', T0, 1)]))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('No Name')
    expect([...store.commits.values()].map((record) => record.gateway)).toEqual(['gw-a'])
    await a.end()
    await worker.stop()
  })

  it('a worker without receipts’ connection counts them and the gateway asks again', async () => {
    const broker = await startMosquitto()
    onTestFinished(broker.stop)
    const store = new MemoryStore()
    const worker = await startWorker({ brokerUrl: broker.url, park, store, clock: systemClock, log })
    const hold = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    store.after = async (step) => {
      if (step !== 'commits') return
      reached.resolve()
      await hold.promise
    }
    const payload = batchOf('gw-a', 1, [sampleOf('meter-a', T0, 1)])
    const sender = await connectAsync(broker.url, { clientId: 'gw-a', reconnectPeriod: 0 })
    sender.on('error', () => {})
    const rows = [payload, batchOf('gw-a', 2, [sampleOf('meter-a', T0 + 1, 2)])]
    const topic = topicOf({ park: 'park-1', gateway: 'gw-a', leaf: 'backlog' })
    sender.publish(topic, Buffer.from(bundleOf(rows)), { qos: 1 })
    await reached.promise
    await broker.kill()
    await eventually(() => expect(worker.statistics().connected).toBe(false))
    hold.resolve()
    await eventually(() => expect(worker.statistics().receiptsUnsent).toBe(2))
    await broker.restart()
    const a = await TestGateway.connect(broker.url, 'gw-a')
    expect(await a.deliver(payload)).toMatchObject({ outcome: 'stored' })
    await a.end()
    await worker.stop()
  })
})

describe('startWorker', () => {
  it('starts without a broker, and is there when the broker comes', async () => {
    const port = await freePort()
    const credentials = { username: 'tanbiao-server', password: 'of this test' }
    const worker = await startWorker({
      brokerUrl: `mqtt://127.0.0.1:${port}`,
      credentials,
      park,
      store: new MemoryStore(),
      clock: systemClock,
      log,
    })
    expect(worker.statistics().connected).toBe(false)
    const broker = await startBroker({ port, park, log, credentials })
    await eventually(() => expect(worker.statistics().connected).toBe(true))
    await worker.stop()
    await broker.stop()
  })

  it('refuses what is no URL of a broker', async () => {
    await expect(
      startWorker({ brokerUrl: '127.0.0.1', park, store: new MemoryStore(), clock: systemClock, log }),
    ).rejects.toMatchObject({ code: 'argument-invalid' })
  })
})
