import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { exceptionReply, exceptions, frameOf, takeFrames, wordsReply, type Frame } from './modbus-frame.ts'
import { answerRead, type ServedMeter } from './served-meter.ts'

/** A Modbus TCP server with one or more meters behind one port, as behind a serial server or Modbus gateway. */
export interface MeterServer {
  readonly port: number
  /** Makes a meter dead (no reply at all) or alive again. Throws RangeError for one that is not served here. */
  silence(meter: string, silent: boolean): void
  /** Closes the port and all connections. */
  stop(): Promise<void>
}

/** One reply with values: exactly the words that left the server. */
export interface Served {
  readonly meter: string
  readonly unit: number
  readonly function: 3 | 4
  readonly address: number
  readonly words: readonly number[]
  /** The instant to which all words belong. */
  readonly atMs: number
}

/** What the rooms' loggers have in common with pino. */
export interface SimulationLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface MeterServerOptions {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  readonly meters: readonly ServedMeter[]
  readonly clock: Clock
  readonly log: SimulationLog
  /** Called before the reply is written, so that nobody can have seen a value that was not recorded. */
  readonly onServed?: (record: Served) => void
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
  const { host, meters, clock, log, onServed } = options
  const byUnit = new Map(meters.map((served) => [served.unit, served]))
  const silent = new Set<string>()
  const sockets = new Set<Socket>()

  const replyTo = (frame: Frame): Buffer | undefined => {
    const code = frame.pdu.readUInt8(0)
    const served = byUnit.get(frame.unit)
    if (served === undefined) return exceptionReply(code, exceptions.gatewayTargetSilent)
    if (silent.has(served.meter)) return undefined
    const atMs = clock.wallMs()
    try {
      const answer = answerRead(served, frame.pdu, atMs)
      if (typeof answer === 'number') return exceptionReply(code, answer)
      onServed?.({ meter: served.meter, unit: frame.unit, atMs, ...answer })
      return wordsReply(code, answer.words)
    } catch (error) {
      log.error({ err: error, meter: served.meter }, 'the simulated meter cannot answer')
      return exceptionReply(code, exceptions.deviceFailure)
    }
  }

  const serve = (socket: Socket): void => {
    let waiting: Buffer = Buffer.alloc(0)
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', (error) => log.info({ err: error }, 'a Modbus client went away'))
    socket.on('data', (chunk: Buffer) => {
      const { frames, rest, malformed } = takeFrames(Buffer.concat([waiting, chunk]))
      waiting = rest
      for (const frame of frames) {
        const pdu = replyTo(frame)
        if (pdu !== undefined) socket.write(frameOf(frame, pdu))
      }
      if (malformed) {
        log.warn({ client: socket.remoteAddress }, 'a client does not speak Modbus TCP')
        socket.destroy()
      } else if (socket.writableLength > UNREAD_BYTES_MAX) {
        log.warn({ client: socket.remoteAddress }, 'a Modbus client asks without reading the replies')
        socket.destroy()
      }
    })
  }

  const server = createServer(serve)
  server.maxConnections = CONNECTIONS_MAX
  const port = await listening(server, host, options.port)
  return {
    port,
    silence: (meter, dead) => {
      if (!meters.some((served) => served.meter === meter))
        throw new RangeError(`"${meter}" is not served here`)
      if (dead) silent.add(meter)
      else silent.delete(meter)
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
