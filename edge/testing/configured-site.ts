import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { stringify } from 'yaml'
import type { Clock } from '#contract/clock.ts'
import type { ConfigurationState, StateMessage } from '#contract/messages.ts'
import type { Reading } from '#contract/reading.ts'
import { newSigningKey, signConfiguration } from '#firmware-config/signature.ts'
import { startConfigured, startingConfiguration, type ConfiguredGateway } from '#edge/configured.ts'
import { TestBroker } from './broker.ts'
import { oneValue } from './one-value.ts'
import { Receiving } from './receiving.ts'
import { ScriptedMeter } from './scripted-meter.ts'

const pair = newSigningKey()
const key = createPrivateKey(pair.privatePem)
const TOPICS = 'tanbiao/v1/park-1/gw-1/down'
export const CONFIGURATION_TOPIC = `${TOPICS}/configuration`

/** A line of the gateway file. */
interface Line {
  meter: string
  unit: number
  everySeconds?: number
}

/** The meter of a unit, ten times a second unless told otherwise. */
export const lineOf = (unit: number, more: object = {}): Line => ({
  meter: `m${unit}`,
  unit,
  everySeconds: 0.1,
  ...more,
})

/** A gateway that follows its configuration, with its files, its meters and its broker; what it says is kept. */
export class ConfiguredSite {
  readonly folder = mkdtempSync(join(tmpdir(), 'tanbiao-reconfiguration-'))
  readonly localFile = join(this.folder, 'gateway.yaml')
  readonly meter = new ScriptedMeter()
  readonly broker = new TestBroker()
  readonly #clock: Clock
  readonly #received = new Receiving()
  #port = 0
  gateway: ConfiguredGateway | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async open(): Promise<this> {
    writeFileSync(join(this.folder, 'trust.yaml'), `keys: [{ name: ours, key: ${pair.publicText} }]`)
    this.#port = await this.meter.listen()
    await this.broker.start()
    this.hear(this.broker)
    return this
  }

  async close(): Promise<void> {
    await this.gateway?.stop()
    await this.meter.close()
    await this.broker.kill()
    rmSync(this.folder, { recursive: true })
  }

  /** Keeps what comes to this broker and gives a receipt for it. */
  hear(from: TestBroker): void {
    this.#received.at(from)
  }

  get states(): readonly StateMessage[] {
    return this.#received.states
  }

  /** Forgets the states that were said until now. */
  forgetStates(): void {
    this.#received.states.length = 0
  }

  /** A gateway file of these meters. */
  text(meters: readonly Line[], more: object = {}, at = this.#port): string {
    return stringify({
      gateway: 'gw-1',
      park: 'park-1',
      uplink: { url: this.broker.url, receiptTimeoutMs: 500 },
      journal: { commitWindowMs: 20 },
      probationSeconds: 3,
      buses: [
        {
          id: 'a',
          transport: { kind: 'tcp', host: '127.0.0.1', port: at },
          timeoutMs: 2_000,
          meters: meters.map((line) => ({ profile: 'one-value', ...line })),
        },
      ],
      ...more,
    })
  }

  /** Starts the gateway by the files that are there. */
  async start(): Promise<void> {
    const profileFolder = mkdtempSync(join(this.folder, 'profiles-'))
    writeFileSync(join(profileFolder, 'one-value.yaml'), oneValue)
    const files = {
      localFile: this.localFile,
      trustFile: join(this.folder, 'trust.yaml'),
      memoryFile: join(this.folder, 'configuration.json'),
      profileFolder,
    }
    this.gateway = await startConfigured({
      files,
      choice: startingConfiguration(files, Date.now()),
      journalFile: join(this.folder, 'journal.sqlite'),
      clock: this.#clock,
      log: pino({ level: 'silent' }),
      random: () => 0.1,
    })
  }

  /** Publishes a configuration, retained and signed; `change` is made after that. */
  publish(version: number, text: string, change: object = {}): void {
    const message = signConfiguration({ park: 'park-1', gateway: 'gw-1', version, text }, key)
    this.broker.publish(CONFIGURATION_TOPIC, JSON.stringify({ ...message, ...change }), true)
  }

  /** What the newest state message says of the configuration. */
  said(): ConfigurationState | undefined {
    return this.states.findLast(({ kind }) => kind !== 'death')?.configuration
  }

  /** The readings of a meter that were delivered. */
  of(meter: string): Reading[] {
    return this.#received.of(meter)
  }

  /** What the newest state message says of a meter's slots. */
  slots(meter: string) {
    return this.states
      .findLast(({ meters }) => meters !== undefined)
      ?.meters?.find((each) => each.meter === meter)?.slots
  }
}
