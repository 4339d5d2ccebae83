import { randomBytes } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import type { BaseLogger } from 'pino'
import { rowsIn } from '#contract/bundle.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import type { Access } from './access.ts'
import {
  authenticate,
  stillHolds,
  type AuthenticationOptions,
  type Credentials,
  type Grounds,
} from './authentication.ts'
import { answerTogether } from './answers-together.ts'
import { insideOf, type Inside } from './inside.ts'
import {
  isLoopback,
  isSameTls,
  isSameTrust,
  startListener,
  type Listener,
  type ListenerTls,
} from './listener.ts'
import { messageRate, MESSAGES_PER_SECOND_MAX } from './message-rate.ts'
import { repetition } from './repetition.ts'
import { isSame, mayPublish, maySubscribe, type Identity } from './rights.ts'
import { secretCheck } from './secret.ts'

/** A stranger has this long to send its CONNECT. */
const CONNECT_TIMEOUT_MS = 10_000
/** A subscriber that takes nothing for this long is disconnected, so that it cannot hold delivery slots. */
const DRAIN_TIMEOUT_MS = 8_000
/** Deliveries under way at once, for all subscribers together. */
const DELIVERY_SLOTS = 256
/** Nobody of ours uses QoS 2; each unfinished exchange keeps a whole packet in memory. */
const QOS2_UNFINISHED_MAX = 4
/** MQTT 3.1.1 cannot refuse a publish but by closing, and the client sends it again: it gets one try a second. */
const DENIAL_DELAY_MS = 1_000

/** How soon a client is cut off whose password was changed or taken away. */
const GROUNDS_CHECK_MS = 5_000

export interface Broker {
  /** Where gateways connect. */
  readonly url: string
  readonly port: number
  /** Where our own processes on this machine connect, with `credentials`: without TLS, on the loopback. */
  readonly ownUrl: string
  readonly credentials: Credentials
  /** For this process itself. */
  readonly inside: Inside
  /** Closes all connections and the port. What clients had on its way is sent again by them. */
  stop(): Promise<void>
}

export interface BrokerOptions {
  readonly host?: string
  /** 0 takes a free one. */
  readonly port: number
  readonly park: Park
  readonly log: BaseLogger
  /** Of our own processes; by default made anew at every start and never written down. */
  readonly credentials?: Credentials | undefined
  /** Secrets of gateways and operators. While there are none, and no authorities either, a client id is enough. */
  readonly access?: Access | undefined
  readonly tls?: ListenerTls | undefined
  /** Reads `tls` anew, so that what was renewed or revoked holds without a restart; by default it stays as it is. */
  readonly readTls?: (() => ListenerTls | undefined) | undefined
  /** What one gateway or operator may send; beyond it it is read more slowly. */
  readonly messagesPerSecondMax?: number | undefined
  /** How often it is looked whether those who are connected would still be let in; 5 s by default. */
  readonly groundsCheckMs?: number | undefined
}

/** A bundle counts for as many messages as it spares. */
function rowsTogether(payload: string | Buffer): number {
  return typeof payload === 'string' ? 1 : (rowsIn(payload)?.length ?? 1)
}

function newCredentials(): Credentials {
  return { username: 'tanbiao-server', password: randomBytes(32).toString('hex') }
}

/** CONNACK 3: come again later (MQTT 3.1.1 §3.2.2.3). */
function unavailable(why: string): AuthenticateError {
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- aedes declares its codes, and exports no values
  return Object.assign(new Error(why), { returnCode: 3 })
}

/** An address that others reach needs to know who they are. */
function guardAddress(host: string, isProtected: boolean, isTls: boolean, log: BaseLogger): void {
  if (isLoopback(host)) return
  if (!isProtected)
    throw new Fault(
      'broker-unprotected',
      `The broker is to listen on ${host}, but no gateway has a password and no authority of certificates is given.`,
      { place: { path: host } },
    )
  if (!isTls) log.warn({ host }, 'the broker listens without TLS: passwords and readings can be overheard')
}

/**
 * Starts the embedded MQTT 3.1.1 broker. It relays and stores nothing: all sessions are clean, whatever the client
 * asks for. Throws `broker-unprotected`, `port-taken`, `broker-unavailable` where the address cannot be used, or
 * `file-invalid` for certificates.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { host = '127.0.0.1', port, park, log, credentials = newCredentials(), access, tls } = options
  const { messagesPerSecondMax = MESSAGES_PER_SECOND_MAX } = options
  const isProtected = (): boolean =>
    tls?.clientAuthorities !== undefined || (access !== undefined && !access.isEmpty())
  guardAddress(host, isProtected(), tls !== undefined, log)
  const authentication: AuthenticationOptions = {
    park,
    own: credentials,
    access,
    check: secretCheck(),
    isOpen: () => isLoopback(host) && !isProtected(),
  }
  const identities = new WeakMap<Client, Identity>()
  const grounds = new WeakMap<Client, Grounds>()
  const rates = new WeakMap<Client, ReturnType<typeof messageRate>>()
  const connected = new Map<string, Client>()
  const listeners: Listener[] = []
  const denied = repetition()
  const takenOver = repetition()
  const slowed = repetition()

  async function admit(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
  ): Promise<Refusal> {
    const shown = { clientId: client.id, username, password, connection: client.conn }
    const result = await authenticate(shown, authentication)
    if ('refused' in result) return result
    const other = connected.get(client.id)
    const known = other === undefined ? undefined : identities.get(other)
    // MQTT closes the older of two: nobody may do that to somebody else.
    if (known !== undefined && !isSame(known, result.identity))
      return { refused: 'its client id is that of another who is connected' }
    identities.set(client, result.identity)
    grounds.set(client, result.grounds)
    rates.set(client, messageRate(messagesPerSecondMax))
    const count = other === undefined ? undefined : takenOver(client.id)
    if (count !== undefined)
      log.warn({ client: client.id, count }, 'second connection with the same client id; the first is closed')
    return undefined
  }

  const aedes = new Aedes({
    concurrency: DELIVERY_SLOTS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    drainTimeout: DRAIN_TIMEOUT_MS,
    maxInflightInbound: QOS2_UNFINISHED_MAX,
    preConnect: (_client, packet, done) => {
      // A kept session would queue receipts for an absent gateway without bound; the journal makes it needless.
      packet.clean = true
      done(null, true)
    },
    authenticate: (client, username, password, done) => {
      const answer = (refusal: Refusal): void => {
        if (refusal === undefined) return done(null, true)
        const count = denied(`connect ${client.id} ${refusal.refused}`)
        if (count !== undefined)
          log.warn({ client: client.id, count }, `connection refused: ${refusal.refused}`)
        const error = refusal.isBusy === true ? unavailable(refusal.refused) : null
        // Guessing costs a second a try.
        if (authentication.isOpen()) done(error, false)
        else setTimeout(done, DENIAL_DELAY_MS, error, false).unref()
      }
      admit(client, username, password).then(answer, (error: unknown) => {
        log.error({ err: error, client: client.id }, 'a client cannot be authenticated')
        done(unavailable('cannot be authenticated now'), false)
      })
    },
    authorizePublish: (client, packet, done) => {
      const identity = client === null ? undefined : identities.get(client)
      if (identity !== undefined && mayPublish(identity, packet.topic, packet.retain, park)) {
        const rate = identity.kind === 'server' || client === null ? undefined : rates.get(client)
        const waitMs = rate?.(performance.now(), rowsTogether(packet.payload)) ?? 0
        if (packet.retain) inside.noteRetained(packet.topic, packet.payload)
        if (waitMs === 0) return done(null)
        const count = slowed(client?.id ?? '')
        if (count !== undefined)
          log.warn(
            { client: client?.id, count, limit: messagesPerSecondMax },
            'a client sends too much: it is read more slowly',
          )
        // aedes reads on when a piece of the stream is done: the flood stays in the sender's own socket.
        return void setTimeout(done, waitMs, null).unref()
      }
      const count = denied(`publish ${client?.id} ${packet.topic}`)
      if (count !== undefined)
        log.warn(
          { client: client?.id, topic: packet.topic, count },
          'publish denied; its connection is closed',
        )
      const reason = new Error('publish denied')
      // A will is judged when its connection is gone: nobody to slow down.
      if (client === null || client.closed) done(reason)
      else setTimeout(done, DENIAL_DELAY_MS, reason).unref()
    },
    authorizeSubscribe: (client, subscription, done) => {
      const identity = identities.get(client)
      if (identity !== undefined && maySubscribe(identity, subscription.topic, park))
        return done(null, subscription)
      const count = denied(`subscribe ${client.id} ${subscription.topic}`)
      if (count !== undefined)
        log.warn({ client: client.id, topic: subscription.topic, count }, 'subscription denied')
      done(null, null)
    },
    // Who does not read gets nothing more until it does: a gateway asks again for its receipts, a state comes again.
    authorizeForward: (client, packet) => {
      if (identities.get(client)?.kind !== 'server' && client.conn.writableNeedDrain) return null
      answerTogether(client.conn)
      return packet
    },
  })
  const inside = insideOf(aedes)
  aedes.on('client', (client) => {
    connected.set(client.id, client)
    for (const listener of listeners) listener.welcome(client.conn)
  })
  aedes.on('clientDisconnect', (client) => {
    if (connected.get(client.id) === client) connected.delete(client.id)
  })
  aedes.on('clientError', (client, error) => {
    log.debug({ client: client.id, error: error.message }, 'connection lost')
  })
  const emitter: EventEmitter = aedes
  emitter.on('error', (error: unknown) => log.error({ error }, 'the broker failed at a packet'))
  await aedes.listen()

  /** A session outlives its password by no more than one round of this. */
  function cutOff(): void {
    for (const client of connected.values()) {
      const held = grounds.get(client)
      try {
        if (held === undefined || stillHolds(held, authentication)) continue
        log.warn({ client: client.id }, 'its password was changed or taken away: its connection is closed')
        client.close()
      } catch (error) {
        // A file of secrets that cannot be read lets nobody new in; who is there was let in rightly.
        log.error({ err: error, client: client.id }, 'it cannot be looked whether a client may stay')
      }
    }
  }

  let shown = tls
  const renewal = repetition()
  /**
   * Renewed certificates, authorities and lists of revoked ones hold from here on. Who was let in by a certificate must
   * show it again: its connection is closed, comes back at once, and does not where it was revoked.
   */
  function renewTls(outer: Listener): void {
    if (shown === undefined || options.readTls === undefined) return
    try {
      const now = options.readTls()
      if (now === undefined || isSameTls(shown, now)) return
      outer.renew(now)
      const isTrustNew = !isSameTrust(shown, now)
      shown = now
      log.info({ url: outer.url, trust: isTrustNew ? 'new' : 'the same' }, 'certificates were read again')
      if (!isTrustNew) return
      for (const client of connected.values()) if (grounds.get(client)?.by === 'certificate') client.close()
    } catch (error) {
      // Half of the files may be there: what was right before holds until all of them are.
      const count = renewal(String(error))
      if (count !== undefined)
        log.error({ err: error, count }, 'certificates cannot be read again; those before hold')
    }
  }

  let groundsCheck: NodeJS.Timeout | undefined
  const stop = async (): Promise<void> => {
    clearInterval(groundsCheck)
    const stopped = listeners.map((listener) => listener.stop())
    await new Promise<void>((resolve) => aedes.close(resolve))
    await Promise.all(stopped)
  }
  const listen = async (at: {
    host: string
    port: number
    tls?: ListenerTls | undefined
  }): Promise<Listener> => {
    const listener = await startListener({ ...at, log, onConnection: (socket) => void aedes.handle(socket) })
    listeners.push(listener)
    return listener
  }
  try {
    const outer = await listen({ host, port, tls })
    groundsCheck = setInterval(() => {
      renewTls(outer)
      cutOff()
    }, options.groundsCheckMs ?? GROUNDS_CHECK_MS).unref()
    const isReachable = tls === undefined
    const own = isReachable ? outer : await listen({ host: '127.0.0.1', port: 0 })
    log.info({ url: outer.url, gateways: park.gateways.size }, 'broker listens')
    return { url: outer.url, port: outer.port, ownUrl: own.url, credentials, inside, stop }
  } catch (fault) {
    await stop()
    throw fault
  }
}

/** Why somebody is not let in; undefined for who is. */
type Refusal = { readonly refused: string; readonly isBusy?: boolean } | undefined
