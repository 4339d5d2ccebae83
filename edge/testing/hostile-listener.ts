import { createServer, type Server, type Socket } from 'node:net'
import type { BytePipe } from '#edge/modbus/pipe.ts'
import type { HostileMeter } from './hostile-meter.ts'
import type { Wire } from './hostile-kinds.ts'
import { Requests } from './requests.ts'

/** What hostility needs of a real way; a way that cannot do a thing is never asked to. */
function wireOf(timers: Set<NodeJS.Timeout>, write: (bytes: Uint8Array) => void, end: () => void): Wire {
  const later = (afterMs: number, act: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      act()
    }, afterMs)
    timers.add(timer)
  }
  return {
    send: (afterMs, bytes) => later(afterMs, () => write(bytes)),
    close: (afterMs) => later(afterMs, end),
    refuse: end,
    mute: () => {
      throw new Error('a real socket cannot be muted here')
    },
    stall: () => {
      throw new Error('a real socket cannot be stalled here')
    },
  }
}

/** A hostile meter on a real socket of the loopback. */
export class HostileListener {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(meter: () => HostileMeter, requestBytes: number, resets: () => boolean) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => undefined)
      const requests = new Requests(requestBytes)
      const wire = wireOf(
        this.#timers,
        (bytes) => void (socket.writable && socket.write(bytes)),
        () => void (resets() ? socket.resetAndDestroy() : socket.end()),
      )
      socket.on('data', (chunk) => {
        for (const request of requests.take(Buffer.from(chunk))) meter().take(request, wire)
      })
    })
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address()
        if (address === null || typeof address === 'string') reject(new Error('no port'))
        else resolve(address.port)
      })
    })
  }

  close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

/** Hostile meters at the other end of a serial line; `received` is to be called with what comes from there. */
export function hostileSerial(
  meter: () => HostileMeter,
  pipe: () => BytePipe,
  requestBytes: number,
): { received(bytes: Uint8Array): void; stop(): void } {
  const timers = new Set<NodeJS.Timeout>()
  const requests = new Requests(requestBytes)
  const wire = wireOf(
    timers,
    (bytes) => pipe().write(bytes),
    () => {
      throw new Error('a serial line has no end')
    },
  )
  return {
    received: (bytes) => {
      for (const request of requests.take(bytes)) meter().take(request, wire)
    },
    stop: () => {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
