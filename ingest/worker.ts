import { hash, randomUUID } from 'node:crypto'
import type { IClientOptions } from 'mqtt'
import type { BaseLogger } from 'pino'
import { rowsIn } from '#contract/bundle.ts'
import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import {
  receiptsIn,
  stateMessage,
  type Command,
  type ConfigurationMessage,
  type StateMessage,
} from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import { topicOf, type Topic } from '#contract/topics.ts'
import type { ReadingStore } from '#store/port.ts'
import { startCommitter, type CommitStatistics } from './commit.ts'
import type { Inside } from './inside.ts'
import { repetition } from './repetition.ts'
import { StateIntake } from './state-intake.ts'
import { timeFor } from './told-time.ts'
import { subscribe, type ReceiverOptions, type Subscription } from './subscribe.ts'
import { subscribeInside } from './subscribe-inside.ts'

/** Stopping commits what waits for at most this long; what remains is sent again by its gateways. */
const STOP_GRACE_MS = 3_000

export interface WorkerOptions {
  readonly brokerUrl: string
  /** Where the broker is in this process: its messages are taken without a connection to `brokerUrl`. */
  readonly inside?: Inside | undefined
  readonly credentials?: { readonly username: string; readonly password: string } | undefined
  /** TLS and credentials of a broker that is not ours, asked for at each connection. */
  readonly access?: (() => IClientOptions) | undefined
  /** For brokers with shared subscriptions, when several workers serve one park. */
  readonly shareGroup?: string | undefined
  readonly park: Park
  readonly store: ReadingStore
  readonly clock: Clock
  readonly log: BaseLogger
  /** Called with every valid state message; the retained ones come after each connection. Must not wait. */
  readonly onState?: ((message: StateMessage) => void) | undefined
  /**
   * Told of what this worker has committed, after its receipts. Other workers’ commits, and those of before a crash, are
   * in the store alone: this is for who would see them sooner. Must not wait.
   */
  readonly onCommitted?: ((records: readonly CommitRecord[]) => void) | undefined
  readonly random?: (() => number) | undefined
  /** Whether the clock is kept by somebody who knows the time; undefined where nobody says. */
  readonly isClockKept?: (() => boolean | undefined) | undefined
  /** The clock is right, whatever gateways say. */
  readonly trustsClock?: boolean | undefined
}

interface WorkerStatistics extends CommitStatistics {
  readonly connected: boolean
  /** Payloads of readings and gaps that arrived. */
  readonly received: number
  readonly states: number
  /** State messages that were not valid or named another gateway. */
  readonly statesRefused: number
  /** Receipts that could not be sent for want of a connection. */
  readonly receiptsUnsent: number
}

export interface Worker {
  /** Commits what waits (a few seconds at most) and disconnects. The store stays open: it is its owner's. */
  stop(): Promise<void>
  /** Publishes a signed configuration to its gateway, retained. Throws `broker-unavailable`. */
  publishConfiguration(message: ConfigurationMessage): Promise<void>
  /** Publishes a command to its gateway. False where there is no connection. */
  publishCommand(given: Command): boolean
  statistics(): WorkerStatistics
}

/** State messages are small: a line for each meter of a gateway. */
const STATE_BYTES_MAX = 256 * 1024

/** The state in a payload, or what is wrong with it. */
function parseState(topic: Topic, payload: Uint8Array): StateMessage | string {
  if (payload.length > STATE_BYTES_MAX) return `longer than ${STATE_BYTES_MAX} bytes`
  let decoded: unknown
  try {
    decoded = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const parsed = stateMessage.safeParse(decoded)
  if (!parsed.success) return parsed.error.issues.map(({ message }) => message).join('; ')
  return parsed.data.gateway === topic.gateway ? parsed.data : `says gateway ${parsed.data.gateway}`
}

/**
 * Starts an ingest worker: subscription → validation → store → receipts. Any number may run side by side; none keeps
 * anything of its own. Resolves when the first try to reach the broker has ended; where it failed the worker goes on
 * trying by itself.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const {
    brokerUrl,
    inside,
    credentials,
    access,
    shareGroup,
    park,
    store,
    clock,
    log,
    onState,
    onCommitted,
    isClockKept,
    trustsClock,
    random = Math.random,
  } = options
  const counts = { received: 0, states: 0, statesRefused: 0, receiptsUnsent: 0 }
  const badStates = repetition()
  const parkId = park.description.id

  function takeState(topic: Topic, payload: Uint8Array): void {
    // An empty retained message is how a state is cleared.
    if (payload.length === 0) return
    const state = parseState(topic, payload)
    if (typeof state !== 'string') {
      counts.states += 1
      tellTime(state)
      try {
        onState?.(state)
      } catch (error) {
        log.error({ err: error, gateway: topic.gateway }, 'a state message could not be used')
      }
      return
    }
    counts.statesRefused += 1
    const count = badStates(topic.gateway)
    if (count !== undefined)
      log.warn({ gateway: topic.gateway, count, fault: state }, 'state message refused')
  }

  let publish: Subscription['publish'] | undefined
  function tellTime(state: StateMessage): void {
    const told = timeFor(state, clock.wallMs(), randomUUID())
    if (told === undefined || !park.gateways.has(state.gateway)) return
    // Where there is no connection its next state is answered; one that was retained is too old to say anything.
    publish?.(topicOf({ park: parkId, gateway: state.gateway, leaf: 'command' }), JSON.stringify(told))
  }

  const states = new StateIntake(clock, park.gateways.keys(), takeState)
  const committer = startCommitter({
    park,
    store,
    clock,
    random,
    log,
    onCommitted,
    isClockKept,
    trustsClock,
    sendReceipt: (receipt) => {
      const topic = topicOf({ park: parkId, gateway: receipt.gateway, leaf: 'receipt' })
      if (!subscription.publish(topic, JSON.stringify(receipt)))
        counts.receiptsUnsent += receiptsIn(receipt).length
    },
  })
  function takePayload(topic: Topic, payload: Uint8Array, isBundled = false): void {
    counts.received += 1
    const digest = hash('sha256', payload)
    committer.offer({ topic, payload, digest, receivedMs: clock.wallMs(), isBundled })
  }
  const receiving: ReceiverOptions = {
    park: parkId,
    log,
    onMessage: (topic, payload) => {
      if (topic.leaf === 'state') return states.offer(topic, payload)
      const rows = topic.leaf === 'backlog' ? rowsIn(payload) : undefined
      // What says that it is a bundle and is none is judged, and refused, as it came.
      if (rows === undefined) return takePayload(topic, payload)
      // Copies: one row that waits is not to keep the memory of all.
      for (const row of rows) takePayload(topic, row.slice(), true)
    },
  }
  const clientId = `tanbiao-ingest-${randomUUID()}`
  const subscription: Subscription =
    inside === undefined
      ? subscribe({ ...receiving, brokerUrl, credentials, access, clientId, shareGroup, clock, random })
      : subscribeInside(inside, receiving)
  publish = (topic, text) => subscription.publish(topic, text)
  await subscription.tried

  return {
    publishConfiguration: (message) =>
      subscription.retain(
        topicOf({ park: parkId, gateway: message.gateway, leaf: 'configuration' }),
        JSON.stringify(message),
      ),
    publishCommand: (given) =>
      subscription.publish(
        topicOf({ park: parkId, gateway: given.gateway, leaf: 'command' }),
        JSON.stringify(given),
      ),
    stop: async () => {
      states.stop()
      await committer.stop(STOP_GRACE_MS)
      await subscription.stop()
    },
    statistics: () => ({ ...counts, ...committer.statistics(), connected: subscription.connected() }),
  }
}
