import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import { Aedes, type Client } from 'aedes'
import type { BaseLogger } from 'pino'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import { packetLengthGuard } from './packet-length.ts'
import { repetition } from './repetition.ts'
import { mayPublish, maySubscribe, type Identity } from './rights.ts'

/** An embedded broker serves up to some hundred gateways; strangers must not take all descriptors. */
const CONNECTIONS_MAX = 1_000
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
/** Finds out about peers that vanished without closing, where a client has no MQTT keep-alive. */
const TCP_KEEP_ALIVE_MS = 60_000

export interface Credentials {
  readonly username: string
  readonly password: string
}

export interface Broker {
  /** Where clients on this machine connect. */
  readonly url: string
  readonly port: number
  /** For our own processes. */
  readonly credentials: Credentials
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
}

function newCredentials(): Credentials {
  return { username: 'tanbiao-server', password: randomBytes(32).toString('hex') }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      reject(
        new Fault(
          taken ? 'port-taken' : 'broker-unavailable',
          taken
            ? `Another program listens on ${host}:${port}.`
            : `The broker cannot listen on ${host}:${port}: ${cause.message}`,
          { place: { path: `${host}:${port}` }, cause },
        ),
      )
    })
    server.listen(port, host, () => {
      const address = server.address()
      resolve(address === null || typeof address === 'string' ? port : address.port)
    })
  })
}

function urlOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `mqtt://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`
}

/**
 * Starts the embedded MQTT 3.1.1 broker. It relays and stores nothing: all sessions are clean, whatever the client
 * asks for. Throws `port-taken`, or `broker-unavailable` where the address cannot be used.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { host = '127.0.0.1', port, park, log, credentials = newCredentials() } = options
  const password = Buffer.from(credentials.password)
  const identities = new WeakMap<Client, Identity>()
  const connected = new Map<string, Client>()
  const denied = repetition()
  const takenOver = repetition()
  const cut = repetition()

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
    authenticate: (client, username, given, done) => {
      if (username === credentials.username) {
        const right = given?.length === password.length && timingSafeEqual(given, password)
        if (!right || park.gateways.has(client.id)) {
          log.warn({ client: client.id }, 'connection refused: wrong server credentials')
          return done(null, false)
        }
        identities.set(client, { kind: 'server' })
      } else if (park.gateways.has(client.id)) {
        identities.set(client, { kind: 'gateway', gateway: client.id })
      } else {
        const count = denied(`connect ${client.id}`)
        if (count !== undefined)
          log.warn({ client: client.id, count }, 'connection refused: the park has no such gateway')
        return done(null, false)
      }
      const count = connected.has(client.id) ? takenOver(client.id) : undefined
      if (count !== undefined)
        log.warn(
          { client: client.id, count },
          'second connection with the same client id; the first is closed',
        )
      done(null, true)
    },
    authorizePublish: (client, packet, done) => {
      const identity = client === null ? undefined : identities.get(client)
      if (identity !== undefined && mayPublish(identity, packet.topic, packet.retain, park)) return done(null)
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
    // A gateway that does not read gets nothing more until it does; it will ask again for its receipts.
    authorizeForward: (client, packet) =>
      identities.get(client)?.kind === 'gateway' && client.conn.writableNeedDrain ? null : packet,
  })
  aedes.on('client', (client) => connected.set(client.id, client))
  aedes.on('clientDisconnect', (client) => {
    if (connected.get(client.id) === client) connected.delete(client.id)
  })
  aedes.on('clientError', (client, error) => {
    log.debug({ client: client.id, error: error.message }, 'connection lost')
  })
  const emitter: EventEmitter = aedes
  emitter.on('error', (error: unknown) => log.error({ error }, 'the broker failed at a packet'))
  await aedes.listen()

  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS)
    socket.setNoDelay(true)
    aedes.handle(socket)
    // aedes takes bytes by read(); 'data' is emitted within that call, so a packet is judged before it is parsed.
    const within = packetLengthGuard()
    socket.on('data', (piece: Buffer) => {
      if (within(piece)) return
      const count = cut(socket.remoteAddress ?? '')
      if (count !== undefined)
        log.warn(
          { from: socket.remoteAddress, count },
          'packet too long or not MQTT; its connection is closed',
        )
      socket.destroy()
    })
    socket.once('close', () => sockets.delete(socket))
  })
  server.maxConnections = CONNECTIONS_MAX
  server.on('drop', () => {
    const count = cut('connections')
    if (count !== undefined) log.warn({ count, limit: CONNECTIONS_MAX }, 'connection refused: too many')
  })

  const closeAedes = (): Promise<void> => new Promise((resolve) => aedes.close(resolve))
  let boundPort: number
  try {
    boundPort = await listen(server, host, port)
  } catch (fault) {
    await closeAedes()
    throw fault
  }
  const url = urlOf(host, boundPort)
  log.info({ url, gateways: park.gateways.size }, 'broker listens')
  return {
    url,
    port: boundPort,
    credentials,
    stop: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      await closeAedes()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
