import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectAsync, type MqttClient } from 'mqtt'
import { expect, it, vi, type TestContext } from 'vitest'
import { stringify } from 'yaml'
import { stateMessage, type ConfigurationState } from '#contract/messages.ts'
import { ScriptedMeter } from '#edge/testing/scripted-meter.ts'
import { startMosquitto, type Mosquitto } from './support/mosquitto.ts'
import { describeWith, freePort } from './support/servers.ts'
import { tanbiaoBeside, type Ran } from './support/tanbiao.ts'

const command = fileURLToPath(new URL('../cli/tanbiao.ts', import.meta.url))
const SETTLED = { timeout: 60_000, interval: 20 }

/** A gateway as a process, with its files, its meter and its broker; each test has one of its own. */
class Site {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tanbiao-remote-'))
  readonly #meter = new ScriptedMeter()
  #broker: Mosquitto | undefined
  #server: MqttClient | undefined
  #port = 0
  edge: ChildProcess | undefined
  said: ConfigurationState | undefined

  async open({ onTestFinished }: TestContext): Promise<this> {
    onTestFinished(() => this.#close())
    const broker = await startMosquitto()
    this.#broker = broker
    this.#port = await this.#meter.listen()
    this.#server = await connectAsync(broker.url)
    this.#server.on('message', (_topic, payload) => {
      this.said = stateMessage.parse(JSON.parse(payload.toString())).configuration ?? this.said
    })
    await this.#server.subscribeAsync('tanbiao/v1/test-park/gw-1/up/state')
    const { stdout } = await tanbiaoBeside('configure', 'key', '--out', this.file('operations.key'))
    writeFileSync(this.file('trust.yaml'), stdout)
    writeFileSync(this.file('gateway.yaml'), this.text([1]))
    return this
  }

  async #close(): Promise<void> {
    await this.end('SIGKILL')
    await this.#server?.endAsync(true)
    await this.#meter.close()
    await this.#broker?.stop()
    rmSync(this.#folder, { recursive: true })
  }

  file(name: string): string {
    return join(this.#folder, name)
  }

  get #brokerUrl(): string {
    return this.#broker?.url ?? ''
  }

  start(): void {
    this.edge = spawn(
      process.execPath,
      [command, 'edge', '--config', this.file('gateway.yaml'), '--data', this.file('data'), '--log', 'warn'],
      { stdio: 'ignore' },
    )
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const running = this.edge
    this.edge = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const exited = once(running, 'exit')
    running.kill(signal)
    await exited
  }

  text(units: readonly number[], more: object = {}, at = this.#port): string {
    return stringify({
      gateway: 'gw-1',
      park: 'test-park',
      uplink: { url: this.#brokerUrl },
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
  }

  async sign(version: number, text: string, name = `v${version}`): Promise<string> {
    writeFileSync(this.file(`${name}.yaml`), text)
    const { stdout, stderr, code } = await tanbiaoBeside(
      'configure',
      'sign',
      '--config',
      this.file(`${name}.yaml`),
      '--key',
      this.file('operations.key'),
      '--version',
      String(version),
    )
    if (code !== 0 || stderr !== '') throw new Error(`configure sign ended with ${code}: ${stderr}`)
    writeFileSync(this.file(`${name}.json`), stdout)
    return this.file(`${name}.json`)
  }

  publish(message: string, waitSeconds: number): Promise<Ran> {
    const how = ['--broker', this.#brokerUrl, '--wait', String(waitSeconds)]
    return tanbiaoBeside('configure', 'publish', '--message', message, ...how)
  }
}

describeWith(['mosquitto'], 'a gateway that is configured from afar', () => {
  it.concurrent('goes over to what was signed, and says why it does not', async (context) => {
    const site = await new Site().open(context)
    site.start()
    const first = await site.publish(await site.sign(1, site.text([1, 2])), 60)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(
      /^gw-1: version 1 is at the broker\n(.*in its probation\n)?gw-1: version 1 is confirmed\n$/,
    )

    const lost = await site.publish(await site.sign(2, site.text([1], {}, await freePort())), 60)
    expect(lost.code).toBe(1)
    expect(lost.stderr).toMatch(/no meter answered.*\[configuration-rolled-back\]/s)

    const stale = await site.publish(await site.sign(1, site.text([1]), 'stale'), 60)
    expect(stale.stderr).toMatch(/version 2 was tried already.*\[configuration-refused\]/s)

    const trust = readFileSync(site.file('trust.yaml'), 'utf8')
    writeFileSync(site.file('trust.yaml'), 'keys: []\n')
    const third = await site.sign(3, site.text([1, 3]))
    expect((await site.publish(third, 60)).stderr).toMatch(/none of the 0.*\[configuration-refused\]/s)
    writeFileSync(site.file('trust.yaml'), trust)
    // The same message is taken when its reason is gone, though the broker still has the report of its refusal.
    expect(await site.publish(third, 60)).toMatchObject({ code: 0, stderr: '' })
    expect(site.said).toMatchObject({ source: 'remote', version: 3, state: 'confirmed' })
  })

  it.concurrent('starts with the confirmed configuration after it was killed in a trial', async (context) => {
    const site = await new Site().open(context)
    site.start()
    expect((await site.publish(await site.sign(1, site.text([1, 2])), 60)).code).toBe(0)
    await site.publish(await site.sign(2, site.text([1], { probationSeconds: 600 })), 0)
    await vi.waitFor(() => expect(site.said).toMatchObject({ version: 2, state: 'probation' }), SETTLED)
    await site.end('SIGKILL')
    site.start()
    await vi.waitFor(
      () =>
        expect(site.said).toMatchObject({
          version: 1,
          state: 'confirmed',
          failed: { version: 2, state: 'rolled-back', error: expect.stringContaining('ended before') },
        }),
      SETTLED,
    )
    // The broker has brought version 2 again since.
    await site.end('SIGTERM')
    site.start()
    site.said = undefined
    await vi.waitFor(() => expect(site.said).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
  })

  it.concurrent('takes its own file back on SIGHUP', async (context) => {
    const site = await new Site().open(context)
    site.start()
    expect((await site.publish(await site.sign(1, site.text([1, 2])), 60)).code).toBe(0)
    site.edge?.kill('SIGHUP')
    await vi.waitFor(() => expect(site.said).toMatchObject({ source: 'local', state: 'confirmed' }), SETTLED)
    expect(site.edge?.exitCode).toBeNull()
  })
})
