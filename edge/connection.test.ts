import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { z } from 'zod'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { rowsOf } from '#contract/bundle.ts'
import { readGatewayFile } from '#firmware-config/gateway.ts'
import { startMosquitto, type Mosquitto } from '#test/support/mosquitto.ts'
import { describeWith } from '#test/support/servers.ts'
import { unpack } from './compression.ts'
import { Journal } from './journal.ts'
import { makeAuthority, signCertificate, type KeyPair } from './testing/certificates.ts'
import { frequencyAt } from './testing/samples.ts'
import { Uplink, type UplinkOptions } from './uplink.ts'

/** Started by root, mosquitto would become another user, who may not read the folder. */
const AS_IS = 'user root'
const SETTLED = { timeout: 30_000, interval: 20 }

let folder: string
let journal: Journal
let broker: Mosquitto
let uplink: Uplink
let running: Promise<void>
let faults: string[]
let server: MqttClient | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-connection-'))
  journal = Journal.open({ file: join(folder, 'j.sqlite'), gateway: 'gw-1', graceMs: 0, clock: systemClock })
  journal.append([frequencyAt(5)])
  faults = []
})

afterEach(async () => {
  await server?.endAsync(true)
  server = undefined
  await uplink.stop()
  await running
  await broker.stop()
  journal.close()
  rmSync(folder, { recursive: true })
})

const heardFault = z.object({ err: z.object({ code: z.string() }) })

function start(change: Partial<UplinkOptions>): void {
  const log = pino(
    { level: 'debug', serializers: { err: (error: unknown) => error } },
    {
      write: (line: string) => {
        const parsed = heardFault.safeParse(JSON.parse(line))
        if (parsed.success) faults.push(parsed.data.err.code)
      },
    },
  )
  uplink = new Uplink({
    gateway: 'gw-1',
    park: 'park-1',
    url: broker.url,
    mqttVersion: '3.1.1',
    keepAliveSeconds: 30,
    receiptTimeoutMs: 5_000,
    journal,
    clock: systemClock,
    log,
    random: () => 0.05,
    state: () => ({}),
    ...change,
  })
  running = uplink.run()
}

/** A server that gives a receipt for every payload. */
async function serve(options: object = {}, url = broker.url): Promise<void> {
  server = await connectAsync(url, options)
  const client = server
  client.on('message', (topic, payload) => {
    if (!topic.endsWith('/live') && !topic.endsWith('/backlog')) return
    for (const row of rowsOf(payload)) {
      expect(unpack(row)).toMatchObject({ gateway: 'gw-1' })
      const digest = createHash('sha256').update(row).digest('hex')
      const receipt = { v: 1, gateway: 'gw-1', digest, outcome: 'stored', refused: 0, committedAtMs: 1 }
      client.publish('tanbiao/v1/park-1/gw-1/down/receipt', JSON.stringify(receipt))
    }
  })
  await client.subscribeAsync('tanbiao/v1/park-1/+/up/#')
}

const delivered = (): Promise<void> => vi.waitFor(() => expect(journal.waiting().rows).toBe(0), SETTLED)
const refused = (code: string): Promise<void> => vi.waitFor(() => expect(faults).toContain(code), SETTLED)

describeWith(['mosquitto'], 'the connection to mosquitto', () => {
  for (const mqttVersion of ['3.1.1', '5'] as const) {
    it(`delivers over MQTT ${mqttVersion}, and leaves a retained state`, async () => {
      // Fewer at once than the gateway would send: MQTT 5 says so to the client.
      broker = await startMosquitto(['max_inflight_messages 2'])
      for (let index = 0; index < 30; index += 1) journal.append([frequencyAt(6 + index)])
      await serve()
      start({ mqttVersion })
      await delivered()
      await uplink.stop()
      const states: unknown[] = []
      const late = await connectAsync(broker.url)
      late.on('message', (_topic, payload) => states.push(unpack(payload)))
      await late.subscribeAsync('tanbiao/v1/park-1/gw-1/up/state')
      await vi.waitFor(() => expect(states).toMatchObject([{ kind: 'death', reason: 'stopped' }]), SETTLED)
      await late.endAsync()
    })
  }

  it('shows the username and password of a file, and says when the broker refuses them', async () => {
    const passwords = join(folder, 'passwords')
    writeFileSync(passwords, 'gw-1:')
    // mosquitto takes a salted hash: SHA-512 of password and salt, both in base64 (mosquitto_passwd -H sha512).
    const salt = Buffer.from('0123456789ab')
    const hash = createHash('sha512')
      .update(Buffer.concat([Buffer.from('right'), salt]))
      .digest('base64')
    writeFileSync(passwords, `gw-1:$6$${salt.toString('base64')}$${hash}\n`)
    broker = await startMosquitto([AS_IS, 'allow_anonymous false', `password_file ${passwords}`])
    const credentialsFile = join(folder, 'credentials.yaml')
    writeFileSync(credentialsFile, 'username: gw-1\npassword: wrong\n')
    await serve({ username: 'gw-1', password: 'right', clientId: 'server' })
    start({ credentialsFile })
    await refused('uplink-refused')
    expect(journal.waiting().rows).toBe(1)
    // A renewed file is read at the next attempt.
    writeFileSync(credentialsFile, 'username: gw-1\npassword: right\n')
    await delivered()
  })

  describeTls()
})

function describeTls(): void {
  let authority: KeyPair
  let url: string

  async function startTls(): Promise<void> {
    authority = makeAuthority(folder, 'authority')
    const own = signCertificate(folder, authority, 'localhost')
    broker = await startMosquitto([
      AS_IS,
      `cafile ${authority.certificate}`,
      `certfile ${own.certificate}`,
      `keyfile ${own.key}`,
      'require_certificate true',
    ])
    url = `mqtts://localhost:${broker.port}`
  }

  it('delivers over TLS with a client certificate', async () => {
    await startTls()
    const { certificate, key } = signCertificate(folder, authority, 'gw-1')
    const files = { ca: authority.certificate, certificate, key }
    const { certificate: cert, key: serverKey } = signCertificate(folder, authority, 'server')
    const options = { ca: readFileSync(files.ca), cert: readFileSync(cert), key: readFileSync(serverKey) }
    await serve(options, url)
    start({ url, tls: files })
    await delivered()
  })

  it('sends nothing to a broker whose certificate it does not trust', async () => {
    await startTls()
    const other = makeAuthority(folder, 'other')
    start({ url, tls: { ca: other.certificate, ...signCertificate(folder, authority, 'gw-1') } })
    await refused('uplink-untrusted')
    expect(journal.waiting().rows).toBe(1)
  })

  it('sends nothing to a broker of another name', async () => {
    await startTls()
    const tls = { ca: authority.certificate, ...signCertificate(folder, authority, 'gw-1') }
    start({ url, tls: { ...tls, serverName: 'broker.example' } })
    await refused('uplink-untrusted')
  })

  const unfit: Record<string, () => Partial<KeyPair>> = {
    'has expired': () => signCertificate(folder, authority, 'gw-1', -1),
    'is of a foreign authority': () => signCertificate(folder, makeAuthority(folder, 'other'), 'gw-1'),
    'is missing': () => ({}),
  }
  for (const [what, made] of Object.entries(unfit)) {
    it(`says that its own certificate is refused when it ${what}`, async () => {
      await startTls()
      start({ url, tls: { ca: authority.certificate, ...made() } })
      await refused('uplink-certificate-refused')
      expect(faults).not.toContain('uplink-untrusted')
      expect(journal.waiting().rows).toBe(1)
    })
  }

  it('says which file cannot be read', async () => {
    await startTls()
    const { certificate, key } = signCertificate(folder, authority, 'gw-1')
    const tls = { ca: join(folder, 'later.pem'), certificate, key }
    start({ url, tls })
    await refused('file-unreadable')
  })

  it('is configured in gateway.yaml, with files relative to it', async () => {
    await startTls()
    const write = (more: string): string => {
      const file = join(folder, 'gateway.yaml')
      const bus = 'transport: { kind: tcp, host: a }, meters: [{ meter: m1, unit: 1, profile: p }]'
      writeFileSync(file, `gateway: gw-1\npark: park-1\nuplink: ${more}\nbuses: [{ id: b, ${bus} }]\n`)
      return file
    }
    const { uplink: read } = readGatewayFile(write('{ url: "mqtts://a", tls: { ca: ca.pem } }')).value
    expect(read.tls?.ca).toBe(join(folder, 'ca.pem'))
    expect(() => readGatewayFile(write('{ url: "mqtt://a", tls: { ca: ca.pem } }'))).toThrow('mqtts')
    expect(() => readGatewayFile(write('{ url: "mqtts://a", tls: { key: k.pem } }'))).toThrow(
      'belong together',
    )
    start({ url, tls: { ca: authority.certificate } })
  })
}
