import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { readingsBatch, readingsOf, uplinkMessage, type StateMessage } from '#contract/messages.ts'
import type { Reading } from '#contract/reading.ts'
import { gatewayFile } from '#firmware-config/gateway.ts'
import { parseProfile, type RegisterMap, type TransformerRatios } from '#firmware-config/profile.ts'
import { freePort } from '#test/support/servers.ts'
import { startAgent, type Agent } from './agent.ts'
import { unpack } from './compression.ts'
import { Journal } from './journal.ts'
import { TestBroker } from './testing/broker.ts'
import { Receiving } from './testing/receiving.ts'
import { honest, ScriptedMeter } from './testing/scripted-meter.ts'

const SETTLED = { timeout: 30_000, interval: 10 }
const profile = (id: string, ratios: TransformerRatios): RegisterMap =>
  parseProfile(
    `
make: Test
model: Two blocks
carrier: electricity
evidence: { grade: L, source: this test }
defaults: { function: 3, as: u16 }
limits: { registersPerRequest: 10, bridgeGaps: 0 }
registers:
  voltage.l1: { at: 2302, scale: "0.1" }
  activeEnergyImport.total: { at: 3000, as: u32, scale: "0.01", ratios: [current] }
`,
    `${id}.yaml`,
    ratios,
  )

let folder: string
let journalFile: string
let broker: TestBroker
let meter: ScriptedMeter
let port: number
let agent: Agent | undefined
let received: Receiving
let readings: readonly Reading[]
let states: readonly StateMessage[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-agent-'))
  journalFile = join(folder, 'journal.sqlite')
  meter = new ScriptedMeter()
  port = await meter.listen()
  received = new Receiving()
  ;({ readings, states } = received)
  broker = new TestBroker()
  await broker.start()
  received.at(broker)
})

afterEach(async () => {
  await agent?.stop()
  agent = undefined
  await meter.close()
  await broker.kill()
  rmSync(folder, { recursive: true })
})

const line = (name: string, unit = 1, more: object = {}) => ({
  meter: name,
  unit,
  profile: 'two-blocks',
  everySeconds: 0.1,
  ...more,
})
const tcp = (at: number) => ({ kind: 'tcp', host: '127.0.0.1', port: at })

const software = { version: '1.2.3', runtime: 'v26.10.0', platform: 'linux-arm64' }

async function start(buses: readonly object[], commitWindowMs = 20): Promise<Agent> {
  agent = await startAgent({
    gateway: gatewayFile.parse({
      gateway: 'gw-1',
      park: 'park-1',
      uplink: { url: broker.url, receiptTimeoutMs: 500 },
      journal: { commitWindowMs },
      buses,
    }),
    journalFile,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    random: () => 0.1,
    profile,
    software,
  })
  return agent
}

const of = (name: string): Reading[] => received.of(name)

describe('the agent', () => {
  it('brings what the registers say to the server, exact and with its quality', async () => {
    await start([
      {
        id: 'a',
        transport: tcp(port),
        meters: [line('m1'), line('m2', 2, { simulated: true, ratios: { current: '40' } })],
      },
    ])
    await vi.waitFor(() => expect(of('m2').length).toBeGreaterThan(6), SETTLED)
    const energy = 3000 * 65_536 + 3001
    const [voltage] = of('m1').filter(({ quantity }) => quantity === 'voltage.l1')
    expect(voltage).toMatchObject({ quality: 'good', value: 230.2 })
    const registers = [...of('m1'), ...of('m2')].filter(({ quantity }) => quantity !== 'voltage.l1')
    for (const reading of registers) {
      const resolution = reading.meter === 'm1' ? '0.01' : '0.4'
      const quality = reading.meter === 'm1' ? 'good' : 'simulated'
      expect(reading).toMatchObject({ quality, value: { count: energy, resolution } })
    }
    expect(meter.connections).toBe(1)
  })

  it('publishes what each line does, and reports the same to who asks on the machine', async () => {
    const running = await start([
      { id: 'a', transport: tcp(port), meters: [line('m1')] },
      { id: 'b', transport: tcp(port), meters: [line('m2', 2)] },
    ])
    await vi.waitFor(() => expect(of('m2').length).toBeGreaterThan(2), SETTLED)
    await vi.waitFor(() => expect(running.report().uplink.connected).toBe(true), SETTLED)
    const report = running.report()
    expect(report).toMatchObject({ gateway: 'gw-1', described: 2, shortestMs: 100 })
    expect(report.meters?.map(({ state }) => state)).toEqual(['ok', 'ok'])
    // One line, whatever the number of buses on it.
    expect(report.buses).toMatchObject([{ bus: 'a', unanswered: 0 }])
    const [counts] = report.buses ?? []
    expect(counts?.requests).toBeGreaterThan(2)
    expect(counts?.busyMs).toBeLessThanOrEqual(counts?.observedMs ?? 0)
    await agent?.stop()
    await vi.waitFor(() => expect(states.at(-1)?.kind).toBe('death'), SETTLED)
    expect(states.at(-1)?.buses?.[0]?.requests).toBeGreaterThanOrEqual(counts?.requests ?? Infinity)
    expect(states.at(-1)?.software).toEqual(software)
    expect(running.report().uplink.connected).toBe(false)
  })

  it('gives every reading of a meter its own moment, also when the clock is set back', async () => {
    const wall = vi.spyOn(systemClock, 'wallMs')
    const setBack = (): number => Date.now() - (readings.length > 6 ? 600_000 : 0)
    wall.mockImplementation(setBack)
    await start([{ id: 'a', transport: tcp(port), meters: [line('m1')] }])
    await vi.waitFor(() => expect(readings.length).toBeGreaterThan(20), SETTLED)
    wall.mockRestore()
    const moments = readings.map(({ quantity, atMs }) => `${quantity} ${atMs}`)
    expect(new Set(moments).size).toBe(moments.length)
    const times = readings.filter(({ quantity }) => quantity === 'voltage.l1').map(({ atMs }) => atMs)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('writes down that a meter fails, and polls the others of its line meanwhile', async () => {
    meter.otherwise = (request, socket) => {
      if (request.readUInt8(6) === 1)
        socket.write(Buffer.concat([request.subarray(0, 4), Buffer.from([0, 3, 1, 0x83, 4])]))
      else if (request.readUInt8(6) === 3) honest(request, socket)
    }
    await start([
      {
        id: 'a',
        transport: tcp(port),
        timeoutMs: 1_000,
        meters: [line('m1', 1), line('m2', 2), line('m3', 3)],
      },
    ])
    await vi.waitFor(() => expect(of('m3').length).toBeGreaterThan(20), SETTLED)
    expect(of('m3').every(({ quality }) => quality === 'good')).toBe(true)
    for (const [name, cause] of [
      ['m1', 'device-failure'],
      ['m2', 'timeout'],
    ] as const) {
      const failed = of(name)
      expect(failed.every((reading) => reading.quality === 'bad' && reading.cause === cause)).toBe(true)
      expect(new Set(failed.map(({ quantity }) => quantity)).size).toBe(2)
    }
    await vi.waitFor(
      () =>
        expect(states.at(-1)?.meters).toEqual(
          expect.arrayContaining([
            expect.objectContaining({ meter: 'm1', state: 'failing', cause: 'device-failure' }),
            expect.objectContaining({ meter: 'm2', state: 'silent', cause: 'timeout' }),
            expect.objectContaining({ meter: 'm3', state: 'ok' }),
          ]),
        ),
      SETTLED,
    )
  })

  it('is not held up by a host that is not there, and reads it when it comes', async () => {
    const late = await freePort()
    await start([
      { id: 'a', transport: tcp(late), meters: [line('m1')] },
      { id: 'b', transport: tcp(port), meters: [line('m2')] },
    ])
    await vi.waitFor(() => expect(of('m2').length).toBeGreaterThan(6), SETTLED)
    expect(of('m1').every((reading) => reading.quality === 'bad' && reading.cause === 'disconnected')).toBe(
      true,
    )
    const meterOfA = new ScriptedMeter()
    await meterOfA.listen(late)
    await vi.waitFor(() => expect(of('m1').some(({ quality }) => quality === 'good')).toBe(true), SETTLED)
    await agent?.stop()
    await meterOfA.close()
  })

  it('reads on without a broker, and delivers all of it when there is one', async () => {
    await broker.kill()
    await start([{ id: 'a', transport: tcp(port), meters: [line('m1')] }])
    await vi.waitFor(() => expect(meter.requests.length).toBeGreaterThan(10), SETTLED)
    const backMs = systemClock.wallMs()
    await broker.start()
    await vi.waitFor(() => expect(readings.length).toBeGreaterThan(12), SETTLED)
    await agent?.stop()
    const journal = Journal.open({ file: journalFile, gateway: 'gw-1', graceMs: 0, clock: systemClock })
    const waiting = journal.unacknowledged('newest', 100).flatMap((place) => {
      const row = journal.row(place)
      return row === undefined ? [] : readingsBatch.parse(unpack(row.payload)).samples
    })
    journal.close()
    // What was written while stopping may wait for the next start; nothing that was read without a broker does.
    expect(waiting.filter(({ atMs }) => atMs < backMs)).toEqual([])
  })

  it('commits what was read before it stops, and says farewell once', async () => {
    // With a window this long, only stopping commits.
    const started = await start([{ id: 'a', transport: tcp(port), meters: [line('m1')] }], 10_000)
    await vi.waitFor(() => expect(meter.requests.length).toBeGreaterThan(6), SETTLED)
    await vi.waitFor(() => expect(states).not.toHaveLength(0), SETTLED)
    await Promise.all([started.stop(), started.stop()])
    const asked = meter.requests.length
    const journal = Journal.open({ file: journalFile, gateway: 'gw-1', graceMs: 1e9, clock: systemClock })
    let kept = 0
    for (let seq = 1; ; seq += 1) {
      const row = journal.row(seq)
      if (row === undefined) break
      const batch = uplinkMessage.parse(unpack(row.payload))
      if (batch.kind === 'readings') kept += batch.samples.flatMap(readingsOf).length
    }
    journal.close()
    // Each request is one value here; the last may have been under way.
    expect(asked - kept).toBeLessThanOrEqual(1)
    expect(states.filter(({ kind }) => kind === 'death')).toMatchObject([{ reason: 'stopped' }])
    expect(meter.requests).toHaveLength(asked)
  })

  it('refuses a configuration that it cannot run', async () => {
    const bus = (...meters: object[]) => [{ id: 'a', transport: tcp(port), meters }]
    await expect(start(bus(line('m1'), line('m1', 2)))).rejects.toMatchObject({ code: 'file-invalid' })
    await expect(start(bus(line('m1', 1, { quantities: ['frequency'] })))).rejects.toMatchObject({
      code: 'file-invalid',
    })
    journalFile = folder
    await expect(start(bus(line('m1')))).rejects.toMatchObject({ code: 'journal-unusable' })
  })
})
