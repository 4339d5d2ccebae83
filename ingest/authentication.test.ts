import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { filterOf, topicOf } from '#contract/topics.ts'
import { makeAuthority, revoke, signCertificate } from '#edge/testing/certificates.ts'
import { giveSecret, openAccess, takeSecret } from './access.ts'
import { startBroker, type Broker } from './broker.ts'
import { until } from '#test/support/until.ts'
import { eventually, testPark } from './ingest.test-support.ts'
import type { ListenerTls } from './listener.ts'

const park = testPark()
const log = pino({ level: 'silent' })
const topic = (gateway: string, leaf: 'live' | 'state' | 'configuration' | 'receipt'): string =>
  topicOf({ park: 'park-1', gateway, leaf })

let folder: string
let secrets: string
let broker: Broker | undefined
const clients: MqttClient[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-access-'))
  secrets = join(folder, 'mqtt-access')
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true)
  await broker?.stop()
  broker = undefined
  rmSync(folder, { recursive: true })
})

async function start(tls?: ListenerTls): Promise<Broker> {
  broker = await startBroker({ port: 0, park, log, access: openAccess(secrets), tls })
  return broker
}

async function client(
  clientId: string,
  options: IClientOptions = {},
  url = broker?.url ?? '',
): Promise<MqttClient> {
  const connected = await connectAsync(
    url,
    { clientId, protocolVersion: 4, reconnectPeriod: 0, ...options },
    false,
  )
  connected.on('error', () => {})
  clients.push(connected)
  return connected
}

const closed = (of: MqttClient): Promise<void> =>
  new Promise((resolve) => {
    of.once('close', () => resolve())
  })

/** The code of the refusal, 0 for a client that was let in, -1 where the connection itself failed. */
async function answer(clientId: string, options: IClientOptions = {}): Promise<number> {
  const error: { code?: unknown } = await client(clientId, options).then(
    () => ({ code: 0 }),
    (thrown: unknown) => (typeof thrown === 'object' && thrown !== null ? thrown : {}),
  )
  return typeof error.code === 'number' ? error.code : -1
}

describe('broker: passwords', () => {
  it('a gateway is let in by its own secret alone, from the first secret on', async () => {
    await start()
    expect(await answer('gw-a')).toBe(0)
    const a = await giveSecret(secrets, 'gw-a', 'gateway')
    const b = await giveSecret(secrets, 'gw-b', 'gateway')
    const refusals: [string, IClientOptions][] = [
      ['gw-a', {}],
      ['gw-a', { username: 'gw-a', password: b }],
      ['gw-a', { username: 'gw-b', password: b }],
      ['gw-a', { username: 'gw-a' }],
      ['gw-x', { username: 'gw-a', password: a }],
      ['gw-a', { username: '../mqtt-access/gw-a', password: a }],
      ['anything', { username: 'nobody', password: a }],
    ]
    expect(await Promise.all(refusals.map(([id, options]) => answer(id, options)))).toEqual(
      refusals.map(() => 5),
    )
    expect(await answer('gw-a', { username: 'gw-a', password: a })).toBe(0)
    expect(await answer('gw-b', { username: 'gw-b', password: b })).toBe(0)
  })

  it('a client is cut off when its secret is changed or taken away, and no other is', async () => {
    broker = await startBroker({ port: 0, park, log, access: openAccess(secrets), groundsCheckMs: 20 })
    const byIdAlone = await client('gw-a')
    const closedById = closed(byIdAlone)
    const b = await giveSecret(secrets, 'gw-b', 'gateway')
    // From the first secret on an id is not enough, for those who are there already neither.
    await closedById
    const a = await giveSecret(secrets, 'gw-a', 'gateway')
    const [first, other] = [
      await client('gw-a', { username: 'gw-a', password: a }),
      await client('gw-b', { username: 'gw-b', password: b }),
    ]
    const own = await client('own', broker.credentials, broker.ownUrl)
    const changed = closed(first)
    const next = await giveSecret(secrets, 'gw-a', 'gateway')
    await changed
    const second = await client('gw-a', { username: 'gw-a', password: next })
    const takenAway = closed(second)
    takeSecret(secrets, 'gw-a')
    await takenAway
    expect([other.connected, own.connected]).toEqual([true, true])
    await other.publishAsync(topic('gw-b', 'live'), 'still here', { qos: 1 })
  })

  it('a new secret ends the old one, and one that was taken away ends it for good', async () => {
    await start()
    const old = await giveSecret(secrets, 'gw-a', 'gateway')
    await giveSecret(secrets, 'gw-b', 'gateway')
    expect(await answer('gw-a', { username: 'gw-a', password: old })).toBe(0)
    const renewed = await giveSecret(secrets, 'gw-a', 'gateway')
    expect(await answer('gw-a', { username: 'gw-a', password: old })).toBe(5)
    expect(await answer('gw-a', { username: 'gw-a', password: renewed })).toBe(0)
    expect(takeSecret(secrets, 'gw-a')).toBe(true)
    expect(takeSecret(secrets, 'gw-a')).toBe(false)
    expect(await answer('gw-a', { username: 'gw-a', password: renewed })).toBe(5)
  })

  it('keeps no secret itself, and asks a client to come again where its file is damaged', async () => {
    await start()
    const secret = await giveSecret(secrets, 'gw-a', 'gateway')
    const file = join(secrets, 'gw-a.json')
    expect(readFileSync(file, 'utf8')).not.toContain(secret)
    writeFileSync(file, '{')
    expect(await answer('gw-a', { username: 'gw-a', password: secret })).toBe(3)
  })

  it('does not listen beyond this machine while nobody has a secret', async () => {
    const open = { host: '0.0.0.0', port: 0, park, log }
    await expect(startBroker({ ...open, access: openAccess(secrets) })).rejects.toMatchObject({
      code: 'broker-unprotected',
    })
    await expect(startBroker(open)).rejects.toMatchObject({ code: 'broker-unprotected' })
    const secret = await giveSecret(secrets, 'gw-a', 'gateway')
    broker = await startBroker({ ...open, access: openAccess(secrets) })
    expect(await answer('gw-b')).toBe(5)
    expect(await answer('gw-a', { username: 'gw-a', password: secret })).toBe(0)
    // Without the last secret it lets nobody in, rather than everybody.
    takeSecret(secrets, 'gw-a')
    expect(await answer('gw-b')).toBe(5)
  })
})

describe('broker: an operator', () => {
  it('publishes configurations and reads states, and nothing else', async () => {
    const started = await start()
    const password = await giveSecret(secrets, 'planning', 'operator')
    const own = { username: 'planning', password }
    const gatewayPassword = await giveSecret(secrets, 'gw-a', 'gateway')
    const gateway = await client('gw-a', { username: 'gw-a', password: gatewayPassword })
    const heard: string[] = []
    gateway.on('message', (at, payload) => heard.push(`${at} ${payload.toString()}`))
    await gateway.subscribeAsync([topic('gw-a', 'configuration'), topic('gw-a', 'receipt')], { qos: 1 })

    const operator = await client('laptop', own)
    await operator.publishAsync(topic('gw-a', 'configuration'), 'signed', { qos: 1, retain: true })
    await eventually(() => expect(heard).toEqual([`${topic('gw-a', 'configuration')} signed`]))
    const states: string[] = []
    operator.on('message', (at) => states.push(at))
    await operator.subscribeAsync(filterOf('park-1', 'state'), { qos: 1 })
    for (const filter of [
      topic('gw-a', 'live'),
      topic('gw-a', 'receipt'),
      '#',
      'tanbiao/v1/park-1/gw-a/up/#',
    ])
      await expect(operator.subscribeAsync(filter, { qos: 1 })).rejects.toThrow(/./)
    await gateway.publishAsync(topic('gw-a', 'state'), 'here', { qos: 1, retain: true })
    await eventually(() => expect(states).toEqual([topic('gw-a', 'state')]))
    const closed = new Promise<void>((resolve) => {
      operator.once('close', () => resolve())
    })
    operator.publish(topic('gw-a', 'receipt'), 'forged', { qos: 1 })
    await closed
    expect(heard).toHaveLength(1)

    expect(await answer('gw-b', own)).toBe(5)
    // Nor may it push our own process out of its connection.
    const server = await client('listener', started.credentials)
    expect(await answer('listener', own)).toBe(5)
    expect(server.connected).toBe(true)
  })
})

describe('broker: certificates', () => {
  it('a gateway is let in by a certificate that bears its id, signed by our authority', async () => {
    const authority = makeAuthority(folder, 'authority')
    const foreign = makeAuthority(folder, 'foreign')
    const own = signCertificate(folder, authority, 'localhost')
    const read = (file: string): Buffer => readFileSync(file)
    const started = await start({
      certificate: read(own.certificate),
      key: read(own.key),
      clientAuthorities: read(authority.certificate),
    })
    expect(started.url).toMatch(/^mqtts:/)
    const as = (pair: { certificate: string; key: string } | undefined, more: IClientOptions = {}) => ({
      ca: read(authority.certificate),
      servername: 'localhost',
      ...(pair === undefined ? {} : { cert: read(pair.certificate), key: read(pair.key) }),
      ...more,
    })
    const a = signCertificate(folder, authority, 'gw-a')
    const expired = signCertificate(folder, authority, 'gw-b', -1)
    const other = signCertificate(folder, foreign, 'gw-b')
    expect(await answer('gw-a', as(a))).toBe(0)
    expect(await answer('gw-b', as(a))).toBe(5)
    expect(await answer('gw-b', as(expired))).toBe(5)
    expect(await answer('gw-b', as(other))).toBe(5)
    expect(await answer('gw-b', as(undefined))).toBe(5)
    // A password serves too, inside TLS.
    const password = await giveSecret(secrets, 'gw-b', 'gateway')
    expect(await answer('gw-b', as(undefined, { username: 'gw-b', password }))).toBe(0)
    // Our own processes need no TLS on this machine; others find no way around it there.
    await client('ingest', started.credentials, started.ownUrl)
    await expect(client('gw-a', {}, started.ownUrl)).rejects.toMatchObject({ code: 5 })
  })

  it('a certificate that is revoked while it is connected is let in no more, without a restart', async () => {
    const authority = makeAuthority(folder, 'authority')
    const own = signCertificate(folder, authority, 'localhost')
    const a = signCertificate(folder, authority, 'gw-a')
    const b = signCertificate(folder, authority, 'gw-b')
    const read = (file: string): Buffer => readFileSync(file)
    const crl = join(folder, 'crl.pem')
    writeFileSync(crl, read(revoke(folder, authority, [])))
    const readTls = (): ListenerTls => ({
      certificate: read(own.certificate),
      key: read(own.key),
      clientAuthorities: read(authority.certificate),
      revoked: read(crl),
    })
    const lines: string[] = []
    const heard = pino({ level: 'error' }, { write: (line: string) => lines.push(line) })
    broker = await startBroker({ port: 0, park, log: heard, tls: readTls(), readTls, groundsCheckMs: 20 })
    const as = (pair: { certificate: string; key: string }, session?: Buffer): IClientOptions => ({
      ca: read(authority.certificate),
      servername: 'localhost',
      cert: read(pair.certificate),
      key: read(pair.key),
      ...(session === undefined ? {} : { session }),
    })
    const streamOf = ({ stream }: MqttClient): TLSSocket => {
      if (!(stream instanceof TLSSocket)) throw new Error('not over TLS')
      return stream
    }
    const before = await client('gw-a', as(a))
    await before.publishAsync(topic('gw-a', 'live'), 'let in', { qos: 1 })
    const session = streamOf(before).getSession()
    await before.endAsync()
    const [first, other, server] = [
      await client('gw-a', as(a, session)),
      await client('gw-b', as(b)),
      await client('ingest', broker.credentials, broker.ownUrl),
    ]
    expect(streamOf(first).isSessionReused()).toBe(true)
    // A list that is half written takes nothing away from anybody.
    writeFileSync(crl, '-----BEGIN X509 CRL-----\n')
    await eventually(() => expect(lines.join('')).toMatch(/cannot be read again/))
    await first.publishAsync(topic('gw-a', 'live'), 'still in', { qos: 1 })
    const gone = [closed(first), closed(other)]
    writeFileSync(crl, read(revoke(folder, authority, [a])))
    await Promise.all(gone)
    expect(await answer('gw-a', as(a))).toBe(5)
    // Nor by the TLS session of before.
    expect(await answer('gw-a', as(a, session))).toBe(5)
    expect(await answer('gw-b', as(b))).toBe(0)
    expect(server.connected).toBe(true)
    writeFileSync(crl, read(revoke(folder, authority, [])))
    await until(async () => ((await answer('gw-a', as(a))) === 0 ? true : undefined))
  })

  it('says what is wrong with its own certificate', async () => {
    const broken = { certificate: Buffer.from('no certificate'), key: Buffer.from('no key') }
    await expect(start(broken)).rejects.toMatchObject({ code: 'file-invalid' })
  })
})
