import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectSocket, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { bundleOf } from '#contract/bundle.ts'
import { filterOf, topicOf, type DownLeaf, type UpLeaf } from '#contract/topics.ts'
import { giveSecret, openAccess } from './access.ts'
import { startBroker, type Broker } from './broker.ts'
import {
  batchOf,
  eventually,
  MemoryStore,
  sampleOf,
  T0,
  TestGateway,
  testPark,
} from './ingest.test-support.ts'
import { startWorker } from './worker.ts'

const park = testPark()
const topicFor = (gateway: string, leaf: UpLeaf | DownLeaf): string =>
  topicOf({ park: 'park-1', gateway, leaf })

let broker: Broker
let logged: { level: number; msg: string; [key: string]: unknown }[] = []
const clients: MqttClient[] = []
const sockets: Socket[] = []

const log = pino(
  { level: 'debug' },
  {
    write: (line: string) => {
      logged.push(JSON.parse(line))
    },
  },
)
const warnings = (): string[] => logged.filter(({ level }) => level >= 40).map(({ msg }) => msg)

beforeEach(async () => {
  logged = []
  broker = await startBroker({ port: 0, park, log })
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true)
  for (const socket of sockets.splice(0)) socket.destroy()
  await broker.stop()
})

async function client(clientId: string, options: IClientOptions = {}): Promise<MqttClient> {
  const connected = await connectAsync(
    broker.url,
    { clientId, protocolVersion: 4, reconnectPeriod: 0, ...options },
    false,
  )
  connected.on('error', () => {})
  clients.push(connected)
  return connected
}

/** A process of our own that hears everything that goes up. */
async function listener(): Promise<{ client: MqttClient; heard: string[] }> {
  const heard: string[] = []
  const own = await client('listener', broker.credentials)
  own.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`))
  await own.subscribeAsync(filterOf('park-1', 'live').replace('/live', '/#'), { qos: 1 })
  return { client: own, heard }
}

function closing(of: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    of.once('close', () => resolve())
  })
}

/** Publishes and resolves once it was acknowledged or the connection was closed. */
async function publishes(
  by: MqttClient,
  topic: string,
  payload = 'x',
  retain = false,
): Promise<'sent' | 'closed'> {
  const closed = closing(by).then(() => 'closed' as const)
  const sent = by.publishAsync(topic, payload, { qos: 1, retain }).then(
    () => 'sent' as const,
    () => 'closed' as const,
  )
  return await Promise.race([closed, sent])
}

/** A string of MQTT 3.1.1 §1.5.3: its length in two bytes before it. */
const field = (text: string): Uint8Array =>
  Buffer.concat([Uint8Array.from([0, text.length]), Buffer.from(text)])
const packet = (type: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Uint8Array.from([type, body.length]), body])
}

/** Connects, subscribes, and then reads no other byte until it is resumed. */
async function frozenClient(
  id: string,
  filter: string,
  as?: { readonly username: string; readonly password: string },
): Promise<Socket> {
  const socket = connectSocket(broker.port, '127.0.0.1')
  sockets.push(socket)
  const login = as === undefined ? [] : [field(as.username), field(as.password)]
  // Clean session; with a username and a password both bits are set (§3.1.2.3).
  const flags = as === undefined ? 0x02 : 0xc2
  socket.write(packet(0x10, field('MQTT'), Uint8Array.from([4, flags, 0, 0]), field(id), ...login))
  socket.write(packet(0x82, Uint8Array.from([0, 1]), field(filter), Uint8Array.from([1])))
  await new Promise<void>((resolve) => {
    let answered = 0
    const read = (piece: Buffer): void => {
      answered += piece.length
      // CONNACK 4 bytes, SUBACK 5
      if (answered < 9) return
      socket.off('data', read)
      socket.pause()
      resolve()
    }
    socket.on('data', read)
  })
  return socket
}

async function refusedAtConnect(clientId: string, options: IClientOptions = {}): Promise<number> {
  const refusal: { code?: unknown } = await client(clientId, options).then(
    () => ({ code: 0 }),
    (error: unknown) => (typeof error === 'object' && error !== null ? error : {}),
  )
  return Number(refusal.code)
}

describe('broker: who may connect', () => {
  it('gateways of the park and our own processes, nobody else', async () => {
    await client('gw-a')
    await client('anything', broker.credentials)
    expect(await refusedAtConnect('gw-x')).toBe(5)
    expect(await refusedAtConnect('')).toBe(5)
    expect(await refusedAtConnect('anything', { ...broker.credentials, password: 'guess' })).toBe(5)
    expect(await refusedAtConnect('gw-a', broker.credentials)).toBe(5)
    expect(clients[0]?.connected).toBe(true)
  })

  it('has other credentials at every start', async () => {
    const other = await startBroker({ port: 0, park, log })
    expect(other.credentials.password).not.toBe(broker.credentials.password)
    await other.stop()
  })

  it('a second connection with the same id is on record', async () => {
    const first = await client('gw-a')
    const closed = closing(first)
    await client('gw-a')
    await closed
    expect(warnings()).toEqual(['second connection with the same client id; the first is closed'])
  })
})

describe('broker: who may say and hear what', () => {
  it('gateway A cannot speak as B, nor as the server, nor to $SYS; it is logged once, not for ever', async () => {
    const { heard } = await listener()
    const topics = [topicFor('gw-b', 'live'), topicFor('gw-a', 'receipt'), '$SYS/x/new/clients']
    for (const topic of [...topics, ...topics])
      expect(await publishes(await client('gw-a'), topic)).toBe('closed')
    expect(await publishes(await client('gw-a'), topicFor('gw-a', 'live'))).toBe('sent')
    await eventually(() => expect(heard).toEqual([`${topicFor('gw-a', 'live')} x`]))
    const denials = logged.filter(({ msg }) => msg.startsWith('publish denied'))
    expect(denials.map(({ topic }) => topic)).toEqual(topics)
  })

  it('a gateway hears its own receipts and nobody else’s', async () => {
    const a = await client('gw-a')
    const heard: string[] = []
    a.on('message', (topic) => heard.push(topic))
    const granted = async (filter: string): Promise<unknown> =>
      await a.subscribeAsync(filter, { qos: 1 }).then(
        ([grant]) => grant?.qos,
        () => 128,
      )
    expect(await granted(topicFor('gw-b', 'receipt'))).toBe(128)
    expect(await granted('#')).toBe(128)
    expect(await granted(topicFor('gw-a', 'live'))).toBe(128)
    expect(await granted(topicFor('gw-a', 'receipt'))).toBe(1)
    const { client: server } = await listener()
    await server.publishAsync(topicFor('gw-b', 'receipt'), 'for b', { qos: 1 })
    await server.publishAsync(topicFor('gw-a', 'receipt'), 'for a', { qos: 1 })
    await eventually(() => expect(heard).toEqual([topicFor('gw-a', 'receipt')]))
  })

  it('a will obeys the same rights, and a state is retained', async () => {
    const { heard } = await listener()
    const will = (gateway: string): IClientOptions => ({
      will: { topic: topicFor(gateway, 'state'), payload: Buffer.from('gone'), qos: 1, retain: true },
    })
    const a = await client('gw-a', will('gw-b'))
    const b = await client('gw-b', will('gw-b'))
    a.stream.destroy()
    await eventually(() => expect(warnings()).toHaveLength(1))
    b.stream.destroy()
    await eventually(() => expect(heard).toEqual([`${topicFor('gw-b', 'state')} gone`]))
    const late: string[] = []
    const other = await client('late', broker.credentials)
    other.on('message', (topic, payload, { retain }) => late.push(`${topic} ${payload.toString()} ${retain}`))
    await other.subscribeAsync(filterOf('park-1', 'state'), { qos: 1 })
    await eventually(() => expect(late).toEqual([`${topicFor('gw-b', 'state')} gone true`]))
    expect(await publishes(await client('gw-a'), topicFor('gw-a', 'live'), 'x', true)).toBe('closed')
  })

  it('keeps no session: receipts for an absent gateway are not queued', async () => {
    const first = await client('gw-a', { clean: false })
    await first.subscribeAsync(topicFor('gw-a', 'receipt'), { qos: 1 })
    await first.endAsync()
    const { client: server } = await listener()
    await server.publishAsync(topicFor('gw-a', 'receipt'), 'missed', { qos: 1 })
    const again = await client('gw-a', { clean: false })
    const heard: string[] = []
    again.on('message', (_topic, payload) => heard.push(payload.toString()))
    await again.subscribeAsync(topicFor('gw-a', 'receipt'), { qos: 1 })
    await server.publishAsync(topicFor('gw-a', 'receipt'), 'now', { qos: 1 })
    await eventually(() => expect(heard).toEqual(['now']))
  })
})

describe('broker: one client never harms the others', () => {
  it('closes a connection that announces a packet beyond the bound', async () => {
    const socket = connectSocket(broker.port, '127.0.0.1')
    sockets.push(socket)
    socket.write(Uint8Array.from([0x10, 0xff, 0xff, 0xff, 0x7f]))
    await once(socket, 'close')
    expect(warnings()).toEqual(['packet too long, too many of them, or not MQTT; its connection is closed'])
    const a = await client('gw-a')
    const { heard } = await listener()
    expect(await publishes(a, topicFor('gw-a', 'live'), 'y'.repeat(3_000_000))).toBe('sent')
    await eventually(() => expect(heard).toHaveLength(1))
    expect(await publishes(a, topicFor('gw-a', 'live'), 'y'.repeat(5_000_000))).toBe('closed')
  })

  it('strangers that say nothing take no place of a gateway', async () => {
    const silent = Array.from({ length: 1_100 }, () => connectSocket(broker.port, '127.0.0.1'))
    sockets.push(...silent)
    for (const socket of silent) socket.on('error', () => {})
    const isThere = (socket: Socket): Promise<unknown> =>
      Promise.race([once(socket, 'connect'), once(socket, 'close')])
    await Promise.all(silent.map(isThere))
    expect((await client('gw-a')).connected).toBe(true)
    expect(warnings()).toContain('too many have not said who they are: the oldest is closed')
  })

  it('a gateway that sends a denied packet for ever does not hold up another’s readings', async () => {
    const store = new MemoryStore()
    const worker = await startWorker({
      brokerUrl: broker.url,
      credentials: broker.credentials,
      park,
      store,
      clock: systemClock,
      log,
    })
    const stubborn = await client('gw-b', { reconnectPeriod: 1 })
    stubborn.publish(
      topicFor('gw-a', 'live'),
      batchOf('gw-a', 99, [sampleOf('meter-a', T0, 666)]).toString(),
      { qos: 1 },
    )
    const a = await TestGateway.connect(broker.url, 'gw-a')
    for (let seq = 1; seq <= 20; seq += 1)
      expect(await a.deliver(batchOf('gw-a', seq, [sampleOf('meter-a', T0 + seq, seq)]))).toMatchObject({
        refused: 0,
      })
    expect([...store.commits.values()].map((record) => record.seq)).not.toContain(99)
    await a.end()
    await worker.stop()
  })

  it('makes a denied gateway wait, while the others go on', async () => {
    const denied = await client('gw-b')
    const answer = publishes(denied, topicFor('gw-a', 'live'))
    const a = await client('gw-a')
    expect(await publishes(a, topicFor('gw-a', 'live'))).toBe('sent')
    expect(denied.connected).toBe(true)
    expect(await answer).toBe('closed')
  })

  it('a gateway that never reads does not hold up the receipts of another', async () => {
    const { client: server } = await listener()
    await frozenClient('gw-b', topicFor('gw-b', 'receipt'))
    // The broker cuts it in the end; whoever had to wait until then was held up.
    const cut = (): boolean =>
      logged.some((line) => line.msg === 'connection lost' && line['client'] === 'gw-b')
    const a = await client('gw-a')
    const heard: string[] = []
    a.on('message', (_topic, payload) => heard.push(`${payload.toString()}, after the cut: ${cut()}`))
    await a.subscribeAsync(topicFor('gw-a', 'receipt'), { qos: 1 })
    const large = 'z'.repeat(100_000)
    // 60 MB: beyond every socket buffer, and more packets than there are delivery slots.
    for (let index = 0; index < 600; index += 1)
      await server.publishAsync(topicFor('gw-b', 'receipt'), large, { qos: 1 })
    await server.publishAsync(topicFor('gw-a', 'receipt'), 'through', { qos: 1 })
    await eventually(() => expect(heard).toEqual(['through, after the cut: false']))
  })
})

describe('broker: who reads or sends too much or too little', () => {
  it('an operator that stops reading holds up nobody, and little is kept for it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tanbiao-frozen-'))
    await broker.stop()
    broker = await startBroker({ port: 0, park, log, access: openAccess(folder) })
    const as = async (id: string, kind: 'gateway' | 'operator') => ({
      username: id,
      password: await giveSecret(folder, id, kind),
    })
    const a = await client('gw-a', await as('gw-a', 'gateway'))
    const { heard } = await listener()
    const frozen = await frozenClient('screen', filterOf('park-1', 'state'), await as('planning', 'operator'))
    const states = 600
    // 60 MB: beyond every socket buffer, and more packets than there are delivery slots.
    for (let index = 0; index < states; index += 1)
      await a.publishAsync(topicFor('gw-a', 'state'), 'z'.repeat(100_000), { qos: 1, retain: true })
    await eventually(() => expect(heard).toHaveLength(states))
    expect(logged.filter(({ msg }) => msg === 'connection lost')).toEqual([])
    let received = 0
    frozen.on('data', (piece: Buffer) => {
      received += piece.length
    })
    frozen.resume()
    // What is published from now on comes after all that was kept.
    await a.publishAsync(topicFor('gw-a', 'state'), 'end', { qos: 1, retain: true })
    await once(frozen, 'data')
    await a.publishAsync(topicFor('gw-a', 'state'), 'end', { qos: 1, retain: true })
    expect(received).toBeLessThan((states * 100_000) / 2)
    rmSync(folder, { recursive: true })
  })

  it('a gateway that floods is read more slowly, and the others as ever', async () => {
    await broker.stop()
    broker = await startBroker({ port: 0, park, log, messagesPerSecondMax: 5 })
    const flooding = await client('gw-b')
    let acknowledged = 0
    for (let index = 0; index < 400; index += 1)
      flooding.publish(topicFor('gw-b', 'live'), 'x', { qos: 1 }, (error) => {
        if (error === undefined || error === null) acknowledged += 1
      })
    const { heard } = await listener()
    const a = await client('gw-a')
    for (let index = 0; index < 5; index += 1)
      expect(await publishes(a, topicFor('gw-a', 'live'), String(index))).toBe('sent')
    await eventually(() =>
      expect(heard.filter((each) => each.startsWith(topicFor('gw-a', 'live')))).toHaveLength(5),
    )
    // At five a second the flood needs 79 s.
    expect(acknowledged).toBeLessThan(400)
    expect(warnings()).toContain('a client sends too much: it is read more slowly')
    expect(flooding.connected).toBe(true)
  })

  it('a bundle counts for all that is in it', async () => {
    await broker.stop()
    broker = await startBroker({ port: 0, park, log, messagesPerSecondMax: 5 })
    const a = await client('gw-a')
    const rows = (count: number): Buffer =>
      Buffer.from(bundleOf(Array.from({ length: count }, () => Buffer.of(0x78))))
    a.publish(topicFor('gw-a', 'backlog'), rows(5), { qos: 1 })
    await a.publishAsync(topicFor('gw-a', 'backlog'), rows(1), { qos: 1 })
    expect(warnings()).toContain('a client sends too much: it is read more slowly')
  })
})

describe('broker: start and stop', () => {
  it('says "port-taken" when another listens there', async () => {
    await expect(startBroker({ port: broker.port, park, log })).rejects.toMatchObject({ code: 'port-taken' })
  })

  it('says "broker-unavailable" for an address that is not this machine’s', async () => {
    const access = { isEmpty: () => false, find: () => undefined }
    await expect(startBroker({ host: '192.0.2.1', port: 0, park, log, access })).rejects.toMatchObject({
      code: 'broker-unavailable',
    })
  })

  it('stops with clients connected, strangers too, and frees its port', async () => {
    await client('gw-a')
    const stranger = connectSocket(broker.port, '127.0.0.1')
    sockets.push(stranger)
    await once(stranger, 'connect')
    const { port } = broker
    await broker.stop()
    broker = await startBroker({ port, park, log })
    expect(broker.port).toBe(port)
  })
})
