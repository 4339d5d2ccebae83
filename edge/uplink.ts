import { hash } from 'node:crypto'
import { Socket } from 'node:net'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import type { Logger } from 'pino'
import type { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import type { Receipt, reply as replySchema, StateMessage } from '#contract/messages.ts'
import { topicOf, type DownLeaf, type UpLeaf } from '#contract/topics.ts'
import { Bundling } from './bundling.ts'
import { commandFor, obey } from './command.ts'
import { accessOptions, connectionFault, type Access } from './connection.ts'
import { slept, within } from './deadline.ts'
import type { Journal, JournalRow } from './journal.ts'
import { Lanes } from './lanes.ts'
import { outgoing, type Outgoing } from './outgoing.ts'
import { backOffMs } from './schedule.ts'
import { receiptsFor, stateText, type StateSources } from './uplink-messages.ts'

/** At most 20 s: after an outage live values are to be on screen within 30 s. */
const RECONNECT = { firstMs: 1_000, maxMs: 20_000 } as const
/** A connection that ended sooner than this counts as a failed attempt, so that a broker that throws us out is spared. */
const SHORT_SESSION_MS = 10_000
const CONNECT_TIMEOUT_MS = 10_000
const SUBSCRIBE_TIMEOUT_MS = 10_000
/** How long stopping waits for the broker to take the death message, and then for the connection to end. */
const FAREWELL_MS = 2_000
const STATE_EVERY_MS = 30_000
/** Changes of state are published at once, but with thousands of meters for no more than one part in so many of the time. */
const STATE_TIME_SHARE = 25
/** Overdue receipts and changes of state are looked at this often. */
const TICK_MS_MAX = 500

export interface UplinkOptions extends Access, StateSources {
  readonly park: string
  /** Batches without a receipt, at most; by default as many as the line takes quickly. */
  readonly inFlightBatches?: number | undefined
  readonly receiptTimeoutMs: number
  readonly backlogBytesPerSecond?: number | undefined
  readonly journal: Journal
  readonly log: Logger
  /** A number in [0, 1). */
  readonly random: () => number
  /** Called with the server's time, which it was at some moment of the last `roundTripMs`. */
  readonly serverTime?: (serverMs: number, roundTripMs: number) => void
  /** Called with each payload of `down/configuration`; where it is absent nobody listens there. Must not throw. */
  readonly configuration?: ((payload: Uint8Array) => void) | undefined
}

/** What the broker takes (MQTT 5). */
interface Greeted {
  readonly receiveMaximum: number | undefined
  readonly maximumPacketSize: number | undefined
}

export interface UplinkConnection {
  readonly connected: boolean
  readonly sinceMs: number
}

/**
 * Delivers the journal over MQTT. The MQTT client is used as a socket, not as a queue: one client per connection,
 * nothing is published while off line, and only a receipt for exactly the bytes of a row acknowledges it (a PUBACK says
 * that the broker took it, which is no promise).
 *
 * Any failure of the broker or of a message is logged and survived. There is no fallback from TLS, from a certificate or
 * from a password: a connection that is not as configured is none.
 */
export class Uplink {
  readonly #options: UplinkOptions
  readonly #lanes: Lanes
  readonly #stopping = new AbortController()
  #client: MqttClient | undefined
  #stateChanged = false
  #lastStateMs = 0
  /** The time that it says. */
  #lastStateAtMs = 0
  /** How long it took to make the last one. */
  #stateTookMs = 0
  #unreadable = false
  readonly #bundling = new Bundling()
  /** A pump is to come at the end of this turn of the event loop. */
  #isPumpDue = false
  #lastProblem = ''
  #changedMs: number

  constructor(options: UplinkOptions) {
    this.#options = options
    this.#changedMs = options.clock.monotonicMs()
    this.#lanes = new Lanes(options)
  }

  /** Whether batches can be delivered now, and since when on the monotonic clock. */
  get connection(): UplinkConnection {
    return { connected: this.#client !== undefined, sinceMs: this.#changedMs }
  }

  /** Takes rows that were just written, or none; what waits is published when the connection and the window allow. */
  offer(rows: readonly JournalRow[]): void {
    this.#lanes.offer(rows)
    this.#pump()
  }

  /** Says that the state of a meter changed; it is published within half a second. */
  stateChanged(): void {
    this.#stateChanged = true
  }

  /** True while a connection stands on which receipts are heard. */
  get connected(): boolean {
    return this.#client !== undefined
  }

  /** Connects, delivers and reconnects until `stop`. */
  async run(): Promise<void> {
    const { clock, random } = this.#options
    const { signal } = this.#stopping
    let failures = 0
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs()
      await this.#session(signal)
      failures = clock.monotonicMs() - startedMs < SHORT_SESSION_MS ? failures + 1 : 1
      if (!(await slept(clock, backOffMs(failures, RECONNECT, random()), signal))) return
    }
  }

  /** Publishes the death message, if connected, and ends the connection. `run` resolves soon after. */
  async stop(): Promise<void> {
    const client = this.#client
    this.#become(undefined)
    if (client !== undefined) {
      const { clock } = this.#options
      const never = new AbortController().signal
      const payload = stateText(this.#options, 'death', 'stopped')
      await within<true>(clock, FAREWELL_MS, never, (settle) => {
        client.publish(this.#topic('state'), payload, { qos: 1, retain: true }, () => settle(true))
      })
      // Ending without force sends DISCONNECT, so that the broker does not publish the will over the death message.
      await within<true>(clock, FAREWELL_MS, never, (settle) => client.end(false, () => settle(true)))
    }
    this.#stopping.abort()
  }

  /** One connection, from its attempt to its end. */
  async #session(stopping: AbortSignal): Promise<void> {
    const { log, url } = this.#options
    const client = this.#connect()
    if (client === undefined) return
    const closed = new AbortController()
    client.on('close', () => closed.abort())
    client.on('error', (error) => {
      const fault = new Fault(connectionFault(error), `No delivery: ${error.message || 'no connection'}.`, {
        place: { path: url },
        cause: error,
      })
      this.#say(fault)
    })
    client.on('message', (topic, payload, { retain }) => {
      if (topic === this.#topic('receipt')) this.#receive(payload)
      else if (topic === this.#topic('command')) this.#command(client, payload, retain)
      else if (topic === this.#topic('configuration')) this.#options.configuration?.(payload)
    })
    const signal = AbortSignal.any([closed.signal, stopping])
    try {
      const greeted = await this.#greet(client, signal)
      if (greeted !== undefined) await this.#deliver(client, signal, greeted)
    } catch (error) {
      if (!signal.aborted) log.error({ err: error }, 'the connection to the broker is given up')
    } finally {
      if (this.#client === client) this.#become(undefined)
      this.#lanes.disconnected()
      this.#bundling.disconnected(this.#options.clock.monotonicMs())
      client.end(true)
    }
    if (!stopping.aborted) log.info({ url }, 'not connected to the broker')
  }

  /** Starts a connection; undefined, and said why, when a file that it needs cannot be read. */
  #connect(): MqttClient | undefined {
    try {
      return connect(this.#clientOptions())
    } catch (error) {
      const fault =
        error instanceof Fault
          ? error
          : new Fault('uplink-certificate-refused', `No delivery: ${String(error)}.`, { cause: error })
      this.#say(fault)
      return undefined
    }
  }

  /** Says why there is no connection: as a warning the first time, then in detail for who looks for it. */
  #say(fault: Fault): void {
    const problem = `${fault.code} ${fault.message}`
    const level = problem === this.#lastProblem ? 'debug' : 'warn'
    this.#lastProblem = problem
    this.#options.log[level]({ err: fault, advice: fault.advice }, 'the broker cannot be used now')
  }

  /** Waits for the connection and the subscription. Receipts must be heard before anything is sent. */
  async #greet(client: MqttClient, signal: AbortSignal): Promise<Greeted | undefined> {
    const { clock, url } = this.#options
    const connected = await within<Greeted>(clock, CONNECT_TIMEOUT_MS, signal, (settle) => {
      client.once('connect', ({ properties }) => {
        const { receiveMaximum, maximumPacketSize } = properties ?? {}
        settle({ receiveMaximum, maximumPacketSize })
      })
    })
    if (connected === undefined) return undefined
    // With Nagle's algorithm each small message waits for the peer's delayed ACK: 40 ms a batch on Linux.
    if (client.stream instanceof Socket) client.stream.setNoDelay(true)
    const granted = await within<boolean>(clock, SUBSCRIBE_TIMEOUT_MS, signal, (settle) => {
      client.subscribe([this.#topic('receipt'), this.#topic('command')], { qos: 1 }, (error, grants) => {
        settle(error === null && grants?.every(({ qos }) => qos <= 2) === true)
      })
    })
    if (granted === true) return connected
    this.#say(
      new Fault('uplink-refused', 'The subscription to receipts and commands was not granted.', {
        place: { path: url },
      }),
    )
    return undefined
  }

  async #deliver(client: MqttClient, signal: AbortSignal, greeted: Greeted): Promise<void> {
    const { clock, log, url, receiptTimeoutMs } = this.#options
    log.info({ url }, 'connected to the broker')
    this.#lastProblem = ''
    this.#reading(() => this.#lanes.connected(greeted.receiveMaximum))
    this.#bundling.connected(greeted.maximumPacketSize)
    this.#become(client)
    this.#publishState('birth', 'connected')
    this.#listenForConfigurations(client)
    const tickMs = Math.min(TICK_MS_MAX, Math.max(10, receiptTimeoutMs / 2))
    do {
      if (this.#lanes.isStalled()) {
        log.warn({ url }, 'the broker takes nothing any more: connecting anew')
        return
      }
      this.#pump()
      const sinceStateMs = clock.monotonicMs() - this.#lastStateMs
      const isNews = this.#stateChanged && sinceStateMs >= STATE_TIME_SHARE * this.#stateTookMs
      if (isNews || sinceStateMs >= STATE_EVERY_MS) this.#publishState('state', 'periodic')
    } while (await slept(clock, tickMs, signal))
  }

  /** A broker that does not grant this still gets the readings. */
  #listenForConfigurations(client: MqttClient): void {
    const { configuration, log, url } = this.#options
    if (configuration === undefined) return
    client.subscribe(this.#topic('configuration'), { qos: 1 }, (error, grants) => {
      if (error === null && grants?.every(({ qos }) => qos <= 2) === true) return
      log.warn({ url, err: error }, 'the broker does not let this gateway hear of configurations')
    })
  }

  #become(client: MqttClient | undefined): void {
    if ((client === undefined) !== (this.#client === undefined))
      this.#changedMs = this.#options.clock.monotonicMs()
    this.#client = client
  }

  #pump(): void {
    const client = this.#client
    if (client === undefined) return
    this.#reading(() => {
      const isPaused = this.#bundling.isPaused(this.#options.clock.monotonicMs())
      const rowsMax = (): number => (isPaused ? 1 : this.#lanes.together)
      const { bytesMax } = this.#bundling
      for (const message of outgoing(this.#lanes.due(), { rowsMax, bytesMax })) this.#publish(client, message)
    })
  }

  #publish(client: MqttClient, { lane, payload, rows }: Outgoing): void {
    // Who made the bytes owns them; a Buffer over them is no copy.
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
    const bundle = rows.length > 1 ? hash('sha256', bytes) : undefined
    if (bundle !== undefined) {
      const places = rows.map(({ row }) => row.place)
      this.#bundling.sent(bundle, places)
    }
    client.publish(this.#topic(lane), bytes, { qos: 1 }, (error) => {
      if (error === undefined || error === null) {
        for (const { taken } of rows) taken()
        if (bundle !== undefined) this.#bundling.taken(bundle)
        return
      }
      const seqs = rows.map(({ row }) => row.seq)
      this.#options.log.debug({ seqs, err: error }, 'batches were not taken by the broker')
      // A number is the broker's own word (MQTT 5); all else is the end of the connection.
      if (bundle !== undefined && 'code' in error && typeof error.code === 'number') this.#refused(bundle)
    })
  }

  /** True for a bundle of ours that did not get through: its rows are sent again, each by itself. */
  #refused(digest: string): boolean {
    const { clock, log } = this.#options
    const places = this.#bundling.refused(digest, clock.monotonicMs())
    if (places === undefined) return false
    log.warn(
      { batches: places.length },
      'several batches in one message are not taken: each is sent by itself',
    )
    this.#lanes.giveBack(places)
    return true
  }

  /** Reads the journal; one that cannot be read now is said once, and read again at the next occasion. */
  #reading(read: () => void): void {
    try {
      read()
      this.#unreadable = false
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      if (!this.#unreadable) this.#options.log.error({ err: error }, 'the journal cannot be read')
      this.#unreadable = true
    }
  }

  #command(client: MqttClient, payload: Uint8Array, retained: boolean): void {
    const { gateway, journal, log, clock, serverTime } = this.#options
    const given = retained ? undefined : commandFor(gateway, payload)
    if (given === undefined) {
      log.warn(
        { retained, bytes: payload.length },
        'a message that is no command for this gateway is ignored',
      )
      return
    }
    if (given.kind === 'time') {
      // By the time of the state that it answers it is known how old it can be at most.
      if (given.stateAtMs === this.#lastStateAtMs)
        serverTime?.(given.issuedAtMs, clock.monotonicMs() - this.#lastStateMs)
      return
    }
    const answer = obey(given, {
      gateway,
      journal,
      reportState: () => this.#publishState('state', 'periodic'),
    })
    log.info({ command: given, ...answer }, 'a command was answered')
    const reply = { v: 1, id: given.id, gateway, atMs: Math.floor(clock.wallMs()), ...answer } as const
    client.publish(this.#topic('reply'), JSON.stringify(reply satisfies z.infer<typeof replySchema>), {
      qos: 1,
    })
    this.#pump()
  }

  #receive(payload: Uint8Array): void {
    const { gateway, log } = this.#options
    try {
      for (const receipt of receiptsFor(gateway, payload, log)) this.#received(receipt)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      // The row stays unacknowledged and is sent again, so nothing is lost.
      log.error({ err: error }, 'a receipt cannot be entered in the journal')
    }
    this.#pumpAfterThis()
  }

  /** Once for all receipts that come together, so that what may be sent then travels together. */
  #pumpAfterThis(): void {
    if (this.#isPumpDue) return
    this.#isPumpDue = true
    setImmediate(() => {
      this.#isPumpDue = false
      this.#pump()
    })
  }

  #received(receipt: Receipt): void {
    const { journal, log, serverTime } = this.#options
    const { digest, outcome, refused, committedAtMs } = receipt
    const place = journal.acknowledge(digest)
    if (place === undefined) {
      // A server that is older than bundles has kept one as a message that it cannot read.
      const isBundle = outcome === 'quarantined' && this.#refused(digest)
      if (!isBundle) log.debug({ digest }, 'a receipt for no waiting row')
      return
    }
    if (outcome === 'quarantined' || refused > 0) {
      log.warn({ place, receipt }, 'the server put readings in quarantine')
    }
    const roundTripMs = this.#lanes.received(place, outcome === 'stored')
    if (roundTripMs !== undefined) serverTime?.(committedAtMs, roundTripMs)
  }

  #publishState(kind: 'birth' | 'state', reason: StateMessage['reason']): void {
    const client = this.#client
    if (client === undefined) return
    const { clock, log } = this.#options
    this.#stateChanged = false
    this.#lastStateMs = clock.monotonicMs()
    this.#lastStateAtMs = Math.max(0, Math.floor(clock.wallMs()))
    client.publish(
      this.#topic('state'),
      stateText(this.#options, kind, reason, this.#lastStateAtMs),
      { qos: 1, retain: true },
      (error) => {
        if (error) log.debug({ err: error }, 'a state message was not taken by the broker')
      },
    )
    this.#stateTookMs = clock.monotonicMs() - this.#lastStateMs
  }

  #clientOptions(): IClientOptions {
    const { gateway } = this.#options
    return {
      clientId: gateway,
      clean: true,
      ...accessOptions(this.#options),
      connectTimeout: CONNECT_TIMEOUT_MS,
      // Fixed intervals without jitter, and resending one message per round trip, are not what we want: run() does it.
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      // Buffers of all numbers up to 65,535, made beforehand, would take 7 MB.
      writeCache: false,
      will: {
        topic: this.#topic('state'),
        payload: Buffer.from(stateText(this.#options, 'death', 'connection-lost')),
        qos: 1,
        retain: true,
      },
    }
  }

  #topic(leaf: UpLeaf | DownLeaf): string {
    return topicOf({ park: this.#options.park, gateway: this.#options.gateway, leaf })
  }
}
