import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { childMessage } from '#cli/child.ts'
import { systemClock } from '#cli/system-clock.ts'
import { rowsOf } from '#contract/bundle.ts'
import { uplinkMessage } from '#contract/messages.ts'
import { unpack } from '#edge/compression.ts'
import { TestBroker } from '#edge/testing/broker.ts'
import { gatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { buildBundle, type Bundle } from '../scripts/edge-bundle/build.ts'
import { readScenarioFor } from '#simulators/scenario-check.ts'
import { demoScenarioPath } from '#simulators/scenario.ts'
import { busKey, startSimulation, type Simulation } from '#simulators/simulation.ts'
import { describeWith } from './support/servers.ts'

const demo = fileURLToPath(new URL('../firmware-config/examples/demo-park/', import.meta.url))
const SOON = { timeout: 30_000, interval: 20 }

let home: string
let bundle: Bundle
let program: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'tanbiao-edge-program-'))
  bundle = await buildBundle(home)
  // Only the one file, where no package is near.
  mkdirSync(join(home, 'gateway'))
  program = join(home, 'gateway', 'tanbiao-edge.mjs')
  copyFileSync(bundle.file, program)
  for (const file of ['park.yaml', 'gateway-east.yaml', 'gateway-west.yaml'])
    copyFileSync(join(demo, file), join(home, file))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, [program, ...args], {
    cwd: home,
    encoding: 'utf8',
    env: { TMPDIR: home },
  })
}

describe('the one-file program of a gateway', () => {
  it('is one file, with nothing of the server in it', () => {
    expect(readdirSync(home)).toContain('tanbiao-edge.mjs')
    const packages = new Set(
      bundle.modules.flatMap((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? []),
    )
    expect([...packages]).toEqual(expect.arrayContaining(['mqtt', 'pino', 'serialport', 'yaml', 'zod']))
    for (const foreign of ['fastify', 'aedes', 'influx', '@influxdata/influxdb-client', '@fastify/static'])
      expect(packages).not.toContain(foreign)
    const rooms = new Set(bundle.modules.filter((id) => id.endsWith('.ts')).map((id) => id.split('/')[0]))
    for (const room of ['store', 'ingest', 'intervals', 'accounts', 'dashboards'])
      expect(rooms).not.toContain(room)
  })

  it('checks files with the profiles that are in it', () => {
    expect(run('check')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d\d files, 0 findings\n$/),
    })
    const files = ['--park', 'park.yaml', '--config', 'gateway-east.yaml', '--config', 'gateway-west.yaml']
    expect(run('check', ...files)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(' 0 findings'),
    })
    writeFileSync(join(home, 'wrong.yaml'), 'gateway: g\npark: p\nuplink: { url: "mqtt://h" }\nbuses: []\n')
    expect(run('check', '--config', 'wrong.yaml')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^wrong\.yaml:4:8 buses: /),
    })
  })

  it('plans with them', () => {
    expect(run('plan', 'gateway-east.yaml')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('park-incoming'),
    })
  })

  it('has the verbs of a gateway only', () => {
    expect(run('serve')).toMatchObject({ status: 2, stderr: 'There is no verb "serve".\n\n' })
  })
})

describeWith(['socat'], 'the one-file program of a gateway, at work', () => {
  const park = readParkFile(join(demo, 'park.yaml'))
  const meters = { network: 'services-incoming', serial: 'steel-compressors' }
  let broker: TestBroker
  let simulation: Simulation
  let agent: ChildProcess
  const read = new Set<string>()

  const gateway = (port: number, path: string) => ({
    gateway: 'gateway-east',
    park: 'demo-park',
    uplink: { url: broker.url },
    buses: [
      {
        id: 'network',
        transport: { kind: 'tcp', host: '127.0.0.1', port },
        meters: [
          { meter: meters.network, unit: 1, profile: 'eastron-sdm630', everySeconds: 1, simulated: true },
        ],
      },
      {
        id: 'serial',
        transport: { kind: 'rtu', path, baudRate: 115_200 },
        meters: [
          { meter: meters.serial, unit: 1, profile: 'eastron-sdm630', everySeconds: 1, simulated: true },
        ],
      },
    ],
  })

  beforeAll(async () => {
    broker = new TestBroker()
    await broker.start()
    broker.heard = ({ topic, payload }) => {
      if (topic.endsWith('/state')) return
      for (const row of rowsOf(payload)) {
        const message = uplinkMessage.parse(unpack(row))
        if (message.kind !== 'readings') continue
        for (const { meter, values } of message.samples)
          if (values['activeEnergyImport.total'] !== undefined) read.add(meter)
        const receipt = {
          v: 1,
          gateway: 'gateway-east',
          digest: createHash('sha256').update(row).digest('hex'),
          outcome: 'stored',
          refused: 0,
          committedAtMs: Date.now(),
        }
        broker.publish('tanbiao/v1/demo-park/gateway-east/down/receipt', JSON.stringify(receipt))
      }
    }
    simulation = await startSimulation({
      scenario: readScenarioFor(park, demoScenarioPath),
      park,
      gateways: [gatewayFile.parse(gateway(1, '/nowhere'))],
      clock: systemClock,
      log: { info: () => {}, warn: () => {}, error: () => {} },
      host: '127.0.0.1',
      ports: new Map([[busKey('gateway-east', 'network'), 0]]),
      ptyFolder: home,
    })
  })
  let said = ''
  afterAll(async () => {
    agent.kill('SIGTERM')
    if (agent.exitCode === null) await once(agent, 'exit')
    await simulation.stop()
    await broker.kill()
  })

  it('reads meters over the network and a serial line, delivers, and tells its health', async () => {
    const port = simulation.ports.get(busKey('gateway-east', 'network')) ?? 0
    const path = simulation.paths.get(busKey('gateway-east', 'serial')) ?? ''
    writeFileSync(join(home, 'gateway.yaml'), JSON.stringify(gateway(port, path)))
    agent = spawn(
      process.execPath,
      [program, 'edge', '--config', 'gateway.yaml', '--health-port', '0', '--log', 'warn'],
      { cwd: home, env: { TMPDIR: home }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    )
    for (const stream of [agent.stdout, agent.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
    }
    const [message]: unknown[] = await once(agent, 'message')
    const ready = childMessage.parse(message)
    if (ready.kind !== 'ready') throw new Error(`the agent says ${ready.kind}`)
    await vi.waitFor(() => expect([...read].sort()).toEqual(Object.values(meters).sort()), SOON)
    // The figures are taken once a poll has ended, which may be after its batch has arrived.
    await vi.waitFor(async () => {
      const figures = await (await fetch(`http://127.0.0.1:${ready.ports['health']}/metrics`)).text()
      expect(figures).toContain(`tanbiao_edge_meter_state{meter="${meters.serial}",state="ok"} 1\n`)
    }, SOON)
    expect((await fetch(`http://127.0.0.1:${ready.ports['health']}/healthz`)).status).toBe(200)
    // The native binding was loaded from a file that is gone.
    expect(readdirSync(home).filter((name) => name.startsWith('tanbiao-serial-'))).toEqual([])
  })

  it('ends when it is asked to', async () => {
    agent.kill('SIGTERM')
    const [code]: unknown[] = await once(agent, 'exit')
    expect(code).toBe(0)
    // A collector of logs takes a line for an object: nothing else may be among them.
    for (const line of said.split('\n').filter(Boolean)) expect(line).toMatch(/^\{.*\}$/)
  })
})
