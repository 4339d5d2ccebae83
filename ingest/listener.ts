import { createServer, isIPv6, Socket, type Server } from 'node:net'
import { createServer as createTlsServer, Server as TlsServer, type TlsOptions } from 'node:tls'
import type { BaseLogger } from 'pino'
import { Fault } from '#contract/fault.ts'
import { packetLengthGuard } from './packet-length.ts'
import { repetition } from './repetition.ts'
import { Strangers } from './strangers.ts'

/** An embedded broker serves up to some hundred gateways; strangers must not take all descriptors. */
const CONNECTIONS_MAX = 1_000
/** Of these such as have not said who they are. Gateways that all come back at once need a place for a second or two. */
const STRANGERS_MAX = 256
/** A stranger has this long to finish its TLS handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000
/** Finds out about peers that vanished without closing, where a client has no MQTT keep-alive. */
const TCP_KEEP_ALIVE_MS = 60_000

/** What the listener shows of itself, and whom it trusts: contents of PEM files. */
export interface ListenerTls {
  readonly certificate: Buffer
  readonly key: Buffer
  /** Authorities that may sign certificates of clients; without them none is asked for. */
  readonly clientAuthorities?: Buffer | undefined
  /** Revoked certificates of clients. */
  readonly revoked?: Buffer | undefined
}

const isSame = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.equals(b)

/** True where the same certificates of clients count. */
export function isSameTrust(a: ListenerTls, b: ListenerTls): boolean {
  return isSame(a.clientAuthorities, b.clientAuthorities) && isSame(a.revoked, b.revoked)
}

export function isSameTls(a: ListenerTls, b: ListenerTls): boolean {
  return isSame(a.certificate, b.certificate) && isSame(a.key, b.key) && isSameTrust(a, b)
}

export interface ListenerOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly tls?: ListenerTls | undefined
  readonly log: BaseLogger
  readonly onConnection: (socket: Socket) => void
}

export interface Listener {
  readonly url: string
  readonly port: number
  /** New connections are judged by these from now on. Throws `file-invalid`; then by those before. */
  renew(tls: ListenerTls): void
  /** A connection whose client was let in: it is a stranger no more. */
  welcome(connection: object): void
  /** Closes the port and all connections. */
  stop(): Promise<void>
}

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function bind(server: Server, host: string, port: number): Promise<number> {
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

function urlOf(scheme: string, host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${scheme}://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`
}

/** What is shown, and whose certificates count. */
const shownBy = (tls: ListenerTls): TlsOptions => ({
  cert: tls.certificate,
  key: tls.key,
  minVersion: 'TLSv1.2',
  ...(tls.clientAuthorities === undefined ? {} : { ca: tls.clientAuthorities }),
  ...(tls.revoked === undefined ? {} : { crl: tls.revoked }),
})

function unusable(cause: unknown): Fault {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Fault(
    'file-invalid',
    `The certificate, its key, the authorities or the revoked certificates cannot be used: ${reason}.`,
    { cause },
  )
}

function serverOf(tls: ListenerTls | undefined, take: (socket: Socket) => void, log: BaseLogger): Server {
  if (tls === undefined) return createServer(take)
  try {
    const server = createTlsServer(
      {
        ...shownBy(tls),
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        requestCert: tls.clientAuthorities !== undefined,
        // A client without a certificate may have a password; the broker judges both (authentication.ts).
        rejectUnauthorized: false,
      },
      take,
    )
    const failed = repetition()
    server.on('tlsClientError', (error, socket) => {
      const count = failed(socket.remoteAddress ?? '')
      if (count !== undefined)
        log.warn({ from: socket.remoteAddress, count, error: error.message }, 'TLS handshake failed')
    })
    return server
  } catch (cause) {
    throw unusable(cause)
  }
}

/**
 * Listens for MQTT connections, plain or over TLS, and watches the length of every packet before it is parsed.
 * Throws `port-taken`, `broker-unavailable` or `file-invalid`.
 */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { host, port, tls, log, onConnection } = options
  const cut = repetition()
  const sockets = new Set<Socket>()
  const strangers = new Strangers<object>(STRANGERS_MAX)

  function makeRoomFor(socket: Socket): void {
    const oldest = strangers.come(socket, socket.remoteAddress ?? '')
    if (!(oldest instanceof Socket)) return
    const count = cut('strangers')
    if (count !== undefined)
      log.warn(
        { from: oldest.remoteAddress, count, limit: STRANGERS_MAX },
        'too many have not said who they are: the oldest is closed',
      )
    oldest.destroy()
  }

  const server = serverOf(
    tls,
    (socket) => {
      sockets.add(socket)
      makeRoomFor(socket)
      socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS)
      socket.setNoDelay(true)
      onConnection(socket)
      // aedes takes bytes by read(); 'data' is emitted within that call, so a packet is judged before it is parsed.
      const within = packetLengthGuard(() => performance.now())
      socket.on('data', (piece: Buffer) => {
        if (within(piece)) return
        const count = cut(socket.remoteAddress ?? '')
        if (count !== undefined)
          log.warn(
            { from: socket.remoteAddress, count },
            'packet too long, too many of them, or not MQTT; its connection is closed',
          )
        socket.destroy()
      })
      socket.once('close', () => {
        sockets.delete(socket)
        strangers.leave(socket)
      })
    },
    log,
  )
  server.maxConnections = CONNECTIONS_MAX
  server.on('drop', () => {
    const count = cut('connections')
    if (count !== undefined) log.warn({ count, limit: CONNECTIONS_MAX }, 'connection refused: too many')
  })
  const boundPort = await bind(server, host, port)
  return {
    url: urlOf(tls === undefined ? 'mqtt' : 'mqtts', host, boundPort),
    port: boundPort,
    renew: (now) => {
      if (!(server instanceof TlsServer)) return
      try {
        server.setSecureContext(shownBy(now))
      } catch (cause) {
        throw unusable(cause)
      }
    },
    welcome: (connection) => {
      strangers.leave(connection)
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
