import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { Conversation } from './conversation.ts'
import type { MeterBus, SimulationLog } from './meter-bus.ts'

export type { Served } from './meter-bus.ts'

/** A TCP port with one or more meters behind it: a Modbus TCP gateway, or a transparent serial server. */
export interface MeterServer {
  readonly port: number
  /** Without power there are no connections, and new ones are reset at once. */
  power(on: boolean): void
  /** Closes the port and all connections. */
  stop(): Promise<void>
}

export interface MeterServerOptions {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  readonly bus: MeterBus
  readonly clock: Clock
  readonly log: SimulationLog
}

/** Meters and serial servers in the field take 4 to 16; more is a client that leaks connections. */
const CONNECTIONS_MAX = 16
/** Replies waiting for a client that does not read. A reply has at most 260 bytes. */
const UNREAD_BYTES_MAX = 65_536

function listening(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      reject(
        taken
          ? new Fault('port-taken', `${host}:${port} is in use.`, {
              place: { path: `${host}:${port}` },
              cause,
            })
          : cause,
      )
    })
    server.listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

/** Opens the port. Throws `port-taken`. */
export async function startMeterServer(options: MeterServerOptions): Promise<MeterServer> {
  const { host, bus, clock, log } = options
  const sockets = new Set<Socket>()
  let powered = true

  const serve = (socket: Socket): void => {
    if (!powered) {
      socket.resetAndDestroy()
      return
    }
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', (error) => log.info({ err: error }, 'a Modbus client went away'))
    const conversation = new Conversation(bus, clock, (frame) => {
      if (!socket.writable) return
      socket.write(frame)
      if (socket.writableLength <= UNREAD_BYTES_MAX) return
      log.warn({ client: socket.remoteAddress }, 'a Modbus client asks without reading the replies')
      socket.destroy()
    })
    socket.on('data', (chunk: Buffer) => {
      // Answers to requests that came together leave together.
      socket.cork()
      const isModbus = conversation.hear(chunk)
      socket.uncork()
      if (isModbus) return
      log.warn({ client: socket.remoteAddress }, 'a client does not speak Modbus TCP')
      socket.destroy()
    })
  }

  const server = createServer(serve)
  server.maxConnections = CONNECTIONS_MAX
  const port = await listening(server, host, options.port)
  return {
    port,
    power: (on) => {
      powered = on
      if (!on) for (const socket of sockets) socket.resetAndDestroy()
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        for (const socket of sockets) socket.destroy()
      }),
  }
}
