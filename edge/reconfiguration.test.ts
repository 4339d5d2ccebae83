import { createHash, createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { systemClock } from '#cli/system-clock.ts'
import {
  readingsOf,
  stateMessage,
  uplinkMessage,
  type ConfigurationState,
  type StateMessage,
} from '#contract/messages.ts'
import type { Reading } from '#contract/reading.ts'
import { newSigningKey, signConfiguration } from '#firmware-config/signature.ts'
import { freePort } from '#test/support/servers.ts'
import { unpack } from './compression.ts'
import { startConfigured, startingConfiguration, type ConfiguredGateway } from './configured.ts'
import { TestBroker } from './testing/broker.ts'
import { ScriptedMeter } from './testing/scripted-meter.ts'

const SETTLED = { timeout: 30_000, interval: 10 }
const TOPIC = 'tanbiao/v1/park-1/gw-1/down/configuration'
const pair = newSigningKey()
const key = createPrivateKey(pair.privatePem)

let folder: string
let localFile: string
let broker: TestBroker
let meter: ScriptedMeter
let port: number
let gateway: ConfiguredGateway | undefined
let readings: Reading[]
let states: StateMessage[]

const profile = `
make: Test
model: One value
carrier: electricity
evidence: { grade: L, source: this test }
defaults: { function: 3, as: u16 }
limits: { registersPerRequest: 10, bridgeGaps: 0 }
registers:
  voltage.l1: { at: 2302, scale: "0.1" }
`

function hear(from: TestBroker): void {
  from.heard = ({ topic, payload }) => {
    const message = unpack(payload)
    if (topic.endsWith('/state')) {
      states.push(stateMessage.parse(message))
      return
    }
    const batch = uplinkMessage.parse(message)
    if (batch.kind === 'readings') readings.push(...batch.samples.flatMap(readingsOf))
    const digest = createHash('sha256').update(payload).digest('hex')
    const receipt = {
      v: 1,
      gateway: 'gw-1',
      digest,
      outcome: 'stored',
      refused: 0,
      committedAtMs: Date.now(),
    }
    from.publish('tanbiao/v1/park-1/gw-1/down/receipt', JSON.stringify(receipt))
  }
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-reconfiguration-'))
  localFile = join(folder, 'gateway.yaml')
  writeFileSync(join(folder, 'trust.yaml'), `keys: [{ name: ours, key: ${pair.publicText} }]`)
  meter = new ScriptedMeter()
  port = await meter.listen()
  readings = []
  states = []
  broker = new TestBroker()
  await broker.start()
  hear(broker)
})

afterEach(async () => {
  await gateway?.stop()
  gateway = undefined
  await meter.close()
  await broker.kill()
  rmSync(folder, { recursive: true })
})

interface Line {
  meter: string
  unit: number
  everySeconds?: number
}

const m = (unit: number, more: object = {}): Line => ({ meter: `m${unit}`, unit, everySeconds: 0.1, ...more })

const text = (meters: readonly Line[], more: object = {}, at = port): string =>
  stringify({
    gateway: 'gw-1',
    park: 'park-1',
    uplink: { url: broker.url, receiptTimeoutMs: 500 },
    journal: { commitWindowMs: 20 },
    probationSeconds: 2,
    buses: [
      {
        id: 'a',
        transport: { kind: 'tcp', host: '127.0.0.1', port: at },
        timeoutMs: 300,
        meters: meters.map((line) => ({ profile: 'one-value', ...line })),
      },
    ],
    ...more,
  })

async function start(): Promise<ConfiguredGateway> {
  const profileFolder = mkdtempSync(join(folder, 'profiles-'))
  writeFileSync(join(profileFolder, 'one-value.yaml'), profile)
  const files = {
    localFile,
    trustFile: join(folder, 'trust.yaml'),
    memoryFile: join(folder, 'configuration.json'),
    profileFolder,
  }
  gateway = await startConfigured({
    files,
    choice: startingConfiguration(files, Date.now()),
    journalFile: join(folder, 'journal.sqlite'),
    clock: systemClock,
    log: pino({ level: 'silent' }),
    random: () => 0.1,
  })
  return gateway
}

async function startedWith(meters: readonly Line[]): Promise<void> {
  writeFileSync(localFile, text(meters))
  await start()
  await vi.waitFor(() => expect(said()).toMatchObject({ source: 'local', state: 'confirmed' }), SETTLED)
  await vi.waitFor(() => expect(of('m1').length).toBeGreaterThan(3), SETTLED)
}

function publish(version: number, content: string, change: object = {}): void {
  const message = signConfiguration({ park: 'park-1', gateway: 'gw-1', version, text: content }, key)
  broker.publish(TOPIC, JSON.stringify({ ...message, ...change }), true)
}

const said = (): ConfigurationState | undefined =>
  states.findLast(({ kind }) => kind !== 'death')?.configuration
const of = (name: string): Reading[] => readings.filter((reading) => reading.meter === name)
const slots = (name: string) =>
  states.findLast(({ meters }) => meters !== undefined)?.meters?.find((each) => each.meter === name)?.slots

/** Notices when this process does not come to run for the better part of a slot of 100 ms. */
class Stalls {
  #lastMs = performance.now()
  #slots = 0
  readonly #timer = setInterval(() => {
    const gapMs = performance.now() - this.#lastMs
    this.#lastMs += gapMs
    if (gapMs > 70) this.#slots += Math.ceil(gapMs / 100)
  }, 10)

  /** Slots that may have been lost to it; ends the watch. */
  slots(): number {
    clearInterval(this.#timer)
    return this.#slots
  }
}

describe('a signed configuration', () => {
  it('is tried, confirmed and reported; meters come, change and go', async () => {
    await startedWith([m(1), m(2), m(3)])
    publish(7, text([m(1), m(2, { everySeconds: 0.2 }), m(4)]))
    await vi.waitFor(
      () => expect(said()).toMatchObject({ source: 'remote', version: 7, state: 'probation' }),
      SETTLED,
    )
    await vi.waitFor(() => expect(said()).toMatchObject({ version: 7, state: 'confirmed' }), SETTLED)
    expect(said()).not.toHaveProperty('failed')
    await vi.waitFor(() => expect(of('m4').length).toBeGreaterThan(3), SETTLED)
    expect(
      states
        .at(-1)
        ?.meters?.map((each) => each.meter)
        .toSorted(),
    ).toEqual(['m1', 'm2', 'm4'])
    const last = of('m3').length
    await vi.waitFor(() => expect(of('m4').length).toBeGreaterThan(10), SETTLED)
    expect(of('m3')).toHaveLength(last)
    // The connection to the meters, and that to the broker, are those from the start.
    expect(meter.connections).toBe(1)
    expect(states.filter(({ kind }) => kind === 'birth')).toHaveLength(1)
  })

  it('costs a meter that it does not change no slot, while its neighbours change again and again', async () => {
    const stalls = new Stalls()
    await startedWith([m(1), m(2), m(3)])
    for (let version = 1; version <= 6; version += 1) {
      const asked = of('m1').length
      const neighbours = version % 2 === 1 ? [m(2, { everySeconds: 0.2 }), m(4)] : [m(2), m(3)]
      publish(version, text([m(1), ...neighbours]))
      await vi.waitFor(() => expect(said()).toMatchObject({ version }), SETTLED)
      await vi.waitFor(() => expect(of('m1').length).toBeGreaterThan(asked + 8), SETTLED)
    }
    await gateway?.stop()
    const { wanted = 0, read = 0, missed = 0, ...rest } = slots('m1') ?? {}
    expect(rest).toEqual({ failed: 0, held: 0 })
    // A machine that stood still for a slot excuses it; else there is nothing to excuse.
    expect(missed).toBeLessThanOrEqual(stalls.slots())
    // The counts are those of one poll, from the first slot to the last, which may have been under way.
    expect(read).toBeGreaterThan(48)
    expect(wanted - read - missed).toBeLessThanOrEqual(1)
    expect(of('m1').every(({ quality }) => quality === 'good')).toBe(true)
  })

  it.each([
    ['signed with another key', () => publish(1, text([m(1)]), { key: 'a'.repeat(64) }), /none of the 1/],
    [
      'changed after it was signed',
      () => publish(1, text([m(1)]), { text: text([m(1), m(9)]) }),
      /not one of "ours"/,
    ],
    ['numbered anew', () => publish(1, text([m(1)]), { version: 2 }), /not one of "ours"/],
    ['of another gateway', () => publish(1, text([m(1)]), { gateway: 'gw-2' }), /for the gateway gw-2/],
    ['no YAML', () => publish(1, 'gateway: [\n'), /configuration 1:2:1/],
    [
      'against the schema',
      () => publish(1, text([{ ...m(1), everySeconds: 0 }])),
      /configuration 1:\d+:\d+ buses\.0\.meters\.0\.everySeconds/,
    ],
    [
      'against the profiles',
      () => publish(1, text([m(1), m(2, { profile: 'no-such' })])),
      /there is no profile "no-such"/,
    ],
    [
      'of one meter twice',
      () => publish(1, text([m(1), m(2, { meter: 'm1' })])),
      /"m1" is read on the bus "a" already/,
    ],
    ['another gateway inside', () => publish(1, text([m(1)], { gateway: 'gw-2' })), /for the gateway gw-2/],
    ['not a message', () => broker.publish(TOPIC, '{"v":1}', true), /no configuration message/],
  ])('that is %s is refused and reported, and nothing changes', async (_what, send, error) => {
    await startedWith([m(1)])
    const before = readFileSync(join(folder, 'configuration.json'), 'utf8')
    send()
    await vi.waitFor(() => expect(said()?.failed).toMatchObject({ state: 'refused' }), SETTLED)
    expect(said()?.failed?.error).toMatch(error)
    expect(said()).toMatchObject({ source: 'local', state: 'confirmed' })
    expect(readFileSync(join(folder, 'configuration.json'), 'utf8')).toBe(before)
    // The number is not spent: a right one can have it.
    publish(1, text([m(1), m(5)]))
    await vi.waitFor(() => expect(said()).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
    expect(said()).not.toHaveProperty('failed')
  })

  it('that is older than one that was tried is refused', async () => {
    await startedWith([m(1)])
    publish(5, text([m(1), m(2)]))
    await vi.waitFor(() => expect(said()).toMatchObject({ version: 5, state: 'confirmed' }), SETTLED)
    publish(4, text([m(1)]))
    await vi.waitFor(() => expect(said()?.failed).toMatchObject({ version: 4, state: 'refused' }), SETTLED)
    expect(said()?.failed?.error).toContain('version 5 was tried already')
    expect(said()).toMatchObject({ version: 5 })
  })

  it('under which all meters are lost is rolled back, is reported, and is not tried again', async () => {
    await startedWith([m(1), m(2)])
    publish(3, text([m(1), m(2)], {}, await freePort()))
    await vi.waitFor(() => expect(said()).toMatchObject({ version: 3, state: 'probation' }), SETTLED)
    await vi.waitFor(
      () =>
        expect(said()).toMatchObject({
          source: 'local',
          state: 'confirmed',
          failed: { version: 3, state: 'rolled-back' },
        }),
      SETTLED,
    )
    expect(said()?.failed?.error).toContain('no meter answered')
    const count = of('m2').length
    await vi.waitFor(() => expect(of('m2').length).toBeGreaterThan(count + 5), SETTLED)
    // The broker brings it again with the next connection.
    broker.cut()
    await vi.waitFor(() => expect(states.filter(({ kind }) => kind === 'birth')).toHaveLength(2), SETTLED)
    publish(4, text([m(1), m(2), m(3)]))
    await vi.waitFor(() => expect(said()).toMatchObject({ version: 4, state: 'confirmed' }), SETTLED)
    expect(states.map(({ configuration }) => configuration?.version).lastIndexOf(3)).toBeLessThan(
      states.map(({ kind }) => kind).lastIndexOf('birth'),
    )
  })

  it('under which the broker is not reached is rolled back, and that is reported to the old broker', async () => {
    await startedWith([m(1)])
    const nowhere = `mqtt://127.0.0.1:${await freePort()}`
    publish(1, text([m(1)], { uplink: { url: nowhere } }))
    await vi.waitFor(
      () => expect(said()?.failed).toMatchObject({ version: 1, state: 'rolled-back' }),
      SETTLED,
    )
    expect(said()?.failed?.error).toContain('the broker was not reached')
    expect(states.filter(({ kind }) => kind === 'birth')).toHaveLength(2)
    // Its meter was read all the time, and all of it is delivered.
    expect(slots('m1')).toMatchObject({ missed: 0, failed: 0 })
  })

  it('that moves the gateway to another broker is confirmed there', async () => {
    await startedWith([m(1)])
    const other = new TestBroker()
    await other.start()
    hear(other)
    try {
      publish(1, text([m(1)], { uplink: { url: other.url } }))
      await vi.waitFor(() => expect(said()).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
      expect(broker.connections).toBe(0)
    } finally {
      await gateway?.stop()
      await other.kill()
    }
  })

  it('says which of its settings wait for a restart', async () => {
    await startedWith([m(1)])
    publish(1, text([m(1)], { journal: { fsync: 'normal', commitWindowMs: 30, quotaMegabytes: 50 } }))
    await vi.waitFor(
      () => expect(said()).toMatchObject({ version: 1, state: 'confirmed', needsRestart: ['journal.fsync'] }),
      SETTLED,
    )
    await vi.waitFor(() => expect(states.at(-1)?.journal?.quotaBytes).toBe(50e6), SETTLED)
  })

  it('is what the gateway starts with again', async () => {
    await startedWith([m(1)])
    publish(1, text([m(1), m(2)]))
    await vi.waitFor(() => expect(said()).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
    await gateway?.stop()
    states = []
    await start()
    await vi.waitFor(() => expect(said()).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
  })
})

describe('the local file', () => {
  it('is taken over when it is written or replaced', async () => {
    await startedWith([m(1)])
    writeFileSync(localFile, text([m(1), m(2)]))
    await vi.waitFor(() => expect(of('m2').length).toBeGreaterThan(3), SETTLED)
    writeFileSync(`${localFile}.new`, text([m(1), m(3)]))
    renameSync(`${localFile}.new`, localFile)
    await vi.waitFor(() => expect(of('m3').length).toBeGreaterThan(3), SETTLED)
    await vi.waitFor(() => expect(said()).toMatchObject({ source: 'local', state: 'confirmed' }), SETTLED)
  })

  it('that is wrong is reported with file, line and column; the former one goes on', async () => {
    await startedWith([m(1)])
    writeFileSync(localFile, `${text([m(1)])}nonsense: 1\n`)
    await vi.waitFor(
      () => expect(said()?.failed).toMatchObject({ source: 'local', state: 'refused' }),
      SETTLED,
    )
    const lines = text([m(1)]).split('\n').length
    expect(said()?.failed?.error).toMatch(new RegExp(`^${localFile}:${lines}:\\d+ nonsense`))
    const count = of('m1').length
    await vi.waitFor(() => expect(of('m1').length).toBeGreaterThan(count + 3), SETTLED)
    // It does not keep the gateway from starting either.
    await gateway?.stop()
    states = []
    await start()
    await vi.waitFor(() => expect(said()?.failed?.error).toContain('nonsense'), SETTLED)
  })

  it('comes back over a remote configuration when a person says so, and the remote one is not tried again', async () => {
    await startedWith([m(1)])
    publish(1, text([m(1), m(2)]))
    await vi.waitFor(() => expect(said()).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
    gateway?.reload()
    await vi.waitFor(() => expect(said()).toMatchObject({ source: 'local', state: 'confirmed' }), SETTLED)
    broker.cut()
    await vi.waitFor(() => expect(states.filter(({ kind }) => kind === 'birth')).toHaveLength(2), SETTLED)
    publish(2, text([m(1), m(3)]))
    await vi.waitFor(() => expect(said()).toMatchObject({ version: 2 }), SETTLED)
    expect(states.findLastIndex(({ configuration }) => configuration?.version === 1)).toBeLessThan(
      states.findLastIndex(({ kind }) => kind === 'birth'),
    )
  })
})
