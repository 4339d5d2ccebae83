import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import type { BaseLogger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { filterOf, parseTopic, type Topic, type UpLeaf } from '#contract/topics.ts'
import { backoffMs, pause } from './backoff.ts'
import { repetition } from './repetition.ts'

const CONNECT_TIMEOUT_MS = 10_000
const KEEP_ALIVE_SECONDS = 30
/** After a lost or refused connection. */
const RECONNECT_BACKOFF = { firstMs: 250, maxMs: 15_000 }
/** Bytes that the broker has not yet taken; beyond it receipts are let be, and gateways ask again. */
const UNSENT_BYTES_MAX = 4 * 1024 * 1024
/** A broker that does not answer the farewell is left without. */
const FAREWELL_MS = 1_000

const leaves = ['live', 'backlog', 'state'] as const satisfies readonly UpLeaf[]

/** What a subscription gives on, and to whom. */
export interface ReceiverOptions {
  readonly park: string
  readonly log: BaseLogger
  /** Must return at once: until then no packet is looked at, the keep-alive's neither. */
  readonly onMessage: (topic: Topic, payload: Uint8Array) => void
}

export interface SubscriptionOptions extends ReceiverOptions {
  readonly brokerUrl: string
  readonly credentials?: { readonly username: string; readonly password: string } | undefined
  /** TLS and credentials, asked for at each connection so that renewed files are taken; instead of `credentials`. */
  readonly access?: (() => IClientOptions) | undefined
  /** Must differ between processes, and from every gateway's id. */
  readonly clientId: string
  /** For brokers with shared subscriptions: workers of one group share the payloads among them. */
  readonly shareGroup?: string | undefined
  readonly clock: Clock
  readonly random: () => number
}

export interface Subscription {
  /** True while connected and subscribed. */
  connected(): boolean
  /** Resolves when the first try to connect has ended, well or not. */
  readonly tried: Promise<void>
  /** Publishes at QoS 0. False where there is no connection, or one that does not take what it was given. */
  publish(topic: string, payload: string): boolean
  /** Publishes at QoS 1, retained; resolves when the broker has it. Throws `broker-unavailable`. */
  retain(topic: string, payload: string): Promise<void>
  stop(): Promise<void>
}

/** One connection: `subscribed` resolves or rejects once, `closed` resolves in the end. */
interface Connection {
  readonly client: MqttClient
  readonly subscribed: Promise<void>
  readonly closed: Promise<void>
}

/** Resolves with the broker's word that it has it; a connection that ends before has said nothing. */
function taken(client: MqttClient, topic: string, payload: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause?: unknown): void => {
      reject(new Fault('broker-unavailable', 'The broker has not taken the message.', { cause }))
    }
    const lost = (): void => failed()
    client.once('close', lost)
    client.publish(topic, payload, { qos: 1, retain: true }, (error) => {
      client.removeListener('close', lost)
      if (error === undefined || error === null) resolve()
      else failed(error)
    })
  })
}

/** Gives on what is of the park, with its topic taken apart. */
export function receiver({ park, log, onMessage }: ReceiverOptions) {
  const foreign = repetition()
  return (topicText: string, payload: Buffer): void => {
    const topic = parseTopic(topicText)
    // A broker without rights lets any name through; one that is no identifier cannot be put on record.
    const ours = topic?.park === park && identifier.safeParse(topic.gateway).success
    // A copy: the packet is a view into a larger buffer, which would stay in memory with it.
    if (topic !== undefined && ours) return onMessage(topic, new Uint8Array(payload))
    const count = foreign(topicText)
    if (count !== undefined) log.warn({ topic: topicText, count }, 'message on a topic that is not ours')
  }
}

/** State goes to every worker; readings to one of the group. */
export function filtersOf(park: string, shareGroup?: string): string[] {
  return leaves.map((leaf) => {
    const filter = filterOf(park, leaf)
    return shareGroup === undefined || leaf === 'state' ? filter : `$share/${shareGroup}/${filter}`
  })
}

/**
 * A fresh client for every connection: MQTT.js is used as a socket, its own reconnecting, queues and stores are not.
 */
function open(options: SubscriptionOptions): Connection {
  const { brokerUrl, credentials, access, clientId, shareGroup, park } = options
  const clientOptions: IClientOptions = {
    ...access?.(),
    clientId,
    protocolVersion: 4,
    clean: true,
    keepalive: KEEP_ALIVE_SECONDS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    ...credentials,
  }
  const client = connect(brokerUrl, clientOptions)
  const closed = new Promise<void>((resolve) => {
    client.once('close', () => resolve())
  })
  const subscribed = new Promise<void>((resolve, reject) => {
    const fail = (what: string, cause?: unknown): void => {
      reject(new Fault('broker-unavailable', `${brokerUrl}: ${what}`, { place: { path: brokerUrl }, cause }))
      client.end(true)
    }
    client.on('error', (error) => fail(error.message, error))
    void closed.then(() => fail('the connection was closed'))
    client.once('connect', () => {
      client.subscribe(filtersOf(park, shareGroup), { qos: 1 }, (error, granted = []) => {
        const refused = granted.filter(({ qos }) => qos === 128).map(({ topic }) => topic)
        if (error !== null) fail(error.message, error)
        else if (refused.length > 0) fail(`the broker refuses the subscription to ${refused.join(', ')}`)
        else resolve()
      })
    })
  })
  return { client, subscribed, closed }
}

/**
 * Keeps a subscription to the park's readings and states alive until it is stopped: lost connections are replaced, with
 * growing pauses. Throws `argument-invalid` for what is no URL of a broker. What is published meanwhile is not seen; without a receipt the gateways send it again.
 */
export function subscribe(options: SubscriptionOptions): Subscription {
  const { clock, random, log } = options
  if (!/^(mqtts?|wss?):\/\//.test(options.brokerUrl)) {
    throw new Fault('argument-invalid', `"${options.brokerUrl}" is not the URL of an MQTT broker.`)
  }
  const abort = new AbortController()
  const receive = receiver(options)
  let current: MqttClient | undefined
  let stream: MqttClient['stream'] | undefined
  let reachable: boolean | undefined
  let markTried: () => void
  const tried = new Promise<void>((resolve) => {
    markTried = resolve
  })

  /** Undefined where a file of ours cannot be read: that is tried again, as a broker that is away. */
  function opened(): Connection | undefined {
    try {
      return open(options)
    } catch (error) {
      if (reachable !== false) log.warn({ err: error }, 'no connection to the broker; trying again')
      reachable = false
      markTried()
      return undefined
    }
  }

  async function connection(): Promise<'held' | 'failed'> {
    const made = opened()
    if (made === undefined) return 'failed'
    const { client, subscribed, closed } = made
    const leave = (): void => {
      // Before the subscription is answered a polite end would wait for that answer.
      client.end(current === undefined)
    }
    stream = client.stream
    const startedMs = clock.monotonicMs()
    abort.signal.addEventListener('abort', leave, { once: true })
    client.on('message', receive)
    try {
      await subscribed
      current = client
      reachable = true
      log.info({ broker: options.brokerUrl }, 'subscribed')
      markTried()
      await closed
      if (!abort.signal.aborted) log.warn({ broker: options.brokerUrl }, 'connection to the broker lost')
      return clock.monotonicMs() - startedMs < RECONNECT_BACKOFF.maxMs ? 'failed' : 'held'
    } catch (error) {
      if (reachable !== false && !abort.signal.aborted)
        log.warn({ err: error }, 'no connection to the broker; trying again')
      reachable = false
      return 'failed'
    } finally {
      current = undefined
      markTried()
      abort.signal.removeEventListener('abort', leave)
      await closed
    }
  }

  async function run(): Promise<void> {
    for (let attempt = 0; !abort.signal.aborted; attempt += 1) {
      if ((await connection()) === 'held') attempt = 0
      await pause(clock, backoffMs(RECONNECT_BACKOFF, attempt, random), abort.signal)
    }
  }
  const ended = run()

  return {
    connected: () => current !== undefined,
    tried,
    publish: (topic, payload) => {
      if (current === undefined || current.stream.writableLength > UNSENT_BYTES_MAX) return false
      current.publish(topic, payload, { qos: 0 })
      return true
    },
    retain: async (topic, payload) => {
      if (current === undefined)
        throw new Fault('broker-unavailable', 'There is no connection to the broker.')
      await taken(current, topic, payload)
    },
    stop: async () => {
      abort.abort(new Error('stopped'))
      const left = new AbortController()
      void pause(clock, FAREWELL_MS, left.signal).then(() => stream?.destroy())
      await ended
      left.abort(new Error('left'))
    },
  }
}
