import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { stateMessage, type ConfigurationState } from '#contract/messages.ts'
import { ScriptedMeter } from '#edge/testing/scripted-meter.ts'
import { startMosquitto, type Mosquitto } from './support/mosquitto.ts'
import { describeWith, freePort } from './support/servers.ts'

const command = fileURLToPath(new URL('../cli/tanbiao.ts', import.meta.url))
const SETTLED = { timeout: 60_000, interval: 20 }

let folder: string
let broker: Mosquitto
let meter: ScriptedMeter
let port: number
let server: MqttClient
let edge: ChildProcess | undefined
let said: ConfigurationState | undefined

const file = (name: string): string => join(folder, name)

/** Runs a verb to its end, while the meter in this process goes on answering. */
function tanbiao(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({
        code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
        stdout,
        stderr,
      })
    })
  })
}

function startEdge(): void {
  edge = spawn(
    process.execPath,
    [command, 'edge', '--config', file('gateway.yaml'), '--data', file('data'), '--log', 'warn'],
    { stdio: 'ignore' },
  )
}

async function end(signal: NodeJS.Signals): Promise<void> {
  const running = edge
  edge = undefined
  if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
  const exited = once(running, 'exit')
  running.kill(signal)
  await exited
}

const gatewayText = (units: readonly number[], more: object = {}, at = port): string =>
  stringify({
    gateway: 'gw-1',
    park: 'test-park',
    uplink: { url: broker.url },
    probationSeconds: 2,
    buses: [
      {
        id: 'a',
        transport: { kind: 'tcp', host: '127.0.0.1', port: at },
        meters: units.map((unit) => ({
          meter: `m${unit}`,
          unit,
          profile: 'eastron-sdm630',
          everySeconds: 0.5,
          quantities: ['voltage.l1'],
        })),
      },
    ],
    ...more,
  })

async function sign(version: number, text: string, name = `v${version}`): Promise<string> {
  writeFileSync(file(`${name}.yaml`), text)
  const { stdout, stderr, code } = await tanbiao(
    'configure',
    'sign',
    '--config',
    file(`${name}.yaml`),
    '--key',
    file('operations.key'),
    '--version',
    String(version),
  )
  expect(stderr).toBe('')
  expect(code).toBe(0)
  writeFileSync(file(`${name}.json`), stdout)
  return file(`${name}.json`)
}

const publish = (message: string, waitSeconds: number) =>
  tanbiao('configure', 'publish', '--message', message, '--broker', broker.url, '--wait', String(waitSeconds))

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-remote-'))
  broker = await startMosquitto()
  meter = new ScriptedMeter()
  port = await meter.listen()
  said = undefined
  server = await connectAsync(broker.url)
  server.on('message', (_topic, payload) => {
    said = stateMessage.parse(JSON.parse(payload.toString())).configuration ?? said
  })
  await server.subscribeAsync('tanbiao/v1/test-park/gw-1/up/state')
  const { stdout } = await tanbiao('configure', 'key', '--out', file('operations.key'))
  writeFileSync(file('trust.yaml'), stdout)
  writeFileSync(file('gateway.yaml'), gatewayText([1]))
})

afterEach(async () => {
  await end('SIGKILL')
  await server.endAsync(true)
  await meter.close()
  await broker.stop()
  rmSync(folder, { recursive: true })
})

describeWith(['mosquitto'], 'a gateway that is configured from afar', () => {
  it('goes over to what was signed, and says why it does not', async () => {
    startEdge()
    const first = await publish(await sign(1, gatewayText([1, 2])), 60)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(
      /^gw-1: version 1 is at the broker\n(.*in its probation\n)?gw-1: version 1 is confirmed\n$/,
    )

    const lost = await publish(await sign(2, gatewayText([1], {}, await freePort())), 60)
    expect(lost.code).toBe(1)
    expect(lost.stderr).toMatch(/no meter answered.*\[configuration-rolled-back\]/s)

    const stale = await publish(await sign(1, gatewayText([1]), 'stale'), 60)
    expect(stale.stderr).toMatch(/version 2 was tried already.*\[configuration-refused\]/s)

    const trust = readFileSync(file('trust.yaml'), 'utf8')
    writeFileSync(file('trust.yaml'), 'keys: []\n')
    const third = await sign(3, gatewayText([1, 3]))
    expect((await publish(third, 60)).stderr).toMatch(/none of the 0.*\[configuration-refused\]/s)
    writeFileSync(file('trust.yaml'), trust)
    // The same message is taken when its reason is gone, though the broker still has the report of its refusal.
    expect(await publish(third, 60)).toMatchObject({ code: 0, stderr: '' })
    expect(said).toMatchObject({ source: 'remote', version: 3, state: 'confirmed' })
  })

  it('starts with the confirmed configuration after it was killed in a trial', async () => {
    startEdge()
    expect((await publish(await sign(1, gatewayText([1, 2])), 60)).code).toBe(0)
    await publish(await sign(2, gatewayText([1], { probationSeconds: 600 })), 0)
    await vi.waitFor(() => expect(said).toMatchObject({ version: 2, state: 'probation' }), SETTLED)
    await end('SIGKILL')
    startEdge()
    await vi.waitFor(
      () =>
        expect(said).toMatchObject({
          version: 1,
          state: 'confirmed',
          failed: { version: 2, state: 'rolled-back', error: expect.stringContaining('ended before') },
        }),
      SETTLED,
    )
    // The broker has brought version 2 again since.
    await end('SIGTERM')
    startEdge()
    said = undefined
    await vi.waitFor(() => expect(said).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
  })

  it('takes its own file back on SIGHUP', async () => {
    startEdge()
    expect((await publish(await sign(1, gatewayText([1, 2])), 60)).code).toBe(0)
    edge?.kill('SIGHUP')
    await vi.waitFor(() => expect(said).toMatchObject({ source: 'local', state: 'confirmed' }), SETTLED)
    expect(edge?.exitCode).toBeNull()
  })
})
