import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type IClientOptions } from 'mqtt'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { topicOf, type DownLeaf, type UpLeaf } from '#contract/topics.ts'
import { brokerRightsFile } from '#firmware-config/broker-rights.ts'
import { passwordLine, startMosquitto } from '#test/support/mosquitto.ts'
import { describeWith } from '#test/support/servers.ts'
import { giveSecret, openAccess } from './access.ts'
import type { Credentials } from './authentication.ts'
import { startBroker } from './broker.ts'
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

/** A gateway that speaks as another, at our broker and at mosquitto with the rights that we print for it. */
const park = testPark()
const topic = (gateway: string, leaf: UpLeaf | DownLeaf): string => topicOf({ park: 'park-1', gateway, leaf })

interface Setting {
  readonly url: string
  readonly server: { readonly url: string; readonly credentials: Credentials; readonly shareGroup?: string }
  readonly gateway: (id: string) => IClientOptions
  readonly stop: () => Promise<void>
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-foreign-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

async function embedded(): Promise<Setting> {
  const log = pino({ level: 'silent' })
  const passwords = new Map<string, string>()
  for (const id of park.gateways.keys()) passwords.set(id, await giveSecret(folder, id, 'gateway'))
  const broker = await startBroker({ port: 0, park, log, access: openAccess(folder) })
  return {
    url: broker.url,
    server: { url: broker.ownUrl, credentials: broker.credentials },
    gateway: (id) => ({ username: id, password: passwords.get(id) ?? '' }),
    stop: () => broker.stop(),
  }
}

async function mosquitto(): Promise<Setting> {
  const acl = join(folder, 'acl')
  const passwords = join(folder, 'passwords')
  writeFileSync(
    acl,
    brokerRightsFile('mosquitto', { park, ingest: ['tanbiao-ingest'], operators: ['planning'] }),
  )
  const names = [...park.gateways.keys(), 'tanbiao-ingest', 'planning']
  writeFileSync(passwords, names.map((name) => `${passwordLine(name, `secret of ${name}`)}\n`).join(''))
  const broker = await startMosquitto([
    // Started by root it would become another user, who may not read the folder.
    'user root',
    'allow_anonymous false',
    'use_username_as_clientid true',
    `password_file ${passwords}`,
    `acl_file ${acl}`,
  ])
  const as = (username: string): Credentials => ({ username, password: `secret of ${username}` })
  return {
    url: broker.url,
    server: { url: broker.url, credentials: as('tanbiao-ingest'), shareGroup: 'ingest' },
    gateway: as,
    stop: broker.stop,
  }
}

/** What every broker must keep apart. `start` makes one with passwords and rights. */
function suite(start: () => Promise<Setting>): void {
  it('takes nothing of what one gateway publishes as another, and goes on taking its own', async () => {
    const setting = await start()
    const store = new MemoryStore()
    const logged: string[] = []
    const worker = await startWorker({
      brokerUrl: setting.server.url,
      credentials: setting.server.credentials,
      shareGroup: setting.server.shareGroup,
      park,
      store,
      clock: systemClock,
      log: pino({ level: 'warn' }, { write: (line: string) => logged.push(line) }),
    })
    const b = await TestGateway.connect(setting.url, 'gw-b', setting.gateway('gw-b'))
    expect(await b.deliver(batchOf('gw-b', 1, [sampleOf('meter-b', T0, 1)]))).toMatchObject({
      outcome: 'stored',
    })

    // On the other's topic, with the other's numbers and meter: another client, because a broker may close it.
    const forger = await connectAsync(setting.url, {
      clientId: 'gw-a',
      reconnectPeriod: 0,
      ...setting.gateway('gw-a'),
    })
    forger.on('error', () => {})
    const forged = batchOf('gw-b', 2, [sampleOf('meter-b', T0 + 1_000, 666)])
    // Our broker closes the connection at a denied publish, mosquitto acknowledges it and drops it.
    const closed = new Promise<void>((resolve) => {
      forger.once('close', () => resolve())
    })
    const sent = [
      forger.publishAsync(topic('gw-b', 'live'), Buffer.from(forged), { qos: 1 }),
      forger.publishAsync(topic('gw-b', 'receipt'), 'forged', { qos: 1 }),
    ]
    await Promise.race([closed, Promise.allSettled(sent)])
    await forger.endAsync(true)

    const a = await TestGateway.connect(setting.url, 'gw-a', setting.gateway('gw-a'))
    // On its own topic with the other's id inside, then with the other's meter, then its own.
    expect(await a.deliver(batchOf('gw-b', 3, [sampleOf('meter-b', T0 + 2_000, 666)]))).toMatchObject({
      outcome: 'quarantined',
    })
    expect(await a.deliver(batchOf('gw-a', 1, [sampleOf('meter-b', T0 + 3_000, 666)]))).toMatchObject({
      outcome: 'stored',
      refused: 2,
    })
    expect(await a.deliver(batchOf('gw-a', 2, [sampleOf('meter-a', T0, 5)]))).toMatchObject({
      outcome: 'stored',
      refused: 0,
    })
    // The true batch under the number that was forged.
    expect(await b.deliver(batchOf('gw-b', 2, [sampleOf('meter-b', T0 + 1_000, 2)]))).toMatchObject({
      outcome: 'stored',
      refused: 0,
    })

    const records = [...store.commits.values()]
    const ofB = records.filter(({ gateway }) => gateway === 'gw-b')
    expect(ofB.map(({ seq }) => seq)).toEqual([1, 2])
    const refused = records.flatMap((record) => record.refused.map(({ code }) => `${record.gateway} ${code}`))
    expect(refused).toEqual(['gw-a gateway-mismatch', 'gw-a meter-foreign'])
    expect([...store.stored.values()].some((each) => JSON.stringify(each).includes('666'))).toBe(false)
    expect(b.receipts).toHaveLength(2)
    await a.end()
    await b.end()
    await worker.stop()
    await setting.stop()
  })

  it('nobody hears another’s receipts, and nobody is let in with another’s password', async () => {
    const setting = await start()
    const server = await connectAsync(setting.server.url, {
      ...setting.server.credentials,
      clientId: 'listener',
    })
    const b = await connectAsync(setting.url, { clientId: 'gw-b', ...setting.gateway('gw-b') })
    const a = await connectAsync(setting.url, { clientId: 'gw-a', ...setting.gateway('gw-a') })
    const heard: string[] = []
    b.on('message', (at) => heard.push(at))
    // A broker may refuse the subscription, or grant it and deliver nothing.
    for (const filter of [topic('gw-a', 'receipt'), '#', 'tanbiao/v1/park-1/+/down/receipt'])
      await b.subscribeAsync(filter, { qos: 1 }).catch(() => [])
    await b.subscribeAsync(topic('gw-b', 'receipt'), { qos: 1 })
    await server.publishAsync(topic('gw-a', 'receipt'), 'for a', { qos: 1 })
    await server.publishAsync(topic('gw-b', 'receipt'), 'for b', { qos: 1 })
    await eventually(() => expect(heard).toContain(topic('gw-b', 'receipt')))
    expect(heard).toEqual([topic('gw-b', 'receipt')])
    await expect(
      connectAsync(
        setting.url,
        { clientId: 'gw-a', ...setting.gateway('gw-a'), password: 'guess', reconnectPeriod: 0 },
        false,
      ),
    ).rejects.toMatchObject({ code: 5 })
    expect(a.connected).toBe(true)
    for (const client of [a, b, server]) await client.endAsync(true)
    await setting.stop()
  })
}

describe('a gateway that speaks as another, at the embedded broker', () => suite(embedded))
describeWith(['mosquitto'], 'a gateway that speaks as another, at mosquitto with printed rights', () =>
  suite(mosquitto),
)
