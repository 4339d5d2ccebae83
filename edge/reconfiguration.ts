import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault, faultText } from '#contract/fault.ts'
import type { ConfigurationState } from '#contract/messages.ts'
import type { GatewayFile } from '#firmware-config/gateway.ts'
import type { Agent, AgentChange } from './agent.ts'
import { failureOf, localText, nameOf, type Choice } from './choice.ts'
import { digestOf, writeMemory, type Configuration, type ConfigurationMemory } from './configuration-file.ts'
import { slept } from './deadline.ts'
import { Probation, type Signs } from './probation.ts'
import { authorized, configurationIn, wasTried } from './remote-configuration.ts'

/** Before a change every meter is given so long to end its first poll, so that it is known what works. */
const SETTLE_MS_MAX = 30_000
/** Signs of life are looked for this often. */
const LOOK_EVERY_MS = 200
/** Changes that wait for their turn: people make few, a broken broker may bring many. */
const WAITING_MAX = 16

export interface ReconfigurationOptions {
  readonly agent: Pick<Agent, 'change' | 'signs' | 'stateChanged'>
  /** What the agent was started with. */
  readonly choice: Choice
  readonly localFile: string
  readonly memoryFile: string
  readonly trustFile: string
  /** A gateway file from its text, checked. Throws a Fault. */
  readonly load: (text: string, name: string) => GatewayFile
  readonly clock: Clock
  readonly log: Logger
}

type Identity = Omit<Configuration, 'text'>

/**
 * Goes over from one configuration to the next, one at a time, whichever way they come. Each is checked before anything
 * is touched, then tried: when what worked before does not work under it, the last confirmed one comes back. A process
 * that ends during a trial starts with the confirmed one. The newest act counts, local or remote.
 */
export class Reconfiguration {
  readonly #options: ReconfigurationOptions
  readonly #stopping = new AbortController()
  #memory: ConfigurationMemory
  /** The confirmed configuration, and the one by which the agent works. */
  #confirmed: GatewayFile
  #active: Identity
  /** Of the local file as it was last looked at. */
  #seenLocal: string | undefined
  #needsRestart: readonly string[] = []
  /** What worked under the confirmed configuration, while another is tried. */
  #before: Signs | undefined
  #trial = new AbortController()
  #turn: Promise<void> = Promise.resolve()
  #waiting = 0

  constructor(options: ReconfigurationOptions) {
    const { gateway, memory } = options.choice
    this.#options = options
    this.#memory = memory
    this.#confirmed = gateway
    this.#active = memory.confirmed
    this.#seenLocal = memory.localDigest
    this.#remember(memory)
  }

  /** Takes a payload of `down/configuration`. Never throws. */
  takeRemote(payload: Uint8Array): void {
    // An empty retained message is how one is cleared.
    if (payload.length > 0) this.#enqueue(() => this.#remote(payload))
  }

  /** Takes the local file if it has changed; with `force` also if it has not, over a remote one. Never throws. */
  takeLocal(force: boolean): void {
    this.#enqueue(() => this.#local(force))
  }

  /** What the state message says of it. */
  state(): ConfigurationState {
    const { source, version, digest } = this.#active
    const { failed } = this.#memory
    return {
      source,
      ...(version === undefined ? {} : { version }),
      digest,
      state: this.#before === undefined ? 'confirmed' : 'probation',
      ...(this.#needsRestart.length === 0 ? {} : { needsRestart: [...this.#needsRestart] }),
      ...(failed === undefined ? {} : { failed }),
    }
  }

  /** Lets the change under way come to its end; takes no other. A trial is broken off: it was not confirmed. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#turn
  }

  #enqueue(work: () => Promise<void>): void {
    const { log } = this.#options
    if (this.#stopping.signal.aborted) return
    if (this.#waiting >= WAITING_MAX) {
      log.warn({ waiting: this.#waiting }, 'a configuration is ignored: too many are waiting')
      return
    }
    this.#waiting += 1
    this.#turn = this.#turn
      .then(() => (this.#stopping.signal.aborted ? undefined : work()))
      .catch((error: unknown) => log.error({ err: error }, 'a configuration could not be dealt with'))
      .finally(() => (this.#waiting -= 1))
  }

  async #remote(payload: Uint8Array): Promise<void> {
    const { trustFile, load, log } = this.#options
    let identity: Identity = { source: 'remote', digest: digestOf(payload) }
    let found: { readonly text: string; readonly gateway: GatewayFile }
    try {
      const message = configurationIn(payload)
      const { text, version } = message
      if (wasTried(message, this.#memory.tried)) return
      identity = { source: 'remote', version, digest: digestOf(text) }
      const signer = authorized(message, { ...this.#memory, trustFile })
      log.info({ version, signer }, 'a signed configuration has come')
      found = { text, gateway: load(text, `configuration ${version}`) }
    } catch (error) {
      return this.#refuse(identity, error)
    }
    const tried = { version: identity.version ?? 0, digest: identity.digest }
    await this.#try({ ...identity, text: found.text }, found.gateway, { tried })
  }

  async #local(force: boolean): Promise<void> {
    const { localFile, load } = this.#options
    let identity: Identity = { source: 'local', digest: digestOf('') }
    let found: { readonly text: string; readonly gateway: GatewayFile }
    try {
      const text = localText(localFile)
      identity = { source: 'local', digest: digestOf(text) }
      if (!force && identity.digest === this.#seenLocal) return
      this.#seenLocal = identity.digest
      found = { text, gateway: load(text, localFile) }
    } catch (error) {
      return this.#refuse(identity, error)
    }
    await this.#try({ ...identity, text: found.text }, found.gateway, { localDigest: identity.digest })
  }

  /** Applies it and begins its trial; or refuses it, having changed nothing. */
  async #try(
    candidate: Configuration,
    gateway: GatewayFile,
    noted: Pick<ConfigurationMemory, 'tried' | 'localDigest'>,
  ): Promise<void> {
    const { agent, memoryFile, log } = this.#options
    if (!(await this.#settled())) return
    const before = this.#before ?? agent.signs()
    const former = this.#memory
    let change: AgentChange
    try {
      // Before anything is touched: a power cut from here on brings the confirmed one back.
      this.#memory = { ...former, ...noted, candidate }
      writeMemory(memoryFile, this.#memory)
      change = await agent.change(gateway)
    } catch (error) {
      this.#remember(former)
      return this.#refuse(candidate, error)
    }
    this.#trial.abort()
    this.#trial = new AbortController()
    this.#active = candidate
    this.#needsRestart = change.needsRestart
    const { kept, started, stopped, uplinkRenewed, needsRestart } = change
    log.info(
      { ...identityOf(candidate), kept: kept.length, started, stopped, uplinkRenewed, needsRestart },
      'a configuration is applied',
    )
    const nothingToLose = started.length === 0 && stopped.length === 0 && !uplinkRenewed
    if (nothingToLose && this.#before === undefined) return this.#confirm(candidate, gateway)
    this.#before = before
    agent.stateChanged()
    void this.#watch(candidate, gateway, before, this.#trial.signal)
  }

  /**
   * Waits for signs of life. Only those of the second half count: what was there before may not know yet that it is lost.
   */
  async #watch(
    candidate: Configuration,
    gateway: GatewayFile,
    before: Signs,
    trial: AbortSignal,
  ): Promise<void> {
    const { clock, agent } = this.#options
    const meters = gateway.buses.flatMap((bus) => bus.meters.map(({ meter }) => meter))
    const probation = new Probation(before, meters)
    const signal = AbortSignal.any([trial, this.#stopping.signal])
    const halfMs = (gateway.probationSeconds * 1_000) / 2
    if (!(await slept(clock, halfMs, signal))) return
    const endMs = clock.monotonicMs() + halfMs
    while (!probation.look(agent.signs())) {
      if (clock.monotonicMs() < endMs && (await slept(clock, LOOK_EVERY_MS, signal))) continue
      if (signal.aborted) return
      const { complaint } = probation
      return this.#enqueue(() => (trial.aborted ? Promise.resolve() : this.#rollBack(candidate, complaint)))
    }
    this.#enqueue(async () => {
      if (!trial.aborted) this.#confirm(candidate, gateway)
    })
  }

  #confirm(candidate: Configuration, gateway: GatewayFile): void {
    const { candidate: _tried, failed: _former, ...rest } = this.#memory
    this.#confirmed = gateway
    this.#before = undefined
    this.#remember({ ...rest, confirmed: candidate })
    this.#options.log.info(identityOf(candidate), 'a configuration is confirmed')
    this.#options.agent.stateChanged()
  }

  async #rollBack(candidate: Configuration, complaint: string): Promise<void> {
    const { agent, clock, log, localFile } = this.#options
    const { candidate: _tried, ...rest } = this.#memory
    const error = `Within its probation ${complaint}: ${nameOf(rest.confirmed, localFile)} is back.`
    log.error({ ...identityOf(candidate), complaint }, 'a configuration is rolled back')
    const change = await agent.change(this.#confirmed)
    this.#active = rest.confirmed
    this.#needsRestart = change.needsRestart
    this.#before = undefined
    this.#remember({ ...rest, failed: failureOf(candidate, 'rolled-back', clock.wallMs(), error) })
    agent.stateChanged()
  }

  #refuse(identity: Identity, error: unknown): void {
    if (!(error instanceof Fault)) throw error
    const { agent, clock, log } = this.#options
    const failed = failureOf(identity, 'refused', clock.wallMs(), faultText(error))
    const { failed: former } = this.#memory
    // A broker brings a retained one with each connection: it is news once, but whoever publishes it waits for an answer.
    if (former?.digest !== failed.digest || former.error !== failed.error) {
      log.error({ ...identityOf(identity), err: error, advice: error.advice }, 'a configuration is refused')
    }
    // Not written down: whoever can publish could wear out the disk. It comes again after a restart.
    this.#memory = { ...this.#memory, failed }
    agent.stateChanged()
  }

  /** Waits until every meter was polled once; false when there is no time left for a change. */
  async #settled(): Promise<boolean> {
    const { agent, clock } = this.#options
    const endMs = clock.monotonicMs() + SETTLE_MS_MAX
    while (agent.signs().untried > 0 && clock.monotonicMs() < endMs) {
      if (!(await slept(clock, LOOK_EVERY_MS, this.#stopping.signal))) return false
    }
    return true
  }

  /** Keeps it in memory and on disk; a disk that refuses leaves what it had, and the agent goes on. */
  #remember(memory: ConfigurationMemory): void {
    this.#memory = memory
    try {
      writeMemory(this.#options.memoryFile, memory)
    } catch (error) {
      this.#options.log.error({ err: error }, 'the configuration could not be written down')
    }
  }
}

function identityOf({ source, version, digest }: Identity): Identity {
  return { source, version, digest }
}
